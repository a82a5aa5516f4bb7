"""When an agent is not there although their hours say so: holidays, illness, a course."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.tables import absences
from store.clock import Clock
from store.faults import told
from store.ids import new_id
from store.sql import Database

log = structlog.get_logger()

Span = tuple[datetime, datetime]  # from the first to before the second
LOOK_SECONDS = 10.0
AHEAD = timedelta(minutes=10)  # so far ahead is known what will begin, should the next looks fail


async def absent_now(conn: AsyncConnection, now: datetime) -> frozenset[str]:
    """Ids of the agents who are away at this moment."""
    query = select(absences.c.agent_id).where(absences.c.starts_at <= now, absences.c.ends_at > now)
    return frozenset(await conn.scalars(query))


async def by_agent(conn: AsyncConnection, after: datetime, before: datetime | None = None) -> dict[str, list[Span]]:
    """All that are not over and begin in time, by agent."""
    query = select(absences.c.agent_id, absences.c.starts_at, absences.c.ends_at).where(absences.c.ends_at > after)
    if before is not None:
        query = query.where(absences.c.starts_at < before)
    found: dict[str, list[Span]] = {}
    for row in await conn.execute(query.order_by(absences.c.starts_at, absences.c.id)):
        found.setdefault(row.agent_id, []).append((row.starts_at, row.ends_at))
    return found


async def add(conn: AsyncConnection, agent_id: str, starts_at: datetime, ends_at: datetime, reason: str | None) -> str:
    absence_id = new_id("abs")
    values = {"id": absence_id, "agent_id": agent_id, "starts_at": starts_at, "ends_at": ends_at, "reason": reason}
    await conn.execute(insert(absences).values(**values))
    return absence_id


async def load_one(conn: AsyncConnection, absence_id: str) -> Row[Any] | None:
    return (await conn.execute(select(absences).where(absences.c.id == absence_id))).one_or_none()


async def remove(conn: AsyncConnection, agent_id: str, absence_id: str) -> bool:
    """False when there is none."""
    gone = await conn.execute(delete(absences).where(absences.c.id == absence_id, absences.c.agent_id == agent_id))
    return bool(gone.rowcount)


class Absent:
    """Who is away, as this process knows it: what the floor asks of many agents at once, without reading for each.

    It may be some seconds old.  A choice reads `absent_now` itself, so nobody is rung for that.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._alarm = clock.alarm()
        self._spans: Mapping[str, Sequence[Span]] = {}

    def covers(self, agent_id: str, now: datetime) -> bool:
        return any(start <= now < end for start, end in self._spans.get(agent_id, ()))

    def changed(self) -> None:
        """Somebody wrote in this process: look at once."""
        self._alarm.ring()

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:
                log.warning("absences_not_read", **told(error))
            await self._alarm.wait(LOOK_SECONDS)

    async def look(self) -> None:
        now = self._clock.now()
        async with self._database.read() as conn:
            self._spans = await by_agent(conn, now, now + AHEAD)
