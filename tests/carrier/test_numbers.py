"""The account's own numbers, with Twilio there and away."""

from __future__ import annotations

from typing import Any

import pytest

from carrier.numbers import Numbers
from store.clock import VirtualClock
from store.sql import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
def numbers(database: Database, clock: VirtualClock, network: Any) -> Numbers:
    return Numbers(database, clock, network)


async def test_they_are_read_from_twilio_and_one_of_them_is_always_the_same(
    database: Database, numbers: Numbers, stand_in: Any
) -> None:
    stand_in.numbers = ["+390699999999", "+390612345678"]
    assert await numbers.refresh() == 2
    async with database.read() as conn:
        assert await numbers.any_number(conn) == "+390612345678"
        assert await numbers.is_ours(conn, "+390699999999")
        assert not await numbers.is_ours(conn, "+390600000000")


async def test_they_are_kept_for_a_process_that_starts_while_twilio_is_away(
    database: Database, clock: VirtualClock, network: Any, numbers: Numbers, stand_in: Any
) -> None:
    stand_in.numbers = ["+390612345678"]
    await numbers.refresh()
    later = Numbers(database, clock, network)
    async with database.read() as conn:
        assert await later.any_number(conn) == "+390612345678"
        assert await later.is_ours(conn, "+390612345678")


async def test_reading_is_repeated_with_longer_pauses_until_twilio_is_back_and_then_every_hour(
    database: Database, clock: VirtualClock, numbers: Numbers, stand_in: Any, trouble: Any
) -> None:
    stand_in.numbers = ["+390612345678"]
    stand_in.troubles = [trouble(503), trouble(429, 20429), trouble(401, 20003)]
    running = clock.spawn(numbers.run(), "numbers")
    await clock.advance(10)
    assert [round((at - stand_in.asked_at[0]).total_seconds()) for at in stand_in.asked_at] == [0, 1, 3, 7]
    async with database.read() as conn:
        assert await numbers.is_ours(conn, "+390612345678")
    await clock.advance(3600)
    assert len(stand_in.asked) == 5
    numbers.nudge()
    await clock.advance(0)
    assert len(stand_in.asked) == 6
    running.cancel()


async def test_a_number_given_back_is_no_longer_ours(database: Database, numbers: Numbers, stand_in: Any) -> None:
    stand_in.numbers = ["+390612345678", "+390699999999"]
    await numbers.refresh()
    stand_in.numbers = ["+390699999999"]
    await numbers.refresh()
    async with database.read() as conn:
        assert not await numbers.is_ours(conn, "+390612345678")
        assert await numbers.any_number(conn) == "+390699999999"


async def test_a_number_that_was_dialled_is_ours_before_twilio_has_said_so(
    database: Database, numbers: Numbers, stand_in: Any
) -> None:
    async with database.read() as conn:
        assert await numbers.any_number(conn) is None
    async with database.write() as conn:
        await numbers.remember(conn, "+390611111111")
        await numbers.remember(conn, "+390611111111")
    async with database.read() as conn:
        assert await numbers.any_number(conn) == "+390611111111"
    stand_in.numbers = ["+390699999999"]
    await numbers.refresh()
    async with database.read() as conn:
        assert await numbers.is_ours(conn, "+390611111111")  # a webhook proved it
        assert await numbers.any_number(conn) == "+390699999999"  # but what Twilio lists is surer
