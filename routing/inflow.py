"""How many callers ring at each hour of the week: learnt from the past, for whoever plans ahead.

What few weeks say of a Tuesday at ten is drawn towards what is usual at ten on working days.  `Inflow` and `Arrivals`
are pure; only `read_inflow` and `learn_inflow` read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Text, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import interactions
from routing.hours import BadHours, read_hours
from routing.house import House
from routing.past import calls
from routing.tables import learnt

INFLOW = "inflow"
PAST = timedelta(weeks=8)
HOUR = timedelta(hours=1)
PSEUDO_WEEKS = 2.0
WORKING_DAYS = 5
HOURS_OF_WEEK = 7 * 24


@dataclass(frozen=True, slots=True)
class Inflow:
    """Mean arrivals an hour, by hour of the week on the wall (0: Monday, midnight to one)."""

    an_hour: Sequence[float]
    talk_seconds: float | None = None  # mean length of a talk, where there were enough to say

    def at(self, instant: datetime, zone: str) -> float:
        return self.an_hour[_hour_of_week(instant, ZoneInfo(zone))]

    def as_json(self) -> dict[str, Any]:
        return {"an_hour": [round(rate, 3) for rate in self.an_hour], "talk_seconds": self.talk_seconds}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(tuple(stored["an_hour"]), stored["talk_seconds"])


@dataclass(slots=True)
class Arrivals:
    """Callers counted by hour of the week, and how often there was that hour; a holiday is no day of the week."""

    zone: str
    holidays: frozenset[date] = frozenset()
    came: list[int] = field(default_factory=lambda: [0] * HOURS_OF_WEEK)
    hours: list[int] = field(default_factory=lambda: [0] * HOURS_OF_WEEK)

    def add(self, hour: datetime, callers: int) -> None:
        """An hour that has passed, by the instant it began."""
        clock = ZoneInfo(self.zone)
        middle = hour + HOUR / 2  # where the wall is off by less than an hour, most of it is the same hour there
        if middle.astimezone(clock).date() not in self.holidays:
            place = _hour_of_week(middle, clock)
            self.came[place] += callers
            self.hours[place] += 1

    def an_hour(self) -> list[float]:
        return [self._mean(place) for place in range(HOURS_OF_WEEK)]

    def _mean(self, place: int) -> float:
        day, hour = divmod(place, 24)
        if day >= WORKING_DAYS:  # a Saturday is like no other day
            return self.came[place] / self.hours[place] if self.hours[place] else 0.0
        alike = [other * 24 + hour for other in range(WORKING_DAYS)]
        had = sum(self.hours[one] for one in alike)
        usual = sum(self.came[one] for one in alike) / had if had else 0.0
        return (self.came[place] + PSEUDO_WEEKS * usual) / (self.hours[place] + PSEUDO_WEEKS)


async def read_inflow(conn: AsyncConnection) -> Inflow | None:
    """As it was last learnt; None where there is no past."""
    body = await conn.scalar(select(learnt.c.body).where(learnt.c.kind == INFLOW))
    return Inflow.from_json(body) if body else None


async def learn_inflow(
    conn: AsyncConnection, now: datetime, house: House, talk_seconds: float | None = None
) -> Inflow | None:
    """From the callers of the last eight weeks: our own, and before the first of them those that were brought along.

    None where nobody called.  Counted in SQL, so that not a row a call is read.
    """
    until = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)  # this hour is not over
    since = until - PAST
    at = calls.c.arrived_at
    ours = await _by_hour(conn, at, calls.c.direction == "inbound", at >= since, at < until)
    first = min(ours, default=until)
    at = interactions.c.started_at
    brought = await _by_hour(conn, at, interactions.c.channel == "voice", at >= since, at < first)
    callers = brought | ours
    if not callers:
        return None
    hour = min(callers)
    arrivals = Arrivals(house.zone, frozenset(_holidays(hour, now, house)))
    while hour < until:
        arrivals.add(hour, callers.get(hour, 0))
        hour += HOUR
    return Inflow(tuple(arrivals.an_hour()), talk_seconds)


async def _by_hour(
    conn: AsyncConnection, at: ColumnElement[datetime], *where: ColumnElement[bool]
) -> dict[datetime, int]:
    """How many, by the instant at which the hour began."""
    if conn.dialect.name == "sqlite":
        hour = func.strftime("%Y-%m-%dT%H:00", at, type_=Text)
    else:
        hour = func.to_char(func.timezone("UTC", at), 'YYYY-MM-DD"T"HH24:00', type_=Text)
    counted = await conn.execute(select(hour, func.count()).where(*where).group_by(hour))
    return {datetime.fromisoformat(text).replace(tzinfo=UTC): count for text, count in counted}


def _holidays(start: datetime, end: datetime, house: House) -> Iterable[date]:
    clock = ZoneInfo(house.zone)
    try:
        holiday = read_hours("PH", house.zone, house.country)
    except BadHours:
        return
    day = start.astimezone(clock).date()
    while day <= end.astimezone(clock).date():
        if holiday.is_open(datetime.combine(day, time(12), clock)):
            yield day
        day += timedelta(days=1)


def _hour_of_week(at: datetime, clock: ZoneInfo) -> int:
    there = at.astimezone(clock)
    return there.weekday() * 24 + there.hour
