"""The clock here and the clock of the database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from store.clock import SystemClock, VirtualClock
from store.skew import EVERY_SECONDS, Skew, clock_of
from store.sql import Database

pytestmark = pytest.mark.anyio


@dataclass
class Theirs:
    """The database's clock: `ahead` seconds before ours; each answer takes `way` seconds there and back."""

    clock: VirtualClock
    ahead: float = 0.0
    way: float = 0.0
    away: bool = False

    async def ask(self) -> datetime:
        await self.clock.sleep(self.way / 2)
        if self.away:
            raise ConnectionError
        at = self.clock.now() + timedelta(seconds=self.ahead)
        await self.clock.sleep(self.way / 2)
        return at


@dataclass
class Watched:
    skew: Skew
    theirs: Theirs
    right: list[str]


@pytest.fixture
def watched(clock: VirtualClock) -> Watched:
    theirs, right = Theirs(clock), list[str]()
    return Watched(Skew(clock, theirs.ask, right=lambda: right.append("right")), theirs, right)


async def running(clock: VirtualClock, skew: Skew, seconds: float) -> None:
    task = clock.spawn(skew.run(), "skew")
    await clock.advance(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_nothing_is_begun_before_the_clocks_have_been_compared(clock: VirtualClock, watched: Watched) -> None:
    assert watched.skew.held()
    await running(clock, watched.skew, 0.1)
    assert not watched.skew.held()
    assert watched.right == ["right"]


@pytest.mark.parametrize(
    ("ahead", "held"), [(4.9, False), (-4.9, False), (5.1, True), (-5.1, True), (120, True), (-3600, True)]
)
async def test_five_seconds_apart_is_as_far_as_it_goes(
    clock: VirtualClock, watched: Watched, ahead: float, held: bool
) -> None:
    watched.theirs.ahead = ahead
    await running(clock, watched.skew, 0.1)
    assert watched.skew.held() == held


async def test_an_answer_that_took_long_is_no_proof_against_the_clock(clock: VirtualClock, watched: Watched) -> None:
    watched.theirs.ahead, watched.theirs.way = 6, 4
    await running(clock, watched.skew, 5)
    assert not watched.skew.held()


async def test_a_clock_that_is_set_wrong_is_noticed_and_so_is_one_set_right(
    clock: VirtualClock, watched: Watched
) -> None:
    task = clock.spawn(watched.skew.run(), "skew")
    await clock.advance(1)
    watched.theirs.ahead = -120
    await clock.advance(EVERY_SECONDS)
    assert watched.skew.held()
    assert watched.right == ["right"]
    watched.theirs.ahead = 0
    await clock.advance(EVERY_SECONDS)
    assert not watched.skew.held()
    assert watched.right == ["right", "right"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_while_the_database_is_away_the_last_comparison_holds(clock: VirtualClock, watched: Watched) -> None:
    watched.theirs.away = True
    await running(clock, watched.skew, 10)
    assert watched.skew.held()
    watched.theirs.away = False
    await running(clock, watched.skew, 2)
    watched.theirs.away = True
    await running(clock, watched.skew, 2 * EVERY_SECONDS)
    assert not watched.skew.held()


async def test_the_clock_of_a_real_database(database: Database) -> None:
    ask = clock_of(database)
    if database.sqlite:
        assert ask is None  # it runs by this machine's
        return
    assert ask is not None
    assert abs((await ask() - datetime.now(UTC)).total_seconds()) < 5
    skew = Skew(SystemClock(), ask)
    await skew.compare()
    assert not skew.held()
