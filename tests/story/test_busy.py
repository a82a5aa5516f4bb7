"""The one they know is busy, or everybody is: an honest figure, a choice, and never music."""

from __future__ import annotations

import re

import pytest

from simulator.phones import Phone
from tests.story.conftest import LINE, MARIA, PAOLO, SOMEBODY, World

pytestmark = pytest.mark.anyio
FIGURE = re.compile(r"\d+ (secondi|minut)")


async def anna_is_talking(world: World) -> tuple[Phone, Phone]:
    """Anna talks with Paolo; Maria, who knows her, is about to ring."""
    anna = await world.agent("Anna Bianchi")
    paolo, maria = await world.customer("Paolo", PAOLO), await world.customer("Maria", MARIA)
    await world.has_talked("Maria", "anna", times=4)
    await world.talk(paolo, anna)
    return anna, maria


async def test_who_knows_a_busy_agent_hears_how_long_and_what_can_be_done(world: World) -> None:
    """Name, estimate, and a key each: wait for Anna, a teammate now, a call back at a time, a message."""
    _, maria = await anna_is_talking(world)
    await world.agent("Luca Verdi")
    await maria.dial(LINE)
    await world.hears(maria, "Buongiorno, Maria")
    await world.clock.advance(20)
    heard = maria.words
    assert "Anna" in heard
    assert FIGURE.search(heard)
    for words in ("prema 1 per parlare con Luca", "prema 2 per una richiamata oggi alle", "prema 4 per aspettare Anna"):
        assert words.lower() in heard.lower()
    assert "prema 3 per lasciare un messaggio" in heard


async def test_without_a_key_the_best_goes_on_by_itself(world: World) -> None:
    """Maria says nothing: Luca, who is free, rings for her."""
    _, maria = await anna_is_talking(world)
    luca = await world.agent("Luca Verdi")
    await maria.dial(LINE)
    await world.hears(maria, "Se non preme nulla le passo Luca")
    await world.until(lambda: luca.state == "ringing", 40)
    luca.answer()
    await world.until(lambda: bool(maria.partners))
    assert maria.partners == ["client:luca"]


async def test_a_teammate_by_one_key(world: World) -> None:
    _, maria = await anna_is_talking(world)
    luca = await world.agent("Luca Verdi")
    await maria.dial(LINE)
    await world.hears(maria, "Prema 4")
    maria.press("1")
    await world.until(lambda: luca.state == "ringing", 2)


async def test_who_waits_for_anna_gets_anna(world: World) -> None:
    """Key 4: Luca stays free, Maria waits in quiet with a refreshed figure, and Anna rings for her afterwards."""
    anna, maria = await anna_is_talking(world)
    luca = await world.agent("Luca Verdi")
    await maria.dial(LINE)
    await world.hears(maria, "Prema 4")
    maria.press("4")
    await world.clock.advance(70)
    assert luca.state == "idle"
    assert len(FIGURE.findall(maria.words)) >= 3
    anna.hang_up()
    await world.until(lambda: anna.state == "ringing", 40)  # her wrap-up is hers first
    anna.answer()
    await world.until(lambda: bool(maria.partners))


async def test_everybody_is_talking_and_any_key_is_a_way_out(world: World) -> None:
    """A stranger waits in quiet: no music, an estimate every half minute, and the first free agent rings for them."""
    anna, _ = await anna_is_talking(world)
    stranger = world.network.plug_in(SOMEBODY)
    await stranger.dial(LINE)
    await world.hears(stranger, "prema 2 per una richiamata")
    await world.clock.advance(62)
    assert len(FIGURE.findall(stranger.words)) >= 3
    assert not [h for h in stranger.heard if h.kind == "played" and "ring" not in h.url]
    await world.presence("anna", "ready")
    anna.hang_up()
    await world.until(lambda: anna.state == "ringing", 40)
    await world.hears(stranger, "passo Anna", 5)


async def test_a_message_by_one_key_becomes_a_promise(world: World) -> None:
    _, maria = await anna_is_talking(world)
    await maria.dial(LINE)
    await world.hears(maria, "prema 3")
    sid = maria.call
    maria.press("3")
    await world.hears(maria, "dopo il segnale")
    await world.until(lambda: any(f["type"] == "recording" for f in maria.events))
    maria.record(8)
    await world.hears(maria, "il messaggio è arrivato")
    await world.until(lambda: maria.state == "idle")
    assert (await world.call(maria, sid))["outcome"] == "voicemail"
    (promise,) = (await world.get("/callbacks"))["items"]
    assert (promise["kind"], promise["customer"], promise["origin_call"]) == ("voicemail", world.ids["Maria"], sid)
    assert promise["recording_url"]


async def test_who_hangs_up_at_the_end_of_their_message_has_left_a_message(world: World) -> None:
    """And did not give up: whatever comes first, the end of the call or the message."""
    _, maria = await anna_is_talking(world)
    await maria.dial(LINE)
    await world.hears(maria, "prema 3")
    sid = maria.call
    maria.press("3")
    await world.until(lambda: any(f["type"] == "recording" for f in maria.events))
    maria.speak("la lampada lampeggia")
    await world.clock.advance(4)
    maria.hang_up()
    await world.clock.advance(30)
    call = await world.call(maria, sid)
    assert (call["state"], call["outcome"]) == ("ended", "voicemail")
    assert len((await world.get("/callbacks"))["items"]) == 1
    talks = (await world.get(f"/interactions?customer={world.ids['Maria']}"))["items"]
    assert "abandoned" not in {talk["outcome"] for talk in talks}
