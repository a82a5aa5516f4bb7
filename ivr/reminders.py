"""A text some time before a call that was promised long ago.

Any number of processes may run this: each promise is marked and told in one step.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.states import MOVABLE
from callbacks.tables import callbacks
from crm.tables import texts
from ivr.texts import tell
from ivr.turn import Rooms
from store.faults import told

log = structlog.get_logger()

EVERY_SECONDS = 30.0
LONG_AGO = timedelta(hours=12)  # whoever asked, or heard of it, later than this before its time remembers
JUST_NOW = timedelta(hours=1)
AT_ONCE = 50


class Reminders:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def run(self) -> None:
        while True:
            try:
                seen = await self.turn()
            except Exception as error:
                log.warning("reminders_not_sent", **told(error))
                seen = 0
            if seen < AT_ONCE:
                await self._rooms.clock.sleep(EVERY_SECONDS)

    async def turn(self) -> int:
        """How many promises were looked at: each once, whether their person could be told or not."""
        rooms, now = self._rooms, self._rooms.clock.now()
        async with rooms.database.read() as conn:
            _, plan = await rooms.plans.current(conn)
            ahead = timedelta(minutes=plan.service.remind_minutes)
            ids = await conn.scalars(select(callbacks.c.id).where(_ripe(now, ahead)).limit(AT_ONCE)) if ahead else ()
            ripe = list(ids)
        for promise_id in ripe:
            async with rooms.database.write() as conn:
                effects = await self._remind(conn, promise_id, now, ahead)
            if effects:
                rooms.carrier.kick(*effects)
        return len(ripe)

    async def _remind(self, conn: AsyncConnection, promise_id: str, now: datetime, ahead: timedelta) -> list[str]:
        marked = update(callbacks).where(callbacks.c.id == promise_id, _ripe(now, ahead)).values(reminded_at=now)
        promise = (await conn.execute(marked.returning(*callbacks.c))).one_or_none()
        if promise is None or promise.promised_at - promise.made_at < LONG_AGO:
            return []
        return await tell(self._rooms, conn, promise, "text_reminder")


def _ripe(now: datetime, ahead: timedelta) -> ColumnElement[bool]:
    """Its time is near, though not so near that a reminder would only frighten; made, and last spoken of, long ago."""
    since = now - max(LONG_AGO - ahead, JUST_NOW)
    lately = exists().where(texts.c.callback_id == callbacks.c.id, texts.c.direction == "out", texts.c.at > since)
    return and_(
        callbacks.c.state.in_(MOVABLE),
        callbacks.c.channel == "call",
        callbacks.c.reminded_at.is_(None),
        callbacks.c.promised_at > now + ahead / 2,
        callbacks.c.promised_at <= now + ahead,
        callbacks.c.made_at <= since,
        ~lately,
    )
