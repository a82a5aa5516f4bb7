"""Being called back when it suits: by whom, on another day, at another number."""

from __future__ import annotations

import pytest

from tests.story.conftest import LINE, MARIA, PAOLO, ROME, World, datetime

pytestmark = pytest.mark.anyio


async def test_your_agent_in_the_afternoon_or_a_teammate_sooner(world: World) -> None:
    """Both are named with their time; what is chosen is confirmed by text."""
    anna, luca = "Mo-Fr 14:00-18:00", "Mo-Fr 10:30-18:00"
    await world.agent("Anna Bianchi", hours=anna, ready=False)
    await world.agent("Luca Verdi", hours=luca, ready=False)
    maria = await world.customer("Maria", MARIA, preferred_agent=world.ids["anna"])
    await maria.dial(LINE)
    await world.hears(maria, "prema 2 per una richiamata")
    maria.press("2")
    await world.hears(maria, "Luca può richiamarla: prema 5 per oggi alle 10:30. Oppure Anna: prema 6 per oggi alle 14")
    maria.press("6")
    await world.until(lambda: maria.state == "idle" and bool(maria.texts))
    assert "D'accordo, Maria: Anna la richiama oggi alle 14:00, al massimo 5 minuti dopo." in maria.words
    assert "Anna la chiama oggi alle 14:00" in maria.texts[0].body
    (promise,) = (await world.get("/callbacks"))["items"]
    assert promise["agent"] == world.ids["anna"]
    assert datetime.fromisoformat(promise["due_at"]) == datetime(2026, 3, 3, 14, 0, tzinfo=ROME)


async def test_on_thursday_at_ten_at_another_number(world: World) -> None:
    """The number is typed, wrong at first, and read back; the day and the time are said in their own words."""
    await world.agent("Anna Bianchi", ready=False)
    maria = await world.customer("Maria", MARIA)
    paolo = world.network.plug_in(PAOLO)
    await maria.dial(LINE)
    await world.hears(maria, "prema 2 per una richiamata")
    maria.press("2")
    await world.hears(maria, "Prema 7 per un altro giorno, un'altra ora o un altro numero.")
    maria.press("7")
    await world.hears(maria, "Prema 7 per un altro numero.")
    maria.press("7")
    await world.hears(maria, "A quale numero la richiamiamo?")
    maria.press("899123456#")
    await world.hears(maria, "numero a pagamento: lì non possiamo chiamare. A quale numero la richiamiamo?")
    maria.press(f"{PAOLO.removeprefix('+39')}#")
    await world.hears(maria, "Ho capito: 3 3 3, 7 6 5, 4 3 2 1. Prema 5 se è giusto")
    heard = len(maria.words)
    maria.press("5")
    await world.until(lambda: "prema 5 per" in maria.words[heard:])
    maria.speak("giovedì alle dieci")
    await world.until(lambda: maria.state == "idle" and bool(paolo.texts))
    assert "la richiamiamo giovedì 5 marzo alle 10:00, al massimo 5 minuti dopo." in maria.words
    assert "giovedì 5 marzo alle 10:00" in paolo.texts[0].body
    (promise,) = (await world.get("/callbacks"))["items"]
    assert (promise["number"], promise["kind"]) == (PAOLO, "scheduled")
    assert datetime.fromisoformat(promise["due_at"]) == datetime(2026, 3, 5, 10, 0, tzinfo=ROME)
