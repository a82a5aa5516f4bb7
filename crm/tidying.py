"""What follows from people's records is brought up to date: by what they are found, and what came in late for one that
was merged away.

A record whose keys nobody has written yet was there before there were any, or came in past this room.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select

from crm import merging, people
from crm.tables import customers
from store.clock import Clock
from store.faults import told
from store.sql import Database

log = structlog.get_logger()

EVERY_SECONDS = 60
AT_ONCE = 200  # people in one commit: calls go on meanwhile


class Tidying:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def run(self) -> None:
        while True:
            try:
                more = await self.turn()
            except Exception as error:
                log.warning("tidying_paused", **told(error))
                more = False
            await self._clock.sleep(0.1 if more else EVERY_SECONDS)

    async def turn(self) -> bool:
        """Whether there is more to do."""
        now = self._clock.now()
        bare = select(customers.c.id).where(customers.c.name_key.is_(None)).limit(AT_ONCE)
        async with self._database.read() as conn:
            ids = list(await conn.scalars(bare))
            late = await merging.just_made(conn, now)
        if ids:
            async with self._database.write() as conn:
                await people.write_keys(conn, ids)
        if late:
            async with self._database.write() as conn:
                await merging.follow(conn, now)
        return len(ids) == AT_ONCE
