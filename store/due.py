"""Whatever must happen later is a row with a due time; some worker claims it under a lease.

A worker that dies keeps its lease until it runs out; then another one takes the row.  The work itself must look
at the row's state before each effect: a lease says who should act, never what has already been done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Column, ColumnElement, Row, Table, Text, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.clock import Clock
from store.faults import told
from store.sql import Database, Instant

log = structlog.get_logger()


POLL_SECONDS = 0.5  # how late another process may see what was written here, if no nudge says so


def due_columns() -> list[Column[Any]]:
    """`due_at` null: nothing to do.  `lease_owner` until `lease_until`: somebody is at it."""
    return [
        Column("due_at", Instant, index=True),
        Column("lease_owner", Text),
        Column("lease_until", Instant),
    ]


async def claim(
    connection: AsyncConnection,
    table: Table,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int = 10,
    only: ColumnElement[bool] | None = None,
) -> Sequence[Row[Any]]:
    """The rows that are due and now ours until `now + lease`, oldest due first, at most `limit`."""
    ready = _ready(table, now)
    if only is not None:
        ready = and_(ready, only)
    key = next(iter(table.primary_key.columns))
    ids = select(key).where(ready).order_by(table.c.due_at).limit(limit).with_for_update(skip_locked=True)
    taken = await connection.execute(
        update(table)
        .where(key.in_(ids.scalar_subquery()), ready)
        .values(lease_owner=owner, lease_until=now + lease)
        .returning(*table.c)
    )
    return sorted(taken.all(), key=lambda row: row.due_at)


def _ready(table: Table, now: datetime) -> ColumnElement[bool]:
    return and_(table.c.due_at <= now, or_(table.c.lease_until.is_(None), table.c.lease_until < now))


class DueLoop:
    """Claims due rows of one table and hands each to `work`; ends when its task is cancelled.

    `poll` is the longest sleep in seconds: news that arrives through `nudge` shortens it to nothing.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        table: Table,
        work: Callable[[Row[Any]], Awaitable[None]],
        *,
        owner: str,
        lease: timedelta = timedelta(seconds=15),
        poll: float = POLL_SECONDS,
        limit: int = 20,
        only: ColumnElement[bool] | None = None,
    ) -> None:
        self._database, self._clock, self._table, self._work = database, clock, table, work
        self._owner, self._lease, self._poll, self._limit, self._only = owner, lease, poll, limit, only
        self._news = clock.alarm()

    def nudge(self) -> None:
        self._news.ring()

    async def run(self) -> None:
        while True:
            try:
                busy = await self.turn()
                pause = 0.0 if busy == self._limit else await self._until_next()
            except Exception as error:
                # The store is away: the rows are still there, so the loop outlives it.
                log.warning("due_loop_paused", table=self._table.name, error=type(error).__name__)
                pause = self._poll
            if pause > 0:
                await self._news.wait(pause)

    async def turn(self) -> int:
        """One round: claims, works, and says how many rows it took."""
        now = self._clock.now()
        if await self._idle(now):
            return 0
        async with self._database.write() as connection:
            rows = await claim(
                connection,
                self._table,
                owner=self._owner,
                now=now,
                lease=self._lease,
                limit=self._limit,
                only=self._only,
            )
        for row in rows:
            self._clock.spawn(self._guarded(row), f"due-{self._table.name}")
        return len(rows)

    async def _idle(self, now: datetime) -> bool:
        """Looks before it writes: on SQLite even an empty claim would take the only write lock."""
        async with self._database.read() as connection:
            first = await connection.scalar(
                select(self._table.c.due_at).where(_ready(self._table, now), *self._filters()).limit(1)
            )
        return first is None

    async def _until_next(self) -> float:
        now = self._clock.now()
        async with self._database.read() as connection:
            at = await connection.scalar(
                select(func.min(self._table.c.due_at)).where(self._table.c.due_at > now, *self._filters())
            )
        return self._poll if at is None else min(self._poll, max((at - now).total_seconds(), 0.005))

    def _filters(self) -> list[ColumnElement[bool]]:
        return [] if self._only is None else [self._only]

    async def _guarded(self, row: Row[Any]) -> None:
        try:
            await self._work(row)
        except Exception as error:
            # The row keeps its due time: it comes back when the lease runs out.
            log.error("due_work_failed", table=self._table.name, **told(error))
