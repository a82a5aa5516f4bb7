"""Conversations read from the database, as `ivr.vcon` takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.people import load
from crm.schemas import Customer
from crm.tables import interactions, texts
from ivr.api import identity
from ivr.vcon import Conversation, Message, Party, Talk
from routing.tables import agents

_ADDRESS = re.compile(r"\+[1-9]\d{3,14}|sip:\S+")
_KNOWN_BY = {"verified": "code sent to a stored number", "number": "caller's number", "name": "name as spoken"}


@dataclass(frozen=True, slots=True)
class Source:
    """Who we are; the account under whose address the carrier keeps recordings."""

    company: str
    host: str
    account_sid: str | None

    def recording(self, sid: str) -> str | None:
        if self.account_sid is None:
            return None
        return f"https://api.twilio.com/2010-04-01/Accounts/{self.account_sid}/Recordings/{sid}"


async def of_calls(conn: AsyncConnection, rows: Sequence[Row[Any]], source: Source) -> dict[str, Conversation]:
    """By our id of the call."""
    talks = await _talks(conn, rows)
    agents_of = await _agents(
        conn, [one.agent_id for some in talks.values() for one in some], [r.agent_id for r in rows]
    )
    who = await load(conn, list({row.customer_id for row in rows if row.customer_id}))
    return {row.id: _call(row, talks.get(row.sid, ()), agents_of, who.get(row.customer_id), source) for row in rows}


async def of_past(conn: AsyncConnection, rows: Sequence[Row[Any]], source: Source) -> dict[str, Conversation]:
    """What was brought from elsewhere, by its id."""
    agents_of = await _agents(conn, [row.agent_id for row in rows])
    who = await load(conn, list({row.customer_id for row in rows}))
    return {
        row.id: Conversation(
            id=row.id,
            begun_at=row.started_at,
            customer=_customer(who.get(row.customer_id), None, None),
            house=Party("house", name=source.company),
            subject=row.topic,
            talks=[_talk(row, agents_of, ())],
        )
        for row in rows
    }


async def of_texts(conn: AsyncConnection, customer_id: str, source: Source) -> dict[str, Conversation]:
    """All that was written, as one conversation, by the customer's id."""
    wanted = select(texts).where(texts.c.customer_id == customer_id).order_by(texts.c.at, texts.c.id)
    rows = (await conn.execute(wanted)).all()
    if not rows:
        return {}
    customer = (await load(conn, [customer_id])).get(customer_id)
    first = rows[0]
    theirs, ours = (first.from_number, first.to_number)[:: 1 if first.direction == "in" else -1]
    written = Conversation(
        id=f"texts/{customer_id}",
        begun_at=first.at,
        customer=_customer(customer, theirs, None),
        house=Party("house", ours, source.company),
        messages=[Message(row.at, row.direction == "in", row.body, row.sid) for row in rows],
    )
    return {customer_id: written}


def _call(
    row: Row[Any],
    talks: Sequence[Row[Any]],
    agents_of: Mapping[str, Party],
    customer: Customer | None,
    source: Source,
) -> Conversation:
    inbound = row.direction == "inbound"
    theirs, ours = (row.from_number, row.to_number) if inbound else (row.to_number, row.from_number)
    return Conversation(
        id=row.id,
        begun_at=row.arrived_at,
        customer=_customer(customer, theirs, _KNOWN_BY.get(identity(row))),
        house=Party("house", _number(ours), source.company),
        inbound=inbound,
        subject=next((one.topic for one in talks if one.topic), None),
        outcome=row.outcome,
        said=row.said,
        talks=_parts(row, talks, agents_of, source),
    )


def _parts(row: Row[Any], talks: Sequence[Row[Any]], agents_of: Mapping[str, Party], source: Source) -> list[Talk]:
    """With each agent, and the message that was left."""
    kept = [url for sid in row.talk_recordings or () if (url := source.recording(sid))]
    single = len(talks) == 1
    parts = [_talk(one, agents_of, kept if single else ()) for one in talks]
    if not talks and row.agent_id in agents_of and row.joined_at is not None:  # they are still talking
        parts = [Talk(row.joined_at, agent=agents_of[row.agent_id], recordings=kept)]
    elif not single and talks:  # nothing says which of them a recording is of
        parts += [Talk(talks[0].started_at, recordings=[url]) for url in kept]
    if row.recording_url and row.recording_url.startswith("https://"):
        parts.append(Talk(row.ended_at or row.arrived_at, recordings=[row.recording_url]))
    return parts


def _talk(row: Row[Any], agents_of: Mapping[str, Party], recordings: Sequence[str]) -> Talk:
    agent = agents_of.get(row.agent_id or "")
    return Talk(row.started_at, row.talk_seconds, agent, recordings, row.outcome, row.topic, row.summary)


async def _talks(conn: AsyncConnection, rows: Sequence[Row[Any]]) -> dict[str, list[Row[Any]]]:
    """What was written down of each call, by its SID, in their order; whoever hung up has talked with nobody."""
    known = [row for row in rows if row.customer_id is not None and row.sid is not None]
    if not known:
        return {}
    of_these = or_(
        interactions.c.external_id.in_([row.sid for row in known]),
        *(interactions.c.external_id.startswith(f"{row.sid}/", autoescape=True) for row in known),
    )
    wanted = select(interactions).where(
        interactions.c.customer_id.in_({row.customer_id for row in known}),
        interactions.c.outcome != "abandoned",
        of_these,
    )
    found: dict[str, list[Row[Any]]] = {}
    for row in await conn.execute(wanted.order_by(interactions.c.started_at)):
        found.setdefault(row.external_id.partition("/")[0], []).append(row)
    return found


async def _agents(conn: AsyncConnection, *ids: Iterable[str | None]) -> dict[str, Party]:
    wanted = {one for some in ids for one in some if one}
    rows = await conn.execute(select(agents.c.id, agents.c.name).where(agents.c.id.in_(wanted)))
    return {row.id: Party("agent", name=row.name, id=row.id) for row in rows}


def _customer(customer: Customer | None, number: str | None, known_by: str | None) -> Party:
    if customer is None:
        return Party("customer", _number(number))
    return Party("customer", _number(number), customer.name or customer.called, customer.id, known_by)


def _number(text: str | None) -> str | None:
    """Neither a word for a withheld number nor what is left of an erased one."""
    return text if text and _ADDRESS.fullmatch(text) else None
