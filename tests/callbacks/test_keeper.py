"""When a promise is due: who is rung, in which order, and what happens if nobody can be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.keeper import Keeper
from callbacks.promises import AGENT_LEAD
from callbacks.states import State
from callbacks.tables import callbacks
from routing.plans import Plans
from tests.callbacks.conftest import Ground

pytestmark = pytest.mark.anyio


@dataclass
class Phones:
    """The keeper's phones, which do as they are told and write down what they were asked."""

    agent_free: bool = True
    agent_still_there: bool = True
    customer_on_the_line: bool = False
    asked: list[str] = field(default_factory=list)
    committed: int = 0

    async def lock_call(self, conn: AsyncConnection, promise_id: str) -> None:
        self.asked.append("lock")

    async def on_the_line(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        return self.customer_on_the_line

    async def ring_agent(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        self.asked.append("ring agent")
        return self.agent_free

    async def ring_customer(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        self.asked.append("ring customer")
        return self.agent_still_there

    async def give_back(self, conn: AsyncConnection, promise: Row[Any]) -> None:
        self.asked.append("give back")

    async def tell(self, conn: AsyncConnection, promise: Row[Any], key: str) -> None:
        self.asked.append(f"tell {key} {promise.promised_at:%H:%M}")

    async def language(self, conn: AsyncConnection, promise: Row[Any]) -> str:
        return "it-IT"

    def after_commit(self) -> None:
        self.committed += 1

    @property
    def did(self) -> list[str]:
        return [what for what in self.asked if what != "lock"]


@pytest.fixture
def phones() -> Phones:
    return Phones()


@asynccontextmanager
async def keeping(ground: Ground, phones: Phones) -> AsyncIterator[Keeper]:
    keeper = Keeper(ground.database, ground.clock, ground.promises, Plans(), lambda: phones, owner="w1")
    task = ground.clock.spawn(keeper.loop.run(), "keeper")
    yield keeper
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def promise(ground: Ground) -> Row[Any]:
    await ground.agents("anna")
    row, _ = await ground.make(ground.wish(due_at=ground.clock.now() + timedelta(seconds=60), window_seconds=120))
    return row


async def test_the_agent_is_rung_shortly_before_the_promised_instant(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    async with keeping(ground, phones):
        await ground.clock.advance(60 - AGENT_LEAD.total_seconds() - 0.6)
        assert phones.did == []
        await ground.clock.advance(1.2)
    assert phones.did == ["ring agent"]
    row = await ground.one()
    assert (row.state, row.due_at) == ("ringing_agent", None)
    assert phones.committed >= 1


async def test_the_calls_lock_is_taken_before_the_promises(ground: Ground, promise: Row[Any], phones: Phones) -> None:
    async with keeping(ground, phones):
        await ground.clock.advance(60)
    assert phones.asked[:2] == ["lock", "ring agent"]


async def test_the_customer_is_rung_at_the_promised_instant_and_its_lateness_is_noted(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    async with keeping(ground, phones) as keeper:
        await ground.clock.advance(60)
        async with ground.database.write() as conn:
            await conn.execute(update(callbacks).values(due_at=ground.clock.now() + timedelta(seconds=12)))
        keeper.loop.nudge()
        await ground.clock.advance(13)
    assert phones.did == ["ring agent", "ring customer"]
    row = await ground.one()
    assert (row.state, row.due_at) == ("ringing_customer", None)
    assert 12 <= row.late_seconds <= 13


async def test_while_nobody_is_free_it_is_tried_again_every_second(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    phones.agent_free = False
    async with keeping(ground, phones):
        await ground.clock.advance(57)
        assert (await ground.one()).state == "promised"  # its time has not come
        await ground.clock.advance(8)
        assert (await ground.one()).state == "due"
        tries = len(phones.did)
        phones.agent_free = True
        await ground.clock.advance(1.6)
    assert tries >= 8
    assert (await ground.one()).state == "ringing_agent"


async def test_an_agent_who_is_gone_when_the_customer_should_ring_is_replaced(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    phones.agent_still_there = False
    async with keeping(ground, phones) as keeper:
        await ground.clock.advance(60)
        async with ground.database.write() as conn:
            await conn.execute(update(callbacks).values(due_at=ground.clock.now()))
        keeper.loop.nudge()
        await ground.clock.advance(2)
    assert phones.did == ["ring agent", "ring customer", "ring agent"]


async def test_whoever_is_on_the_line_with_us_is_not_called(ground: Ground, promise: Row[Any], phones: Phones) -> None:
    phones.customer_on_the_line = True
    async with keeping(ground, phones):
        await ground.clock.advance(120)
        assert phones.did == []
        assert (await ground.one()).state == "promised"
        phones.customer_on_the_line = False
        await ground.clock.advance(6)
    assert phones.did == ["ring agent"]


async def test_whoever_rings_while_the_agent_is_ready_for_them_frees_the_agent(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    async with keeping(ground, phones) as keeper:
        await ground.clock.advance(56)
        phones.customer_on_the_line = True
        async with ground.database.write() as conn:
            await conn.execute(update(callbacks).values(due_at=ground.clock.now()))
        keeper.loop.nudge()
        await ground.clock.advance(2)
    assert phones.did == ["ring agent", "give back"]
    assert (await ground.one()).state == "promised"


async def test_what_could_not_be_kept_in_its_window_gets_a_new_time_that_is_told(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    phones.agent_free = False
    async with keeping(ground, phones):
        await ground.clock.advance(60 + 120 + 3)
        row = await ground.one()
    told = [what for what in phones.did if what.startswith("tell")]
    assert told == [f"tell text_later {row.promised_at:%H:%M}"]
    assert row.state == "promised"
    assert row.promised_at >= ground.clock.now() + timedelta(minutes=9)
    assert row.due_at == row.promised_at - AGENT_LEAD


async def test_with_nobody_to_come_the_new_time_is_an_hour_later(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    phones.agent_free = False
    async with ground.database.write() as conn:
        await conn.execute(callbacks.update().values(promised_at=ground.clock.now() - timedelta(hours=1)))
        await conn.execute(callbacks.update().values(due_at=ground.clock.now()))
        await conn.exec_driver_sql("DELETE FROM agents")
    async with keeping(ground, phones):
        await ground.clock.advance(1)
    row = await ground.one()
    assert timedelta(minutes=59) < row.promised_at - ground.clock.now() <= timedelta(hours=1)


@pytest.mark.parametrize("state", [State.RINGING_CUSTOMER, State.TALKING, State.KEPT, State.CANCELLED])
async def test_a_due_time_left_behind_rings_nobody(
    ground: Ground, promise: Row[Any], phones: Phones, state: State
) -> None:
    async with ground.database.write() as conn:
        await conn.execute(update(callbacks).values(state=state, due_at=ground.clock.now()))
    async with keeping(ground, phones):
        await ground.clock.advance(40)
    assert phones.did == []
    assert (await ground.one()).state == state


async def test_a_promise_moved_while_it_was_claimed_waits_for_its_new_time(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    """Between the claim and the work somebody moved it: the row that was claimed is an old picture."""
    keeper = Keeper(ground.database, ground.clock, ground.promises, Plans(), lambda: phones, owner="w1")
    await ground.clock.advance(60)
    claimed = await ground.one()
    await ground.make(ground.wish(due_at=ground.clock.now() + timedelta(hours=2)))
    await keeper._work(claimed)
    assert phones.did == []
    assert (await ground.one()).state == "promised"


async def test_two_keepers_ring_one_agent(ground: Ground, promise: Row[Any], phones: Phones) -> None:
    async with keeping(ground, phones), keeping(ground, phones):
        await ground.clock.advance(70)
    assert phones.did == ["ring agent"]
