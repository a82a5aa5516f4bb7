"""The account's own numbers: what we may call and text from, and what callers dialled.

Read from Twilio and kept; Twilio being away is never a reason to refuse a call.
"""

from __future__ import annotations

import re
from datetime import datetime

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.port import Network, NotAsked, OutcomeUnknown, Refused
from carrier.tables import account_numbers
from store.clock import Clock
from store.sql import Database

log = structlog.get_logger()

REFRESH_SECONDS = 3600.0
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0


class Numbers:
    """A `port.Loop` that keeps them fresh, and the questions about them."""

    def __init__(self, database: Database, clock: Clock, network: Network) -> None:
        self._database, self._clock, self._network = database, clock, network
        self._news = clock.alarm()
        self._remembered: set[str] = set()

    def nudge(self) -> None:
        self._news.ring()

    async def run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self.refresh()
                pause = FIRST_PAUSE_SECONDS
                await self._news.wait(REFRESH_SECONDS)
            except Exception as error:
                # Twilio or the store is away; the numbers already known stay.
                reason = str(error) if isinstance(error, NotAsked | OutcomeUnknown | Refused) else type(error).__name__
                log.warning("numbers_not_read", error=reason, again_in=pause)
                await self._news.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def refresh(self) -> int:
        """Reads them from Twilio once and says how many there are.  Raises what the port raises."""
        listed = {own.number: own.sid for own in await self._network.list_numbers()}
        now = self._clock.now()
        async with self._database.write() as conn:
            for number in sorted(listed):
                await _keep(conn, number, listed[number], now)
            # A number that was bought elsewhere and returned; one known only from a webhook has no SID and stays.
            given_back = account_numbers.c.sid.is_not(None) & account_numbers.c.number.not_in(listed)
            await conn.execute(delete(account_numbers).where(given_back))
        self._remembered = set(listed)
        return len(listed)

    async def any_number(self, conn: AsyncConnection) -> str | None:
        """One to call from where none is asked for: always the same, and rather one that Twilio has listed."""
        number: str | None = await conn.scalar(
            select(account_numbers.c.number)
            .order_by(account_numbers.c.sid.is_(None), account_numbers.c.number)
            .limit(1)
        )
        return number

    async def is_ours(self, conn: AsyncConnection, number: str) -> bool:
        if number in self._remembered:
            return True
        found = await conn.scalar(select(account_numbers.c.number).where(account_numbers.c.number == number))
        return found is not None

    async def remember(self, conn: AsyncConnection, number: str) -> None:
        """A signed webhook's To proves that a number is ours; only its first call costs a row.

        A call may also come to an address, or to nothing at all, from which nobody could be called back.
        """
        if number in self._remembered or not _E164.fullmatch(number):
            return
        if not await self.is_ours(conn, number):
            await _keep(conn, number, None, self._clock.now())
            return  # not remembered before it is committed
        self._remembered.add(number)


async def _keep(conn: AsyncConnection, number: str, sid: str | None, now: datetime) -> None:
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    row = insert(account_numbers).values(number=number, sid=sid, seen_at=now)
    if sid is None:
        await conn.execute(row.on_conflict_do_nothing())
    else:
        await conn.execute(row.on_conflict_do_update(index_elements=["number"], set_={"sid": sid, "seen_at": now}))
