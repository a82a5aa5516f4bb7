"""One keeper of `bench/keepers.py`, until it is killed: the real one, but for the telephones.  Tells on stdout how each
piece of work went.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.keeper import Dialler, Keeper
from callbacks.keeping import begin_attempt
from callbacks.promises import Promises
from callbacks.states import State
from callbacks.tables import callbacks
from carrier.effects import Effects
from carrier.port import PROMISE
from ivr import calls
from routing.house import House
from routing.plans import Plans
from store.clock import Clock, SystemClock
from store.due import DueLoop
from store.sql import Database

HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
POOL_SIZE = 3  # and as many again: eight keepers must stay below the hundred connections PostgreSQL comes with
LOOKING_UP_SECONDS = 0.1


class Telephones:
    """`callbacks.keeper.Dialler` that writes down whom it would call."""

    def __init__(self, ledger: Effects, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock

    async def lock_call(self, conn: AsyncConnection, promise_id: str) -> None:
        """There are no calls here, only promises."""

    async def on_the_line(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        return await calls.in_a_live_call(conn, promise.customer_id, promise.number)

    @property
    def waits(self) -> bool:
        return False

    async def crowd_seconds(self, conn: AsyncConnection) -> float:
        return 0.0

    async def ring_agent(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        return True

    async def ring_customer(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        n = await begin_attempt(conn, promise.id, now=self._clock.now())
        url, mark = "https://bench.test/answer", f"{promise.id} {n}"
        await self._ledger.create_call(
            conn,
            to=promise.number,
            from_=promise.from_number,
            url=url,
            status_url=url,
            ring_seconds=30,
            subject=mark,
            priority=PROMISE,
        )
        return True

    async def give_back(self, conn: AsyncConnection, promise: Row[Any]) -> None:
        """Nobody was rung."""

    async def can_tell(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        return False

    async def tell(self, conn: AsyncConnection, promise: Row[Any], key: str, **slots: str) -> None:
        raise AssertionError("nobody is told anything here")

    async def send_words(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        return False

    async def language(self, conn: AsyncConnection, promise: Row[Any]) -> str:
        return HOUSE.language

    def after_commit(self) -> None:
        """What stands in the ledger is counted, not sent."""


async def keep(url: URL, name: str, *, lease: float, leases_only: bool) -> None:
    """One keeper, until it is killed; tells on stdout what it was handed."""
    database, clock = Database(url, pool_size=POOL_SIZE), SystemClock()
    nobody: Any = None
    telephones: Dialler = Telephones(Effects(database, clock, nobody), clock)
    keeper = Keeper(database, clock, Promises(HOUSE), Plans(), HOUSE, lambda: telephones, owner=name)
    held = keeper._work

    async def trusting(row: Row[Any]) -> None:
        """As if nobody else could have this row: looks something up, and dials."""
        await clock.sleep(LOOKING_UP_SECONDS)
        async with database.write() as conn:
            if row.state == State.RINGING_AGENT:
                await telephones.ring_customer(conn, row)
            state = State.RINGING_CUSTOMER if row.state == State.RINGING_AGENT else State.RINGING_AGENT
            values = {"state": state, "due_at": None, "lease_owner": None, "lease_until": None}
            await conn.execute(update(callbacks).where(callbacks.c.id == row.id).values(values))

    async def counted(row: Row[Any]) -> None:
        try:
            await (trusting(row) if leases_only else held(row))
            print("worked", flush=True)
        except Exception as error:
            print(type(getattr(error, "orig", error)).__name__, flush=True)
            raise

    length = timedelta(seconds=lease)
    clock.spawn(_ends_with(os.getppid(), clock), "parent")
    await DueLoop(database, clock, callbacks, counted, owner=name, lease=length, poll=0.2, limit=2 * POOL_SIZE).run()


async def _ends_with(parent: int, clock: Clock) -> None:
    """A race that was broken off leaves no keeper behind."""
    while os.getppid() == parent:
        await clock.sleep(1)
    os._exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--keeper", required=True, help="its name")
    parser.add_argument("--lease", type=float, required=True)
    parser.add_argument("--leases-only", action="store_true")
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    url = make_url(arguments.database)
    asyncio.run(keep(url, arguments.keeper, lease=arguments.lease, leases_only=arguments.leases_only))


if __name__ == "__main__":
    main()
