"""A caller whom nobody here knows, and the other system that may."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select, update
from starlette.applications import Starlette

from carrier.signatures import Signatures
from crm.connectors.breaker import REST
from crm.connectors.links import link
from crm.connectors.lookup import AT_ONCE, NOBODY_FOR, SECONDS, Lookup
from crm.connectors.port import Away, Found
from crm.tables import connector_links, customer_phones, customers
from ivr.webhooks import DEADLINE_SECONDS, Webhooks
from store.clock import VirtualClock
from store.sql import Database
from tests.crm.connectors.fakes import Friend
from tests.ivr.door import ACCOUNT, MARIA, OURS, PAOLO, SOMEBODY, TOKEN, Door

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FOUND = Found("512", "Maria Rossi", "Maria", "Rossi", None, "en-GB", "maria@example.org")


@pytest.fixture
def friend() -> Friend:
    return Friend(people={MARIA: FOUND})


@pytest.fixture
async def door(database: Database, clock: VirtualClock, friend: Friend) -> AsyncIterator[Door]:
    """Twilio's side of a house that has another system to ask, with time enough on a busy machine."""
    door = Door(database, clock)
    await let_ask(door, friend, seconds=20.0, deadline=30.0)
    await door.agent()
    yield door
    await door.client.aclose()


async def let_ask(door: Door, friend: Friend, *, seconds: float = SECONDS, deadline: float = DEADLINE_SECONDS) -> None:
    lookup = Lookup(door.database, door.clock, friend, "IT", seconds=seconds)
    signatures = Signatures([TOKEN], OURS, account_sid=ACCOUNT)
    webhooks = Webhooks(door.rooms, signatures, deadline=deadline, elsewhere=lookup)
    await door.client.aclose()
    door.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=Starlette(routes=webhooks.routes)))


async def people(door: Door) -> int:
    async with door.database.read() as conn:
        return await conn.scalar(select(func.count()).select_from(customers)) or 0


async def test_somebody_known_elsewhere_is_greeted_by_name_and_has_a_record(door: Door, friend: Friend) -> None:
    """Two calls from the number at once make one record, and nobody's writing is held up while they are asked about."""

    async def other_comes_in() -> None:
        friend.meanwhile = None
        assert "Maria" in (await door.ring(2)).words

    friend.meanwhile = other_comes_in
    assert "Maria" in (await door.ring(1)).words
    assert (await people(door), friend.asked) == (1, [MARIA, MARIA])
    async with door.database.read() as conn:
        (row,) = (await conn.execute(select(customers))).all()
        (linked,) = (await conn.execute(select(connector_links))).all()
    assert (row.name, row.given, row.surname, row.language, row.email) == (
        *("Maria Rossi", "Maria", "Rossi", "en-GB", "maria@example.org"),
    )
    assert (linked.customer_id, linked.connector, linked.remote_id) == (row.id, "friend", "512")
    assert {call.customer_id for call in await door.all_calls()} == {row.id}
    await door.ring(3)
    assert len(friend.asked) == 2  # known by now


async def test_two_who_write_the_same_person_at_the_same_moment_end_with_one(door: Door, friend: Friend) -> None:
    """Both have looked, both have asked, neither has written yet."""
    both = asyncio.Barrier(2)

    async def wait() -> None:
        await both.wait()

    friend.meanwhile = wait
    answers = await asyncio.gather(door.ring(1), door.ring(2))
    assert ["Maria" in answer.words for answer in answers] == [True, True]
    assert await people(door) == 1


@on_sqlite
async def test_a_slow_system_costs_no_more_than_its_time_and_no_call(door: Door, friend: Friend) -> None:
    """With a deadline of 3 s for the whole document, and half a minute of thinking there."""
    thought: list[float] = []

    async def thinks() -> None:
        begun = time.monotonic()
        try:
            await asyncio.sleep(30)
        finally:
            thought.append(time.monotonic() - begun)

    friend.meanwhile = thinks
    await let_ask(door, friend)
    assert "Maria" not in (await door.ring()).words
    assert thought[0] < 2 * SECONDS  # the machine may be busy with other tests
    assert len(door.rings) == 1  # the agent's phone rings
    assert (await people(door), (await door.call()).customer_id) == (0, None)


@on_sqlite
@pytest.mark.parametrize("trouble", [Away("no connection"), RuntimeError("Maria +39")])
async def test_a_dead_system_is_left_alone_after_three_calls_and_tried_again_later(
    door: Door, friend: Friend, clock: VirtualClock, trouble: Exception
) -> None:
    friend.trouble = trouble
    for n in range(1, 6):
        await door.ring(n, From=f"+39333999000{n}")
    assert len(friend.asked) == 3
    await clock.advance(REST.total_seconds())
    friend.trouble = None
    assert "Maria" in (await door.ring(6)).words


@on_sqlite
async def test_when_many_are_being_asked_about_the_next_one_is_not(
    database: Database, clock: VirtualClock, friend: Friend
) -> None:
    """A flood of strangers is not passed on."""
    enough = asyncio.Event()

    async def wait() -> None:
        if len(friend.asked) == AT_ONCE:
            enough.set()
        await asyncio.sleep(30)

    friend.meanwhile = wait
    lookup = Lookup(database, clock, friend, "IT", seconds=60.0)
    asking = [asyncio.create_task(lookup.ask(f"+3933399900{n:02}")) for n in range(AT_ONCE)]
    await enough.wait()
    assert await lookup.ask(MARIA) is None
    assert len(friend.asked) == AT_ONCE
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    friend.meanwhile = None
    assert await lookup.ask(MARIA) is not None


@on_sqlite
async def test_nobody_is_asked_about_who_is_known_withheld_or_has_given_the_number_up(
    door: Door, friend: Friend, clock: VirtualClock
) -> None:
    await door.customer("Paolo", PAOLO)
    await door.ring(1, From=PAOLO)
    await door.ring(2, From="anonymous")
    await door.ring(3, From="client:anna")
    await door.ring(4, CallStatus="completed")
    await door.customer("Maria", MARIA)
    async with door.database.write() as conn:
        given_up = update(customer_phones).where(customer_phones.c.number == MARIA)
        await conn.execute(given_up.values(given_up_at=clock.now() - timedelta(days=1)))
    assert "Maria" not in (await door.ring(5)).words  # whoever has it now, the other system may not know yet
    assert friend.asked == []


@on_sqlite
async def test_an_answer_of_nobody_is_remembered_for_a_minute(door: Door, friend: Friend, clock: VirtualClock) -> None:
    await door.ring(1, From=SOMEBODY)
    await door.ring(2, From=SOMEBODY)
    assert friend.asked == [SOMEBODY]
    await clock.advance(NOBODY_FOR.total_seconds())
    await door.ring(3, From=SOMEBODY)
    assert friend.asked == [SOMEBODY, SOMEBODY]


@on_sqlite
async def test_a_new_number_of_somebody_who_is_linked_is_added_to_their_record(
    door: Door, friend: Friend, clock: VirtualClock
) -> None:
    """Also when that record has been merged into another one."""
    old, kept = await door.customer("M.", PAOLO), await door.customer("Maria", "+390655555555")
    async with door.database.write() as conn:
        assert await link(conn, "friend", old, "512", clock.now())
        assert not await link(conn, "friend", kept, "512", clock.now())
        await conn.execute(update(customers).where(customers.c.id == old).values(merged_into=kept))
    assert "Maria" in (await door.ring()).words
    assert (await people(door), (await door.call()).customer_id) == (2, kept)


async def test_the_connections_are_held_to_the_end_and_no_longer(clock: VirtualClock, friend: Friend) -> None:
    database = Database.__new__(Database)  # which is not asked
    running = clock.spawn(Lookup(database, clock, friend, "IT").run(), "lookup")
    await clock.advance(7200)
    assert not friend.closed
    running.cancel()
    await asyncio.wait([running])
    assert friend.closed
