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
    Column,
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
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callbacks
from crm.matters import same_topic
from crm.tables import interactions
from desk.contacts import CONVERSATIONS, SAME_MATTER, Contact, first_contacts, told_again
from desk.measures import (
    AGAIN,
    BANDS,
    OPEN_PROMISES,
    SHORT_SECONDS,
    FloorTally,
    PromiseTally,
    RelationTally,
    Talking,
    ToldTally,
    day_of,
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
CALLS_AT_ONCE = timedelta(days=7)  # of a long span: a statement may take two seconds, and each call's past is looked at
ROWS_AT_ONCE = 1000  # handled without letting go of the event loop: a few milliseconds
OF_NOBODY = (None, "day", "hour", "line")  # groups whose figures are no agent's
SPLIT_SECOND = 0.1  # to which waits are kept, and which is nobody's wait
HOUR, QUARTER = 3600, 900  # seconds; the offset of every zone today is a multiple of a quarter of an hour

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
        """The longest stretch of which the zone's days and hours are made; UTC's own begin on all of them."""
        months = range((self.end - self.start).days // 28 + 2)
        offsets = [(self.start + n * timedelta(days=28)).astimezone(self.zone).utcoffset() for n in months]
        return HOUR if all(offset is not None and offset.seconds % HOUR == 0 for offset in offsets) else QUARTER

    def labels(self) -> Callable[[Any], str | None]:
        """A key as the statements give it -> the group's name in the answer."""
        name = {"day": day_of, "hour": hour_of}.get(self.group or "")
        if name is None:
            return lambda key: key
        return cache(lambda slot: name(datetime.fromtimestamp(int(slot), UTC), self.zone))


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
    waited = case((agent, calls.c.waited_seconds), else_=_seconds(conn, calls.c.arrived_at, until))
    named = _seconds(conn, calls.c.arrived_at, calls.c.offered_at) <= choice_after + SPLIT_SECOND
    facts = (
        keyed(calls, span, at=calls.c.arrived_at, agent=calls.c.agent_id, line=calls.c.to_number)
        .add_columns(
            flag(calls.c.state == "ended").label("ended"),
            calls.c.outcome,
            flag(_seconds(conn, calls.c.arrived_at, calls.c.ended_at) < SHORT_SECONDS).label("short"),
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
    answered_after = calls.c.waited_seconds - _seconds(conn, calls.c.arrived_at, calls.c.told_at)
    waited = case((agent, answered_after), else_=_seconds(conn, calls.c.told_at, until))
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


async def read_relationships(conn: AsyncConnection, calls: Table, span: Span) -> Grouped[RelationTally]:
    """Calls by when they arrived, conversations by when they began, promises by when they were made."""
    found = Grouped(RelationTally, span.labels())
    for part in span.parts(CALLS_AT_ONCE):
        async for row in counted(conn, _how_calls_went(conn, calls, part)):
            for tally in found.of(row.key):
                tally.add_calls(
                    row.n,
                    agent=bool(row.agent),
                    familiar=bool(row.familiar),
                    earlier=row.earlier,
                    again=None if row.again is None else bool(row.again),
                    old=bool(row.old),
                )
    async for rows in _people(conn, calls, span):
        contacts = [
            Contact(
                row.started_at,
                same_topic(row.topic),
                row.outcome,
                met=row.agent_id is not None,
                agent=row.agent_id,
                warm=row.warm,
                judged=row.judged,
            )
            for row in rows
        ]
        judged = zip(rows, contacts, first_contacts(contacts, span.now), told_again(contacts), strict=True)
        for row, contact, first, again in judged:
            if contact.met and contact.outcome in CONVERSATIONS and span.start <= contact.at < span.end:
                for tally in found.of(row.key):
                    tally.add_conversation(contact.outcome, first, again)
                if row.confirmed is not None:
                    for tally in found.of(row.key) if span.group in OF_NOBODY else [found.total]:
                        tally.said[bool(row.confirmed)] += 1
    promised = await read_promises(conn, span)
    found.total.promises = promised.total
    for label, promises in promised.groups.items():
        found.groups[label].promises = promises
    return found


def _how_calls_went(conn: AsyncConnection, calls: Table, span: Span) -> Subquery:
    """One row for each call that ended.  Whether its caller rang again is seen in the calls of a day after the span."""
    following = func.lead(calls.c.arrived_at).over(
        partition_by=calls.c.customer_id, order_by=(calls.c.arrived_at, calls.c.id)
    )
    seen = (
        select(calls.c.id, following.label("next_at"))
        .where(
            calls.c.direction == "inbound",
            calls.c.customer_id.is_not(None),
            calls.c.arrived_at >= span.start,
            calls.c.arrived_at < span.end + AGAIN,
        )
        .subquery()
    )
    talks = (
        select(interactions.c.id)
        .where(
            interactions.c.customer_id == calls.c.customer_id,
            interactions.c.started_at < calls.c.arrived_at,
            interactions.c.agent_id.is_not(None),
            interactions.c.outcome.in_(CONVERSATIONS),
        )
        .correlate(calls)
        .limit(BANDS[0][0])  # beyond which all are alike
        .subquery()
    )
    earlier = select(func.count()).select_from(talks).scalar_subquery()
    soon = _seconds(conn, calls.c.arrived_at, seen.c.next_at) <= AGAIN.total_seconds()
    return (
        keyed(calls, span, at=calls.c.arrived_at, agent=calls.c.agent_id, line=calls.c.to_number)
        .add_columns(
            flag(calls.c.outcome == "agent").label("agent"),
            flag(calls.c.familiar).label("familiar"),
            earlier.label("earlier"),
            case((calls.c.customer_id.is_(None), null()), (soon, 1), else_=0).label("again"),
            flag(calls.c.arrived_at <= span.now - AGAIN).label("old"),
        )
        .outerjoin(seen, seen.c.id == calls.c.id)
        .where(calls.c.direction == "inbound", calls.c.state == "ended", span.contains(calls.c.arrived_at))
    ).subquery()


async def _people(conn: AsyncConnection, calls: Table, span: Span) -> AsyncIterator[list[Row[Any]]]:
    """Each person's contacts in order of time, from a week before the span to a week after it."""
    query = keyed(
        interactions, span, at=interactions.c.started_at, agent=interactions.c.agent_id, line=calls.c.to_number
    ).add_columns(
        interactions.c.customer_id,
        interactions.c.started_at,
        interactions.c.id,
        interactions.c.agent_id,
        interactions.c.outcome,
        interactions.c.topic,
        interactions.c.confirmed,
        interactions.c.warm,
        interactions.c.judged,
    )
    if span.group == "line":  # a conversation of ours bears the SID of its call; one that was imported has no line
        query = query.outerjoin(calls, calls.c.sid == interactions.c.external_id)
    query = query.where(
        interactions.c.started_at >= span.start - SAME_MATTER, interactions.c.started_at < span.end + SAME_MATTER
    )
    theirs: list[Row[Any]] = []
    async for row in _in_pages(conn, query, interactions.c.customer_id, interactions.c.started_at, interactions.c.id):
        if theirs and theirs[0].customer_id != row.customer_id:
            yield theirs
            theirs = []
        theirs.append(row)
    if theirs:
        yield theirs


async def read_talking(conn: AsyncConnection, span: Span, plan: Plan, house: House) -> Grouped[Talking]:
    """By team, whatever the report is grouped by.  What is still to come of the span is nobody's shift yet."""
    end = min(span.end, span.now)
    talked = (
        select(
            reservations.c.agent_id,
            func.sum(_seconds(conn, reservations.c.accepted_at, reservations.c.ended_at)).label("seconds"),
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
        for tally in found.of(row.team):
            seconds, talks = talk.get(row.id, (0.0, 0))
            tally.add(seconds, overlap_seconds(open_when[text], row.made_at), talks)
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
    """Selects the group's key as `key`: a slot's beginning in seconds since 1970 for days and hours."""
    if span.group == "team":
        return select(agents.c.team.label("key")).select_from(table).outerjoin(agents, agents.c.id == agent)
    seconds = extract("epoch", at)
    key: ColumnElement[Any] = {
        "day": seconds - seconds % span.slot_seconds,
        "hour": seconds - seconds % span.slot_seconds,
        "line": line,
        "agent": agent,
    }.get(span.group or "", null())
    return select(key.label("key")).select_from(table)


def flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _seconds(conn: AsyncConnection, start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[Any]:
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


async def _in_pages(conn: AsyncConnection, query: Select[Any], *order: Column[Any]) -> AsyncIterator[Row[Any]]:
    """In this order, which is unique and whose columns are selected: a whole table at once would hold up the loop."""
    page = query = query.order_by(*order).limit(ROWS_AT_ONCE)
    while True:
        rows = (await conn.execute(page)).all()
        for row in rows:
            yield row
        if len(rows) < ROWS_AT_ONCE:
            return
        last = [literal(rows[-1]._mapping[column.name], column.type) for column in order]
        page = query.where(tuple_(*order) > tuple_(*last))
