"""What happened with a person: conversations, written once and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.matters import OpenMatter, Past, still_open
from crm.references import AT_ONCE
from crm.schemas import Interaction
from crm.tables import cases, interactions
from store.ids import new_id

LONG_MEMORY = 500  # conversations that can still hold a matter open


async def record(
    conn: AsyncConnection,
    *,
    customer_id: str,
    agent_id: str | None,
    channel: str,
    started_at: datetime,
    talk_seconds: int,
    outcome: str,
    topic: str | None = None,
    summary: str | None = None,
    external_id: str | None = None,
) -> str:
    """The id of the conversation; one that is known by its external id is left as it is."""
    if external_id is not None:
        known = (await known_ids(conn, [external_id])).get(external_id)
        if known is not None:
            return known
    row = {
        "customer_id": customer_id,
        "agent_id": agent_id,
        "channel": channel,
        "started_at": started_at,
        "talk_seconds": talk_seconds,
        "outcome": outcome,
        "topic": topic,
        "summary": summary,
        "external_id": external_id,
    }
    return (await record_many(conn, [row]))[0]


async def record_many(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows with the table's columns, none of them known yet; their ids."""
    identified = [{"id": new_id("int"), **row} for row in rows]
    if identified:
        await conn.execute(insert(interactions), identified)
    return [row["id"] for row in identified]


async def known_ids(conn: AsyncConnection, external_ids: Sequence[str]) -> dict[str, str]:
    """The ids of those already recorded, by external id."""
    found: dict[str, str] = {}
    for start in range(0, len(external_ids), AT_ONCE):
        part = external_ids[start : start + AT_ONCE]
        known = select(interactions.c.external_id, interactions.c.id).where(interactions.c.external_id.in_(part))
        found.update({row.external_id: row.id for row in await conn.execute(known)})
    return found


async def past(conn: AsyncConnection, customer_id: str, limit: int = 60) -> list[Past]:
    """The latest first."""
    rows = await conn.execute(
        select(interactions)
        .where(interactions.c.customer_id == customer_id)
        .order_by(interactions.c.started_at.desc(), interactions.c.id.desc())
        .limit(limit)
    )
    return [_past(row) for row in rows]


async def open_matters(conn: AsyncConnection, customer_id: str) -> list[OpenMatter]:
    """Open cases first, then what conversations left open."""
    own = select(cases).where(cases.c.customer_id == customer_id, cases.c.state == "open").order_by(cases.c.id.desc())
    held = [OpenMatter(row.owner, row.topic, row.made_at, row.title, row.id) for row in await conn.execute(own)]
    deciding = await conn.execute(
        select(interactions)
        .where(interactions.c.customer_id == customer_id, interactions.c.outcome.in_(["open", "solved"]))
        .order_by(interactions.c.started_at.desc())
        .limit(LONG_MEMORY)
    )
    return held + still_open(_past(row) for row in deciding)


async def load(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, Interaction]:
    found: dict[str, Interaction] = {}
    for start in range(0, len(ids), AT_ONCE):
        rows = await conn.execute(select(interactions).where(interactions.c.id.in_(ids[start : start + AT_ONCE])))
        found.update({row.id: shown(row) for row in rows})
    return found


async def all_of(conn: AsyncConnection, customer_id: str) -> list[Interaction]:
    rows = await conn.execute(
        select(interactions).where(interactions.c.customer_id == customer_id).order_by(interactions.c.started_at)
    )
    return [shown(row) for row in rows]


def shown(row: Row[Any]) -> Interaction:
    values = dict(row._mapping)
    return Interaction(customer=values.pop("customer_id"), agent=values.pop("agent_id"), **values)


def _past(row: Row[Any]) -> Past:
    return Past(
        id=row.id,
        agent_id=row.agent_id,
        channel=row.channel,
        started_at=row.started_at,
        talk_seconds=row.talk_seconds,
        outcome=row.outcome,
        topic=row.topic,
        summary=row.summary,
    )
