"""What the past teaches: learnt once an hour by one process, read by all, the same on both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import customers, interactions
from routing.learning import EVERY, WANTED_DAYS, WORKING_HOURS, Learning, wanted_an_hour
from routing.tables import agents, learnt
from store.clock import VirtualClock
from store.sql import Database
from tests.ivr.door import HOUSE
from tests.routing.rows import add_agent, agent_row

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Counting(Learning):
    """How often this process did the work."""

    worked = 0

    async def _learn(self, now: datetime) -> None:
        self.worked += 1
        await super()._learn(now)


async def people(conn: AsyncConnection, now: datetime, *names: str) -> None:
    for name in names:
        person = {"id": name, "name": name, "tags": [], "made_at": now, "changed_at": now}
        await conn.execute(insert(customers).values(person))
    for agent_id in ("anna", "luca"):
        await add_agent(conn, agent_id, now)


async def talked(conn: AsyncConnection, who: str, agent_id: str | None, at: datetime, **more: Any) -> None:
    usual = {"channel": "voice", "talk_seconds": 100, "outcome": "solved", "agent_id": agent_id, "customer_id": who}
    key = f"{who} {agent_id} {at:%m%d%H%M%S}"
    await conn.execute(insert(interactions).values({"id": key, "started_at": at} | usual | more))


async def many_talks(database: Database, now: datetime, seconds: int, count: int = 40) -> None:
    async with database.write() as conn:
        for n in range(count):
            await talked(conn, "maria", "anna", now - timedelta(minutes=5 * (n + 1)), talk_seconds=seconds)


async def wanted(database: Database, now: datetime) -> dict[str, float]:
    """Calls a day."""
    async with database.read() as conn:
        return {who: rate * WORKING_HOURS for who, rate in (await wanted_an_hour(conn, now)).items()}


async def test_of_two_processes_one_learns_and_both_know(database: Database, clock: VirtualClock) -> None:
    """At once when nothing was learnt yet; then not again within the hour."""
    async with database.write() as conn:
        await people(conn, clock.now(), "maria")
    await many_talks(database, clock.now(), 100)
    both = [Counting(database, clock, HOUSE) for _ in range(2)]
    assert both[0].talk("anna") is None
    await asyncio.gather(*(one.look() for one in both))
    assert sum(one.worked for one in both) == 1
    for one in both:
        await one.look()
        talk = one.talk("anna")
        assert talk is not None
        assert talk.median_seconds == pytest.approx(100, rel=0.05)
    await clock.advance(EVERY.total_seconds() - 60)
    await asyncio.gather(*(one.look() for one in both))
    assert sum(one.worked for one in both) == 1


async def test_an_hour_later_one_of_them_learns_what_is_new(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await people(conn, clock.now(), "maria")
    await many_talks(database, clock.now(), 100)
    both = [Counting(database, clock, HOUSE) for _ in range(2)]
    for one in both:
        await one.look()
    await clock.advance(EVERY.total_seconds())
    await many_talks(database, clock.now(), 900, count=9)
    await asyncio.gather(*(one.look() for one in both))
    assert sorted(one.worked for one in both) in ([0, 2], [1, 1])
    for one in both:
        await one.look()
        talk = one.talk("anna")
        assert talk is not None
        assert talk.median_seconds > 120
    async with database.read() as conn:
        assert (await conn.execute(select(learnt.c.at))).scalars().all() == [clock.now()] * 2


@on_sqlite
async def test_a_process_that_starts_knows_what_the_others_do(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await people(conn, clock.now(), "maria")
    await many_talks(database, clock.now(), 100)
    await Learning(database, clock, HOUSE).look()
    await clock.advance(1200)
    late = Counting(database, clock, HOUSE)
    await late.look()
    assert late.talk("anna") is not None
    assert late.worked == 0


async def test_who_is_asked_for_is_who_knows_those_that_call(database: Database, clock: VirtualClock) -> None:
    """Maria has met both, and calls on two days; each of her later calls is one for each whom she had met by then."""
    now = clock.now()
    async with database.write() as conn:
        await people(conn, now, "maria", "paolo")
        await talked(conn, "maria", "anna", now - timedelta(days=3))  # nobody knew her yet
        await talked(conn, "maria", "luca", now - timedelta(days=2))  # one for Anna
        await talked(conn, "maria", "luca", now - timedelta(days=1))  # one for Anna, one for Luca
        await talked(conn, "paolo", "luca", now - timedelta(days=1))  # nobody knew him
        await talked(conn, "maria", None, now, outcome="abandoned", talk_seconds=0)  # one for each
    # Anna worked on one day, Luca on two.
    assert await wanted(database, now) == {"anna": pytest.approx(3), "luca": pytest.approx(1)}


async def test_texts_lost_calls_and_what_is_long_ago_make_nobody_wanted(
    database: Database, clock: VirtualClock
) -> None:
    now, before = clock.now(), clock.now() - timedelta(days=2)
    async with database.write() as conn:
        await people(conn, now, "maria", "paolo", "giulia", "sara")
        await talked(conn, "maria", "anna", before)
        await talked(conn, "maria", None, now, channel="sms", talk_seconds=0)
        await talked(conn, "paolo", "anna", before, outcome="abandoned")
        await talked(conn, "paolo", None, now)
        await talked(conn, "giulia", "anna", before, talk_seconds=0)
        await talked(conn, "giulia", None, now)
        await talked(conn, "sara", "anna", now - timedelta(days=WANTED_DAYS + 1))
        await talked(conn, "sara", None, now)
    assert await wanted(database, now) == {}


async def test_agents_are_told_how_much_they_are_wanted_and_no_longer(database: Database, clock: VirtualClock) -> None:
    now = clock.now()
    async with database.write() as conn:
        await people(conn, now, "maria")
        await conn.execute(update(agents).where(agents.c.id == "luca").values(wanted_an_hour=9.0))
        for hours in (24, 3, 2, 1, 0):
            await talked(conn, "maria", "anna", now - timedelta(hours=hours))
    await Learning(database, clock, HOUSE).look()
    assert (await agent_row(database)).wanted_an_hour == pytest.approx(4 / 2 / WORKING_HOURS)
    assert (await agent_row(database, "luca")).wanted_an_hour == 0.0
