"""Somebody rings at seven in the evening; the house opens at nine."""

from __future__ import annotations

from datetime import datetime

import pytest

from store.clock import VirtualClock
from tests.story.conftest import LINE, MARIA, ROME, World

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 3, 3, 19, 0, tzinfo=ROME))


async def test_a_closed_house_says_when_it_opens_and_takes_a_promise(world: World) -> None:
    """Tuesday, seven in the evening: nobody rings; the hours are said; a call back is for tomorrow morning."""
    anna = await world.agent("Anna Bianchi")
    maria = await world.customer("Maria", MARIA)
    await maria.dial(LINE)
    await world.hears(maria, "Buonasera, Maria")
    await world.hears(maria, "Adesso siamo chiusi. Riapriamo domani alle 09:00")
    await world.hears(maria, "Prema 2 per una richiamata domani alle 09:00")
    maria.press("2")
    await world.hears(maria, "domani alle 09:00")
    maria.press("5")
    await world.hears(maria, "D'accordo, Maria")
    assert anna.state == "idle"
    (promise,) = (await world.get("/callbacks"))["items"]
    assert promise["due_at"].startswith("2026-03-04T08:00")
