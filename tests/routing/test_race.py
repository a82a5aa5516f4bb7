"""Several workers at once, agents who accept, decline and go away, callers who hang up: `bench/race.py`, made small."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.engine import URL

from bench.race import looked_at, stage
from bench.race_audit import Audit, unwatch
from bench.race_storm import Pace
from bench.race_worker import Counts, Worker, counted
from ivr.tables import calls
from routing.agents import Ended
from routing.plan import Plan
from routing.reservations import accept, claim, close
from routing.tables import agents, reservations
from store.clock import SystemClock
from store.live import Live, connect
from store.sql import Database
from switchboard.logs import configure
from tests.routing.rows import add_call

pytestmark = pytest.mark.anyio

WORKERS, AGENTS, CALLERS, MOST_SECONDS = 4, 12, 20, 60.0
QUICK = Pace(ring=0.2, talk=0.6, patience=6.0, after=0.1, stays=9.0, away=0.4)
SEED = 7
ENOUGH = {"accepts": 25, "completed": 4, "hangs up": 4, "goes away": 1}


@pytest.fixture(autouse=True)
def _quiet_logs() -> None:
    configure("CRITICAL")


@pytest.fixture
async def whole(postgres_url: URL) -> AsyncIterator[Database]:
    """Left as it was found, for it is everybody's."""
    database = Database(postgres_url, pool_size=4)
    yield database
    async with database.write() as conn:
        await conn.execute(delete(reservations))
        await unwatch(conn)
    await database.close()


async def test_workers_never_reserve_an_agent_or_a_caller_twice(whole: Database, redis_url: str) -> None:
    """Even without the indexes that would break the second reservation; half of the workers know the floor from Redis,
    half from SQL."""
    counts, audit = Counts(), Audit()
    ids = await stage(whole, AGENTS, random.Random(SEED), bare=True)
    databases = [Database(whole.url, pool_size=4) for _ in range(WORKERS)]
    lives = [Live(connect(redis_url, timeout=10), timeout=10) if n % 2 == 0 else None for n in range(WORKERS)]
    pairs = enumerate(zip(databases, lives, strict=True))
    workers = [Worker(db, live, counts, number=n, of=WORKERS, seed=SEED, pace=QUICK) for n, (db, live) in pairs]

    def enough() -> bool:
        return all(counts.did[what] >= times for what, times in ENOUGH.items())

    with counted(counts):
        async with looked_at(whole, audit), AsyncExitStack() as stack:
            storms = [await stack.enter_async_context(worker.at_work(0)) for worker in workers]
            await asyncio.gather(*(storms[n % WORKERS].come() for n in range(CALLERS)))
            await asyncio.gather(
                storms[0].shift_begins(ids, 0.2), *(storm.rage(MOST_SECONDS, enough) for storm in storms)
            )
    for live in lives:
        if live is not None:
            await live.close()
    for database in databases:
        await database.close()
    assert (+audit.violations, +counts.faults) == ({}, {})
    assert enough()
    assert len(counts.claims) >= AGENTS


async def test_the_audit_sees_what_must_not_be(whole: Database) -> None:
    audit, now, plan = Audit(), SystemClock().now(), Plan()
    anna, luca, *_ = await stage(whole, 3, random.Random(SEED), bare=True)
    async with whole.write() as conn:
        for name in ("call0", "call1"):
            await add_call(conn, name, now, state="ringing")
        await conn.execute(update(agents).values(availability="ready"))
        first = await claim(conn, anna, "call0", plan, now=now)
        second = await claim(conn, luca, "call0", plan, now=now)
        assert first is not None
        assert second is not None
    async with whole.read() as conn:
        await audit.look(conn)
    assert +audit.violations == {"two live reservations of one caller": 1, "a call's state is not its reservation's": 1}
    async with whole.write() as conn:
        await accept(conn, first, now=now)
        await close(conn, first, Ended.TALK_ENDED, plan, now=now)
        await conn.execute(update(agents).where(agents.c.id == anna).values(activity="reserved"))
        await conn.execute(update(reservations).where(reservations.c.id == first).values(state="declined"))
        await conn.execute(update(calls).values(arrived_at=now + timedelta(seconds=1)))
    found = Audit()
    async with whole.read() as conn:
        await found.read(conn)
    assert +found.violations == {
        "two live reservations at once: call_id": 1,
        "claimed while ready and wrap_up": 1,
        "a reservation that ended twice": 1,
        "a caller's arrival was changed": 2,
    }
