"""Whatever must happen later is a row with a due time; some worker claims it under a lease.

A worker that dies keeps its lease until it runs out; then another one takes the row.  The work itself must look
at the row's state before each effect: a lease says who should act, never what has already been done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Column, ColumnElement, Row, Table, Text, and_, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.clock import Clock
from store.faults import told
from store.sql import Database, Instant

log = structlog.get_logger()

POLL_SECONDS = 0.5  # how late another process may see what was written here, if no nudge says so
# No lease is longer: one that is was written by a clock that has been set back since, and holds nobody up.
LONGEST_LEASE = timedelta(minutes=1)
LOCKED_PAUSE_SECONDS = 0.02  # what is due and could not be claimed is in somebody else's hands at this moment
SOONEST_SECONDS = 0.001


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
    if lease > LONGEST_LEASE:
        raise ValueError(f"a lease of {lease} would be taken for one of a wrong clock")
    ready = and_(table.c.due_at <= now, _free(table, now), *([] if only is None else [only]))
    key = next(iter(table.primary_key.columns))
    # Written out, not bound: PostgreSQL plans a prepared statement with an unknown limit for a tenth of the table.
    few: ColumnElement[int] = literal_column(str(limit))
    ids = select(key).where(ready).order_by(table.c.due_at).limit(few).with_for_update(skip_locked=True)
    taken = await connection.execute(
        update(table)
        .where(key.in_(ids.scalar_subquery()), ready)
        .values(lease_owner=owner, lease_until=now + lease)
        .returning(*table.c)
    )
    return sorted(taken.all(), key=lambda row: row.due_at)


def _free(table: Table, now: datetime) -> ColumnElement[bool]:
    until = table.c.lease_until
    return or_(until.is_(None), until < now, until > now + LONGEST_LEASE)


class DueLoop:
    """Claims due rows of one table and hands each to `work`; ends when its task is cancelled.

    `poll` is the longest sleep in seconds: news that arrives through `nudge` shortens it to nothing.  At most `limit`
    rows are in hand, and `at_once` of them are worked on, so that a burst is neither held under leases that run out nor
    crowds out what else needs the database.  While `held` says so nothing is claimed.
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
        limit: int = 128,
        at_once: int = 32,
        only: ColumnElement[bool] | None = None,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database, self._clock, self._table, self._work = database, clock, table, work
        self._owner, self._lease, self._poll, self._limit, self._only = owner, lease, poll, limit, only
        self._held = held
        self._news = clock.alarm()
        self._at_once, self._working = at_once, 0
        self._claimed: deque[Row[Any]] = deque()

    def nudge(self) -> None:
        self._news.ring()

    async def run(self) -> None:
        try:
            while True:
                await self._news_within(await self._turned())
        finally:
            self._claimed.clear()  # nothing is begun any more

    async def _turned(self) -> float:
        try:
            return await self.turn()
        except Exception as error:
            # The store is away: the rows are still there, so the loop outlives it.
            log.warning("due_loop_paused", table=self._table.name, error=type(error).__name__)
            return self._poll

    async def _news_within(self, seconds: float) -> None:
        if seconds > 0:
            await self._news.wait(seconds)

    async def turn(self) -> float:
        """One round: claims what is due and sets the work going.  Seconds until there is something to do again."""
        room = self._limit - self._in_hand
        if room <= 0 or self._held():
            return self._poll
        now = self._clock.now()
        pause = await self._until_first(now)
        if pause > 0:
            return pause
        async with self._database.write() as connection:
            rows = await claim(
                connection,
                self._table,
                owner=self._owner,
                now=now,
                lease=self._lease,
                limit=1 << (room.bit_length() - 1),  # the power of two below: few statements, each prepared once
                only=self._only,
            )
        self._claimed.extend(rows)
        self._begin()
        return 0.0 if rows else min(self._poll, LOCKED_PAUSE_SECONDS)

    @property
    def _in_hand(self) -> int:
        return self._working + len(self._claimed)

    def _begin(self) -> None:
        while self._claimed and self._working < self._at_once:
            self._working += 1
            self._clock.spawn(self._guarded(self._claimed.popleft()), f"due-{self._table.name}")

    async def _until_first(self, now: datetime) -> float:
        """Looks before it writes: on SQLite even an empty claim would take the only write lock."""
        due_at = self._table.c.due_at
        query = select(due_at).where(due_at.is_not(None), _free(self._table, now))
        if self._only is not None:
            query = query.where(self._only)
        async with self._database.read() as connection:
            first = await connection.scalar(query.order_by(due_at).limit(1))
        if first is None:
            return self._poll
        return 0.0 if first <= now else min(self._poll, max((first - now).total_seconds(), SOONEST_SECONDS))

    async def _guarded(self, row: Row[Any]) -> None:
        try:
            # A lease that is over is no licence: while it waited here, or the whole process stood still, the row may
            # have become somebody else's.
            if self._clock.now() <= row.lease_until:
                await self._work(row)
        except Exception as error:
            # The row keeps its due time: it comes back when the lease runs out.
            log.error("due_work_failed", table=self._table.name, **told(error))
        finally:
            self._working -= 1
            self._begin()
            if self._in_hand == self._limit // 2:
                self._news.ring()  # the next lot is claimed together, not one row for each that is done
