"""A call back is promised, and comes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.phones import Phone
from tests.story.conftest import LINE, MARIA, World
from tests.story.test_busy import anna_is_talking

pytestmark = pytest.mark.anyio


async def promised(world: World, seconds: int, **more: Any) -> dict[str, Any]:
    due_at = world.clock.now() + timedelta(seconds=seconds)
    body = {"customer": world.ids["Maria"], "due_at": due_at.isoformat(), "reason": "the broken lamp"} | more
    promise: dict[str, Any] = await world.post("/callbacks", body, 201)
    return promise


async def promise_of(world: World, made: dict[str, Any]) -> dict[str, Any]:
    promise: dict[str, Any] = await world.get(f"/callbacks/{made['id']}")
    return promise


async def connected(world: World, agent: Phone, customer: Phone) -> None:
    await world.until(lambda: agent.state == "ringing", 120)
    agent.answer()
    await world.until(lambda: customer.state == "ringing", 60)
    customer.answer()
    await world.hears(customer, "Prema 1")
    customer.press("1")
    await world.until(lambda: bool(customer.partners))


async def test_one_key_promises_a_call_back_and_the_call_comes(world: World) -> None:
    """Maria will not wait: key 2, a time, a text that confirms it, and Anna, who then rings her at that minute."""
    anna, maria = await anna_is_talking(world)
    await maria.dial(LINE)
    await world.hears(maria, "prema 2 per una richiamata")
    sid = maria.call
    maria.press("2")
    await world.hears(maria, "Anna può richiamarla")
    maria.press("5")
    await world.hears(maria, "D'accordo, Maria: Anna la richiama oggi alle")
    await world.until(lambda: maria.state == "idle" and bool(maria.texts))
    assert "Anna la chiama oggi alle" in maria.texts[0].body
    (promise,) = (await world.get("/callbacks"))["items"]
    assert (promise["state"], promise["agent"], promise["origin_call"]) == ("promised", world.ids["anna"], sid)
    assert (await world.call(maria, sid))["outcome"] == "callback"
    anna.hang_up()
    await world.until(lambda: anna.state == "ringing", 1200)
    due_at = promise["due_at"]
    assert world.clock.now().isoformat() < due_at
    anna.answer()
    await world.hears(anna, "Chiamata promessa a Maria Rossi")
    await world.until(lambda: maria.state == "ringing", 60)
    assert world.clock.now().isoformat() >= due_at.replace("Z", "+00:00")
    maria.answer()
    await world.hears(maria, "Buongiorno, Maria. Qui Officine Lume, con la chiamata promessa")
    maria.press("1")
    await world.until(lambda: maria.partners == ["client:anna"])
    await world.clock.advance(60)
    maria.hang_up()
    await world.clock.advance(3)
    kept = await promise_of(world, promise)
    assert kept["state"] == "kept"
    assert kept["late_seconds"] <= 10
    assert [a["result"] for a in kept["attempts"]] == ["connected"]


async def test_a_promise_in_twenty_seconds_is_a_promise_like_any_other(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await world.agent("Luca Verdi", ready=False)
    made = await promised(world, 20, agent=world.ids["anna"])
    await connected(world, anna, maria)
    assert (await promise_of(world, made))["state"] == "talking"
    assert "the broken lamp" in anna.words
    anna.hang_up()
    await world.until(lambda: maria.state == "idle", 20)
    await world.clock.advance(1)
    done = await promise_of(world, made)
    assert (done["state"], done["late_seconds"] <= 5) == ("kept", True)
    assert [c["direction"] for c in (await world.get("/calls"))["items"]] == ["outbound"]


async def test_a_voice_proves_a_person_too(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await promised(world, 20)
    await world.until(lambda: anna.state == "ringing")
    anna.answer()
    await world.until(lambda: maria.state == "ringing")
    maria.answer()
    await world.hears(maria, "Prema 1")
    maria.speak("pronto")
    await world.until(lambda: maria.partners == ["client:anna"])


async def test_a_machine_that_talks_is_not_maria(world: World) -> None:
    """An answering machine says whole sentences: nobody is joined with it, and it is an attempt."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    made = await promised(world, 20)
    await world.until(lambda: anna.state == "ringing", 120)
    anna.answer()
    await world.until(lambda: maria.state == "ringing", 60)
    maria.answer()
    await world.hears(maria, "Prema 1")
    maria.speak("Risponde la segreteria telefonica di Maria Rossi, lasciate un messaggio dopo il segnale")
    await world.hears(maria, "Riproveremo più tardi", 30)
    await world.until(lambda: maria.state == "idle", 30)
    assert maria.partners == []
    promise = await promise_of(world, made)
    assert (promise["state"], [a["result"] for a in promise["attempts"]]) == ("promised", ["voicemail"])


async def test_no_answer_is_an_attempt_and_the_next_time_is_told_by_text(world: World) -> None:
    """Three attempts, as far apart as the plan says, each announced; then it is unreachable, and Anna is free."""
    await world.plan(callback_retry_minutes=3)
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    made = await promised(world, 20)
    for n in (1, 2, 3):
        await world.until(lambda: anna.state == "ringing", 1800)
        anna.answer()
        await world.until(lambda: maria.state == "ringing", 60)
        await world.until(lambda: maria.state == "idle", 60)
        await world.hears(anna, "non risponde", 5)
        await world.until(lambda: anna.state == "idle", 20)
        promise = await promise_of(world, made)
        assert [a["result"] for a in promise["attempts"]] == ["no_answer"] * n
        assert await world.state_of("anna") == "ready idle"
    assert promise["state"] == "unreachable"
    await world.clock.advance(3)
    assert [("Riproviamo" in t.body) for t in maria.texts] == [True, True, False]
    at = [a["at"] for a in promise["attempts"]]
    assert at == sorted(at)


async def test_a_voicemail_is_an_attempt_and_hears_nothing_personal(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    made = await promised(world, 20)
    await world.until(lambda: anna.state == "ringing")
    anna.answer()
    await world.until(lambda: maria.state == "ringing")
    maria.answer()
    await world.hears(maria, "Riproveremo più tardi", 60)
    await world.until(lambda: maria.state == "idle")
    await world.clock.advance(3)
    promise = await promise_of(world, made)
    assert (promise["state"], promise["attempts"][0]["result"]) == ("promised", "voicemail")
    assert "lamp" not in maria.words
    assert maria.partners == []


async def test_ringing_us_first_takes_the_promise_along(world: World) -> None:
    """Maria rings before her time: she is served, and nobody calls her again."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    made = await promised(world, 300)
    await maria.dial(LINE)
    await world.hears(maria, "Ci ha preceduti")
    await world.until(lambda: anna.state == "ringing")
    anna.answer()
    await world.until(lambda: bool(maria.partners))
    assert (await promise_of(world, made))["state"] == "kept"
    maria.hang_up()
    await world.clock.advance(600)
    assert (maria.state, anna.state) == ("idle", "idle")
    assert (await promise_of(world, made))["attempts"] == []


async def test_an_agent_who_does_not_answer_is_replaced_in_time(world: World) -> None:
    """Anna does not pick up for the promise: Luca does, and Maria's phone rings within the minute."""
    anna, luca = await world.agent("Anna Bianchi"), await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA)
    made = await promised(world, 20, agent=world.ids["anna"])
    await world.until(lambda: anna.state == "ringing")
    await world.until(lambda: luca.state == "ringing", 30)
    luca.answer()
    await world.until(lambda: maria.state == "ringing", 30)
    promise = await promise_of(world, made)
    assert len(promise["attempts"]) == 1
    assert promise["late_seconds"] <= 60


async def test_a_second_wish_moves_the_first(world: World) -> None:
    await world.agent("Anna Bianchi")
    await world.customer("Maria", MARIA)
    made = await promised(world, 600)
    later = (world.clock.now() + timedelta(minutes=40)).isoformat()
    moved = await world.post("/callbacks", {"customer": world.ids["Maria"], "due_at": later}, 200)
    assert moved["id"] == made["id"]
    assert moved["due_at"] != made["due_at"]


async def test_a_time_that_cannot_be_kept_is_refused_with_three_that_can(world: World) -> None:
    """One agent, one call at a time; and nobody is promised Sunday."""
    await world.agent("Anna Bianchi")
    await world.customer("Maria", MARIA)
    await world.customer("Paolo", "+393337654321")
    made = await promised(world, 600)
    refused = await world.post("/callbacks", {"customer": world.ids["Paolo"], "due_at": made["due_at"]}, 409)
    assert len(refused["slots"]) == 3
    sunday = (world.clock.now() + timedelta(days=5)).isoformat()
    refused = await world.post("/callbacks", {"customer": world.ids["Paolo"], "due_at": sunday}, 409)
    slot = refused["slots"][0]["due_at"]
    await world.post("/callbacks", {"customer": world.ids["Paolo"], "due_at": slot}, 201)


async def test_nobody_is_called_in_their_quiet_hours(world: World) -> None:
    """Maria sleeps until eleven: what she asks for is refused with what can be kept, and a later wish is respected."""
    anna = await world.agent("Anna Bianchi")
    await world.customer("Maria", MARIA, quiet_hours="20:00-11:00")
    due_at = (world.clock.now() + timedelta(minutes=10)).isoformat()
    refused = await world.post("/callbacks", {"customer": world.ids["Maria"], "due_at": due_at}, 409)
    assert [slot["due_at"][11:16] for slot in refused["slots"]] == ["10:00", "10:05", "10:10"]  # UTC: from eleven on
    await world.api.patch(f"/customers/{world.ids['Maria']}", json={"quiet_hours": None})
    made = await promised(world, 600)
    await world.api.patch(f"/customers/{world.ids['Maria']}", json={"quiet_hours": "20:00-11:00"})
    await world.clock.advance(700)
    assert anna.state == "idle"
    assert (await world.get(f"/callbacks/{made['id']}"))["due_at"][11:16] == "10:00"
