"""Who is away for a while, and said until when, is ready again by themselves, if they chose nothing else meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.agents import Availability
from routing.floor import set_availability
from routing.tables import agents
from store.clock import Clock
from store.faults import told
from store.sql import Database

log = structlog.get_logger()

PAUSE_SECONDS = 5.0  # between two looks; whoever said so before the last of them is back to the second
_AWAY_FOR_A_WHILE = (agents.c.availability == Availability.AWAY, agents.c.back_at.is_not(None))


class ComingBack:
    """A keeper's loop.  `changed` is told after the commit that somebody may be free now."""

    def __init__(self, database: Database, clock: Clock, changed: Callable[[], None]) -> None:
        self._database, self._clock, self._changed = database, clock, changed
        self._pause = PAUSE_SECONDS

    async def run(self) -> None:
        while True:
            try:
                await self.turn()
            except Exception as error:
                log.warning("nobody_came_back", **told(error))
            await self._clock.sleep(self._pause)

    async def turn(self) -> int:
        """How many are back."""
        now = self._clock.now()
        soon = now + timedelta(seconds=PAUSE_SECONDS)
        query = select(agents.c.id, agents.c.back_at).where(*_AWAY_FOR_A_WHILE, agents.c.back_at <= soon)
        async with self._database.read() as conn:  # looks before it writes: mostly there is nobody
            rows = (await conn.execute(query)).all()
        due = [row.id for row in rows if row.back_at <= now]
        self._pause = min(
            ((row.back_at - now).total_seconds() for row in rows if row.back_at > now), default=PAUSE_SECONDS
        )
        back = 0
        for agent_id in due:
            async with self._database.write() as conn:
                back += await come_back(conn, agent_id, now)
        if back:
            self._changed()
        return back


async def come_back(conn: AsyncConnection, agent_id: str, now: datetime) -> bool:
    """False: they have chosen something else since.  The desk that chose to be away is also the one that is back."""
    away = select(agents.c.set_by).where(agents.c.id == agent_id, *_AWAY_FOR_A_WHILE, agents.c.back_at <= now)
    row = (await conn.execute(away.with_for_update())).one_or_none()
    if row is None:
        return False
    ready = Availability.READY
    await set_availability(conn, agent_id, ready, None, now=now, set_by=row.set_by, ends_wrap_up=False)
    return True
