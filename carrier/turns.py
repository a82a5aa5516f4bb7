"""Whose call is created next: one at a time, at the pace the account allows, waiting callers first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import ledger
from carrier.pacing import Pacer
from carrier.tables import effects
from store.clock import Clock
from store.faults import told
from store.sql import Database

log = structlog.get_logger()


class Turns:
    """A `port.Loop`.  `hurry` gives out what can be given now, in whichever process it is called.

    Several processes may do so at once: the pacer's row decides who has a turn.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        pacer: Pacer,
        *,
        owner: str,
        carry_out: Callable[[Row[Any]], Awaitable[None]],
        give_up: Callable[[Row[Any]], Awaitable[None]],
        poll: float = 0.5,
    ) -> None:
        self._database, self._clock, self._pacer, self._owner = database, clock, pacer, owner
        self._carry_out, self._give_up, self._poll = carry_out, give_up, poll
        self._news = clock.alarm()
        self._giving = self._more = False

    def nudge(self) -> None:
        self._news.ring()

    async def run(self) -> None:
        while True:
            pause = self._poll
            await self.hurry()
            try:
                await self._give_up_late()
                pause = await self._until_next()
            except Exception as error:
                log.warning("turns_paused", error=type(error).__name__)
            await self._news.wait(pause)

    async def hurry(self) -> None:
        """Gives turns until no call is waiting for one; at once if the pace allows it, else when it does."""
        self._more = True
        if self._giving:
            return
        self._giving = True
        try:
            while self._more:
                self._more = False
                while (pause := await self._give()) is not None:
                    if pause > 0:
                        await self._clock.sleep(pause)
        except Exception as error:
            # The store is away: the intents are still there for the loop.
            log.warning("turns_paused", error=type(error).__name__)
        finally:
            self._giving = False

    async def _give(self) -> float | None:
        """One turn.  The seconds to wait before the next may be tried, or None when nobody waits."""
        now = self._clock.now()
        async with self._database.read() as conn:
            if await ledger.next_call(conn, now) is None:
                return None
            free_at = await self._pacer.free_at(conn, now)
        if free_at > now:
            return (free_at - now).total_seconds()
        async with self._database.write() as conn:
            row = await self._claim_next(conn, now)
        if row is not None:
            self._clock.spawn(self._carried_out(row), "create-call")
        return 0.0

    async def _claim_next(self, conn: AsyncConnection, now: datetime) -> Row[Any] | None:
        if not await self._pacer.take(conn, now):
            return None
        # Only now is it certain whose turn it is: behind the pacer's lock nobody else gives one.
        while (best := await ledger.next_call(conn, now)) is not None:
            row = await ledger.claim(conn, best.id, owner=self._owner, now=now)
            if row is not None:
                return row
        return None

    async def _give_up_late(self) -> None:
        async with self._database.read() as conn:
            late = await ledger.late_calls(conn, self._clock.now())
        for row in late:
            await self._give_up(row)

    async def _carried_out(self, row: Row[Any]) -> None:
        try:
            await self._carry_out(row)
        except Exception as error:
            # Its lease runs out; then it is looked for.
            log.error("call_not_written_down", effect=row.id, **told(error))

    async def _until_next(self) -> float:
        now = self._clock.now()
        async with self._database.read() as conn:
            at = await ledger.next_call_at(conn, now)
        return self._poll if at is None else min(self._poll, max((at - now).total_seconds(), 0.005))

    async def wait_seconds(self, priority: int) -> float:
        """How long a call of this priority intended now would wait for its turn."""
        now = self._clock.now()
        async with self._database.read() as conn:
            ahead = await conn.scalar(
                select(func.count())
                .select_from(effects)
                .where(ledger.waiting_calls(now), effects.c.priority <= priority)
            )
            free_at = await self._pacer.free_at(conn, now)
        return (free_at - now).total_seconds() + (ahead or 0) * self._pacer.interval.total_seconds()
