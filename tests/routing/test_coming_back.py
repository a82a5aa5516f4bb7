"""Away until a time: back by themselves then, unless something else was chosen."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from routing.coming_back import ComingBack, come_back
from routing.floor import set_availability
from store.clock import VirtualClock
from store.sql import Database
from tests.routing.rows import add_agent, agent_row

pytestmark = pytest.mark.anyio


async def test_who_said_until_when_is_ready_then_and_not_before(database: Database, clock: VirtualClock) -> None:
    told: list[str] = []
    loop = ComingBack(database, clock, lambda: told.append("somebody"))
    back_at = clock.now() + timedelta(minutes=5)
    async with database.write() as conn:
        for name in ("anna", "luca", "sara"):
            await add_agent(conn, name, clock.now())
        await set_availability(conn, "anna", "away", "minute", now=clock.now(), back_at=back_at, set_by="dsk_1")
        await set_availability(conn, "luca", "away", "lunch", now=clock.now(), back_at=back_at)
        await set_availability(conn, "sara", "away", "lunch", now=clock.now())
    await clock.advance(299)
    assert (await loop.turn(), told) == (0, [])
    async with database.write() as conn:
        await set_availability(conn, "luca", "offline", "home", now=clock.now())
    await clock.advance(1)
    assert (await loop.turn(), told) == (1, ["somebody"])
    anna, luca, sara = [await agent_row(database, name) for name in ("anna", "luca", "sara")]
    assert (anna.availability, anna.reason, anna.back_at, anna.set_by) == ("ready", None, None, "dsk_1")
    assert (luca.availability, luca.back_at, sara.availability) == ("offline", None, "away")
    assert await loop.turn() == 0


async def test_the_break_of_a_minute_is_over_to_the_second(database: Database, clock: VirtualClock) -> None:
    loop = clock.spawn(ComingBack(database, clock, lambda: None).run(), "coming back")
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now())
        await set_availability(
            conn, "anna", "away", None, now=clock.now(), back_at=clock.now() + timedelta(seconds=63.5)
        )
    await clock.advance(63.4)
    assert (await agent_row(database)).availability == "away"
    await clock.advance(0.1)
    assert (await agent_row(database)).availability == "ready"
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop


async def test_who_is_back_by_themselves_finishes_what_they_were_writing(
    database: Database, clock: VirtualClock
) -> None:
    """The wrap-up has its own time; whoever says that they are ready has done with it."""
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), availability="away", activity="wrap_up", back_at=clock.now())
        assert await come_back(conn, "anna", clock.now())
    anna = await agent_row(database)
    assert (anna.availability, anna.activity) == ("ready", "wrap_up")
    async with database.write() as conn:
        await set_availability(conn, "anna", "ready", None, now=clock.now())
    assert (await agent_row(database)).activity == "idle"


async def test_of_two_who_look_at_the_same_moment_one_brings_them_back(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), availability="away", back_at=clock.now())
    async with database.write() as conn:
        assert await come_back(conn, "anna", clock.now())
        assert not await come_back(conn, "anna", clock.now())
