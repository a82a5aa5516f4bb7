"""What is kept long enough goes: once an hour, a few rows at a time, in any process and after any interruption."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Table

from crm import audit, privacy
from crm.audit import What
from ivr.retention import BY, Expiry, Kind, Rows, any_due, due
from ivr.turn import Rooms
from store.faults import told

log = structlog.get_logger()

FIRST_PAUSE, PAUSE = timedelta(minutes=10), timedelta(hours=1)
BREATH_SECONDS = 0.05  # between two transactions: a caller's webhook goes first
TURNS_FROM_THE_BEGINNING = 24
AGAIN = "erased before"  # the house's own name for this work, in the audit
_EVER = datetime.min.replace(tzinfo=UTC)


class RetentionLoop:
    """Any number of processes may run this: a row that one of them holds is left to it."""

    def __init__(self, rooms: Rooms, erasers: Sequence[privacy.Eraser], as_audit: Sequence[Table] = ()) -> None:
        """`as_audit`: see `ivr.retention.Expiry`."""
        self._rooms, self._erasers = rooms, erasers
        self._expiry = Expiry(rooms.carrier, erasers, as_audit)
        self._turns = 0
        self._seen: dict[str, datetime] = {}  # of each kind, up to when all that was due is gone

    async def run(self) -> None:
        await self._guarded(self.erase_again)
        await self._rooms.clock.sleep(FIRST_PAUSE.total_seconds())  # whoever has just started has callers to look to
        while True:
            await self._guarded(self.turn)
            await self._rooms.clock.sleep(PAUSE.total_seconds())

    async def _guarded(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except Exception as error:
            log.warning("retention_interrupted", **told(error))

    async def turn(self) -> dict[str, int]:
        """How many rows of each kind have gone."""
        if self._turns % TURNS_FROM_THE_BEGINNING == 0:
            self._seen.clear()  # what was held by others, or became due late, is found now
        self._turns += 1
        gone: dict[str, int] = {}
        async with self._rooms.database.read() as conn:
            _, plan = await self._rooms.plans.current(conn)
        for kind in self._expiry.kinds(plan.retention):
            if kind.days is not None:
                gone[kind.name] = await self._expire(kind, kind.days)
        gone = {name: rows for name, rows in gone.items() if rows}
        if gone:
            log.info("kept_long_enough", **gone)
        await self._rooms.database.wipe()
        return gone

    async def _expire(self, kind: Kind, days: int) -> int:
        now = self._rooms.clock.now()
        old, rows = now - timedelta(days=days), 0
        while True:
            since = self._seen.get(kind.name, _EVER)
            if since >= old:
                return rows
            found = await self._one_batch(kind, since, old, now)
            rows += len(found)
            self._seen[kind.name] = getattr(found[-1], kind.at.name) if len(found) == kind.batch else old
            if found:
                await self._rooms.clock.sleep(BREATH_SECONDS)

    async def _one_batch(self, kind: Kind, since: datetime, old: datetime, now: datetime) -> Rows:
        async with self._rooms.database.read() as conn:
            if not await any_due(conn, kind, since, old):
                return ()
        async with self._rooms.database.write() as conn:
            found = await due(conn, kind, since, old)
            if found:
                await kind.expire(conn, found, now)
                await audit.record(conn, BY, What.EXPIRED, now=now, kind=kind.name, rows=len(found))
            return found

    async def erase_again(self) -> int:
        """Whoever had been erased and came back out of a backup, as far as the audit still knows; how many."""
        erased = 0
        while True:
            async with self._rooms.database.read() as conn:
                again = await privacy.erased_before(conn)
            if not again:
                break
            async with self._rooms.database.write() as conn:
                for customer_id in again:
                    await privacy.erase(conn, customer_id, self._erasers, AGAIN, self._rooms.clock.now())
            erased += len(again)
        if erased:
            log.warning("erased_again", people=erased)
            await self._rooms.database.wipe()
        return erased
