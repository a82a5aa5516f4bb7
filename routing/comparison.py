"""The past beside its replay: figures, who would have fared worse, and who would have had the work.  Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from routing.agents import Agent
from routing.span import End, Fate, Span

LONGER_SECONDS = 30.0  # this much more waiting is worse
MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """Waits are from ringing us to an agent's answer.  None: there is nothing to tell it from."""

    answered: int
    familiar_rate: float | None  # of the answered calls of which it is known, by an agent who is no stranger
    returning_familiar_rate: float | None  # the same, of those whose caller knew somebody here
    median_wait_seconds: float | None
    p90_wait_seconds: float | None
    abandoned: int
    offered_callbacks: int | None
    closed: int | None
    nobody_here: int | None


@dataclass(frozen=True, slots=True)
class Load:
    agent: str
    past_calls: int = 0
    replayed_calls: int = 0
    past_talk_seconds: int = 0
    replayed_talk_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Worse:
    """`what`: abandoned | closed | nobody | stranger | longer, as `replay_words` tells it."""

    what: str
    was: Fate
    now: Fate


@dataclass(frozen=True, slots=True)
class Gaps:
    """How much of the past is not known, in calls, and what that makes of it."""

    calls: int
    without_wait: int
    without_line: int
    without_length: int
    without_record: int
    agent_gone: int
    usual_seconds: int
    agents: int
    agents_a_day: float | None  # who took calls, on the mean of days with calls
    duty_told: bool  # when agents were there is told by their calls, as in a file


def gaps(past: Sequence[Fate], span: Span, usual_seconds: int, zone: str) -> Gaps:
    contacts = [fate.contact for fate in past]
    took = {(one.arrived_at.astimezone(ZoneInfo(zone)).date(), one.agent) for one in contacts if one.agent}
    days = {day for day, _ in took}
    return Gaps(
        calls=len(contacts),
        without_wait=sum(one.waited_seconds is None for one in contacts),
        without_line=sum(one.line is None for one in contacts),
        without_length=sum(not one.talk_seconds for one in contacts),
        without_record=sum(one.customer is None for one in contacts),
        agent_gone=sum(fate.end is End.ANSWERED and fate.agent is None for fate in past),
        usual_seconds=usual_seconds,
        agents=len(span.agents),
        agents_a_day=len(took) / len(days) if days else None,
        duty_told=span.duty is not None,
    )


def figures(fates: Sequence[Fate]) -> Figures:
    answered = [fate for fate in fates if fate.end is End.ANSWERED]
    judged = [fate.familiar for fate in answered if fate.familiar is not None]
    returning = [fate.familiar for fate in answered if fate.familiar is not None and fate.returning]
    waits = sorted(fate.waited_seconds for fate in answered if fate.waited_seconds is not None)
    known = [fate.offered for fate in fates if fate.offered is not None]
    ends = [fate.end for fate in fates]
    return Figures(
        answered=len(answered),
        familiar_rate=round(sum(judged) / len(judged), 4) if judged else None,
        returning_familiar_rate=round(sum(returning) / len(returning), 4) if returning else None,
        median_wait_seconds=round(statistics.median(waits), 1) if waits else None,
        p90_wait_seconds=round(waits[math.ceil(0.9 * len(waits)) - 1], 1) if waits else None,
        abandoned=ends.count(End.ABANDONED),
        offered_callbacks=sum(known) if known else None,
        closed=ends.count(End.CLOSED) if known else None,
        nobody_here=ends.count(End.NOBODY) if known else None,
    )


def worse_off(past: Iterable[Fate], replayed: Iterable[Fate]) -> list[Worse]:
    """The worst that would have happened to each customer, the worst first; both iterables in the same order."""
    worst: dict[str, Worse] = {}
    for was, now in zip(past, replayed, strict=True):
        what = _worse(was, now)
        customer = was.contact.customer
        if what is None or customer is None:
            continue
        if customer not in worst or _GRAVITY[what] < _GRAVITY[worst[customer].what]:
            worst[customer] = Worse(what, was, now)
    return sorted(worst.values(), key=lambda one: (_GRAVITY[one.what], one.was.contact.arrived_at, one.was.contact.id))


_GRAVITY = {"abandoned": 0, "nobody": 1, "closed": 2, "stranger": 3, "longer": 4}


def _worse(was: Fate, now: Fate) -> str | None:
    """Who reached nobody in the past cannot fare worse."""
    if was.end is not End.ANSWERED:
        return None
    if now.end is not End.ANSWERED:
        return now.end.value
    if was.familiar and not now.familiar:
        return "stranger"
    waits = was.waited_seconds, now.waited_seconds
    if waits[0] is not None and waits[1] is not None and waits[1] - waits[0] > LONGER_SECONDS:
        return "longer"
    return None


def answered_by_another(past: Iterable[Fate], replayed: Iterable[Fate]) -> int:
    """Calls that one agent of today answered, and another one would have answered."""
    both = [(was, now) for was, now in zip(past, replayed, strict=True) if was.end is now.end is End.ANSWERED]
    return sum(was.agent is not None and was.agent != now.agent for was, now in both)


def load(agents: Iterable[Agent], past: Iterable[Fate], replayed: Iterable[Fate]) -> list[Load]:
    """Of those who are here, by id."""
    work = _work(past), _work(replayed)
    loads = []
    for agent_id in sorted(agent.id for agent in agents):
        was, now = (one.get(agent_id, (0, 0)) for one in work)
        loads.append(Load(agent_id, was[0], now[0], was[1], now[1]))
    return loads


def _work(fates: Iterable[Fate]) -> Mapping[str, tuple[int, int]]:
    """Calls and seconds of talk by agent."""
    work: dict[str, tuple[int, int]] = {}
    for fate in fates:
        if fate.end is End.ANSWERED and fate.agent is not None:
            calls, seconds = work.get(fate.agent, (0, 0))
            work[fate.agent] = calls + 1, seconds + fate.talk_seconds
    return work
