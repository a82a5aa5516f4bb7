"""Something fails: the caller hears an apology and is helped all the same, and is not lost afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from store.sql import Database
from tests.story.conftest import LINE, MARIA, World

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def without_calls(url: URL) -> AsyncIterator[None]:
    """The table that every call needs is gone for a while: whatever touches it raises."""
    database = Database(url)
    async with database.write() as conn:
        await conn.execute(text("ALTER TABLE calls RENAME TO calls_away"))
    yield
    async with database.write() as conn:
        await conn.execute(text("ALTER TABLE calls_away RENAME TO calls"))
    await database.close()


async def test_without_a_database_the_caller_leaves_a_message_that_is_answered(world: World, database_url: URL) -> None:
    """An apology, no error, a message; when the store is back the message is found at Twilio and promised."""
    await world.agent("Anna Bianchi", ready=False)
    maria = await world.customer("Maria", MARIA)
    async with without_calls(database_url):
        await maria.dial(LINE)
        await world.hears(maria, "qui qualcosa non funziona")
        await world.until(lambda: any(f["type"] == "recording" for f in maria.events), 30)
        maria.record(6)
        await world.hears(maria, "il messaggio è arrivato")
        await world.until(lambda: maria.state == "idle")
    await world.clock.advance(300)
    (promise,) = (await world.get("/callbacks"))["items"]
    assert (promise["kind"], promise["customer"]) == ("voicemail", world.ids["Maria"])
    assert "error" not in maria.words.lower()
    assert [alert.code for alert in world.network.alerts] == []


async def test_a_store_that_comes_back_in_mid_call_goes_on_with_the_caller(world: World, database_url: URL) -> None:
    """The apology offers a call back by key; pressed after the store is back, it is promised."""
    await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    async with without_calls(database_url):
        await maria.dial(LINE)
        await world.hears(maria, "Prema 2 per una richiamata")
    maria.press("2")
    await world.hears(maria, "richiamarla")
    maria.press("5")
    await world.hears(maria, "D'accordo, Maria")
    (promise,) = (await world.get("/callbacks"))["items"]
    assert promise["customer"] == world.ids["Maria"]


async def test_rest_requests_that_fail_cost_the_caller_an_agent_and_no_more(world: World) -> None:
    """The first ring fails at Twilio without effect: the next agent rings; nobody rings twice."""
    anna, luca = await world.agent("Anna Bianchi"), await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"])
    world.network.faults.rest("server_error", where="/Calls", method="POST")
    await maria.dial(LINE)
    await world.until(lambda: luca.state == "ringing", 10)
    luca.answer()
    await world.until(lambda: bool(maria.partners), 20)
    await world.clock.advance(90)
    assert anna.state == "idle"
    assert maria.partners == ["client:luca"]


async def test_while_twilio_rings_nobody_the_caller_is_told_and_not_left_ringing(world: World) -> None:
    """There is one agent, and every request fails: within half a minute the truth, a call back and a message."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    world.network.faults.rest("server_error", where="/Calls", method="POST", times=50)
    await maria.dial(LINE)
    await world.hears(maria, "In questo momento non c'è nessuno", 30)
    await world.hears(maria, "prema 3 per lasciare un messaggio")
    assert anna.state == "idle"
    assert await world.state_of("anna") == "ready idle"  # not her fault


async def test_an_answer_lost_after_the_effect_rings_nobody_twice(world: World) -> None:
    """Twilio made the call, its answer never came: the webhook says so, and all goes on as if nothing had been."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    world.network.faults.rest("lose_answer", where="/Calls", method="POST")
    await maria.dial(LINE)
    await world.until(lambda: anna.state == "ringing", 4)
    anna.answer()
    await world.until(lambda: bool(maria.partners), 20)
    await world.clock.advance(120)
    rings = [leg for leg in (await world.call(maria))["legs"] if leg["role"] == "agent"]
    assert len(rings) == 1
    assert maria.partners == ["client:anna"]


@pytest.mark.parametrize("mischief", ["duplicate", "duplicate_at_once", "delay", "shuffle"])
async def test_webhooks_that_come_twice_late_or_in_disorder_change_nothing(world: World, mischief: str) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    world.network.faults.webhook(mischief, times=50, seconds=1.5)  # type: ignore[arg-type]
    await maria.dial(LINE)
    await world.until(lambda: anna.state == "ringing", 10)
    anna.answer()
    await world.until(lambda: bool(maria.partners), 30)
    sid = maria.call
    await world.clock.advance(30)
    maria.hang_up()
    await world.clock.advance(10)
    call = await world.call(maria, sid)
    assert (call["state"], call["outcome"]) == ("ended", "agent")
    assert await world.state_of("anna") == "ready wrap_up"
    assert len((await world.get(f"/interactions?customer={world.ids['Maria']}"))["items"]) == 1


async def test_an_end_that_nobody_reports_is_found_out(world: World) -> None:
    """The status webhook is lost: after half a minute we ask Twilio, and the agent is free again."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await world.talk(maria, anna)
    sid = maria.call
    world.network.faults.webhook("lose", times=20)
    maria.hang_up()
    await world.clock.advance(150)
    world.network.faults.clear()
    assert (await world.call(maria, sid))["state"] == "ended"
    assert (await world.state_of("anna")).startswith("ready")


async def test_an_agent_whose_hanging_up_nobody_reports_leaves_no_caller_in_silence(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await world.talk(maria, anna)
    world.network.faults.webhook("lose", where="/twilio/agent", times=50)
    anna.hang_up()
    await world.hears(maria, "prema 1 se ha ancora bisogno", 90)
    assert await world.state_of("anna") == "ready wrap_up"
