"""What a manager should look at now, each with what to do about it: the worst first.  Pure; words are the reader's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.floor.stuck import Stuck
from desk.formats import Formats
from routing.agents import Agent, Availability
from routing.choose import on_shift
from routing.floor import agent_from
from routing.hours import BadHours, read_hours
from routing.house import House
from routing.plan import Plan
from routing.weigh import Caller, fitting

_ORDER = {"bad": 0, "warn": 1, "calm": 2}


@dataclass(frozen=True, slots=True)
class Alert:
    kind: str  # bad | warn | calm
    icon: str
    text: str
    todo: str
    label: str | None = None  # of what leads there
    address: str | None = None  # a page
    sheet: str | None = None  # or a dialog


@dataclass(frozen=True, slots=True)
class Line:
    """What an agent needs for callers of some of our numbers, who is there for them, and who is free."""

    names: tuple[str, ...]
    here: int
    free: int


def alerts(
    stuck: Iterable[Stuck], lines: Sequence[Line], *, waiting: int, at_risk: int, spent: float | None, f: Formats
) -> list[Alert]:
    """`spent`: the share of the day's money for calls where it is near its limit; None: it is not."""
    found = [_of_stuck(one, f) for one in stuck]
    found += _of_lines(lines, waiting, f)
    if at_risk:
        found.append(
            Alert(
                "warn",
                "promise",
                f.words.count("One promise might not be kept.", "%(num)s promises might not be kept.", at_risk),
                f.words("Give them to somebody who is there, or ask the customers."),
                f.words("To the promises"),
                "/console/promises?show=risk",
            )
        )
    if spent is not None:
        over = spent >= 1.0
        told = "The day's money for calls is spent." if over else "%(share)s of the day's money for calls is spent."
        todo = "No more promised calls are made today; raise the limit in the rules." if over else _NEAR
        share = f.percent(spent)
        text = f.words(told) if over else f.words(told, share=share)
        kind = "bad" if over else "warn"
        found.append(Alert(kind, "warn", text, f.words(todo), f.words("To the rules"), "/console/plan"))
    return sorted(found, key=lambda alert: _ORDER[alert.kind])


def read_lines(
    plan: Plan,
    numbers: Iterable[str],
    rows: Sequence[Any],
    absent: frozenset[str],
    house: House,
    f: Formats,
    now: datetime,
) -> list[Line]:
    """Of the numbers that are open now; those that need the same of an agent count as one."""
    agents = [agent_from(row) for row in rows]
    needs: dict[tuple[Any, ...], list[str]] = {}
    callers: dict[tuple[Any, ...], Caller] = {}
    for number in sorted({*plan.lines, *numbers}) or [""]:
        if not _open(plan, number, house, now):
            continue
        line = plan.line(number)
        language = line.agent_language or line.language or house.language
        need = (language, tuple(sorted(line.skills.items())), frozenset(line.teams))
        needs.setdefault(need, []).append(line.name or f.phone(number))
        callers[need] = Caller(language=language, arrived_at=now, skills=line.skills, teams=need[2])
    found = []
    for need, names in needs.items():
        able = fitting(callers[need], agents, plan, now)
        here = [one for one in able if one.availability is Availability.READY and _present(one, absent, house, now)]
        found.append(Line(tuple(filter(None, names)), len(here), sum(agent.ready for agent in here)))
    return found


def _present(agent: Agent, absent: frozenset[str], house: House, now: datetime) -> bool:
    return agent.id not in absent and on_shift(agent, house.zone, house.country, now)


def _open(plan: Plan, number: str, house: House, now: datetime) -> bool:
    try:
        return read_hours(plan.hours_of(number), house.zone, house.country).is_open(now)
    except BadHours:
        return True


def _of_lines(lines: Sequence[Line], waiting: int, f: Formats) -> list[Alert]:
    deserted = [line for line in lines if not line.here]
    found = []
    if deserted:
        everywhere = len(deserted) == len(lines)
        names = ", ".join(name for line in deserted for name in line.names)
        text = (
            f.words("Nobody is ready.")
            if everywhere or not names
            else f.words("Nobody is ready for %(line)s.", line=names)
        )
        todo = f.words("Callers are offered a call back. Ask somebody to come back, or change the opening hours.")
        found.append(Alert("bad", "team", text, todo, f.words("To the agents"), "/console/agents"))
    elif waiting and not any(line.free for line in lines):
        text = f.words.count("All are with callers; one waits.", "All are with callers; %(num)s wait.", waiting)
        todo = f.words("Each of them has been told how long it takes, and offered a call back.")
        found.append(Alert("calm", "people", text, todo))
    return found


def _of_stuck(one: Stuck, f: Formats) -> Alert:
    text, todo = _STUCK[one.kind]
    who = one.name or f.words("A caller")
    if one.agent is not None:
        sheet, label = f"/console/floor/agents/{one.agent}/release", f.words("Set %(who)s free", who=who)
    else:
        sheet, label = f"/console/calls/{one.call}/end", f.words("End this call")
    return Alert("bad", "warn", f.words(text, who=who), f.words(todo), label, sheet=sheet)


_NEAR = "At the limit no more promised calls are made that day; raise it in the rules."
_STUCK: Mapping[str, tuple[str, str]] = {
    "rings_on": (
        "%(who)s's phone should have stopped ringing.",
        "Set them free: the caller is offered to somebody else.",
    ),
    "no_line": ("%(who)s counts as talking, but has no line open.", "Ask them; then set them free."),
    "held": ("%(who)s is held for a call that is over.", "Set them free."),
    "notes_on": ("%(who)s's time for notes should have ended.", "Set them free: they are ready again."),
    "unsought": ("%(who)s waits, and nobody has been looked for.", "Is the background work running? See Settings."),
    "caller_gone": ("%(who)s has hung up, but the call goes on.", "End it: whoever is held for it is free again."),
    "greets_on": ("%(who)s has been with the greeting for too long.", "Look at the call, or end it."),
    "broken_on": ("%(who)s is still without an agent after the line broke.", "End it, and have them called back."),
}
