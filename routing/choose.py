"""Caller, floor, plan, now -> what to do, with the reasons.  Pure; never claims anything.

Two questions, one currency.  A caller (who has just rung, or is looked at again) goes to the agent of the smallest
`wait - worth`, and is held for a busy one only while the seconds this is likely to cost are fewer than what it is
worth.  An agent who becomes free takes the caller of the largest `waited + urgency + worth`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from routing.agents import Agent
from routing.forecast import HONEST_SHARE, Free, free, told_seconds, usual_talk
from routing.hours import read_hours
from routing.plan import Plan
from routing.weigh import Caller, Weighed, fitting, weigh, worth_seconds

TEAMMATE, WAIT = "teammate", "wait"
_LOOKS = (0.34, 0.67, 1.0)  # of the longest hold: shorter ones may be worth it where that is not
_SHORTEST_HOLD_SECONDS = 1.0
_INSTANT = 1e-6


@dataclass(frozen=True, slots=True)
class Hold:
    """Waiting for one of the agents somebody knows, beside others who are free."""

    seconds: float  # from now on, at most
    chance: float  # that one of them is free by then
    gain_seconds: float  # what this is worth, less the seconds it is likely to cost


@dataclass(frozen=True, slots=True)
class Decision:
    """`action` as the API names it; `who` is the agent it is about, `teammate` a ready alternative to them."""

    action: str  # ring | wait | offer_callback
    who: Weighed | None = None
    teammate: Weighed | None = None
    estimate_seconds: float | None = None
    weighed: tuple[Weighed, ...] = ()
    hold: Hold | None = None

    def reasons(self) -> dict[str, Any]:
        reasons: dict[str, Any] = {
            "estimate_seconds": None if self.estimate_seconds is None else round(self.estimate_seconds, 1),
            "weighed": [w.as_reason() for w in self.weighed[:8]],
        }
        if self.hold is not None:
            reasons["hold"] = {
                "seconds": round(self.hold.seconds, 1),
                "chance": round(self.hold.chance, 2),
                "gain_seconds": round(self.hold.gain_seconds, 1),
            }
        return reasons


def on_shift(agent: Agent, zone: str, country: str | None, now: datetime) -> bool:
    return agent.hours is None or read_hours(agent.hours, zone, country).is_open(now)


def choose(caller: Caller, floor: Sequence[Agent], plan: Plan, now: datetime, busy: int | None = None) -> Decision:
    """`floor`: agents as they are at `now`; reading it is the caller's business, and so is claiming.

    `busy`: how many fitting agents are busy, where `floor` has only some of them.
    """
    weighed = tuple(weigh(caller, floor, plan, now))
    if not weighed:
        return Decision("offer_callback")
    teammate = next((w for w in weighed if w.agent.ready and not _better_in_line(caller, w, weighed, plan, busy)), None)
    known = _missed(weighed, teammate)
    if known is None:
        if teammate is not None:
            return Decision("ring", teammate, weighed=weighed)
        return Decision("wait", None, None, _line_estimate(caller, weighed, plan, now, busy), weighed)
    if teammate and caller.choice == TEAMMATE:
        return Decision("ring", teammate, weighed=weighed)
    estimate = _estimate(known.agent, plan, now)
    if caller.choice == WAIT:
        return Decision("wait", known, teammate, estimate, weighed)
    hold = worth_holding(caller, weighed, teammate, plan, now)
    if hold is not None:
        return Decision("wait", known, teammate, estimate, weighed, hold)
    if not caller.offered and caller.choice is None:
        return Decision("offer_callback", known, teammate, estimate, weighed)
    if teammate:
        return Decision("ring", teammate, weighed=weighed)
    return Decision("wait", known, None, estimate, weighed)


def _estimate(agent: Agent, plan: Plan, now: datetime) -> float | None:
    """What may honestly be told of when this agent is free."""
    found = free(agent, plan, now)
    return None if found is None else found.seconds(HONEST_SHARE)


def _line_estimate(
    caller: Caller, weighed: Sequence[Weighed], plan: Plan, now: datetime, busy: int | None
) -> float | None:
    """Where only some of the busy are known, the others are taken to be like them; where none is, as we are used to.
    Who is free and kept for a promise is not somebody to wait for."""
    frees = [found for w in weighed if not w.agent.ready and (found := free(w.agent, plan, now)) is not None]
    if busy and not frees:
        frees = [Free(float(plan.wrap_up_seconds), usual_talk(plan))]
    return told_seconds(
        frees,
        caller.ahead,
        plan,
        patience_seconds=caller.patience_seconds,
        crowd=max((busy or 0) / max(len(frees), 1), 1.0),
    )


def _better_in_line(caller: Caller, ready: Weighed, weighed: Sequence[Weighed], plan: Plan, busy: int | None) -> bool:
    """Is the line worth waiting in, rather than taking one who is kept for a promise?

    Of *n* who are busy one comes free every talk / n seconds, but others wait as well: where the staff is what the
    work needs and a margin of sqrt(n), who waits at all waits talk / sqrt(n) on average.
    """
    if caller.choice == WAIT and ready.familiar:
        return False  # they were told that they would have this agent
    kept = ready.spare.get("promise", 0.0)
    others = max(sum(not w.agent.ready for w in weighed), busy or 0)
    if not kept or not others:
        return False
    return (plan.talk_seconds + plan.wrap_up_seconds) / math.sqrt(others) < kept - ready.worth_seconds


def worth_holding(
    caller: Caller, weighed: Iterable[Weighed], ready: Weighed | None, plan: Plan, now: datetime
) -> Hold | None:
    """How long, unasked, it is worth keeping this caller from who is ready.

    With T the time until one of the agents they know is free, holding for at most t seconds gains what such an agent
    is worth more, if T <= t, and costs min(T, t).  The T of several agents are taken as independent.  Who is kept for a
    promise when they come free is worth so much less.
    """
    left = plan.wait_unasked_seconds - caller.held_seconds
    busy = [w for w in weighed if w.familiar and not w.agent.ready]
    if left < _SHORTEST_HOLD_SECONDS or not busy or caller.choice == TEAMMATE:
        return None
    frees = [
        (w.worth_seconds - w.spare.get("promise", 0.0), found)
        for w in sorted(busy, key=lambda w: -w.worth_seconds)
        if (found := free(w.agent, plan, now)) is not None
    ]
    instead = 0.0 if ready is None else ready.worth_seconds - ready.spare_seconds
    certain = (found.after_seconds for _, found in frees if found.talk is None and found.after_seconds < left)
    best: Hold | None = None
    before, chance, cost = 0.0, 0.0, 0.0
    for within in sorted({*(left * share for share in _LOOKS), *certain}):
        just_before, _ = _somebody(frees, within - _INSTANT)
        cost += (within - before) * (1.0 - (chance + just_before) / 2)
        chance, worth = _somebody(frees, within)
        gain = worth - instead * chance - cost
        if chance >= plan.wait_unasked_chance and gain > 0 and (best is None or gain > best.gain_seconds):
            best = Hold(within, chance, gain)
        before = within
    return best


def _somebody(frees: Sequence[tuple[float, Free]], within: float) -> tuple[float, float]:
    """Chance that one of them is free by then, and what the best of those is worth, less for being uncertain."""
    missed, worth = 1.0, 0.0
    for of_this, found in frees:
        chance = found.chance(within)
        worth += missed * chance * of_this
        missed *= 1.0 - chance
    return 1.0 - missed, worth


def hope_seconds(caller: Caller, weighed: Iterable[Weighed], plan: Plan, now: datetime) -> float:
    """What waiting on, for one of those they know, is likely to be worth to somebody for whom nobody is free.

    By so much an agent who does not know them is of less use to them than to a stranger.
    """
    hold = worth_holding(replace(caller, held_seconds=0.0), weighed, None, plan, now)
    return 0.0 if hold is None else hold.gain_seconds


def _missed(weighed: Sequence[Weighed], teammate: Weighed | None) -> Weighed | None:
    """The busy agent this caller would rather have than `teammate`, the best of those who are free, if there is one.

    Mere familiarity is not missed while somebody else familiar is free; the agent they chose, or who holds their
    open matter, is.
    """
    for w in sorted(weighed, key=lambda w: (-w.worth_seconds, w.wait_seconds)):
        if w is teammate or not w.familiar:
            return None
        if w.agent.ready:
            continue  # kept for a promise
        if w.bound or teammate is None or not teammate.familiar:
            return w
    return None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in the queue, with the plan that holds for their call."""

    id: str
    caller: Caller
    plan: Plan
    held_until: datetime | None = None  # kept for an agent they know: others leave them alone until then


@dataclass(frozen=True, slots=True)
class Match:
    """An agent who became free and a caller they could take: what speaks for that caller, in seconds."""

    waiting: Waiting
    waited_seconds: float
    urgency_seconds: float
    worth_seconds: float
    hope_seconds: float = 0.0
    others: tuple[Match, ...] = ()  # whom they could have taken as well, the best first

    @property
    def rank_seconds(self) -> float:
        return self.waited_seconds + self.urgency_seconds + self.worth_seconds - self.hope_seconds

    def as_reason(self) -> dict[str, Any]:
        """Why this caller before the others: figures, and no names."""
        reason: dict[str, Any] = {
            "waited_seconds": round(self.waited_seconds, 1),
            "urgency_seconds": self.urgency_seconds,
            "worth_seconds": round(self.worth_seconds, 1),
            "hope_seconds": round(self.hope_seconds, 1),
        }
        return reason | ({"others": [one.as_reason() for one in self.others[:3]]} if self.others else {})


def next_caller(agent: Agent, waiting: Iterable[Waiting], now: datetime) -> Match | None:
    """Of the callers who wait, the one for whom most seconds speak; None when this agent is for none of them.

    The choice is of the agent's side only: whether that caller is then rung through is `choose`'s, which may still
    find another agent better for them.  The order in which the queue is read decides nothing.
    """
    if not agent.ready:
        return None
    found = [_match(agent, one, now) for one in waiting if _may_take(agent, one, now)]
    found.sort(key=lambda one: (-one.rank_seconds, one.waiting.caller.arrived_at, one.waiting.id))
    return replace(found[0], others=tuple(found[1:])) if found else None


def _may_take(agent: Agent, one: Waiting, now: datetime) -> bool:
    caller = one.caller
    if agent.id in caller.tried or agent.id in caller.vetoed:
        return False
    if one.held_until is not None and one.held_until > now and agent.id not in caller.known:
        return False
    return bool(fitting(caller, (agent,), one.plan, now))


def _match(agent: Agent, one: Waiting, now: datetime) -> Match:
    caller = one.caller
    hope = 0.0 if agent.id in caller.known else caller.hope_seconds
    worth = worth_seconds(caller, agent, one.plan)
    return Match(one, caller.waited_seconds(now), caller.urgency_seconds, worth, hope)
