"""The agent has hung up and the caller is still there: the next time, and whether there was something else."""

from __future__ import annotations

import pytest

from simulator.phones import Phone
from tests.story.conftest import LINE, MARIA, SOMEBODY, World

pytestmark = pytest.mark.anyio


async def talked_with_anna(world: World, caller: Phone) -> Phone:
    """The caller talked with Anna, who has just hung up."""
    anna = await world.agent("Anna Bianchi")
    await world.talk(caller, anna)
    await world.clock.advance(30)
    anna.hang_up()
    return anna


async def test_a_key_makes_this_agent_their_person(world: World) -> None:
    """Never a void: a word of thanks at once, and whether it is solved; with key 4 it is Anna from now on, and she is
    not offered again."""
    maria = await world.customer("Maria", MARIA)
    anna = await talked_with_anna(world, maria)
    await world.hears(maria, "Grazie", 3)
    await world.hears(maria, "prema 5 per dire sì")
    maria.press("5")
    await world.hears(maria, "Prema 4 per parlare sempre con Anna")
    maria.press("4")
    await world.hears(maria, "da ora in poi le passo Anna")
    await world.until(lambda: maria.state == "idle")
    assert (await world.get(f"/customers/{world.ids['Maria']}"))["preferred_agent"] == world.ids["anna"]
    await world.presence("anna", "ready")
    await world.talk(maria, anna)
    anna.hang_up()
    await world.until(lambda: maria.state == "idle")
    assert maria.words.count("per parlare sempre con Anna") == 1


async def test_who_presses_nothing_is_let_go_kindly(world: World) -> None:
    maria = await world.customer("Maria", MARIA)
    await talked_with_anna(world, maria)
    sid = maria.call
    await world.hears(maria, "prema 1 se ha ancora bisogno")
    await world.until(lambda: maria.state == "idle", 20)
    call = await world.call(maria, sid)
    assert (call["state"], call["outcome"]) == ("ended", "agent")
    assert (await world.get(f"/customers/{world.ids['Maria']}"))["preferred_agent"] is None


async def test_who_was_not_finished_has_somebody_again_by_one_key(world: World) -> None:
    """Anna's line broke: one key, and Luca rings; both conversations are remembered, the call counts once."""
    maria = await world.customer("Maria", MARIA)
    await talked_with_anna(world, maria)
    sid = maria.call
    await world.presence("anna", "away")
    luca = await world.agent("Luca Verdi")
    await world.hears(maria, "prema 1")
    maria.press("1")
    await world.until(lambda: luca.state == "ringing", 4)
    luca.answer()
    await world.until(lambda: maria.partners == ["client:luca"])
    await world.clock.advance(20)
    maria.hang_up()
    await world.clock.advance(5)
    call = await world.call(maria, sid)
    assert (call["state"], call["outcome"], call["agent"]) == ("ended", "agent", world.ids["luca"])
    talks = (await world.get(f"/interactions?customer={world.ids['Maria']}"))["items"]
    assert {talk["agent"] for talk in talks} == {world.ids["anna"], world.ids["luca"]}


async def test_hanging_up_while_waiting_once_more_is_no_lost_call(world: World) -> None:
    maria = await world.customer("Maria", MARIA)
    await talked_with_anna(world, maria)
    sid = maria.call
    await world.hears(maria, "prema 1")
    maria.press("1")
    await world.hears(maria, "Anna sarà disponibile tra circa")
    maria.hang_up()
    await world.clock.advance(5)
    assert (await world.call(maria, sid))["outcome"] == "agent"


async def test_a_withheld_number_can_have_no_person_of_its_own(world: World) -> None:
    hidden = world.network.plug_in(SOMEBODY)
    anna = await world.agent("Anna Bianchi")
    await hidden.dial(LINE, withhold="anonymous")
    await world.until(lambda: anna.state == "ringing")
    anna.answer()
    await world.until(lambda: bool(hidden.partners))
    anna.hang_up()
    await world.hears(hidden, "Prema 1 se ha ancora bisogno", 5)
    assert "prema 4" not in hidden.words.lower()
