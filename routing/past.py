"""Reading a past span for a replay: who rang, what was between them and us before, who works here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, Row, Select, Text, and_, column, func, or_, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.matters import Past
from crm.tables import cases, customers, interactions
from routing.floor import everybody
from routing.span import REMEMBERED, Contact, Matter, Person, Presence, Span
from routing.tables import absences, vetoes
from store.sql import Instant

# Another room's table: this much is all that is read of it.
calls = table(
    "calls",
    *(column(name, Text) for name in ("id", "sid", "customer_id", "direction", "from_number", "to_number")),
    *(column(name, Text) for name in ("state", "outcome", "agent_id")),
    *(column(name, Instant) for name in ("arrived_at", "joined_at", "ended_at")),
    column("waited_seconds", Float),
)
MOST_CONTACTS = 50_000
PEOPLE_AT_ONCE = 100  # customers in one statement


async def contacts_in(conn: AsyncConnection, start: datetime, end: datetime) -> int:
    """How many callers there were from `start` to before `end`."""
    by_voice = select(func.count()).select_from(interactions).where(*_by_voice(start, end))
    nameless = select(func.count()).select_from(calls).where(*_without_a_record(start, end))
    return (await conn.scalar(by_voice) or 0) + (await conn.scalar(nameless) or 0)


async def read_span(conn: AsyncConnection, start: datetime, end: datetime) -> Span:
    """What was from `start` to before `end`, and what was between these people and us before."""
    nameless = select(calls).where(*_without_a_record(start, end))
    contacts = [_nameless(row) for row in await conn.execute(nameless)]
    people: dict[str, Person] = {}
    who = select(interactions.c.customer_id).where(*_by_voice(start, end)).distinct()
    everyone = (await conn.execute(who.order_by(interactions.c.customer_id))).scalars().all()
    for first in range(0, len(everyone), PEOPLE_AT_ONCE):
        part = everyone[first : first + PEOPLE_AT_ONCE]
        people |= await _people(conn, part)
        await _remember(conn, people, part, start, end)
        contacts += await _contacts(conn, part, start, end)
    contacts.sort(key=lambda contact: (contact.arrived_at, contact.id))
    return Span(contacts, people, await everybody(conn), await _absences(conn, start, end))


async def _absences(conn: AsyncConnection, start: datetime, end: datetime) -> dict[str, list[Presence]]:
    found: dict[str, list[Presence]] = {}
    query = select(absences).where(absences.c.ends_at > start, absences.c.starts_at < end)
    for row in await conn.execute(query.order_by(absences.c.starts_at, absences.c.id)):
        found.setdefault(row.agent_id, []).append((row.starts_at, row.ends_at))
    return found


async def _people(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, Person]:
    wanted = [
        customers.c[name] for name in ("id", "name", "called", "language", "preferred_agent", "tags", "stand_ins")
    ]
    people = {
        row.id: Person(
            language=row.language,
            preferred=row.preferred_agent,
            name=row.name,
            called=row.called or row.name,
            tags=frozenset(row.tags),
            stand_ins=frozenset(row.stand_ins or ()),
        )
        for row in await conn.execute(select(*wanted).where(customers.c.id.in_(ids)))
    }
    for row in await conn.execute(select(cases).where(cases.c.customer_id.in_(ids)).order_by(cases.c.id)):
        people[row.customer_id].cases.append(Matter(row.owner, row.made_at, row.solved_at, row.topic, row.id))
    for row in await conn.execute(select(vetoes.c.customer_id, vetoes.c.agent_id).where(vetoes.c.customer_id.in_(ids))):
        people[row.customer_id].vetoed |= {row.agent_id}
    return people


async def _remember(
    conn: AsyncConnection, people: dict[str, Person], ids: Sequence[str], start: datetime, end: datetime
) -> None:
    """The latest conversations before the span, and all of them in it."""
    at = interactions.c.started_at
    newest_first = func.row_number().over(
        partition_by=(interactions.c.customer_id, at >= start), order_by=(at.desc(), interactions.c.id.desc())
    )
    wanted = (interactions.c.id, interactions.c.customer_id, interactions.c.agent_id, interactions.c.channel, at)
    more = [interactions.c[name] for name in ("talk_seconds", "outcome", "topic", "case_id", "confirmed", "warm")]
    known = (
        select(*wanted, *more, newest_first.label("place"))
        .where(interactions.c.customer_id.in_(ids), at < end)
        .subquery()
    )
    kept = or_(known.c.started_at >= start, known.c.place <= REMEMBERED)
    query = select(known).where(kept).order_by(known.c.started_at, known.c.id)
    for row in await conn.execute(query):
        person, talk = people[row.customer_id], _past(row)
        if row.started_at < start:
            person.before.append(talk)
            continue
        person.during.append(talk)
        if row.channel != "voice":
            person.elsewhere.append(talk)


async def _contacts(conn: AsyncConnection, ids: Sequence[str], start: datetime, end: datetime) -> list[Contact]:
    """Conversations of calls that we routed know their call by its SID; imported ones know no more than themselves."""
    wanted = [column for column in interactions.c if column.name != "summary"]
    routed = (calls.c.direction, calls.c.from_number, calls.c.to_number, calls.c.arrived_at, calls.c.ended_at)
    query: Select[Any] = (
        select(*wanted, *routed, calls.c.waited_seconds)
        .outerjoin(calls, calls.c.sid == interactions.c.external_id)
        .where(interactions.c.customer_id.in_(ids), *_by_voice(start, end))
    )
    return [_contact(row) for row in await conn.execute(query)]


def _by_voice(start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    at = interactions.c.started_at
    return interactions.c.channel == "voice", at >= start, at < end


def _without_a_record(start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    """Our own callers of whom nothing is remembered; their calls took somebody's time all the same."""
    arrived = and_(calls.c.arrived_at >= start, calls.c.arrived_at < end)
    ended = and_(calls.c.state == "ended", calls.c.outcome.in_(["agent", "abandoned"]))
    return calls.c.customer_id.is_(None), calls.c.direction == "inbound", arrived, ended


def _contact(row: Row[Any]) -> Contact:
    inbound = row.direction == "inbound"  # of a call that we made ourselves nobody waited for an answer
    waited = row.waited_seconds if inbound else None
    if inbound and row.outcome == "abandoned":
        waited = _seconds(row.arrived_at, row.ended_at)
    return Contact(
        id=row.id,
        customer=row.customer_id,
        arrived_at=row.arrived_at if inbound else row.started_at,
        waited_seconds=waited,
        talk_seconds=row.talk_seconds,
        agent=row.agent_id,
        outcome=row.outcome,
        topic=row.topic,
        line=row.to_number if inbound else row.from_number,
    )


def _nameless(row: Row[Any]) -> Contact:
    answered = row.outcome == "agent"
    return Contact(
        id=row.id,
        customer=None,
        arrived_at=row.arrived_at,
        waited_seconds=row.waited_seconds if answered else _seconds(row.arrived_at, row.ended_at),
        talk_seconds=round(_seconds(row.joined_at, row.ended_at) or 0) if answered else 0,
        agent=row.agent_id if answered else None,
        outcome="solved" if answered else "abandoned",
        line=row.to_number,
    )


def _seconds(begin: datetime | None, end: datetime | None) -> float | None:
    if begin is None or end is None:
        return None
    return max(end - begin, timedelta(0)).total_seconds()


def _past(row: Row[Any]) -> Past:
    return Past(
        row.id, row.agent_id, row.channel, row.started_at, row.talk_seconds, row.outcome, row.topic, None, row.case_id,
        row.confirmed, row.warm,
    )  # fmt: skip
