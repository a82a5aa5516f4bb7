"""The pace of created calls, over all processes, and whose turn it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from carrier.port import PROMISE, WAITING_CALLER
from carrier.tables import pacers
from store.clock import VirtualClock
from store.sql import Database

pytestmark = pytest.mark.anyio


async def ring(database: Database, office: Any, name: str, priority: int = WAITING_CALLER) -> None:
    async with database.write() as conn:
        effect_id = await office.effects.create_call(
            conn,
            to=f"client:{name}",
            from_="+390612345678",
            url="https://x.example/a",
            status_url="https://x.example/s",
            ring_seconds=20,
            subject=name,
            priority=priority,
        )
    office.effects.kick(effect_id)


def offsets(stand_in: Any) -> list[float]:
    return [round((at - stand_in.asked_at[0]).total_seconds(), 3) for at in stand_in.asked_at]


async def test_two_processes_share_one_pace(
    database: Database, clock: VirtualClock, offices: Callable[..., Any], stand_in: Any
) -> None:
    here, there = offices(calls_per_second=2), offices(calls_per_second=2)
    for n in range(3):
        await ring(database, here, f"here_{n}")
        await ring(database, there, f"there_{n}")
    await clock.advance(10)
    assert offsets(stand_in) == [0, 0.5, 1, 1.5, 2, 2.5]
    assert len({form["To"] for form in stand_in.creates()}) == 6


async def test_a_waiting_caller_overtakes_the_promises(
    database: Database, clock: VirtualClock, offices: Callable[..., Any], stand_in: Any
) -> None:
    office, other = offices(calls_per_second=1), offices(calls_per_second=1)
    for n in range(3):
        await ring(database, office, f"promise_{n}", PROMISE)
    await clock.advance(0)
    await ring(database, other, "caller")
    await clock.advance(10)
    assert [form["To"] for form in stand_in.creates()] == [
        "client:promise_0",
        "client:caller",
        "client:promise_1",
        "client:promise_2",
    ]


async def test_after_a_quiet_time_nothing_waits_and_nothing_bursts(
    database: Database, clock: VirtualClock, offices: Callable[..., Any], stand_in: Any
) -> None:
    office = offices(calls_per_second=1)
    await ring(database, office, "first")
    await clock.advance(60)
    await ring(database, office, "second")
    await ring(database, office, "third")
    await clock.advance(5)
    assert offsets(stand_in) == [0, 60, 61]


async def test_a_clock_that_was_once_wrong_does_not_stop_the_calls(
    database: Database, clock: VirtualClock, offices: Callable[..., Any], stand_in: Any
) -> None:
    office = offices(calls_per_second=1)
    await ring(database, office, "first")
    await clock.advance(0)
    async with database.write() as conn:
        await conn.execute(update(pacers).values(free_at=clock.now() + timedelta(days=1)))
    await ring(database, office, "second")
    await clock.advance(0)
    assert len(stand_in.creates()) == 2


async def test_how_long_a_turn_will_take_is_known_beforehand(
    database: Database, clock: VirtualClock, offices: Callable[..., Any], stand_in: Any
) -> None:
    office = offices(calls_per_second=0.5)
    assert await office.effects.wait_seconds() == 0
    await ring(database, office, "first")
    await clock.advance(0)
    assert await office.effects.wait_seconds() == 2
    await ring(database, office, "promise", PROMISE)
    await clock.advance(0)
    assert await office.effects.wait_seconds(WAITING_CALLER) == 2
    assert await office.effects.wait_seconds(PROMISE) == 4
