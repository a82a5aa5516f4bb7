"""Rules that can never apply, change nothing, or name what does not exist.  Pure.

A `when` is taken apart into alternatives, each a set of simple demands that must hold together; when every alternative
contradicts itself, the rule can never apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from math import inf
from typing import NamedTuple

from routing.conditions import (
    All,
    AnyOf,
    ByCaller,
    ByFloor,
    ByHours,
    ByLine,
    ByWaited,
    ByWaiting,
    CallerIs,
    Condition,
    FloorIs,
    Not,
    inside,
)
from routing.needs_check import Found, Surroundings, nobody_for, widening_findings
from routing.openings import Span, meeting, openings, shut
from routing.plan import Plan, Rule, Then

E164 = re.compile(r"\+[1-9][0-9]{4,14}")
MOST_ALTERNATIVES = 200  # a `when` with more of them is not looked into
HIGHEST = {"weary_level": 3.0, "calls_lately": inf, "ready": inf, "waiting": inf, "waited": inf}


class Demand(NamedTuple):
    """`kind` is what is asked; `value` a word or the least number that will do; `holds` False for the opposite."""

    kind: str
    value: str | int
    holds: bool = True


Alternative = frozenset[Demand]
ALWAYS: list[Alternative] = [frozenset()]
OF_SOMEBODY_KNOWN = ("tag", "open_matter", "preferred_agent", "calls_lately", "weary_level")


class _TooMany(Exception):
    """Alternatives beyond what is looked into."""


def rule_findings(plan: Plan, around: Surroundings) -> Iterator[Found]:
    names: set[str] = set()
    for n, rule in enumerate(plan.rules):
        place = f"rules[{n}]"
        if rule.name in names:
            yield Found(f"{place}.name", "Another rule above has this name; in the reasons of a call they look alike.")
        names.add(rule.name)
        yield from _names_in_when(f"{place}.when", rule.when, around)
        if why := _why_never(plan, n, around):
            yield Found(f"{place}.when", why)
        yield from _of_then(f"{place}.then", rule, around)


def _names_in_when(place: str, when: Condition, around: Surroundings) -> Iterator[Found]:
    for further, one in inside(when):
        at = place + further
        match one:
            case ByLine() if not E164.fullmatch(one.line):
                yield Found(f"{at}.line", "No call comes to this: a line is a number in E.164, like +390612345678.")
            case ByCaller() if one.caller == CallerIs():
                yield Found(f"{at}.caller", "Nothing is asked of the caller: this always holds.")
            case ByFloor() if one.floor == FloorIs():
                yield Found(f"{at}.floor", "Nothing is asked of the floor: this always holds.")
            case ByCaller() if one.caller.tag is not None and around.tags is not None:
                if one.caller.tag not in around.tags:
                    yield Found(f"{at}.caller.tag", f"No customer has the tag {one.caller.tag}.")
            case _:
                pass


def _of_then(place: str, rule: Rule, around: Surroundings) -> Iterator[Found]:
    then = rule.then
    if then.model_copy(update={"agent_seconds": 0}) == Then(agent_seconds=0) and not rule.last:
        yield Found(place, "This rule changes nothing.")
    yield from nobody_for(place, then.skills or {}, then.teams or (), around.agents)
    if then.language is not None and not any(agent.speaks(then.language) for agent in around.agents):
        yield Found(f"{place}.language", f"No agent speaks {then.language}: callers would meet another language.")
    if then.agent is not None and all(agent.id != then.agent for agent in around.agents):
        yield Found(f"{place}.agent", "There is no agent with this id.")
    yield from widening_findings(f"{place}.widen", then.widen or ())


def _why_never(plan: Plan, n: int, around: Surroundings) -> str | None:
    rule = plan.rules[n]
    for above in plan.rules[:n]:
        if above.last and (above.when == rule.when or ALWAYS[0] in (_alternatives(above.when) or ())):
            return f"This can never apply: the rule {above.name} above it is the last one wherever this would."
    alternatives = _alternatives(rule.when)
    if alternatives is None:
        return None
    possible = [one for one in alternatives if not _contradicts_itself(one)]
    if not possible:
        return "This can never apply: what is asked contradicts itself."
    if not any(_ever_open(plan, one, around) for one in possible):
        return "This can never apply: within a year there is no hour of its hours in which a call could be answered."
    return None


def _alternatives(when: Condition) -> list[Alternative] | None:
    """None when there are too many to look into."""
    try:
        return _taken_apart(when, True)
    except _TooMany:
        return None


def _taken_apart(when: Condition, holds: bool) -> list[Alternative]:
    match when:
        case Not():
            return _taken_apart(when.not_, not holds)
        case All():
            return _joined([_taken_apart(one, holds) for one in when.all], together=holds)
        case AnyOf():
            return _joined([_taken_apart(one, holds) for one in when.any], together=not holds)
        case _:
            demands = (one if holds else one._replace(holds=not one.holds) for one in _demands(when))
            return _joined([[frozenset([demand])] for demand in demands], together=holds)


def _joined(parts: Sequence[list[Alternative]], *, together: bool) -> list[Alternative]:
    if not together:
        found = [one for part in parts for one in part]
    else:
        count = 1
        for part in parts:
            count *= len(part)
            if count > MOST_ALTERNATIVES:
                raise _TooMany
        found = [frozenset[Demand]().union(*chosen) for chosen in product(*parts)]
    if len(found) > MOST_ALTERNATIVES:
        raise _TooMany
    return found


def _demands(when: Condition) -> list[Demand]:
    match when:
        case ByLine():
            return [Demand("line", when.line)]
        case ByHours():
            return [Demand("hours", when.hours)]
        case ByWaiting():
            return _least("waiting", when.waiting_at_least)
        case ByWaited():
            return _least("waited", when.waited_at_least_seconds)
        case ByFloor():
            return [*_least("ready", when.floor.ready_at_least), *_most("ready", when.floor.ready_at_most)]
        case ByCaller():
            return _of_the_caller(when.caller)
        case _:
            return []


def _of_the_caller(caller: CallerIs) -> list[Demand]:
    language = None if caller.language is None else caller.language.split("-")[0].lower()
    words = [Demand(kind, word) for kind, word in (("tag", caller.tag), ("language", language)) if word is not None]
    truths = (
        ("known", caller.known),
        ("open_matter", caller.open_matter),
        ("preferred_agent", caller.preferred_agent),
    )
    return [
        *words,
        *(Demand(kind, kind, holds) for kind, holds in truths if holds is not None),
        *_least("weary_level", caller.weary_level_at_least),
        *_least("calls_lately", caller.calls_lately_at_least),
    ]


def _least(kind: str, number: int | None) -> list[Demand]:
    return [Demand(kind, number)] if number else []


def _most(kind: str, number: int | None) -> list[Demand]:
    return [] if number is None else [Demand(kind, number + 1, holds=False)]


def _contradicts_itself(demands: Alternative) -> bool:
    if any(demand._replace(holds=not demand.holds) in demands for demand in demands):
        return True
    unknown = Demand("known", "known", False) in demands
    if unknown and any(demand.holds and demand.kind in OF_SOMEBODY_KNOWN for demand in demands):
        return True
    for kind in ("line", "language"):  # there is one of each
        if sum(demand.kind == kind and demand.holds for demand in demands) > 1:
            return True
    return any(_out_of_range(demands, kind, highest) for kind, highest in HIGHEST.items())


def _out_of_range(demands: Alternative, kind: str, highest: float) -> bool:
    numbers = [(demand.value, demand.holds) for demand in demands if demand.kind == kind]
    least = max((float(value) for value, holds in numbers if holds), default=0)
    most = min((float(value) - 1 for value, holds in numbers if not holds), default=highest)
    return least > most


def _ever_open(plan: Plan, demands: Alternative, around: Surroundings) -> bool:
    """Whether a call could come within the year, while its line is open, at an hour that is asked for."""
    asked = [demand for demand in demands if demand.kind == "hours"]
    if not asked:
        return True
    line = next((str(demand.value) for demand in demands if demand.kind == "line" and demand.holds), None)
    doors = {plan.hours, *map(plan.hours_of, plan.lines)} if line is None else {plan.hours_of(line)}
    for door in doors:
        spans: Sequence[Span] = openings(door, around.house, around.start)
        for demand in asked:
            theirs = openings(str(demand.value), around.house, around.start)
            spans = meeting(spans, theirs if demand.holds else shut(theirs, around.start))
        if spans:
            return True
    return False
