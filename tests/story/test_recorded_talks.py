"""A talk that is recorded, all the way to the carrier: asked for, paused for a card's number, and given up."""

from __future__ import annotations

import pytest

from tests.story.conftest import LINE, MARIA, World
from tests.story.test_promises import promised

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("house", ["here"], indirect=True)
async def test_a_talk_is_recorded_with_consent_paused_and_given_up(world: World) -> None:
    await world.plan(recording="ask")
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, "registrare la chiamata", 20)
    await world.clock.advance(2)  # they must have heard a second of it
    maria.press("5")
    await world.hears(maria, "Grazie, registriamo", 5)
    anna.answer()
    await world.until(lambda: bool(maria.partners))
    await world.clock.advance(5)
    (recording,) = world.network.recordings.all.values()
    shown = await world.call(maria)
    assert (shown["recordings"], shown["recording"], shown["consent"]) == ([recording.sid], "recording", True)

    at = f"/calls/{maria.call}/recording"
    await world.post(at, {"state": "paused"})
    await world.until(lambda: recording.status == "paused", 3)
    await world.post(at, {"state": "recording"})
    await world.until(lambda: recording.status == "in-progress", 3)
    await world.post(at, {"state": "stopped", "refused": True})  # they would rather not, after all
    await world.until(lambda: not world.network.recordings.all, 5)
    assert maria.partners  # the talk goes on

    sid = maria.call
    maria.hang_up()
    await world.clock.advance(5)
    shown = await world.call(maria, sid)
    assert (shown["outcome"], shown["recordings"], shown["consent"]) == ("agent", [], False)


@pytest.mark.parametrize("house", ["here"], indirect=True)
async def test_where_all_is_recorded_they_hear_so_first_and_may_refuse(world: World) -> None:
    """Also where we are the ones who ring; and whoever says no once is asked no more."""
    await world.plan(recording="always")
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await promised(world, 300)
    await world.until(lambda: anna.state == "ringing", 400)
    anna.answer()
    await world.until(lambda: maria.state == "ringing", 60)
    maria.answer()
    await world.hears(maria, "Prema 1")
    maria.press("1")
    await world.hears(maria, "viene registrata", 5)
    assert not maria.partners
    await world.until(lambda: bool(maria.partners), 10)
    await world.clock.advance(5)
    assert len(world.network.recordings.all) == 1
    maria.hang_up()
    await world.clock.advance(5)
    await world.presence("anna", "ready")

    said = maria.words.count("viene registrata")
    await maria.dial(LINE)
    await world.until(lambda: anna.state == "ringing")
    await world.until(lambda: maria.words.count("viene registrata") > said)
    await world.clock.advance(2)  # they must have heard a second of it
    maria.press("6")
    await world.hears(maria, "non registriamo", 10)
    anna.answer()
    await world.until(lambda: bool(maria.partners))
    await world.clock.advance(5)
    assert len(world.network.recordings.all) == 1
