"""What promises mean for who should take a call now: those that come due, and those that were not kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.states import MOVABLE, State
from callbacks.tables import callbacks

REMEMBERED = timedelta(days=14)


async def next_promises(
    conn: AsyncConnection,
    *,
    now: datetime,
    until: datetime,
    owner_wait: timedelta = timedelta(0),
    beside: str | None = None,
) -> Mapping[str, datetime]:
    """By agent, when the first of their own promises comes due, or came: for `owner_wait` past its time a promise waits
    for the agent it was made with.  `beside`: the promise this call keeps."""
    query = (
        select(callbacks.c.agent_id, func.min(callbacks.c.promised_at).label("at"))
        .where(callbacks.c.promised_at.between(now - owner_wait, until), callbacks.c.state.in_(MOVABLE))
        .where(callbacks.c.agent_id.is_not(None))
        .group_by(callbacks.c.agent_id)
    )
    if beside is not None:
        query = query.where(callbacks.c.id != beside)
    return {row.agent_id: row.at for row in await conn.execute(query)}


async def broken_lately(conn: AsyncConnection, customer_id: str, *, now: datetime) -> int:
    """Promises to them that were not kept in time; one that was put off after its time was not, however it went on."""
    since = now - REMEMBERED
    broken = and_(callbacks.c.state == State.BROKEN, callbacks.c.promised_at >= since)
    query = select(func.count()).where(
        callbacks.c.customer_id == customer_id, or_(broken, callbacks.c.missed_at >= since)
    )
    return await conn.scalar(query) or 0
