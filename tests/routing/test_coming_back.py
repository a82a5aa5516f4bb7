"""Away until a time: back by themselves then, unless something else was chosen."""

from __future__ import annotations

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


async def test_of_two_who_look_at_the_same_moment_one_brings_them_back(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), availability="away", back_at=clock.now())
    async with database.write() as conn:
        assert await come_back(conn, "anna", clock.now())
        assert not await come_back(conn, "anna", clock.now())
