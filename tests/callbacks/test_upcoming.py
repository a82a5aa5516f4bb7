"""When the next promise of each agent comes due; on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from callbacks.states import State
from callbacks.tables import callbacks
from callbacks.upcoming import next_promises
from tests.callbacks.conftest import MARIA, PAOLO, Ground

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)


async def made(ground: Ground, whose: str, number: str, at: datetime, **values: Any) -> str:
    """A promise of Anna's for that instant, whatever may be promised."""
    row, _ = await ground.make(ground.wish(whose, at + timedelta(days=1), number=number, agent_id="anna"))
    async with ground.database.write() as conn:
        await conn.execute(update(callbacks).where(callbacks.c.id == row.id).values({"promised_at": at} | values))
    return str(row.id)


async def nexts(ground: Ground, **more: Any) -> dict[str, datetime]:
    now = ground.clock.now()
    async with ground.database.read() as conn:
        return dict(await next_promises(conn, now=now, until=now + 20 * MINUTE, **more))


async def test_the_first_of_two_counts_and_what_is_far_off_does_not(ground: Ground) -> None:
    await ground.agents("anna", "luca")
    now = ground.clock.now()
    await made(ground, "Maria", MARIA, now + 15 * MINUTE)
    first = await made(ground, "Paolo", PAOLO, now + 5 * MINUTE)
    assert await nexts(ground) == {"anna": now + 5 * MINUTE}
    assert await nexts(ground, beside=first) == {"anna": now + 15 * MINUTE}
    await made(ground, "Paolo", PAOLO, now + 21 * MINUTE)


@pytest.mark.parametrize("state", [State.PROMISED, State.DUE])
async def test_one_that_is_due_counts_while_it_waits_for_its_agent(ground: Ground, state: State) -> None:
    await ground.agents("anna")
    now = ground.clock.now()
    await made(ground, "Maria", MARIA, now + 15 * MINUTE)
    await made(ground, "Paolo", PAOLO, now - MINUTE, state=state)
    assert await nexts(ground, owner_wait=2 * MINUTE) == {"anna": now - MINUTE}
    assert await nexts(ground, owner_wait=MINUTE / 2) == {"anna": now + 15 * MINUTE}


@pytest.mark.parametrize("state", [State.RINGING_AGENT, State.TALKING, State.KEPT, State.CANCELLED])
async def test_one_that_is_being_kept_or_over_counts_no_more(ground: Ground, state: State) -> None:
    await ground.agents("anna")
    await made(ground, "Paolo", PAOLO, ground.clock.now() + MINUTE, state=state)
    assert await nexts(ground, owner_wait=MINUTE) == {}
