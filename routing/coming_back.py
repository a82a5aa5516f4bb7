"""Who is away for a while, and said until when, is ready again by themselves, if they chose nothing else meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

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

PAUSE_SECONDS = 5.0  # as late as this somebody is ready again, at most
_AWAY_FOR_A_WHILE = (agents.c.availability == Availability.AWAY, agents.c.back_at.is_not(None))


class ComingBack:
    """A keeper's loop.  `changed` is told after the commit that somebody may be free now."""

    def __init__(
        self, database: Database, clock: Clock, changed: Callable[[], None], *, pause: float = PAUSE_SECONDS
    ) -> None:
        self._database, self._clock, self._changed, self._pause = database, clock, changed, pause

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
        query = select(agents.c.id).where(*_AWAY_FOR_A_WHILE, agents.c.back_at <= now)
        async with self._database.read() as conn:  # looks before it writes: mostly there is nobody
            due = (await conn.scalars(query)).all()
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
    await set_availability(conn, agent_id, Availability.READY, None, now=now, set_by=row.set_by)
    return True
