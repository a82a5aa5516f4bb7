"""What the reports count, read from SQL: grouped there where that is cheap, and otherwise row by row in small portions.

Read only.  Nothing of a customer leaves this file: groups are days, hours, teams, our own lines and our agents.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Subquery,
    Table,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callbacks
from desk.measures import (
    OPEN_PROMISES,
    SHORT_SECONDS,
    FloorTally,
    PromiseTally,
    Talking,
    ToldTally,
    hour_of,
    open_spans,
    overlap_seconds,
)
from routing.agents import Ended
from routing.hours import read_hours
from routing.house import House
from routing.plan import Plan
from routing.tables import agents, reservations

Group = Literal["day", "hour", "team", "line", "agent"]
ROWS_AT_ONCE = 1000  # handled without letting go of the event loop: a few milliseconds
SPLIT_SECOND = 0.1  # to which waits are kept, and which is nobody's wait
DAY, HOUR, QUARTER = 86_400, 3600, 900  # seconds; the offset of every zone today is a multiple of a quarter of an hour

Tally = TypeVar("Tally")


@dataclass(frozen=True, slots=True)
class Span:
    """Which time, and by what it is grouped.  `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime
    now: datetime
    zone: ZoneInfo
    group: Group | None

    def contains(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(column >= self.start, column < self.end)

    def parts(self, longest: timedelta) -> Iterator[Span]:
        """One after another, none longer than that."""
        start = self.start
        while start < self.end:
            yield replace(self, start=start, end=min(start + longest, self.end))
            start += longest

    @property
    def slot_seconds(self) -> int:
        """The longest stretch of which the zone's hours are made; UTC's own begin on all of them."""
        return HOUR if all(seconds % HOUR == 0 for _, seconds in self.offsets()) else QUARTER

    def offsets(self) -> list[tuple[datetime, int]]:
        """By how many seconds the zone is ahead of UTC, and from when on, in order."""
        at, end = self.start.astimezone(UTC), self.end.astimezone(UTC)
        found = [(at, _ahead(at, self.zone))]
        while at < end:
            before, at = at, min(at + timedelta(days=1), end)
            if _ahead(at, self.zone) != found[-1][1]:
                found.append((_changed(before, at, self.zone), _ahead(at, self.zone)))
        return found

    def labels(self) -> Callable[[Any], str | None]:
        """A key as the statements give it -> the group's name in the answer."""
        if self.group == "day":
            return cache(lambda day: datetime.fromtimestamp(int(day), UTC).date().isoformat())
        if self.group == "hour":
            return cache(lambda slot: hour_of(datetime.fromtimestamp(int(slot), UTC), self.zone))
        return lambda key: key


@dataclass(slots=True)
class Grouped(Generic[Tally]):
    """A tally for each group that came up, and one over all; what belongs to no team, line or agent is under None."""

    make: Callable[[], Tally]
    label: Callable[[Any], str | None]
    total: Tally = field(init=False)
    groups: defaultdict[str | None, Tally] = field(init=False)

    def __post_init__(self) -> None:
        self.total, self.groups = self.make(), defaultdict(self.make)

    def of(self, key: Any) -> tuple[Tally, Tally]:
        """Where something with this key is counted."""
        return self.groups[self.label(key)], self.total


async def read_floor(conn: AsyncConnection, calls: Table, span: Span, choice_after: int) -> Grouped[FloorTally]:
    """Inbound calls that arrived within the span.  `choice_after`: seconds until the ways out must have been named."""
    agent = calls.c.outcome == "agent"
    until = func.coalesce(calls.c.ended_at, literal(span.now, calls.c.ended_at.type))
    waited = case((agent, calls.c.waited_seconds), else_=seconds_between(conn, calls.c.arrived_at, until))
    named = seconds_between(conn, calls.c.arrived_at, calls.c.offered_at) <= choice_after + SPLIT_SECOND
    facts = (
        keyed(calls, span, at=calls.c.arrived_at, agent=calls.c.agent_id, line=calls.c.to_number)
        .add_columns(
            flag(calls.c.state == "ended").label("ended"),
            calls.c.outcome,
            flag(seconds_between(conn, calls.c.arrived_at, calls.c.ended_at) < SHORT_SECONDS).label("short"),
            case((agent, _whole(conn, calls.c.waited_seconds))).label("waited"),
            case((waited <= choice_after, null()), (named, 1), else_=0).label("choice"),
        )
        .where(calls.c.direction == "inbound", span.contains(calls.c.arrived_at))
    ).subquery()
    found = Grouped(FloorTally, span.labels())
    async for row in counted(conn, facts):
        for tally in found.of(row.key):
            tally.add(
                row.n,
                ended=bool(row.ended),
                outcome=row.outcome,
                short=bool(row.short),
                waited=row.waited,
                choice=None if row.choice is None else bool(row.choice),
            )
    return found


async def read_told(conn: AsyncConnection, calls: Table, span: Span) -> Grouped[ToldTally]:
    """Inbound calls that arrived within the span and whose caller was told how long it would take."""
    agent = calls.c.outcome == "agent"
    until = func.coalesce(calls.c.ended_at, literal(span.now, calls.c.ended_at.type))
    answered_after = calls.c.waited_seconds - seconds_between(conn, calls.c.arrived_at, calls.c.told_at)
    waited = case((agent, answered_after), else_=seconds_between(conn, calls.c.told_at, until))
    facts = (
        keyed(calls, span, at=calls.c.arrived_at, agent=calls.c.agent_id, line=calls.c.to_number)
        .add_columns(
            cast(calls.c.told_seconds, Integer).label("told"),
            _whole(conn, waited - SPLIT_SECOND).label("waited"),
            flag(agent).label("answered"),
        )
        .where(calls.c.direction == "inbound", calls.c.told_at.is_not(None), span.contains(calls.c.arrived_at))
    ).subquery()
    found = Grouped(ToldTally, span.labels())
    async for row in counted(conn, facts):
        for tally in found.of(row.key):
            tally.add(row.n, told=row.told, waited=max(row.waited, 0), answered=bool(row.answered))
    return found


async def read_promises(conn: AsyncConnection, span: Span) -> Grouped[PromiseTally]:
    """Promises made within the span, as they stand now.  A promise that was moved is one, at its last time."""
    not_connected = and_(callbacks.c.state.in_(OPEN_PROMISES), callbacks.c.kept_at.is_(None))
    window_ends = extract("epoch", callbacks.c.promised_at) + callbacks.c.window_seconds
    facts = (
        keyed(callbacks, span, at=callbacks.c.made_at, agent=callbacks.c.agent_id, line=callbacks.c.from_number)
        .add_columns(
            callbacks.c.kind,
            callbacks.c.state,
            flag(and_(not_connected, window_ends < span.now.timestamp())).label("overdue"),
            _whole(conn, callbacks.c.late_seconds).label("late"),
            flag(callbacks.c.kept_how.is_not(None)).label("otherwise"),
        )
        .where(span.contains(callbacks.c.made_at))
    ).subquery()
    found = Grouped(PromiseTally, span.labels())
    async for row in counted(conn, facts):
        for tally in found.of(row.key):
            facts_of = {"kind": row.kind, "state": row.state, "late": row.late}
            tally.add(row.n, overdue=bool(row.overdue), otherwise=bool(row.otherwise), **facts_of)
    return found


async def read_talking(conn: AsyncConnection, span: Span, plan: Plan, house: House) -> Grouped[Talking]:
    """By team, whatever the report is grouped by.  What is still to come of the span is nobody's shift yet."""
    end = min(span.end, span.now)
    talked = (
        select(
            reservations.c.agent_id,
            func.sum(seconds_between(conn, reservations.c.accepted_at, reservations.c.ended_at)).label("seconds"),
            func.count().label("n"),
        )
        .where(reservations.c.state == Ended.TALK_ENDED, span.contains(reservations.c.accepted_at))
        .group_by(reservations.c.agent_id)
    )
    talk = {row.agent_id: (float(row.seconds), row.n) async for row in _rows(conn, talked)}
    open_when: dict[str, list[tuple[datetime, datetime]]] = {}
    found = Grouped(Talking, lambda team: team)
    async for row in _rows(conn, select(agents.c.id, agents.c.team, agents.c.hours, agents.c.made_at)):
        text = row.hours or plan.hours
        if text not in open_when:
            open_when[text] = list(open_spans(read_hours(text, house.zone, house.country), span.start, end))
            await asyncio.sleep(0)
        shift_seconds = overlap_seconds(open_when[text], row.made_at)
        seconds, talks = talk.get(row.id, (0.0, 0))
        for tally in found.of(row.team):
            tally.add(seconds, shift_seconds, talks)
    return found


async def read_names(conn: AsyncConnection, span: Span, plan: Plan) -> Mapping[str | None, str | None]:
    """What the groups are called, where a key is not a name already."""
    if span.group == "agent":
        return {row.id: row.name async for row in _rows(conn, select(agents.c.id, agents.c.name))}
    if span.group == "line":
        return {number: line.name for number, line in plan.lines.items()}
    return {}


def keyed(
    table: Table, span: Span, *, at: ColumnElement[Any], agent: ColumnElement[Any], line: ColumnElement[Any]
) -> Select[Any]:
    """Selects the group's key as `key`: for an hour the beginning of a slot in seconds since 1970.

    For a day it is that too, with the house's clock taken for UTC.
    """
    if span.group == "team":
        return select(agents.c.team.label("key")).select_from(table).outerjoin(agents, agents.c.id == agent)
    key: ColumnElement[Any] = {"line": line, "agent": agent}.get(span.group or "", null())
    seconds = extract("epoch", at)
    if span.group == "day":
        (_, first), *later = span.offsets()
        ahead = case(*((at >= when, seconds) for when, seconds in reversed(later)), else_=first) if later else first
        key = seconds + ahead - (seconds + ahead) % DAY
    elif span.group == "hour":
        key = seconds - seconds % span.slot_seconds
    return select(key.label("key")).select_from(table)


def _ahead(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def _changed(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """When the clock was changed between these two, to the second."""
    old = _ahead(before, zone)
    before = before.replace(microsecond=0)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if _ahead(middle, zone) == old else (before, middle)
    return after.replace(microsecond=0)


def flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def seconds_between(conn: AsyncConnection, start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[Any]:
    """From `start` to `end`, with fractions: SQLite's own epoch has whole seconds only."""
    if conn.dialect.name == "sqlite":
        return (func.julianday(end) - func.julianday(start)) * 86_400.0
    return extract("epoch", end - start)


def _whole(conn: AsyncConnection, seconds: ColumnElement[Any]) -> ColumnElement[Any]:
    """Rounded up, so that a limit in whole seconds is kept by the same ones; thousands of waits become few to count."""
    if conn.dialect.name == "sqlite":  # not every SQLite has ceil()
        return cast(seconds, Integer) + flag(seconds > cast(seconds, Integer))
    return cast(func.ceil(seconds), Integer)


async def counted(conn: AsyncConnection, facts: Subquery) -> AsyncIterator[Row[Any]]:
    """The facts that are alike once, with their number as `n`."""
    async for row in _rows(conn, select(*facts.c, func.count().label("n")).group_by(*facts.c)):
        yield row


async def _rows(conn: AsyncConnection, query: Select[Any]) -> AsyncIterator[Row[Any]]:
    for portion in (await conn.execute(query)).partitions(ROWS_AT_ONCE):
        for row in portion:
            yield row
        await asyncio.sleep(0)  # a call may be on the line
