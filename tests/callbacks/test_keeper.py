"""When a promise is due: who is rung, in which order, and what happens if nobody can be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.keeper import Keeper
from callbacks.promises import AGENT_LEAD, HEADS_UP
from callbacks.states import State
from callbacks.tables import callbacks
from callbacks.wall import wall_of
from routing.plans import Plans
from store.tables import events
from tests.callbacks.conftest import HOUSE, Ground

pytestmark = pytest.mark.anyio
ROME = ZoneInfo("Europe/Rome")


@dataclass
class Phones:
    """The keeper's phones, which do as they are told and write down what they were asked."""

    agent_free: bool = True
    agent_still_there: bool = True
    customer_on_the_line: bool = False
    reads_texts: bool = True
    crowd: float = 0.0
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

    waits = False

    async def crowd_seconds(self, conn: AsyncConnection) -> float:
        return self.crowd

    async def can_tell(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        return self.reads_texts

    async def tell(self, conn: AsyncConnection, promise: Row[Any], key: str, **slots: str) -> None:
        self.asked.append(" ".join([f"tell {key} {promise.promised_at:%H:%M}", *slots.values()]))

    async def send_words(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        self.asked.append(f"send {promise.words}")
        return self.reads_texts

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


def at(promise: Row[Any]) -> str:
    return f"{promise.promised_at:%H:%M}"


async def soon(ground: Ground) -> list[str]:
    """Promises of which the desks have been told."""
    async with ground.database.read() as conn:
        return list(await conn.scalars(select(events.c.ref).where(events.c.type == "callback.soon")))


@asynccontextmanager
async def keeping(ground: Ground, phones: Phones) -> AsyncIterator[Keeper]:
    keeper = Keeper(ground.database, ground.clock, ground.promises, Plans(), HOUSE, lambda: phones, owner="w1")
    task = ground.clock.spawn(keeper.loop.run(), "keeper")
    yield keeper
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def promise(ground: Ground) -> Row[Any]:
    await ground.agents("anna")
    due_at = ground.clock.now() + timedelta(seconds=60)
    row, _ = await ground.make(ground.wish(due_at=due_at, window_seconds=120, kind="scheduled"))
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
    assert phones.asked[-2:] == ["lock", "ring agent"]
    assert all(first == "lock" for first in phones.asked[:-1])


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


async def test_while_nobody_is_free_it_waits_and_says_that_it_is_late(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    """Whoever becomes free finds it among the callers; the keeper looks when something is different by then."""
    phones.agent_free = False
    async with keeping(ground, phones):
        await ground.clock.advance(57)
        assert (await ground.one()).state == "promised"  # its time has not come
        await ground.clock.advance(8)
        assert (await ground.one()).state == "due"
        await ground.clock.advance(58)
        assert [what for what in phones.did if what.startswith("tell")] == [f"tell text_late {at(promise)}"]
        phones.agent_free = True
        await ground.clock.advance(60)
    assert phones.did.count("ring agent") <= 8
    assert (await ground.one()).state == "ringing_agent"


async def test_the_story_is_on_the_desk_a_minute_before(ground: Ground, phones: Phones) -> None:
    await ground.agents("anna")
    await ground.make(ground.wish(due_at=ground.clock.now() + timedelta(minutes=10)))
    async with keeping(ground, phones):
        await ground.clock.advance(538)
        assert await soon(ground) == []
        await ground.clock.advance(3)
        assert await soon(ground) == [(await ground.one()).id]
        await ground.clock.advance(49)
    assert await soon(ground) == [(await ground.one()).id]
    assert phones.did == []


async def test_no_more_are_brought_forward_than_can_wait_for_an_agent(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    phones.crowd = 20.0
    async with keeping(ground, phones):
        await ground.clock.advance(80)
        assert phones.did == []
        assert (await ground.one()).state == "due"
        phones.crowd = 0.0
        await ground.clock.advance(20)
    assert phones.did == ["ring agent"]


async def test_a_promised_text_is_sent_in_the_agents_own_words_at_its_time(ground: Ground, phones: Phones) -> None:
    await ground.agents("anna")
    later = ground.clock.now() + timedelta(minutes=5)
    await ground.make(ground.wish(due_at=later, kind="follow_up", channel="text", words="Does the lamp still work?"))
    async with keeping(ground, phones):
        await ground.clock.advance(299)
        assert phones.did == []
        await ground.clock.advance(2)
    assert phones.did == ["send Does the lamp still work?"]
    row = await ground.one()
    assert (row.state, row.kept_how) == ("kept", "text")


async def test_clocks_that_are_set_otherwise_than_was_known_move_the_dial_to_the_spoken_minute(
    ground: Ground, phones: Phones
) -> None:
    """What was spoken as that minute of the wall is another instant now, since the country has changed its mind."""
    await ground.agents("anna")
    now = ground.clock.now()
    await ground.make(ground.wish(due_at=now + timedelta(minutes=2)))
    async with ground.database.write() as conn:
        spoken = wall_of(now + timedelta(minutes=4), "Europe/Rome")
        await conn.execute(update(callbacks).values(wall=spoken))
    async with keeping(ground, phones):
        await ground.clock.advance(150)
        assert phones.did == []
        assert (await ground.one()).promised_at == now + timedelta(minutes=4)
        await ground.clock.advance(85)
    assert phones.did == ["ring agent"]


async def test_a_number_that_may_not_be_dialled_any_more_is_not(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    async with ground.database.write() as conn:
        await conn.execute(update(callbacks).values(number="+39899123456"))
    async with keeping(ground, phones):
        await ground.clock.advance(70)
    assert phones.did == ["give back", f"tell text_cancelled {at(promise)}"]
    row = await ground.one()
    assert (row.state, row.note) == ("cancelled", "premium")


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
        assert set(phones.did) == {"give back"}
        assert (await ground.one()).state == "promised"
        phones.customer_on_the_line = False
        await ground.clock.advance(6)
    assert phones.did[-1] == "ring agent"


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


async def test_what_will_not_be_kept_gets_a_new_time_before_its_window_is_over(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    """Told with another one beside it; and what was promised is not broken, since it was made anew in time."""
    phones.agent_free = False
    async with keeping(ground, phones):
        await ground.clock.advance(60 + 120 - 29)
        row = await ground.one()
    told = [what for what in phones.did if what.startswith("tell text_moved")]
    assert told == [f"tell text_moved_choice {at(row)}"]
    assert (row.state, row.missed_at, row.moves) == ("promised", None, 1)
    assert row.promised_at >= ground.clock.now() + timedelta(minutes=9)
    assert row.due_at == row.promised_at - HEADS_UP
    first, second = (datetime.fromisoformat(one["at"]) for one in row.choices)
    assert first == row.promised_at
    assert second >= first + timedelta(minutes=30)


async def test_who_cannot_be_told_is_called_late_rather_than_at_a_time_they_do_not_know(
    ground: Ground, promise: Row[Any], phones: Phones
) -> None:
    phones.agent_free = phones.reads_texts = False
    async with keeping(ground, phones):
        await ground.clock.advance(60 + 120 + 40)
        row = await ground.one()
        assert (row.state, row.promised_at, row.moves) == ("due", promise.promised_at, 0)
        assert row.missed_at is not None
        phones.agent_free = True
        await ground.clock.advance(16)
    assert (await ground.one()).state == "ringing_agent"


async def test_nobody_is_called_late_at_night(ground: Ground, promise: Row[Any], phones: Phones) -> None:
    """Nobody came all day: the house may be open, but the person is in bed."""
    phones.agent_free = phones.reads_texts = False
    nine = ground.clock.now().astimezone(ROME).replace(hour=21, minute=0)
    await ground.clock.advance((nine - ground.clock.now()).total_seconds() - 30)
    async with keeping(ground, phones):
        await ground.clock.advance(20)
        assert "ring agent" in phones.did
        await ground.clock.advance(300)
    assert phones.did[-1] == "give back"
    row = await ground.one()
    assert (row.state, row.due_at) == ("due", nine + timedelta(hours=11))


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
    keeper = Keeper(ground.database, ground.clock, ground.promises, Plans(), HOUSE, lambda: phones, owner="w1")
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
