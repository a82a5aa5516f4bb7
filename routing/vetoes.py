"""Pairings that are not to be: a customer or an agent has declined the other, privately, and nobody is told why.

What is here is read where somebody is chosen and shown by vetoes_api to who may know; it goes into no decision's
reasons, no sentence, no event and no report.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.tables import vetoes

Side = Literal["customer", "agent"]


async def vetoed_by(conn: AsyncConnection, customer_id: str) -> frozenset[str]:
    """Agents who and this customer are not to meet, whoever of the two does not want to."""
    return frozenset(await conn.scalars(select(vetoes.c.agent_id).where(vetoes.c.customer_id == customer_id)))


async def decline(conn: AsyncConnection, customer_id: str, agent_id: str, by: Side, *, now: datetime) -> None:
    """Saying so twice, even at once, changes nothing."""
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    values = {"customer_id": customer_id, "agent_id": agent_id, "declined_by": by, "at": now}
    await conn.execute(insert(vetoes).values(**values).on_conflict_do_nothing())


async def allow(conn: AsyncConnection, customer_id: str, agent_id: str, by: Side | None = None) -> bool:
    """Takes back what one side said, or with none named what either did; False when nothing was said."""
    return bool((await conn.execute(delete(vetoes).where(*_one(customer_id, agent_id, by)))).rowcount)


def declined_agents(customer_id: str, by: Side | None = None, agent_id: str | None = None) -> Select[Any]:
    """Each agent of such a pairing once; by one side, or of one agent, where these are named."""
    wanted = [vetoes.c.customer_id == customer_id]
    if by is not None:
        wanted.append(vetoes.c.declined_by == by)
    if agent_id is not None:
        wanted.append(vetoes.c.agent_id == agent_id)
    return select(vetoes.c.agent_id).where(*wanted).distinct()


async def declined(
    conn: AsyncConnection, customer_id: str, agent_ids: Sequence[str], by: Side | None = None
) -> list[Row[Any]]:
    """What was said of the pairings with these agents."""
    query = select(vetoes).where(vetoes.c.customer_id == customer_id, vetoes.c.agent_id.in_(agent_ids))
    if by is not None:
        query = query.where(vetoes.c.declined_by == by)
    return list(await conn.execute(query.order_by(vetoes.c.agent_id, vetoes.c.at, vetoes.c.declined_by.desc())))


async def export_declined(conn: AsyncConnection, customer_id: str) -> list[dict[str, Any]]:
    """An exporter of `crm.privacy`: whom they declined.  Who declined them is the agents' own."""
    query = select(vetoes).where(vetoes.c.customer_id == customer_id, vetoes.c.declined_by == "customer")
    rows = await conn.execute(query.order_by(vetoes.c.at, vetoes.c.agent_id))
    return [{"agent": row.agent_id, "at": row.at.isoformat()} for row in rows]


def _one(customer_id: str, agent_id: str, by: Side | None) -> list[ColumnElement[bool]]:
    pairing = [vetoes.c.customer_id == customer_id, vetoes.c.agent_id == agent_id]
    return pairing if by is None else [*pairing, vetoes.c.declined_by == by]
