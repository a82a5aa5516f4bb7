import pytest
from sqlalchemy.exc import IntegrityError

from routing.plan import Plan
from routing.plans import Plans
from store.clock import VirtualClock
from store.sql import Database

pytestmark = pytest.mark.anyio


async def test_without_a_word_from_anybody_there_is_a_plan(database: Database) -> None:
    async with database.read() as conn:
        assert await Plans().current(conn) == (0, Plan())


async def test_the_newest_version_is_in_force_in_every_process(database: Database, clock: VirtualClock) -> None:
    here, there = Plans(), Plans()
    async with database.read() as conn:
        assert (await there.current(conn))[0] == 0
    for version, seconds in ((1, 15), (2, 25)):
        plan = Plan(ring_seconds=seconds)
        async with database.write() as conn:
            assert (
                await here.publish(conn, plan, after=version - 1, author="manager", note=None, now=clock.now())
                == version
            )
        for plans in (here, there):
            async with database.read() as conn:
                assert await plans.current(conn) == (version, plan)


async def test_of_two_who_changed_the_same_version_one_breaks(database: Database, clock: VirtualClock) -> None:
    plans = Plans()
    async with database.write() as conn:
        await plans.publish(conn, Plan(), after=0, author="manager", note=None, now=clock.now())
    with pytest.raises(IntegrityError):
        async with database.write() as conn:
            await plans.publish(conn, Plan(ring_seconds=40), after=0, author="manager", note=None, now=clock.now())
    async with database.read() as conn:
        assert await plans.current(conn) == (1, Plan())
