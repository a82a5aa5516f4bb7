"""The steps of keeping a promise: each happens once, whoever tries it and however often."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from callbacks.keeping import (
    agent_is_there,
    begin_attempt,
    customer_is_there,
    end_attempt,
    nobody_reached,
    promise_kept,
    step,
)
from callbacks.states import MOVABLE, OPEN, State
from callbacks.tables import callback_attempts, callbacks
from tests.callbacks.conftest import Ground

pytestmark = pytest.mark.anyio


@pytest.fixture
async def promise(ground: Ground) -> Row[Any]:
    await ground.agents("anna")
    row, _ = await ground.make(ground.wish(due_at=ground.clock.now() + timedelta(seconds=60)))
    return row


async def brought_to(ground: Ground, state: State, **more: Any) -> None:
    async with ground.database.write() as conn:
        await conn.execute(update(callbacks).values(state=state, **more))


async def results(ground: Ground) -> list[tuple[int, str | None]]:
    async with ground.database.read() as conn:
        rows = await conn.execute(select(callback_attempts).order_by(callback_attempts.c.n))
        return [(row.n, row.result) for row in rows]


async def test_a_step_is_taken_from_where_it_leads_and_frees_the_lease(ground: Ground, promise: Row[Any]) -> None:
    await brought_to(ground, State.PROMISED, lease_owner="w1", lease_until=ground.clock.now())
    async with ground.database.write() as conn:
        row = await step(conn, promise.id, MOVABLE, State.RINGING_AGENT, now=ground.clock.now(), due_at=None)
        assert row is not None
        assert (row.state, row.due_at, row.lease_owner, row.lease_until) == ("ringing_agent", None, None, None)
        assert await step(conn, promise.id, MOVABLE, State.DUE, now=ground.clock.now()) is None


async def test_of_five_who_take_the_same_step_one_does(ground: Ground, promise: Row[Any]) -> None:
    async def once() -> bool:
        async with ground.database.write() as conn:
            return await step(conn, promise.id, MOVABLE, State.RINGING_AGENT, now=ground.clock.now()) is not None

    assert sorted(await asyncio.gather(*(once() for _ in range(5)))) == [False] * 4 + [True]


async def test_attempts_are_numbered_and_each_ends_once(ground: Ground, promise: Row[Any]) -> None:
    async with ground.database.write() as conn:
        for n, result in ((1, "busy"), (2, "voicemail")):
            assert await begin_attempt(conn, promise.id, now=ground.clock.now()) == n
            assert await end_attempt(conn, promise.id, result) == n
            assert await end_attempt(conn, promise.id, "no_answer") is None
    assert await results(ground) == [(1, "busy"), (2, "voicemail")]


async def test_an_agent_who_is_early_waits_for_the_promised_instant(ground: Ground, promise: Row[Any]) -> None:
    await brought_to(ground, State.RINGING_AGENT, due_at=None)
    async with ground.database.write() as conn:
        await agent_is_there(conn, promise, now=ground.clock.now())
    assert (await ground.one()).due_at == promise.promised_at


async def test_an_agent_who_is_late_finds_the_customer_dialled_at_once(ground: Ground, promise: Row[Any]) -> None:
    await brought_to(ground, State.RINGING_AGENT, due_at=None)
    await ground.clock.advance(90)
    async with ground.database.write() as conn:
        await agent_is_there(conn, promise, now=ground.clock.now())
    assert (await ground.one()).due_at == ground.clock.now()


async def test_an_agent_who_joins_a_cancelled_promise_wakes_nothing(ground: Ground, promise: Row[Any]) -> None:
    await brought_to(ground, State.CANCELLED, due_at=None)
    async with ground.database.write() as conn:
        await agent_is_there(conn, promise, now=ground.clock.now())
    assert (await ground.one()).due_at is None


@pytest.mark.parametrize(("late", "state"), [(0, "kept"), (299, "kept"), (300, "kept"), (301, "broken")])
async def test_kept_is_connected_within_the_window(ground: Ground, promise: Row[Any], late: int, state: str) -> None:
    await brought_to(ground, State.RINGING_CUSTOMER)
    connected_at = promise.promised_at + timedelta(seconds=late)
    async with ground.database.write() as conn:
        await begin_attempt(conn, promise.id, now=connected_at)
        await customer_is_there(conn, promise.id, now=connected_at)
    assert (await ground.one()).state == "talking"
    async with ground.database.write() as conn:
        await promise_kept(conn, promise.id, now=connected_at + timedelta(seconds=600))
    row = await ground.one()
    assert (row.state, row.kept_at) == (state, connected_at)
    assert await results(ground) == [(1, "connected")]


async def test_nobody_is_connected_twice(ground: Ground, promise: Row[Any]) -> None:
    await brought_to(ground, State.RINGING_CUSTOMER)
    async with ground.database.write() as conn:
        await begin_attempt(conn, promise.id, now=promise.promised_at)
        await customer_is_there(conn, promise.id, now=promise.promised_at)
        await customer_is_there(conn, promise.id, now=promise.promised_at + timedelta(seconds=5))
    assert (await ground.one()).kept_at == promise.promised_at


async def test_a_talk_that_never_was_keeps_nothing(ground: Ground, promise: Row[Any]) -> None:
    await brought_to(ground, State.RINGING_CUSTOMER)
    async with ground.database.write() as conn:
        await promise_kept(conn, promise.id, now=ground.clock.now())
        await promise_kept(conn, "cb_unheard_of", now=ground.clock.now())
    assert (await ground.one()).state == "ringing_customer"


async def test_two_attempts_in_vain_leave_the_promise_open_and_the_third_ends_it(
    ground: Ground, promise: Row[Any]
) -> None:
    for n in (1, 2, 3):
        await brought_to(ground, State.RINGING_CUSTOMER, due_at=None)
        async with ground.database.write() as conn:
            await begin_attempt(conn, promise.id, now=ground.clock.now())
            again = await nobody_reached(conn, promise, "no_answer", ground.plan, now=ground.clock.now())
        row = await ground.one()
        assert again == (n < 3)
        if again:
            assert (row.state, row.promised_at) == ("promised", ground.clock.now() + timedelta(minutes=15))
            assert row.due_at == row.promised_at
        else:
            assert (row.state, row.due_at) == ("unreachable", None)
        await ground.clock.advance(900)
    assert await results(ground) == [(1, "no_answer"), (2, "no_answer"), (3, "no_answer")]


async def test_an_attempt_in_vain_is_counted_once(ground: Ground, promise: Row[Any]) -> None:
    """The status of a leg comes twice."""
    await brought_to(ground, State.RINGING_CUSTOMER)
    async with ground.database.write() as conn:
        await begin_attempt(conn, promise.id, now=ground.clock.now())
        assert await nobody_reached(conn, promise, "busy", ground.plan, now=ground.clock.now())
        assert not await nobody_reached(conn, promise, "busy", ground.plan, now=ground.clock.now())
    assert (await ground.one()).state == "promised"
    assert await results(ground) == [(1, "busy")]


@pytest.mark.parametrize("ended", sorted(set(State) - set(OPEN)))
async def test_no_step_leads_out_of_an_end(ground: Ground, promise: Row[Any], ended: State) -> None:
    await brought_to(ground, ended)
    now = ground.clock.now()
    async with ground.database.write() as conn:
        await begin_attempt(conn, promise.id, now=now)
        await agent_is_there(conn, promise, now=now)
        await customer_is_there(conn, promise.id, now=now)
        await promise_kept(conn, promise.id, now=now)
        await nobody_reached(conn, promise, "busy", ground.plan, now=now)
        for state in State:
            assert await step(conn, promise.id, OPEN, state, now=now) is None
    assert (await ground.one()).state == ended
