"""What the plan's `service` promises to callers is spoken, kept to and measured."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from simulator.phones import Phone
from tests.story.conftest import LINE, MARIA, PAOLO, SOMEBODY, World
from tests.story.test_busy import anna_is_talking

pytestmark = pytest.mark.anyio
FIGURE = re.compile(r"tra circa (\d+) (secondi|minut)")


async def seconds_to_the_choice(world: World, caller: Phone, *, says: str | None = None, after: float = 0) -> float:
    """From the first ring to the first word of the keys, and the caller hangs up again."""
    began_at = world.clock.now()
    await caller.dial(LINE)
    if says:
        await world.clock.advance(after)
        caller.speak(says)
    keys: list[datetime] = []

    def named() -> bool:
        keys[:] = [one.at for one in caller.heard if one.at >= began_at and "prema 2" in one.text.lower()]
        return bool(keys)

    await world.until(named)
    await world.clock.advance(9)
    caller.hang_up()
    await world.clock.advance(2)
    return (keys[0] - began_at).total_seconds()


@pytest.mark.parametrize("promised", [8, 20])
async def test_the_ways_out_are_named_in_time_also_while_a_phone_rings(world: World, promised: int) -> None:
    """Anna does not hear her phone; whoever waits for her knows in time what else there is, and so does the report."""
    await world.plan(service={"choice_after_seconds": promised}, ring_seconds=60, misses_until_away=10)
    await world.agent("Anna Bianchi")
    maria, paolo = await world.customer("Maria", MARIA), await world.customer("Paolo", PAOLO)
    stranger = world.network.plug_in(SOMEBODY)
    waits = [
        await seconds_to_the_choice(world, maria),
        await seconds_to_the_choice(world, stranger),
        await seconds_to_the_choice(world, paolo, says="la lampada lampeggia", after=promised - 4),
    ]
    assert max(waits) <= promised
    assert min(waits) >= 3  # a greeting, and no menu
    assert "Buongiorno, Maria" in maria.words
    assert "mi dica con parole sue" in maria.words
    choice = (await world.get("/reports/floor"))["total"]["choice_in_time"]
    assert (choice["seconds"], choice["count"], choice["of"]) == (promised, 3, 3)


async def test_the_ways_out_are_named_in_time_when_everybody_is_talking(world: World) -> None:
    """Before the estimate even, if there is so little time."""
    await world.plan(service={"choice_after_seconds": 8})
    anna, maria = await world.agent("Anna Bianchi"), await world.customer("Maria", MARIA)
    paolo = await world.customer("Paolo", PAOLO)
    await world.has_talked("Maria", "anna", times=4)
    await world.talk(paolo, anna)
    stranger = world.network.plug_in(SOMEBODY)
    for caller in (maria, stranger):
        began_at = world.clock.now()
        await caller.dial(LINE)
        await world.clock.advance(30)
        caller.hang_up()
        await world.clock.advance(1)
        named_at = min(one.at for one in caller.heard if "prema 2" in one.text.lower())
        assert (named_at - began_at).total_seconds() <= 8
        assert FIGURE.search(caller.words)


def told_seconds(caller: Phone) -> int:
    told = FIGURE.search(caller.words)
    assert told is not None, caller.words
    return int(told[1]) * (60 if told[2] == "minut" else 1)


async def test_what_a_caller_is_told_is_held_against_how_long_it_took(world: World) -> None:
    """One waits and is answered in time, one leaves a long message instead, one gives up when the time is over."""
    await world.plan(talk_seconds=30, wrap_up_seconds=5)
    anna = await world.agent("Anna Bianchi")
    paolo, maria = await world.customer("Paolo", PAOLO), await world.customer("Maria", MARIA)
    await world.talk(paolo, anna)
    stranger = world.network.plug_in(SOMEBODY)
    await stranger.dial(LINE)
    rang_at = world.clock.now()
    await world.hears(stranger, "prema 2")
    told = told_seconds(stranger)
    await maria.dial(LINE)
    await world.hears(maria, "prema 3")
    assert told_seconds(maria) < 170
    maria.press("3")
    await world.until(lambda: any(frame["type"] == "recording" for frame in maria.events))
    maria.record(175)
    paolo.hang_up()
    await world.until(lambda: anna.state == "ringing", 60)
    anna.answer()
    await world.until(lambda: bool(stranger.partners))
    waited = (world.clock.now() - rang_at).total_seconds()
    found = (await world.get("/reports/floor"))["total"]["told"]
    assert (found["told"], found["count"], found["of"]) == (2, 1, 1)
    assert found["mean_overstated_seconds"] == pytest.approx(told - waited, abs=3)

    await paolo.dial(LINE)
    await world.hears(paolo, "prema 2")
    await world.clock.advance(told_seconds(paolo) + 1)
    paolo.hang_up()
    await world.until(lambda: maria.state == "idle", 180)
    await world.clock.advance(1)
    found = (await world.get("/reports/floor"))["total"]["told"]
    assert (found["told"], found["count"], found["of"]) == (3, 1, 2)


async def test_who_may_have_somebody_at_once_is_told_a_wait_only_when_they_choose_it(world: World) -> None:
    """Anna is talking and Luca is free: the figure is one of two things to choose from, until key 4."""
    _, maria = await anna_is_talking(world)
    await world.agent("Luca Verdi")
    await maria.dial(LINE)
    await world.hears(maria, "Prema 4")
    assert FIGURE.search(maria.words)
    assert (await world.get("/reports/floor"))["total"]["told"]["told"] == 0
    maria.press("4")
    await world.hears(maria, "aspettiamo Anna")
    assert (await world.get("/reports/floor"))["total"]["told"]["told"] == 1
    maria.hang_up()
    await world.clock.advance(1)


async def test_how_late_a_call_back_may_become_is_said_written_and_measured(world: World) -> None:
    """Ten minutes, says the plan: so do the telephone and the text, and the report says that it was kept."""
    await world.plan(service={"callback_window_seconds": 600})
    anna, maria = await world.agent("Anna Bianchi"), await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, "prema 2 per una richiamata")
    maria.press("2")
    await world.hears(maria, "prema 5")
    maria.speak("tra quattro minuti")
    await world.until(lambda: maria.state == "idle" and bool(maria.texts))
    promised = r"oggi alle \d\d:\d\d, al massimo 10 minuti dopo\."
    assert re.search(f"la richiamiamo {promised}", maria.words)
    assert re.search(f"la chiamiamo {promised}", maria.texts[0].body)
    await world.until(lambda: anna.state == "ringing", 600)
    anna.answer()
    await world.until(lambda: maria.state == "ringing", 60)
    maria.answer()
    await world.hears(maria, "Prema 1")
    maria.press("1")
    await world.until(lambda: maria.partners == ["client:anna"])
    maria.hang_up()
    await world.clock.advance(3)
    punctuality = (await world.get("/reports/promises"))["total"]["punctuality"]
    assert (punctuality["count"], punctuality["of"]) == (1, 1)
