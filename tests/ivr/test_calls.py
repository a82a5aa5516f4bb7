"""The rows of calls and legs."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from ivr import calls
from ivr.calls import IllegalStep
from store.clock import VirtualClock
from store.sql import Database

pytestmark = pytest.mark.anyio
USUAL: dict[str, Any] = {
    "direction": "inbound",
    "from_number": "+393331234567",
    "to_number": "+390699990000",
    "language": "it-IT",
    "state": "greeting",
}


async def test_one_sid_opens_one_call(database: Database, clock: VirtualClock) -> None:
    async def opened() -> bool:
        try:
            async with database.write() as conn:
                await calls.open_call(conn, now=clock.now(), sid="CA1", **USUAL)
        except IntegrityError:
            return False
        return True

    assert sorted(await asyncio.gather(*(opened() for _ in range(4)))) == [False, False, False, True]


async def test_a_step_that_the_table_does_not_know_is_refused(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        call = await calls.open_call(conn, now=clock.now(), sid="CA1", **USUAL)
        call = await calls.change(conn, call, now=clock.now(), state="ended")
        with pytest.raises(IllegalStep, match="ended -> waiting"):
            await calls.change(conn, call, now=clock.now(), state="waiting")
        assert (await calls.change(conn, call, now=clock.now(), said="x")).said == "x"


async def test_the_newest_leg_that_lives_is_found_by_its_role(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        call = await calls.open_call(conn, now=clock.now(), sid="CA1", **USUAL)
        old, new, other = [
            await calls.add_leg(conn, call.id, role, now=clock.now()) for role in ("agent", "agent", "caller")
        ]
        for live, found in ((True, new), (False, old)):
            leg = await calls.live_leg(conn, call.id, "agent")
            assert leg is not None
            assert leg.id == found
            if live:
                await calls.change_leg(conn, new, state="busy")
        assert await calls.live_leg(conn, call.id, "supervisor") is None
        found_call = await calls.lock_by_leg(conn, other)
        assert found_call is not None
        assert (found_call[0].id, found_call[1].id) == (call.id, other)
        assert await calls.lock_by_leg(conn, "leg_unheard_of") is None


async def test_only_who_waits_longer_stands_before(database: Database, clock: VirtualClock) -> None:
    now = clock.now()
    async with database.write() as conn:
        for n, state in enumerate(("waiting", "waiting", "ringing", "talking")):
            await calls.open_call(conn, now=now - timedelta(seconds=n), sid=f"CA{n}", **USUAL | {"state": state})
        assert await calls.waiting_before(conn, now) == 1
        assert await calls.waiting_before(conn, now + timedelta(seconds=1)) == 2
        assert await calls.waiting_before(conn, now - timedelta(seconds=9)) == 0


async def test_a_line_that_dropped_is_told_from_one_that_ended(database: Database, clock: VirtualClock) -> None:
    now = clock.now()
    async with database.write() as conn:
        for n, outcome in enumerate(("abandoned", "agent", "abandoned")):
            ended = {"state": "ended", "outcome": outcome, "ended_at": now - timedelta(seconds=10 * n)}
            await calls.open_call(conn, now=now, sid=f"CA{n}", **USUAL | ended)
        found = await calls.dropped_just_now(conn, USUAL["from_number"], now - timedelta(seconds=60))
        assert found is not None
        assert found.sid == "CA0"
        assert await calls.dropped_just_now(conn, USUAL["from_number"], now + timedelta(seconds=1)) is None
        assert await calls.dropped_just_now(conn, "+391", now - timedelta(seconds=60)) is None


async def test_whoever_is_on_the_line_is_known_by_person_or_number(database: Database, clock: VirtualClock) -> None:
    number = USUAL["from_number"]
    async with database.write() as conn:
        assert not await calls.in_a_live_call(conn, "cus_1", number)
        call = await calls.open_call(conn, now=clock.now(), sid="CA1", **USUAL)
        assert await calls.in_a_live_call(conn, "cus_1", number)
        assert not await calls.in_a_live_call(conn, "cus_1", "+391")
        await calls.change(conn, call, now=clock.now(), state="ended")
        assert not await calls.in_a_live_call(conn, "cus_1", number)
