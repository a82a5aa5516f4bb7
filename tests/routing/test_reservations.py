"""One agent, one caller, one hold: whoever comes second changes nothing, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from routing.agents import Ended
from routing.plan import Plan
from routing.reservations import (
    RING_GRACE,
    Tried,
    accept,
    claim,
    close,
    consult_of_call,
    live_of_agent,
    live_of_call,
    ring_again,
    takes_over,
    talks,
    tried_agents,
)
from routing.tables import reservations, wishes
from store.clock import VirtualClock
from store.sql import Database
from store.tables import events
from tests.routing.rows import add_agent, add_call, agent_row

pytestmark = pytest.mark.anyio
PLAN = Plan()


@pytest.fixture(autouse=True)
async def _anna(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", clock.now())
        for n in range(3):
            await add_call(conn, f"call{n}", clock.now())


async def claimed(database: Database, clock: VirtualClock, call: str = "call0", plan: Plan = PLAN) -> str | None:
    async with database.write() as conn:
        return await claim(conn, "anna", call, plan, now=clock.now())


async def ended(
    database: Database, clock: VirtualClock, reservation: str | None, why: Ended, plan: Plan = PLAN
) -> bool:
    assert reservation is not None
    async with database.write() as conn:
        return await close(conn, reservation, why, plan, now=clock.now()) is not None


async def taken(database: Database, clock: VirtualClock, reservation: str | None) -> bool:
    assert reservation is not None
    async with database.write() as conn:
        return await accept(conn, reservation, now=clock.now()) is not None


async def state(database: Database) -> tuple[str, str, int]:
    anna = await agent_row(database)
    return anna.availability, anna.activity, anna.misses


async def test_fifty_callers_wanting_one_agent_make_one_reservation(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        for n in range(50):
            await add_call(conn, f"of the fifty {n}", clock.now())
    wanted = [claimed(database, clock, f"of the fifty {n}") for n in range(50)]
    won = [reservation for reservation in await asyncio.gather(*wanted) if reservation is not None]
    assert len(won) == 1
    async with database.read() as conn:
        rows = (await conn.execute(select(reservations))).all()
    assert [(row.id, row.agent_id, row.live) for row in rows] == [(won[0], "anna", True)]
    assert await state(database) == ("ready", "reserved", 0)


async def test_a_claim_books_its_own_end(database: Database, clock: VirtualClock) -> None:
    reservation = await claimed(database, clock, plan=Plan(ring_seconds=45))
    async with database.read() as conn:
        live = await live_of_call(conn, "call0")
        assert live is not None
        assert (live.id, live.state) == (reservation, "offered")
        assert live.due_at == clock.now() + timedelta(seconds=45) + RING_GRACE
        assert (await conn.execute(select(events.c.type, events.c.ref))).all() == [("agent.changed", "anna")]


@pytest.mark.parametrize(
    ("availability", "activity"),
    [("away", "idle"), ("offline", "idle"), ("ready", "reserved"), ("ready", "talking"), ("ready", "wrap_up")],
)
async def test_who_is_not_ready_and_idle_cannot_be_claimed(
    database: Database, clock: VirtualClock, availability: str, activity: str
) -> None:
    async with database.write() as conn:
        await add_agent(conn, "luca", clock.now(), availability=availability, activity=activity)
        assert await claim(conn, "luca", "call0", PLAN, now=clock.now()) is None
        assert await claim(conn, "nobody", "call0", PLAN, now=clock.now()) is None


async def test_a_caller_cannot_be_offered_to_two_agents(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        await add_agent(conn, "luca", clock.now())
    assert await claimed(database, clock)
    with pytest.raises(IntegrityError):
        async with database.write() as conn:
            await claim(conn, "luca", "call0", PLAN, now=clock.now())
    assert (await agent_row(database, "luca")).activity == "idle"


async def test_an_accept_happens_once(database: Database, clock: VirtualClock) -> None:
    reservation = await claimed(database, clock)
    accepts = await asyncio.gather(*(taken(database, clock, reservation) for _ in range(5)))
    assert sorted(accepts) == [False, False, False, False, True]
    assert await state(database) == ("ready", "talking", 0)
    async with database.read() as conn:
        live = await live_of_call(conn, "call0")
    assert live is not None
    assert (live.state, live.accepted_at, live.due_at) == ("accepted", clock.now(), None)


@pytest.mark.parametrize("why", [Ended.RANG_OUT, Ended.DECLINED, Ended.CALLER_LEFT, Ended.WITHDRAWN, Ended.FAILED])
async def test_an_accept_that_comes_after_the_end_is_refused(
    database: Database, clock: VirtualClock, why: Ended
) -> None:
    reservation = await claimed(database, clock)
    assert await ended(database, clock, reservation, why)
    assert not await taken(database, clock, reservation)
    assert (await state(database))[:2] == ("ready", "idle")


async def test_an_end_happens_once_and_the_first_reason_stays(database: Database, clock: VirtualClock) -> None:
    reservation = await claimed(database, clock)
    ends = (Ended.RANG_OUT, Ended.RANG_OUT, Ended.CALLER_LEFT)
    assert [await ended(database, clock, reservation, why) for why in ends] == [True, False, False]
    assert await state(database) == ("ready", "idle", 1)
    async with database.read() as conn:
        row = (await conn.execute(select(reservations))).one()
        assert await live_of_call(conn, "call0") is None
    assert (row.state, row.live, row.ended_at) == ("rang_out", False, clock.now())


async def test_two_misses_in_a_row_set_an_agent_away(database: Database, clock: VirtualClock) -> None:
    await ended(database, clock, await claimed(database, clock, "call0"), Ended.RANG_OUT)
    assert await state(database) == ("ready", "idle", 1)
    await ended(database, clock, await claimed(database, clock, "call1"), Ended.FAILED)
    assert await state(database) == ("away", "idle", 0)
    assert (await agent_row(database)).reason == "missed rings"
    assert await claimed(database, clock, "call2") is None


async def test_the_plan_says_how_many_misses_are_too_many(database: Database, clock: VirtualClock) -> None:
    plan = Plan(misses_until_away=1)
    await ended(database, clock, await claimed(database, clock), Ended.RANG_OUT, plan)
    assert (await state(database))[0] == "away"


async def test_an_answered_ring_between_two_misses_breaks_the_row(database: Database, clock: VirtualClock) -> None:
    await ended(database, clock, await claimed(database, clock, "call0"), Ended.RANG_OUT)
    answered = await claimed(database, clock, "call1")
    assert await taken(database, clock, answered)
    await ended(database, clock, answered, Ended.TALK_ENDED, Plan(wrap_up_seconds=0))
    await ended(database, clock, await claimed(database, clock, "call2"), Ended.RANG_OUT)
    assert await state(database) == ("ready", "idle", 1)


@pytest.mark.parametrize("why", [Ended.DECLINED, Ended.CALLER_LEFT, Ended.WITHDRAWN])
async def test_what_is_no_miss_sets_nobody_away(database: Database, clock: VirtualClock, why: Ended) -> None:
    for call in ("call0", "call1", "call2"):
        await ended(database, clock, await claimed(database, clock, call), why)
    assert await state(database) == ("ready", "idle", 0)


async def test_after_a_talk_comes_the_wrap_up(database: Database, clock: VirtualClock) -> None:
    reservation = await claimed(database, clock)
    await taken(database, clock, reservation)
    await clock.advance(60)
    await ended(database, clock, reservation, Ended.TALK_ENDED)
    anna = await agent_row(database)
    assert (anna.activity, anna.since_at) == ("wrap_up", clock.now())
    assert anna.due_at == clock.now() + timedelta(seconds=30)
    assert await claimed(database, clock, "call1") is None


async def test_without_a_wrap_up_in_the_plan_the_agent_is_free_at_once(database: Database, clock: VirtualClock) -> None:
    plan = Plan(wrap_up_seconds=0)
    reservation = await claimed(database, clock)
    await taken(database, clock, reservation)
    await ended(database, clock, reservation, Ended.TALK_ENDED, plan)
    assert (await agent_row(database)).due_at is None
    assert await claimed(database, clock, "call1")


@pytest.mark.parametrize("why", [Ended.CALLER_LEFT, Ended.WITHDRAWN])
async def test_who_answered_an_empty_line_owes_no_wrap_up(database: Database, clock: VirtualClock, why: Ended) -> None:
    reservation = await claimed(database, clock)
    await taken(database, clock, reservation)
    await ended(database, clock, reservation, why)
    assert await state(database) == ("ready", "idle", 0)


async def test_only_who_was_rung_and_did_not_take_it_is_not_rung_again(database: Database, clock: VirtualClock) -> None:
    ends = {"bea": Ended.DECLINED, "carlo": Ended.RANG_OUT, "dora": Ended.FAILED, "enzo": Ended.WITHDRAWN}
    async with database.write() as conn:
        for agent_id, why in ends.items():
            await add_agent(conn, agent_id, clock.now())
            reservation = await claim(conn, agent_id, "call0", PLAN, now=clock.now())
            assert reservation is not None
            await close(conn, reservation, why, PLAN, now=clock.now())
        assert (await tried_agents(conn, "call0")).declined == {"bea", "carlo", "dora"}
        assert await tried_agents(conn, "call1") == Tried(frozenset(), frozenset())


async def test_somebody_who_names_an_agent_does_not_make_them_look_taken(
    database: Database, clock: VirtualClock
) -> None:
    """A caller takes their place in the queue, naming Anna, while another is put through to her."""
    if database.sqlite:
        return  # one writer at a time: nothing to look taken by
    async with database.write() as queueing:
        await queueing.execute(insert(wishes).values(call_id="call0", agent_id="anna", ranked_at=clock.now()))
        assert await claimed(database, clock, "call1") is not None


# A colleague who is asked, and a line that breaks


async def test_who_is_asked_is_reserved_beside_who_talks_and_takes_over_when_they_have_ended(
    database: Database, clock: VirtualClock
) -> None:
    first = await claimed(database, clock)
    assert await taken(database, clock, first)
    async with database.write() as conn:
        await add_agent(conn, "luca", clock.now())
        asked = await claim(conn, "luca", "call0", PLAN, now=clock.now(), consult=True)
    assert asked is not None
    async with database.read() as conn:
        live, beside = await live_of_call(conn, "call0"), await consult_of_call(conn, "call0")
    assert live is not None
    assert beside is not None
    assert (live.id, beside.id) == (first, asked)
    assert not await claimed(database, clock, "call1")  # she talks
    with pytest.raises(IntegrityError):
        async with database.write() as conn:
            await takes_over(conn, asked)  # of two who talk with one caller one would be too many
    assert await ended(database, clock, first, Ended.TALK_ENDED)
    async with database.write() as conn:
        await takes_over(conn, asked)
        live = await live_of_call(conn, "call0")
        assert (live.id if live else None, await consult_of_call(conn, "call0")) == (asked, None)


async def test_a_talk_that_broke_is_offered_to_the_same_agent_and_counts_once(
    database: Database, clock: VirtualClock
) -> None:
    reservation = await claimed(database, clock)
    assert await taken(database, clock, reservation)
    assert reservation is not None
    look_at = clock.now() + timedelta(seconds=1)
    async with database.write() as conn:
        assert await ring_again(conn, reservation, now=clock.now(), look_at=look_at)
        assert not await ring_again(conn, reservation, now=clock.now(), look_at=look_at)  # told twice
        mine = await live_of_agent(conn, "anna")
    assert mine is not None
    assert (mine.state, mine.due_at, await state(database)) == ("offered", look_at, ("ready", "reserved", 0))
    assert not await claimed(database, clock, "call1")  # she is kept for her caller
    assert await taken(database, clock, reservation)
    async with database.write() as conn:
        assert await ring_again(conn, reservation, now=clock.now(), look_at=look_at)
    assert await ended(database, clock, reservation, Ended.BROKEN)
    assert await state(database) == ("ready", "idle", 0)
    async with database.read() as conn:
        assert await talks(conn, "call0") == 1
        assert (await tried_agents(conn, "call0")).not_rung == {"anna"}  # others first
