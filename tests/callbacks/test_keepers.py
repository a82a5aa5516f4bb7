"""Exactly once, whatever happens: keepers that stand still for longer than their lease, and clocks that are set."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL

from bench.keepers import agents_answer, race
from bench.keepers_worker import Telephones
from callbacks.keeper import Keeper
from callbacks.tables import callback_attempts
from carrier.effects import Effects
from carrier.tables import effects
from routing.plans import Plans
from tests.callbacks.conftest import HOUSE, PAOLO, Ground

pytestmark = pytest.mark.anyio


async def test_nobody_is_dialled_twice_by_keepers_that_stood_still_and_nobody_is_forgotten(postgres_url: URL) -> None:
    result = await race("small", postgres_url, 80, 2, lease=0.6, seed=5, beyond=(0.2, 0.6), patience=60)
    assert result.pauses > 0
    assert (result.dials, result.twice, result.lost, result.attempts) == (80, 0, 0, 80)


@pytest.mark.parametrize("seconds", [120, -120, 3600, -3600])
async def test_a_clock_that_is_set_while_promises_wait_calls_nobody_twice_and_forgets_nobody(
    ground: Ground, seconds: float
) -> None:
    """One agent is waiting for the instant, and another promise is for later."""
    await ground.agents("anna", "luca")
    clock, database = ground.clock, ground.database
    began = clock.now()
    first, _ = await ground.make(ground.wish(due_at=began + timedelta(seconds=60)))
    second, _ = await ground.make(ground.wish("Paolo", began + timedelta(seconds=900), number=PAOLO))
    nobody: Any = None
    telephones = Telephones(Effects(database, clock, nobody), clock)
    keeper = Keeper(database, clock, ground.promises, Plans(), HOUSE, lambda: telephones, owner="w1", poll=20)
    tasks = [clock.spawn(keeper.loop.run(), "keeper"), clock.spawn(agents_answer(database, clock, 15), "agents")]
    await clock.advance(58)
    clock.jump(seconds)
    await clock.advance(960 + max(-seconds, 0))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with database.read() as conn:
        made = (await conn.scalars(select(effects.c.subject).order_by(effects.c.made_at))).all()
        dialled = {row.callback_id: row.at for row in await conn.execute(select(callback_attempts))}
    assert made == [f"{first.id} 1", f"{second.id} 1"]
    assert all(dialled[promise.id] >= promise.promised_at for promise in (first, second))
