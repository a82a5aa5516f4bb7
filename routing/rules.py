"""Which rules of a plan apply to a call at this moment, and the plan as they change it.  Pure.

All rules that match apply in the order they are written, until one that is marked as the last: of two that set the same
figure the later one wins, urgency adds up, and of two levels of a skill the higher is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

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
)
from routing.hours import read_hours
from routing.plan import Line, Plan, Rule, Then

LONGEST_URGENCY_SECONDS = 7200  # as in the plan itself
LATELY_DAYS = 7  # what `calls_lately_at_least` counts


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions may ask, of one call at one moment."""

    line: str  # our number
    language: str
    at: datetime
    zone: str
    country: str | None = None
    known: bool = False
    tags: frozenset[str] = frozenset()
    weary_level: int = 0
    open_matters: int = 0
    preferred: str | None = None  # the agent they have chosen
    calls_lately: int = 0  # conversations within LATELY_DAYS
    waited_seconds: float = 0.0
    ready: int = 0  # agents
    waiting: int = 0  # other callers


def ruled(plan: Plan, facts: Facts) -> tuple[Plan, tuple[str, ...]]:
    """The plan for this call, where what its rules change is changed and no rules are left; and the names of those that
    applied, in their order."""
    if not plan.rules:
        return plan, ()
    matching = tuple(_matching(plan.rules, facts))
    return _changed(_Same(plan), facts.line, matching), tuple(plan.rules[n].name for n in matching)


def holds(condition: Condition, facts: Facts) -> bool:
    return _HOLDS[type(condition)](condition, facts)


_HOLDS: Mapping[type[Any], Callable[[Any, Facts], bool]] = {  # each call asks all rules: one look-up instead of nine
    All: lambda condition, facts: all(holds(one, facts) for one in condition.all),
    AnyOf: lambda condition, facts: any(holds(one, facts) for one in condition.any),
    Not: lambda condition, facts: not holds(condition.not_, facts),
    ByCaller: lambda condition, facts: _caller_is(condition.caller, facts),
    ByLine: lambda condition, facts: condition.line == facts.line,
    ByHours: lambda condition, facts: read_hours(condition.hours, facts.zone, facts.country).is_open(facts.at),
    ByFloor: lambda condition, facts: _floor_is(condition.floor, facts),
    ByWaiting: lambda condition, facts: facts.waiting >= condition.waiting_at_least,
    ByWaited: lambda condition, facts: facts.waited_seconds >= condition.waited_at_least_seconds,
}


def _matching(rules: Sequence[Rule], facts: Facts) -> Iterable[int]:
    for n, rule in enumerate(rules):
        if holds(rule.when, facts):
            yield n
            if rule.last:
                return


def _caller_is(wanted: CallerIs, facts: Facts) -> bool:
    return (
        (wanted.known is None or wanted.known == facts.known)
        and (wanted.tag is None or wanted.tag in facts.tags)
        and (wanted.language is None or _tongue(wanted.language) == _tongue(facts.language))
        and (wanted.weary_level_at_least is None or facts.weary_level >= wanted.weary_level_at_least)
        and (wanted.open_matter is None or wanted.open_matter == (facts.open_matters > 0))
        and (wanted.preferred_agent is None or wanted.preferred_agent == (facts.preferred is not None))
        and (wanted.calls_lately_at_least is None or facts.calls_lately >= wanted.calls_lately_at_least)
    )


def _floor_is(wanted: FloorIs, facts: Facts) -> bool:
    most, least = wanted.ready_at_most, wanted.ready_at_least
    return (most is None or facts.ready <= most) and (least is None or facts.ready >= least)


def _tongue(language: str) -> str:
    return language.split("-")[0].lower()


class _Same:
    """A plan as a key: by what it is, since comparing plans would cost more than changing one."""

    __slots__ = ("plan",)

    def __init__(self, plan: Plan) -> None:
        self.plan = plan  # held, so that no other plan can come to have its id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.plan is other.plan

    def __hash__(self) -> int:
        return id(self.plan)


@lru_cache(maxsize=1024)
def _changed(same: _Same, line: str, matching: tuple[int, ...]) -> Plan:
    plan = same.plan
    for n in matching:
        plan = plan.model_copy(update=_changes(plan, line, plan.rules[n].then))
    return plan.model_copy(update={"rules": []})


def _changes(plan: Plan, number: str, then: Then) -> dict[str, Any]:
    plain = ("wait_unasked_seconds", "wait_unasked_chance", "ring_seconds", "widen")
    changes = {name: value for name in plain if (value := getattr(then, name)) is not None}
    worth: dict[str, Any] = {} if then.worth is None else then.worth.model_dump(exclude_none=True)
    if then.agent is not None:
        worth["agents"] = plan.worth.agents | {then.agent: then.agent_seconds}
    if worth:
        changes["worth"] = plan.worth.model_copy(update=worth)
    if then.urgency_seconds:
        extra = min(plan.urgency.extra_seconds + then.urgency_seconds, LONGEST_URGENCY_SECONDS)
        changes["urgency"] = plan.urgency.model_copy(update={"extra_seconds": extra})
    if line := _line_changes(plan.line(number), then):
        changes["lines"] = plan.lines | {number: plan.line(number).model_copy(update=line)}
    return changes


def _line_changes(line: Line, then: Then) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if then.skills:
        higher = {skill: max(level, line.skills.get(skill, level)) for skill, level in then.skills.items()}
        changes["skills"] = line.skills | higher
    if then.teams is not None:
        changes["teams"] = then.teams
    if then.language is not None:
        changes["agent_language"] = then.language
    return changes
