"""With which words a call begins, and what is said of a closed door.

The most particular thing that is true is said, and nothing else: that the line dropped, that they must be tired of us,
that we owe them a call, that we spoke today.  Never what any of it was about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callbacks.keeping import latest
from ivr.dialogue import Stage
from ivr.document import Ask, Document, Heard, Say
from ivr.turn import Turn
from routing.hours import read_hours
from routing.house import House

ABOUT_TO = timedelta(hours=1)  # ring somebody
WEARY = 2  # from this level on it is said that we know
NIGHT_FROM, NIGHT_TO = 22, 6


@dataclass(frozen=True, slots=True)
class Facts:
    """What may be said of a caller before anybody has spoken with them."""

    known: bool = False
    talked: bool = False  # with one of us, at any time
    today: bool = False  # and that was today, by their clock
    back: bool = False  # the line dropped just now, and their place is kept
    expected: bool = False  # we were about to call them
    overdue: bool = False  # and should have done so already
    weary_level: int = 0
    night: bool = False
    holiday: bool = False
    nobody: bool = False  # is here: there is no place to have back, and nothing to be glad of


def situation(facts: Facts) -> str:
    """The key of the opening; somebody who cannot be named hears its `_plain` twin."""
    here = not facts.nobody
    told = (
        (facts.back and here, "back"),
        (facts.known and facts.weary_level >= WEARY, "tired"),
        (facts.known and facts.overdue, "overdue"),
        (facts.known and facts.expected, "expected"),
        (facts.known and facts.today and here, "again"),
        (facts.holiday and here, "holiday"),
        (facts.night and here, "night"),
        (facts.known and facts.talked, "greet"),
    )
    return next((key for holds, key in told if holds), "first")


def facts_of(turn: Turn, promise: Any, *, back: bool) -> Facts:
    """As far as they are known before anybody is looked for."""
    house, person = turn.rooms.house, turn.person
    zone, talked_at = turn.stage.speaker.zone, turn.heard.talked_at
    return Facts(
        known=person is not None,
        talked=talked_at is not None,
        today=talked_at is not None and _day(talked_at, zone) == _day(turn.now, zone),
        back=back,
        expected=promise is not None and promise.promised_at - turn.now <= ABOUT_TO,
        overdue=promise is not None and latest(promise) < turn.now,
        night=is_night(turn.now, zone) and is_night(turn.now, house.zone),
        holiday=is_holiday(turn.now, house),
    )


def settled(turn: Turn, facts: Facts) -> Facts:
    """The same once somebody was looked for."""
    return replace(facts, nobody=turn.nobody, weary_level=turn.call.weary_level or 0)


def longest(stage: Stage, facts: Facts) -> Say:
    """The longest opening it may come to be: what follows it is timed by this one."""
    may_be = (facts, replace(facts, nobody=True), replace(facts, weary_level=WEARY))
    return max((stage.named(situation(one)) for one in may_be), key=lambda say: len(say.text))


def reopened(document: Document, before: Say, after: Say) -> Document:
    """The same, but for how it begins."""

    def swapped(heard: Sequence[Heard]) -> tuple[Heard, ...]:
        return tuple(after if one is before else one for one in heard)

    return tuple(
        replace(step, heard=swapped(step.heard)) if isinstance(step, Ask) else after if step is before else step
        for step in document
    )


def closed_key(now: datetime, house: House) -> str:
    """How it is said that the house is closed, and when it opens again."""
    if is_holiday(now, house):
        return "closed_holiday"
    return "closed_night" if is_night(now, house.zone) else "closed"


def is_night(now: datetime, zone: str) -> bool:
    hour = now.astimezone(ZoneInfo(zone)).hour
    return hour >= NIGHT_FROM or hour < NIGHT_TO


def is_holiday(now: datetime, house: House) -> bool:
    return read_hours("PH", house.zone, house.country).is_open(now)


def _day(at: datetime, zone: str) -> object:
    return at.astimezone(ZoneInfo(zone)).date()
