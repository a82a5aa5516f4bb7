"""A promise that will not be kept as it was made: the customer is asked, or told another time, while there is time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.phones import Phone
from tests.story.conftest import LINE, MARIA, PAOLO, ROME, World
from tests.story.test_promises import connected, promise_of, promised

pytestmark = pytest.mark.anyio
TEN_PAST = datetime(2026, 3, 3, 10, 10, tzinfo=ROME)


async def anna_talks_on(world: World) -> tuple[Phone, Phone, dict[str, Any]]:
    """At ten Anna promises Maria a call for ten past; then Paolo rings, and she talks with him for long."""
    anna, maria = await world.agent("Anna Bianchi"), await world.customer("Maria", MARIA)
    made = await promised(world, 600, agent=world.ids["anna"])
    assert datetime.fromisoformat(made["due_at"]) == TEN_PAST
    await world.clock.advance(150)
    await world.talk(await world.customer("Paolo", PAOLO), anna)
    return anna, maria, made


async def is_told(world: World, maria: Phone, words: str, limit: float = 900) -> str:
    """The text with these words."""
    await world.until(lambda: any(words in text.body for text in maria.texts), limit)
    return next(text.body for text in maria.texts if words in text.body)


@pytest.mark.parametrize("house", ["here"], indirect=True)  # minutes long, and nothing of it is new beside
async def test_who_is_asked_in_time_may_wait_for_their_own_agent(world: World) -> None:
    """Anna will not be free at ten past: Maria may have Luca then, or Anna later, and writes 6."""
    anna, maria, made = await anna_talks_on(world)
    luca = await world.agent("Luca Verdi")
    asked = await is_told(world, maria, "6 per")
    assert world.clock.now() < TEN_PAST
    assert "Anna forse non riesce a chiamarla oggi alle 10:10" in asked
    assert "5 per oggi alle 10:10" in asked
    maria.send_text(LINE, "6")
    await world.clock.advance(5)
    moved = await promise_of(world, made)
    assert moved["agent"] == world.ids["anna"]
    later = datetime.fromisoformat(moved["due_at"])
    assert later >= TEN_PAST + timedelta(minutes=10)
    assert f"Anna la chiama oggi alle {later.astimezone(ROME):%H:%M}" in maria.texts[-1].body
    await world.clock.advance((later - world.clock.now()).total_seconds() - 60)
    assert (luca.state, maria.state) == ("idle", "idle")
    anna.hang_up()
    await connected(world, anna, maria)


async def test_who_does_not_answer_is_called_at_the_time_by_a_colleague(world: World) -> None:
    """The text says that 5 holds without an answer: Luca calls, within the minute."""
    anna, maria, made = await anna_talks_on(world)
    luca = await world.agent("Luca Verdi")
    assert "Senza risposta vale 5" in await is_told(world, maria, "6 per")
    await world.until(lambda: luca.state == "ringing", 600)
    await connected(world, luca, maria)
    assert TEN_PAST <= world.clock.now() < TEN_PAST + timedelta(seconds=90)
    assert anna.partners == [PAOLO]
    luca.hang_up()
    await world.until(lambda: maria.state == "idle", 30)
    await world.clock.advance(1)
    kept = await promise_of(world, made)
    assert (kept["state"], kept["moves"]) == ("kept", 0)
    assert kept["late_seconds"] <= 60


@pytest.mark.parametrize("house", ["here"], indirect=True)  # minutes long, and nothing of it is new beside
async def test_where_nobody_is_free_another_time_is_told_before_the_window_ends_and_kept(world: World) -> None:
    """Anna is alone and talks on: at a quarter past Maria has long been told when she will be called instead."""
    anna, maria, made = await anna_talks_on(world)
    told = await is_told(world, maria, "Senza risposta vale 5")
    assert world.clock.now() < TEN_PAST + timedelta(seconds=made["window_seconds"])
    assert "non riusciamo a chiamarla all'ora promessa" in told
    moved = await promise_of(world, made)
    again = datetime.fromisoformat(moved["due_at"])
    assert (moved["moves"], moved["missed_at"], moved["attempts"]) == (1, None, [])
    assert f"5 per oggi alle {again.astimezone(ROME):%H:%M} con Anna" in told
    anna.hang_up()
    await world.until(lambda: anna.state == "ringing", (again - world.clock.now()).total_seconds())
    await connected(world, anna, maria)
    assert again <= world.clock.now() < again + timedelta(seconds=60)
