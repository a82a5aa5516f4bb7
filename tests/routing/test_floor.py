"""Reading the floor and what agents choose for themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from routing.agents import Activity, Availability, load_after
from routing.floor import UnknownAgent, agent, end_wrap_up, set_availability
from store.clock import VirtualClock
from store.sql import Database
from tests.routing.rows import add_agent, agent_row

pytestmark = pytest.mark.anyio


async def test_an_agent_is_read_as_they_are(database: Database, clock: VirtualClock) -> None:
    until = clock.now() + timedelta(seconds=20)
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), activity="wrap_up", due_at=until, skills={"loans": 2}, misses=1)
        anna = await agent(conn, "anna")
        with pytest.raises(UnknownAgent):
            await agent(conn, "nobody")
    assert (anna.availability, anna.activity, anna.wrap_up_until) == (Availability.READY, Activity.WRAP_UP, until)
    assert (anna.languages, anna.skills, anna.misses, anna.since_at) == (("it-IT",), {"loans": 2}, 1, clock.now())


async def test_only_a_wrap_up_has_an_end_to_be_read(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), activity="talking", due_at=clock.now())
        assert (await agent(conn, "anna")).wrap_up_until is None


async def test_ready_ends_a_wrap_up(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), activity="wrap_up", due_at=clock.now() + timedelta(seconds=30))
    await clock.advance(5)
    async with database.write() as conn:
        await set_availability(conn, "anna", "ready", None, now=clock.now())
    anna = await agent_row(database)
    assert (anna.activity, anna.due_at, anna.since_at) == ("idle", None, clock.now())


@pytest.mark.parametrize("activity", ["reserved", "talking"])
@pytest.mark.parametrize("availability", ["ready", "away", "offline"])
async def test_what_an_agent_chooses_ends_no_talk(
    database: Database, clock: VirtualClock, activity: str, availability: str
) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), activity=activity)
        await set_availability(conn, "anna", availability, "lunch", now=clock.now() + timedelta(seconds=9))
    anna = await agent_row(database)
    assert (anna.availability, anna.activity, anna.reason) == (availability, activity, "lunch")
    assert anna.since_at == clock.now()


async def test_who_goes_away_in_a_wrap_up_still_has_it(database: Database, clock: VirtualClock) -> None:
    until = clock.now() + timedelta(seconds=30)
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), activity="wrap_up", due_at=until)
        await set_availability(conn, "anna", "away", None, now=clock.now())
    anna = await agent_row(database)
    assert (anna.availability, anna.activity, anna.due_at) == ("away", "wrap_up", until)


async def test_the_longest_idle_is_who_has_been_ready_longest(database: Database, clock: VirtualClock) -> None:
    """Coming back puts one last; saying ready again while ready does not."""
    began_at = clock.now()
    async with database.write() as conn:
        await add_agent(conn, "anna", began_at, availability="away")
        await add_agent(conn, "luca", began_at)
    await clock.advance(600)
    async with database.write() as conn:
        for agent_id in ("anna", "luca"):
            await set_availability(conn, agent_id, "ready", None, now=clock.now())
    assert (await agent_row(database)).since_at == clock.now()
    assert (await agent_row(database, "luca")).since_at == began_at


async def test_a_choice_forgives_the_misses(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), misses=1)
        await set_availability(conn, "anna", "ready", None, now=clock.now())
        with pytest.raises(UnknownAgent):
            await set_availability(conn, "nobody", "ready", None, now=clock.now())
        with pytest.raises(ValueError, match="busy"):
            await set_availability(conn, "anna", "busy", None, now=clock.now())
    assert (await agent_row(database)).misses == 0


async def test_a_wrap_up_ends_when_its_time_has_come_and_once(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), activity="wrap_up", due_at=clock.now() + timedelta(seconds=30))
        assert not await end_wrap_up(conn, "anna", now=clock.now() + timedelta(seconds=29))
        assert await end_wrap_up(conn, "anna", now=clock.now() + timedelta(seconds=30))
        assert not await end_wrap_up(conn, "anna", now=clock.now() + timedelta(seconds=31))
    anna = await agent_row(database)
    assert (anna.activity, anna.since_at, anna.due_at) == ("idle", clock.now() + timedelta(seconds=30), None)


async def test_a_timer_that_comes_late_ends_no_talk(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), activity="talking", due_at=clock.now())
        assert not await end_wrap_up(conn, "anna", now=clock.now())
    assert (await agent_row(database)).activity == "talking"


@pytest.mark.parametrize("how", ["by itself", "by choice"])
async def test_a_wrap_up_was_work(how: str, database: Database, clock: VirtualClock) -> None:
    over_at = clock.now() + timedelta(seconds=60)
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now(), activity="wrap_up", due_at=over_at, load=0.5)
        if how == "by itself":
            await end_wrap_up(conn, "anna", now=over_at)
        else:
            await set_availability(conn, "anna", "ready", None, now=over_at)
        anna = await agent(conn, "anna")
    assert anna.load == pytest.approx(load_after(0.5, timedelta(seconds=60), busy=True))
    assert anna.load > 0.5
