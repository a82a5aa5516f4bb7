"""Who a caller is whom nobody here knows: asked of the other system before the call's transaction begins.

A call never waits longer for it than `SECONDS`, and not even that while the other system is known to be away.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.connectors import links
from crm.connectors.breaker import Breaker
from crm.connectors.port import Away, Connector, ConnectorError, Found
from crm.identify import Caller, Unknown, identify
from crm.tables import customer_phones
from store.clock import Clock
from store.faults import told
from store.sql import Database

log = structlog.get_logger()

SECONDS = 0.8  # for the look here and the question there together
LEAST_SECONDS = 0.05  # less is no time in which anybody answers
AT_ONCE = 16  # questions under way; whoever is one more goes on unknown
NOBODY_FOR = timedelta(seconds=60)  # how long an answer of "nobody" is remembered
MOST_NOBODIES = 10_000


@dataclass(frozen=True, slots=True)
class Introduction:
    """What the other system knows of a number that nobody here has."""

    number: str  # E.164
    found: Found


class Lookup:
    """In every process that answers callers; what it remembers is its own."""

    def __init__(
        self, database: Database, clock: Clock, connector: Connector, region: str, *, seconds: float = SECONDS
    ) -> None:
        self._database, self._clock, self._connector, self._region = database, clock, connector, region
        self._seconds = seconds
        self._breaker, self._asking = Breaker(), 0
        self._nobody: dict[str, datetime] = {}

    async def ask(self, from_: str | None) -> Introduction | None:
        """None where the caller is known here, withholds their number, or nobody knows them in time.

        Raises what the database raises, and nothing else.
        """
        begun = time.monotonic()
        number = await self._stranger(from_)
        left = self._seconds - (time.monotonic() - begun)
        if number is None or self._lately_nobody(number) or self._asking >= AT_ONCE or left < LEAST_SECONDS:
            return None
        if not self._breaker.admits(self._clock.now()):
            return None
        self._asking += 1
        try:
            found = await self._asked(number, left)
        finally:
            self._asking -= 1
            self._breaker.unknown()
        return None if found is None else Introduction(number, found)

    async def met(self, conn: AsyncConnection, caller: Caller, introduction: Introduction | None) -> Caller:
        """The caller as identified in the call's own transaction, with what was learnt before it."""
        if introduction is None or not isinstance(caller, Unknown) or caller.number != introduction.number:
            return caller
        number, found, now = introduction.number, introduction.found, self._clock.now()
        if not await links.introduce(conn, self._connector.name, number, found, now):
            return caller
        return await identify(conn, number, self._region)

    async def run(self) -> None:
        """Holds the connections until the end."""
        try:
            while True:
                await self._clock.sleep(3600)
        finally:
            await self._connector.close()

    async def _stranger(self, from_: str | None) -> str | None:
        """The number, if it stands in no record here: not even in that of somebody who has given it up."""
        async with self._database.read() as conn:
            caller = await identify(conn, from_, self._region)
            if not isinstance(caller, Unknown) or caller.number is None:
                return None
            stands = select(customer_phones.c.customer_id).where(customer_phones.c.number == caller.number).limit(1)
            return caller.number if await conn.scalar(stands) is None else None

    async def _asked(self, number: str, seconds: float) -> Found | None:
        rest: timedelta | None = None
        try:
            async with asyncio.timeout(seconds):
                found = await self._connector.find(number)
        except TimeoutError:
            why = "no answer in time"
        except ConnectorError as error:
            why, rest = error.why, error.retry_after if isinstance(error, Away) else None
        except Exception as error:
            log.error("connector_broke", connector=self._connector.name, **told(error))
            why = type(error).__name__
        else:
            self._breaker.good()
            if found is None:
                self._remember_nobody(number)
            return found
        begins = self._breaker.bad(self._clock.now(), rest)
        log.warning("connector_resting" if begins else "connector_failed", connector=self._connector.name, why=why)
        return None

    def _lately_nobody(self, number: str) -> bool:
        now, until = self._clock.now(), self._nobody.get(number)
        return until is not None and now < until <= now + NOBODY_FOR

    def _remember_nobody(self, number: str) -> None:
        now = self._clock.now()
        if len(self._nobody) >= MOST_NOBODIES:
            self._nobody = {other: until for other, until in self._nobody.items() if now < until}
        if len(self._nobody) < MOST_NOBODIES:
            self._nobody[number] = now + NOBODY_FOR
