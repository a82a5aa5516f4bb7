"""What ends with a desk: the presence that was chosen there, once nobody is left to answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from desk.softphone.desks import GONE, GONE_AFTER, forget
from desk.tables import desks
from routing.agents import Activity, Availability
from routing.floor import set_availability
from routing.tables import agents
from store.clock import Clock
from store.faults import told
from store.sql import Database

log = structlog.get_logger()

PAUSE_SECONDS = 5.0  # between two looks, at most; whoever is silent for too long is seen at that moment
SOONEST_SECONDS = 0.5
AHEAD = timedelta(seconds=10)  # who would be ready again by themselves in a moment, without being there
KEPT = timedelta(days=1)
FORGETS_EVERY = timedelta(hours=1)


class Sweep:
    """A keeper's loop; any number of processes may run it.  `changed` is told after the commit."""

    def __init__(self, database: Database, clock: Clock, changed: Callable[[], None]) -> None:
        self._database, self._clock, self._changed = database, clock, changed
        self._forgot_at: datetime | None = None
        self._pause = PAUSE_SECONDS

    async def run(self) -> None:
        """Windows are heard of first: while the server was away none of them could say that it is there."""
        await self._clock.sleep(GONE_AFTER.total_seconds())
        while True:
            try:
                await self.turn()
            except Exception as error:
                log.warning("desks_not_swept", **told(error))
            await self._clock.sleep(self._pause)

    async def turn(self) -> int:
        """How many are offline now."""
        now = self._clock.now()
        await self._forget(now)
        async with self._database.read() as conn:  # looks before it writes: mostly everybody is there
            gone = (await conn.scalars(select(agents.c.id).where(_alone(now)))).all()
            heard_at = await conn.scalar(select(func.min(desks.c.seen_at)).where(desks.c.seen_at > now - GONE_AFTER))
        silent = PAUSE_SECONDS if heard_at is None else (heard_at + GONE_AFTER - now).total_seconds()
        self._pause = min(max(silent, SOONEST_SECONDS), PAUSE_SECONDS)
        withdrawn = 0
        for agent_id in gone:
            withdrawn += await self._withdraw(agent_id, now)
        if withdrawn:
            self._changed()
        return withdrawn

    async def _withdraw(self, agent_id: str, now: datetime) -> bool:
        async with self._database.write() as conn:
            query = select(agents.c.set_by).where(agents.c.id == agent_id, _alone(now))
            row = (await conn.execute(query.with_for_update(key_share=True))).one_or_none()
            if row is None:
                return False
            await set_availability(conn, agent_id, Availability.OFFLINE, GONE, now=now, set_by=row.set_by)
        return True

    async def _forget(self, now: datetime) -> None:
        if self._forgot_at is not None and now - self._forgot_at < FORGETS_EVERY:
            return
        self._forgot_at = now
        async with self._database.write() as conn:
            await forget(conn, before=now - KEPT)


def _alone(now: datetime) -> ColumnElement[bool]:
    """Chosen at a desk, and no desk of theirs is left.  Whoever is being rung is not disturbed: a phone that nobody
    answers is found out by that, and one whose line broke is being waited for."""
    comes_back = and_(agents.c.availability == Availability.AWAY, agents.c.back_at <= now + AHEAD)
    there = exists().where(desks.c.agent_id == agents.c.id, desks.c.seen_at > now - GONE_AFTER)
    return and_(
        agents.c.set_by.is_not(None),
        or_(agents.c.availability == Availability.READY, comes_back),
        agents.c.activity != Activity.RESERVED,
        ~there,
    )
