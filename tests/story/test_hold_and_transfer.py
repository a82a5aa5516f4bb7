"""An agent holds a caller for a moment, or brings them to a colleague: never music, never twice the same story."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.phones import Phone
from tests.story.conftest import MARIA, World

pytestmark = pytest.mark.anyio
here = pytest.mark.parametrize("house", ["here"], indirect=True)


async def talking(world: World) -> tuple[Phone, Phone, Phone]:
    """Maria talks with Anna; Bruno is free."""
    anna = await world.agent("Anna Bianchi", skills={"orders": 3})
    maria = await world.customer("Maria", MARIA)
    await world.talk(maria, anna)
    bruno = await world.agent("Bruno Neri", skills={"billing": 4})
    await world.clock.advance(25)
    return maria, anna, bruno


async def asked(world: World, maria: Phone, **wish: Any) -> dict[str, Any]:
    wish = wish or {"agent": world.ids["bruno"], "note": "Fattura di marzo pagata due volte"}
    call: dict[str, Any] = await world.post(f"/calls/{maria.call}/transfer", wish)
    return call


def longest_quiet(world: World, phone: Phone, since: Any) -> timedelta:
    """Between two words to this telephone, and until now."""
    words = [one.at for one in phone.heard if one.at >= since and one.kind == "said"]
    return max(later - earlier for earlier, later in zip([since, *words], [*words, world.clock.now()], strict=True))


async def test_a_caller_on_hold_hears_a_word_every_half_minute_and_never_music(world: World) -> None:
    maria, anna, _ = await talking(world)
    at = f"/calls/{maria.call}/hold"
    shown = await world.post(at, {"on": True})
    held_at = world.clock.now()
    assert shown["on_hold_since"] is not None
    await world.hears(maria, "Anna torna", 3)
    assert maria.partners == []
    assert (await world.post(at, {"on": True}))["on_hold_since"] == shown["on_hold_since"]
    await world.clock.advance(80)
    assert longest_quiet(world, maria, held_at) <= timedelta(seconds=30)
    assert not [one for one in maria.heard if one.kind == "played" and "ring" not in one.url]
    assert (await world.post(at, {"on": False}))["on_hold_since"] is None
    await world.until(lambda: maria.partners == ["client:anna"], 3)
    anna.speak("Eccomi")
    await world.hears(maria, "Eccomi", 2)
    sid = maria.call
    anna.hang_up()
    await world.hears(maria, "prema 5 per dire sì")
    maria.hang_up()
    await world.clock.advance(5)
    assert len((await world.get(f"/interactions?customer={world.ids['Maria']}"))["items"]) == 1
    assert (await world.call(maria, sid))["outcome"] == "agent"


async def test_a_warm_transfer_speaks_first_introduces_and_leaves(world: World) -> None:
    """Maria repeats nothing: Anna has told Bruno, both greet her, and she is his."""
    maria, anna, bruno = await talking(world)
    sid = maria.call
    (first, *_) = (await world.get(f"/calls/{sid}/colleagues"))["items"]
    assert (first["agent"], first["free"], first["free_in_seconds"]) == (world.ids["bruno"], True, 0.0)
    shown = await asked(world, maria)
    assert (shown["transfer"]["state"], shown["transfer"]["agent"]) == ("ringing", world.ids["bruno"])
    await world.hears(maria, "Anna parla con Bruno", 3)
    await world.until(lambda: bruno.state == "ringing", 3)
    bruno.answer()
    await world.hears(bruno, "Anna le chiede aiuto per Maria Rossi", 5)
    await world.until(lambda: bruno.partners == ["client:anna"], 5)
    anna.speak("Ha pagato due volte")
    await world.hears(bruno, "pagato due volte", 2)
    assert "pagato" not in maria.words
    assert (await world.call(maria))["transfer"]["state"] == "consulting"
    assert await world.state_of("bruno") == "ready talking"

    await world.post(f"/calls/{sid}/transfer/introduce", {})
    await world.until(lambda: sorted(maria.partners) == ["client:anna", "client:bruno"], 3)
    bruno.speak("Buongiorno Maria, so della fattura")
    await world.hears(maria, "so della fattura", 2)
    await world.clock.advance(10)
    shown = await world.post(f"/calls/{sid}/transfer/complete", {})
    assert (shown["agent"], shown["transfer"]["state"], shown["transfer"]["live"]) == (
        world.ids["bruno"],
        "completed",
        False,
    )
    await world.until(lambda: anna.state == "idle", 5)
    assert maria.partners == ["client:bruno"]
    assert await world.state_of("anna") == "ready wrap_up"
    await world.clock.advance(40)
    maria.hang_up()
    await world.clock.advance(5)
    assert await world.state_of("bruno") == "ready wrap_up"
    items = (await world.get(f"/interactions?customer={world.ids['Maria']}"))["items"]
    assert [(one["agent"], one["outcome"]) for one in items] == [
        (world.ids["bruno"], "solved"),
        (world.ids["anna"], "transferred"),
    ]
    assert (await world.call(maria, sid))["outcome"] == "agent"


@here
async def test_a_colleague_who_declines_leaves_the_caller_with_their_agent(world: World) -> None:
    maria, _, bruno = await talking(world)
    await asked(world, maria)
    await world.until(lambda: bruno.state == "ringing", 3)
    bruno.decline()
    await world.until(lambda: maria.partners == ["client:anna"], 5)
    shown = await world.call(maria)
    assert (shown["transfer"]["state"], shown["on_hold_since"], shown["agent"]) == ("declined", None, world.ids["anna"])
    assert await world.state_of("bruno") == "ready idle"
    answer = await world.api.post(f"/calls/{maria.call}/transfer/introduce", json={})
    assert (answer.status_code, answer.json()["reason"]) == (409, "no_transfer")


@here
async def test_with_a_skill_the_next_one_rings_and_nobody_left_is_said(world: World) -> None:
    maria, _, bruno = await talking(world)
    carla = await world.agent("Carla Blu", skills={"billing": 2})
    shown = await asked(world, maria, skill="billing")
    first, second = (bruno, carla) if shown["transfer"]["agent"] == world.ids["bruno"] else (carla, bruno)
    await world.until(lambda: first.state == "ringing", 3)
    first.decline()
    await world.until(lambda: second.state == "ringing", 5)
    assert (await world.call(maria))["transfer"]["live"]
    second.decline()
    await world.until(lambda: maria.partners == ["client:anna"], 5)
    assert (await world.call(maria))["transfer"]["state"] == "nobody"
    answer = await world.api.post(f"/calls/{maria.call}/transfer", json={"skill": "billing"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "nobody")


@here
async def test_a_caller_who_hangs_up_meanwhile_frees_both(world: World) -> None:
    maria, anna, bruno = await talking(world)
    await asked(world, maria)
    await world.until(lambda: bruno.state == "ringing", 3)
    bruno.answer()
    await world.until(lambda: bruno.partners == ["client:anna"], 8)
    sid = maria.call
    maria.hang_up()
    await world.until(lambda: anna.state == bruno.state == "idle", 5)
    await world.clock.advance(2)
    assert (await world.state_of("anna"), await world.state_of("bruno")) == ("ready wrap_up", "ready idle")
    shown = await world.call(maria, sid)
    assert (shown["state"], shown["transfer"]["state"]) == ("ended", "caller_left")


@here
async def test_an_agent_who_hangs_up_while_they_consult_leaves_the_caller_with_the_colleague(world: World) -> None:
    maria, anna, bruno = await talking(world)
    await asked(world, maria)
    await world.until(lambda: bruno.state == "ringing", 3)
    bruno.answer()
    await world.until(lambda: bruno.partners == ["client:anna"], 8)
    anna.hang_up()
    await world.until(lambda: maria.partners == ["client:bruno"], 5)
    shown = await world.call(maria)
    assert (shown["agent"], shown["transfer"]["state"]) == (world.ids["bruno"], "completed")


@here
async def test_an_agent_who_hangs_up_while_it_rings_hands_the_ring_on(world: World) -> None:
    maria, anna, bruno = await talking(world)
    await asked(world, maria)
    await world.until(lambda: bruno.state == "ringing", 3)
    anna.hang_up()
    await world.until(lambda: maria.words.count("circa 20 secondi") == 2, 8)  # who is being rung, and how long
    bruno.answer()
    await world.until(lambda: maria.partners == ["client:bruno"], 15)
    shown = await world.call(maria)
    assert (shown["state"], shown["agent"], shown["transfer"]["state"]) == ("talking", world.ids["bruno"], "handed_on")


@here
async def test_taken_back_the_colleague_is_free_and_the_caller_with_their_agent(world: World) -> None:
    maria, _, bruno = await talking(world)
    await asked(world, maria)
    await world.until(lambda: bruno.state == "ringing", 3)
    bruno.answer()
    await world.until(lambda: bruno.partners == ["client:anna"], 8)
    answer = await world.api.delete(f"/calls/{maria.call}/transfer")
    assert answer.json()["transfer"]["state"] == "returned"
    await world.until(lambda: maria.partners == ["client:anna"] and bruno.state == "idle", 5)
    assert await world.state_of("bruno") == "ready idle"


@here
async def test_a_colleague_at_a_plain_phone_hears_the_note_and_presses_a_key(world: World) -> None:
    maria, _, _ = await talking(world)
    number = "+393470000009"
    made = await world.post("/agents", {"name": "Dora Viola", "address": number, "languages": ["it-IT"]})
    world.ids["dora"] = made["id"]
    dora = world.network.plug_in(number)
    await world.presence("dora", "ready")
    await asked(world, maria, agent=made["id"], note="Vuole un rimborso")
    await world.until(lambda: dora.state == "ringing", 3)
    dora.answer()
    await world.hears(dora, "Nota: Vuole un rimborso", 8)
    await world.hears(dora, "Prema 1", 5)
    assert dora.partners == []
    dora.press("1")
    await world.until(lambda: dora.partners == ["client:anna"], 5)
    await world.post(f"/calls/{maria.call}/transfer/introduce", {})
    await world.until(lambda: len(maria.partners) == 2, 3)
    dora.hang_up()
    await world.until(lambda: maria.partners == ["client:anna"], 5)
    assert (await world.call(maria))["transfer"]["state"] == "left"
