"""Where a plan that can be read would still leave callers with nobody, or says what can never come true.  Pure.

Every plan that can be read is total: whoever calls, at any hour of any year, ends somewhere.  While the line is shut
they leave a message.  While it is open they are rung through to somebody, or wait; each document of a waiting call has
its ways out by key (another agent, a call back, a message), each has a next one when no key is pressed, and the time to
the choice, `service.choice_after_seconds`, is bounded by the plan's model to a minute.  No figure and no rule takes any
of that away: rules set seconds, needs and wishes, never where a call goes; needs that nobody meets end in the same
choice as nobody being free; hours that cannot be read, or conditions of another kind, are no plan.

What is found here is advice: doors that never open, hours in which nobody works, wishes that no agent meets, rules that
can never apply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from routing.agents import Agent
from routing.hours import read_hours
from routing.needs_check import Found, Surroundings, may_take, nobody_for, widening_findings
from routing.openings import Span, left_over, openings
from routing.plan import Line, Plan
from routing.rules_check import E164, rule_findings

Phrases = Mapping[str, Mapping[str, Sequence[str]]]  # language -> situation -> wordings
MOST_HOURS = 60  # different hours of agents that are looked at for one line; beyond, nothing is said about its year


@dataclass(frozen=True, slots=True)
class Words:
    """How a plan's own wordings are judged, by the room that speaks them; without it nothing is said of them."""

    faults: Callable[[Phrases], Iterable[Found]] = lambda _: ()  # these are refused
    blemishes: Callable[[Phrases], Iterable[Found]] = lambda _: ()  # these are advice


def findings(plan: Plan, around: Surroundings) -> Iterator[Found]:
    yield from _of_the_house(plan, around)
    for number, line in plan.lines.items():
        yield from _of_a_line(plan, number, line, around)
    known = {agent.id for agent in around.agents}
    for agent_id in plan.worth.agents:
        if agent_id not in known:
            yield Found(f"worth.agents.{agent_id}", "There is no agent with this id.")
    yield from widening_findings("widen", plan.widen)
    yield from rule_findings(plan, around)


def _of_the_house(plan: Plan, around: Surroundings) -> Iterator[Found]:
    if not _opens(plan.hours, around):
        yield Found("hours", "These hours never open: every caller would be asked to leave a message.")
    elif alone := _alone(plan.hours, around.agents, around):
        yield Found("hours", f"The house is open {alone}, and no agent works then.")


def _of_a_line(plan: Plan, number: str, line: Line, around: Surroundings) -> Iterator[Found]:
    place = f"lines.{number}"
    if not E164.fullmatch(number):
        yield Found(place, "No call comes to this: a line is a number in E.164, like +390612345678.")
    opens = line.hours is None or _opens(line.hours, around)
    if not opens:
        yield Found(f"{place}.hours", "This line never opens: its callers would be asked to leave a message.")
    nobody = list(nobody_for(place, line.skills, line.teams, around.agents))
    yield from nobody
    for field in ("language", "agent_language"):
        language = getattr(line, field)
        if language is not None and not any(agent.speaks(language) for agent in around.agents):
            yield Found(f"{place}.{field}", f"No agent speaks {language}: callers would meet another language.")
    if opens and not nobody and (line.hours or line.skills or line.teams):  # else it is as the house
        able = [agent for agent in around.agents if may_take(agent, line.skills, line.teams)]
        if alone := _alone(line.hours or plan.hours, able, around):
            yield Found(place, f"This line is open {alone}, and no agent who may take its calls works then.")


def _opens(hours: str, around: Surroundings) -> bool:
    house = around.house
    return read_hours(hours, house.zone, house.country).next_open(around.now) is not None


def _alone(hours: str, able: Sequence[Agent], around: Surroundings) -> str | None:
    """The first time within a year when these hours are open and none of these agents works, in words."""
    if not able or any(agent.hours is None for agent in able):
        return None
    start = around.start
    gaps: Sequence[Span] = openings(hours, around.house, start)
    worked = Counter(agent.hours for agent in able if agent.hours is not None)
    for text, _ in worked.most_common(MOST_HOURS):
        gaps = left_over(gaps, openings(text, around.house, start), start)
        if not gaps:
            return None
    if len(worked) > MOST_HOURS:
        return None
    zone = ZoneInfo(around.house.zone)
    first, last = (moment.astimezone(zone) for moment in gaps[0])
    if first.date() == last.date():
        return f"on {first:%Y-%m-%d} from {first:%H:%M} to {last:%H:%M}"
    return f"from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"
