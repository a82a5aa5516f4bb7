"""A text an hour before a call that was promised long ago: once, and to nobody who has just heard of it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, insert

from crm.texts import no_more_texts
from ivr.reminders import EVERY_SECONDS, Reminders
from ivr.texts import tell
from routing.tables import plan_versions
from tests.ivr.door import MARIA, Door
from tests.ivr.promising import as_it_is, changed, promised

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TOMORROW = timedelta(days=1, hours=2)  # at noon


@pytest.fixture
async def maria(door: Door) -> Row[Any]:
    await door.customer("Maria", MARIA)
    await door.agent()
    return await promised(door, after=TOMORROW)


async def until(door: Door, promise: Row[Any], before: timedelta) -> None:
    await door.clock.advance((promise.promised_at - before - door.clock.now()).total_seconds())


def reminded(door: Door) -> list[str]:
    return [wish["body"] for wish in door.carrier.of("send_text") if "promemoria" in wish["body"]]


async def test_an_hour_before_its_time_a_promise_is_recalled_once_by_whichever_process(
    door: Door, maria: Row[Any]
) -> None:
    await until(door, maria, timedelta(minutes=62))
    loops = [door.clock.spawn(Reminders(door.rooms).run(), "reminders") for _ in range(2)]
    await until(door, maria, timedelta(minutes=61))
    assert reminded(door) == []
    await until(door, maria, timedelta(minutes=59))
    await until(door, maria, timedelta(minutes=55))
    (text,) = reminded(door)
    assert text.startswith("Officine Lume: promemoria, Anna la chiama oggi alle 12:00")
    at = (await as_it_is(door, maria)).reminded_at
    assert timedelta(0) <= at - (maria.promised_at - timedelta(hours=1)) <= timedelta(seconds=EVERY_SECONDS)
    assert len(door.carrier.kicked) == 1
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


async def looked_at(door: Door, promise: Row[Any], before: timedelta = timedelta(hours=1)) -> list[str]:
    await until(door, promise, before)
    await Reminders(door.rooms).turn()
    return reminded(door)


@on_sqlite
async def test_what_was_promised_this_morning_is_remembered_without_us(door: Door, maria: Row[Any]) -> None:
    await changed(door, maria, made_at=maria.promised_at - timedelta(hours=11, minutes=50))
    assert await looked_at(door, maria) == []
    assert await looked_at(door, maria, timedelta(minutes=45)) == []


@on_sqlite
async def test_who_was_told_of_it_this_morning_is_not_told_again(door: Door, maria: Row[Any]) -> None:
    await until(door, maria, timedelta(hours=4))
    async with door.database.write() as conn:
        await tell(door.rooms, conn, maria, "text_moved")
    assert await looked_at(door, maria) == []


@on_sqlite
async def test_nobody_is_reminded_in_their_quiet_hours_or_at_night(door: Door, maria: Row[Any]) -> None:
    await door.customer("Sam", "+393330000002", quiet_hours="10:00-11:30")
    sam = await promised(door, "Sam", TOMORROW + timedelta(minutes=10), agent_id=None)
    early = await changed(door, maria, promised_at=datetime.fromisoformat("2026-03-04T08:30+01:00"))
    assert await looked_at(door, early) == []
    assert await looked_at(door, sam) == []
    assert (await as_it_is(door, sam)).reminded_at == door.clock.now()
    assert await Reminders(door.rooms).turn() == 0  # and not every half minute


@on_sqlite
@pytest.mark.parametrize("state", ["cancelled", "ringing_agent", "kept"])
async def test_what_is_over_or_under_way_needs_no_reminder(door: Door, maria: Row[Any], state: str) -> None:
    await changed(door, maria, state=state)
    assert await looked_at(door, maria) == []


@on_sqlite
async def test_after_an_outage_nobody_is_reminded_at_the_last_minute(door: Door, maria: Row[Any]) -> None:
    assert await looked_at(door, maria, timedelta(minutes=29)) == []


@on_sqlite
async def test_who_wants_no_texts_gets_no_reminder(door: Door, maria: Row[Any]) -> None:
    async with door.database.write() as conn:
        await no_more_texts(conn, MARIA, "word", door.clock.now())
    assert await looked_at(door, maria) == []


@on_sqlite
@pytest.mark.parametrize(("minutes", "before", "texts"), [(0, 60, 0), (10, 60, 0), (10, 9, 1), (1440, 16 * 60, 1)])
async def test_how_long_before_is_the_managers_to_say(
    door: Door, maria: Row[Any], minutes: int, before: int, texts: int
) -> None:
    body = {"service": {"remind_minutes": minutes}}
    async with door.database.write() as conn:
        await conn.execute(insert(plan_versions).values(version=1, body=body, author="test", at=door.clock.now()))
    assert len(await looked_at(door, maria, timedelta(minutes=before))) == texts
