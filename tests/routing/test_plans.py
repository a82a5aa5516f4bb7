from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from routing.plan import Plan
from routing.plans import REMEMBERED, Plans
from routing.tables import plan_versions
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


async def test_a_call_keeps_the_plan_it_began_with(database: Database, clock: VirtualClock) -> None:
    plans = Plans()
    await published(database, clock, 15, 25, 35)
    async with database.read() as conn:
        assert [(await plans.of(conn, version)).ring_seconds for version in (3, 1, 2, 0)] == [35, 15, 25, 20]
        assert await plans.of(conn, 2) is await plans.of(conn, 2)


async def test_only_so_many_versions_are_remembered_and_all_can_be_read_again(
    database: Database, clock: VirtualClock
) -> None:
    plans = Plans()
    await published(database, clock, *range(10, 10 + REMEMBERED + 2))
    async with database.read() as conn:
        first = await plans.of(conn, 1)
        for version in range(1, REMEMBERED + 3):
            assert (await plans.of(conn, version)).ring_seconds == 9 + version
        assert await plans.of(conn, 1) is not first
        assert await plans.of(conn, 1) == first


@pytest.mark.parametrize("body", [{"ring_seconds": "soon"}, [], None, 7, {"music": 1}])
async def test_a_version_that_cannot_be_read_gives_way_to_the_newest_that_can(
    database: Database, clock: VirtualClock, body: Any
) -> None:
    await published(database, clock, 15, 25, 35)
    await spoiled(database, body, 3)
    async with database.read() as conn:
        assert await Plans().current(conn) == (3, Plan(ring_seconds=25))
        assert await Plans().of(conn, 3) == Plan(ring_seconds=25)
        assert await Plans().of(conn, 99) == Plan(ring_seconds=25)  # a version there never was
    async with database.write() as conn:  # and the next one can be published
        assert await Plans().publish(conn, Plan(), after=3, author="m", note=None, now=clock.now()) == 4


async def test_where_none_can_be_read_the_plan_that_nobody_wrote_holds(database: Database, clock: VirtualClock) -> None:
    await published(database, clock, 15, 25)
    await spoiled(database, "nonsense", 1, 2)
    with capture_logs() as logs:
        async with database.read() as conn:
            plans = Plans()
            assert await plans.current(conn) == (2, Plan())
            assert await plans.of(conn, 2) == Plan()
    assert [(line["log_level"], line["version"], line["instead"]) for line in logs] == [("error", 2, 0)]


async def test_a_row_that_is_not_even_json_harms_nobody(database: Database, clock: VirtualClock) -> None:
    await published(database, clock, 15)
    async with database.write() as conn:
        if conn.dialect.name != "sqlite":
            return  # PostgreSQL keeps none
        await conn.execute(text("UPDATE plan_versions SET body = '{'"))
    async with database.read() as conn:
        assert await Plans().current(conn) == (1, Plan())


async def published(database: Database, clock: VirtualClock, *ring_seconds: int) -> None:
    async with database.write() as conn:
        for after, seconds in enumerate(ring_seconds):
            plan = Plan(ring_seconds=seconds)
            await Plans().publish(conn, plan, after=after, author="manager", note=None, now=clock.now())


async def spoiled(database: Database, body: Any, *versions: int) -> None:
    """As if somebody had edited the rows by hand."""
    async with database.write() as conn:
        await conn.execute(update(plan_versions).where(plan_versions.c.version.in_(versions)).values(body=body))
