"""A manager on a talk: by what each of the three hears."""

from __future__ import annotations

import pytest

from simulator.phones import Phone
from tests.story.conftest import MARIA, World

pytestmark = pytest.mark.anyio
EAR = "client:user_paola"


async def says(world: World, speaker: Phone, words: str, *, to: list[Phone], not_to: list[Phone]) -> None:
    speaker.speak(words)
    await world.clock.advance(1)
    assert [words in one.words for one in to] == [True] * len(to)
    assert [words in one.words for one in not_to] == [False] * len(not_to)


async def test_listen_whisper_join_by_what_each_hears(world: World) -> None:
    """And the customer is told who joins before they hear a third voice."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    paola = world.network.plug_in(EAR)
    await world.talk(maria, anna)
    at = f"/calls/{maria.call}/supervise"
    shown = await world.post(at, {"mode": "listen", "address": EAR, "name": "Paola, la responsabile"})
    assert [(one["mode"], one["since"]) for one in shown["supervisors"]] == [("listen", None)]
    await world.until(lambda: paola.state == "ringing", 3)
    paola.answer()
    await world.hears(paola, "Anna parla con Maria Rossi", 5)
    await world.until(lambda: len(paola.partners) == 2, 5)
    await says(world, maria, "Non funziona ancora", to=[anna, paola], not_to=[])
    await says(world, paola, "Mi sentite", to=[], not_to=[anna, maria])
    (leg,) = [leg for leg in (await world.call(maria))["legs"] if leg["role"] == "supervisor"]
    assert leg["sid"] == paola.call

    assert (await world.api.patch(at, json={"mode": "whisper"})).json()["supervisors"][0]["mode"] == "whisper"
    await world.clock.advance(1)
    await says(world, paola, "Offri un rimborso", to=[anna], not_to=[maria])

    await world.api.patch(at, json={"mode": "join"})
    await world.clock.advance(0.5)
    await says(world, paola, "Troppo presto", to=[], not_to=[maria])  # she has not been told yet
    await world.hears(maria, "Paola, la responsabile si unisce a noi", 3)
    await world.clock.advance(7)
    await says(world, paola, "Buongiorno, sono Paola", to=[anna, maria], not_to=[])

    await world.api.patch(at, json={"mode": "listen"})
    await world.clock.advance(1)
    await says(world, paola, "Di nuovo zitta", to=[], not_to=[anna, maria])
    assert (await world.api.delete(at)).json()["supervisors"] == []
    await world.until(lambda: paola.state == "idle", 3)
    assert maria.partners == ["client:anna"]
    assert (await world.api.patch(at, json={"mode": "join"})).json()["reason"] == "not_there"


@pytest.mark.parametrize("house", ["here"], indirect=True)
async def test_one_manager_takes_another_out_of_a_talk(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    paola = world.network.plug_in(EAR)
    await world.talk(maria, anna)
    at = f"/calls/{maria.call}/supervise"
    begun = await world.post(at, {"mode": "listen", "address": EAR, "name": "Paola"})
    await world.until(lambda: paola.state == "ringing", 3)
    paola.answer()
    assert (await world.api.delete(at, params={"by": "usr_nobody"})).json()["reason"] == "not_there"
    whose = begun["supervisors"][0]["by"]
    assert (await world.api.delete(at, params={"by": whose})).json()["supervisors"] == []
    await world.until(lambda: paola.state == "idle", 3)
    assert maria.partners == ["client:anna"]


@pytest.mark.parametrize("house", ["here"], indirect=True)
async def test_a_manager_at_a_plain_phone_presses_a_key_and_is_released_with_the_talk(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    paola = world.network.plug_in("+393470000010")
    await world.talk(maria, anna)
    at = f"/calls/{maria.call}/supervise"
    await world.post(at, {"mode": "join", "address": "347 000 0010"})
    await world.until(lambda: paola.state == "ringing", 3)
    paola.answer()
    await world.hears(paola, "Prema 1", 8)
    assert paola.partners == []
    paola.press("1")
    await world.until(lambda: bool(paola.partners), 5)
    await world.hears(maria, "Si unisce a noi", 5)
    await world.clock.advance(8)
    paola.speak("Sono la responsabile")
    await world.hears(maria, "Sono la responsabile", 2)
    sid = maria.call
    maria.hang_up()
    await world.until(lambda: paola.state == "idle", 5)
    await world.clock.advance(2)
    assert (await world.call(maria, sid))["supervisors"] == []


@pytest.mark.parametrize("house", ["here"], indirect=True)
async def test_what_cannot_go_on_is_ended_by_hand_with_a_reason(world: World) -> None:
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await world.talk(maria, anna)
    sid = maria.call
    answer = await world.api.post(f"/calls/{sid}/end", json={"reason": " "})
    assert (answer.status_code, answer.json()["field"]) == (422, "reason")
    shown = await world.post(f"/calls/{sid}/end", {"reason": "Nobody on the line for an hour"})
    assert (shown["state"], shown["outcome"]) == ("ended", "agent")
    await world.until(lambda: maria.state == anna.state == "idle", 5)
    assert (await world.api.post(f"/calls/{sid}/end", json={"reason": "again"})).json()["reason"] == "ended"
    assert await world.state_of("anna") == "ready wrap_up"
    released = await world.post(f"/agents/{world.ids['anna']}/release", {"reason": "stuck"})
    assert released["activity"] == "idle"
    answer = await world.api.post(f"/agents/{world.ids['anna']}/release", json={"reason": "stuck"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "idle")

    await world.talk(maria, anna)
    released = await world.post(f"/agents/{world.ids['anna']}/release", {"reason": "her line is dead"})
    assert released["activity"] == "idle"
    await world.hears(maria, "prema 1 se ha ancora bisogno", 10)
    assert anna.state == "idle"
