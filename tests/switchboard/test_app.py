from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store import schema
from store.clock import VirtualClock
from switchboard.app import Parts, assemble, running
from switchboard.settings import load

pytestmark = pytest.mark.anyio


class Counting:
    """A loop that counts its turns; told to, it breaks at each of them."""

    def __init__(self, clock: VirtualClock, *, broken: bool = False) -> None:
        self._clock, self._broken = clock, broken
        self.turns = 0

    async def run(self) -> None:
        while True:
            self.turns += 1
            if self._broken:
                raise RuntimeError("a bug")
            await self._clock.sleep(1)


def parts_with(loops: Sequence[Any], clock: VirtualClock, redis_url: str, home: Path) -> Parts:
    settings = load(_env_file=None, database_url=None, centralino_home=home)
    schema_home = settings.home
    schema_home.mkdir(parents=True, exist_ok=True)
    schema.upgrade(settings.database)
    return replace(assemble(settings, redis_url=redis_url, clock=clock), loops=loops)


async def test_the_keepers_loops_run_inside_and_stop_at_the_end(
    clock: VirtualClock, redis_url: str, tmp_path: Path
) -> None:
    loop = Counting(clock)
    async with running(parts_with([loop], clock, redis_url, tmp_path), keeper=True):
        await clock.advance(10)
        assert loop.turns == 11
    await clock.advance(10)
    assert loop.turns == 11


async def test_a_server_without_keeper_runs_none_of_its_loops(
    clock: VirtualClock, redis_url: str, tmp_path: Path
) -> None:
    loop = Counting(clock)
    async with running(parts_with([loop], clock, redis_url, tmp_path), keeper=False):
        await clock.advance(10)
    assert loop.turns == 0


async def test_a_loop_that_breaks_is_run_again_and_harms_no_other(
    clock: VirtualClock, redis_url: str, tmp_path: Path
) -> None:
    broken, sound = Counting(clock, broken=True), Counting(clock)
    async with running(parts_with([broken, sound], clock, redis_url, tmp_path), keeper=True):
        await clock.advance(5)
    assert broken.turns == 6
    assert sound.turns == 6


async def test_work_that_was_claimed_is_finished_before_the_database_closes(
    clock: VirtualClock, redis_url: str, tmp_path: Path
) -> None:
    parts = parts_with([], clock, redis_url, tmp_path)
    done: list[str] = []

    async def claimed() -> None:
        await asyncio.sleep(0.05)
        async with parts.database.read() as connection:
            await connection.exec_driver_sql("SELECT 1")
        done.append("finished")

    async with running(parts, keeper=True):
        clock.spawn(claimed(), "due-jobs")
    assert done == ["finished"]
