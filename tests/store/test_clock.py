from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from store.clock import SystemClock, VirtualClock

pytestmark = pytest.mark.anyio


async def test_a_virtual_hour_passes_at_once_and_wakes_everybody_in_order(clock: VirtualClock) -> None:
    began = clock.now()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, (clock.now() - began).total_seconds()))

    clock.spawn(sleeper("late", 3599), "late")
    clock.spawn(sleeper("early", 1.5), "early")
    await clock.advance(3600)
    assert woken == [("early", 1.5), ("late", 3599.0)]
    assert clock.now() - began == timedelta(hours=1)


async def test_time_stands_still_while_nobody_winds_it(clock: VirtualClock) -> None:
    began = clock.now()
    task = clock.spawn(clock.sleep(1), "sleeper")
    for _ in range(100):
        await asyncio.sleep(0)
    assert not task.done()
    assert clock.now() == began
    await clock.advance(1)
    assert task.done()


async def test_time_waits_for_work_that_waits_for_something_else(clock: VirtualClock) -> None:
    gate = asyncio.Event()
    seen: list[datetime] = []
    began = clock.now()

    async def slow_database() -> None:
        await gate.wait()
        seen.append(clock.now())

    clock.spawn(slow_database(), "slow")
    asyncio.get_running_loop().call_later(0.01, gate.set)
    await clock.advance(60)
    assert seen == [began]


async def test_an_alarm_rung_early_is_kept_for_the_next_one_who_waits(clock: VirtualClock) -> None:
    alarm = clock.alarm()
    alarm.ring()
    answers: list[bool] = []

    async def waiter() -> None:
        answers.append(await alarm.wait(5))
        answers.append(await alarm.wait(5))

    clock.spawn(waiter(), "waiter")
    await clock.advance(4)
    assert answers == [True]
    await clock.advance(1)
    assert answers == [True, False]


async def test_an_alarm_wakes_its_waiter_at_the_moment_it_rings(clock: VirtualClock) -> None:
    alarm = clock.alarm()
    began = clock.now()
    rung: list[timedelta] = []

    async def waiter() -> None:
        assert await alarm.wait(100)
        rung.append(clock.now() - began)

    async def ringer() -> None:
        await clock.sleep(7)
        alarm.ring()

    clock.spawn(waiter(), "waiter")
    clock.spawn(ringer(), "ringer")
    await clock.advance(200)
    assert rung == [timedelta(seconds=7)]


@pytest.mark.parametrize("seconds", [3600, -3600])
async def test_a_clock_that_is_set_shows_another_time_and_wakes_nobody(clock: VirtualClock, seconds: float) -> None:
    began, woken = clock.now(), list[datetime]()

    async def sleeper() -> None:
        await clock.sleep(10)
        woken.append(clock.now())

    clock.spawn(sleeper(), "sleeper")
    await clock.advance(4)
    clock.jump(seconds)
    await clock.advance(5)
    assert woken == []
    await clock.advance(1)
    assert woken == [began + timedelta(seconds=10 + seconds)]


async def test_cancelled_sleepers_do_not_stop_time(clock: VirtualClock) -> None:
    task = clock.spawn(clock.sleep(50), "cancelled")
    await clock.advance(1)
    task.cancel()
    await clock.advance(100)
    assert task.cancelled()


async def test_running_until_something_never_comes_is_an_error(clock: VirtualClock) -> None:
    with pytest.raises(TimeoutError, match="30 virtual seconds"):
        await clock.run_until(lambda: False, limit=30)


async def test_the_system_clock_is_aware_and_its_alarm_rings() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    alarm = clock.alarm()
    clock.spawn(clock.sleep(0), "nothing")
    assert not await alarm.wait(0.001)
    alarm.ring()
    assert await alarm.wait(1)
