"""Somebody rings, and is put through to somebody who knows them."""

from __future__ import annotations

import pytest

from tests.story.conftest import LINE, MARIA, World

pytestmark = pytest.mark.anyio


async def test_maria_is_greeted_by_name_and_talks_with_the_agent_who_knows_her(world: World) -> None:
    """No menu, no music: her name in the first words, and Anna, who has helped her before."""
    anna, luca = await world.agent("Anna Bianchi"), await world.agent("Luca Verdi")
    maria = await world.customer("Maria", MARIA)
    await world.has_talked("Maria", "anna", times=4)
    await maria.dial(LINE)
    await world.until(lambda: anna.state == "ringing", 4)
    await world.hears(maria, "Buongiorno, Maria", 4)
    assert luca.state == "idle"
    anna.answer()
    await world.until(lambda: bool(maria.partners), 15)
    assert maria.partners == ["client:anna"]
    call = await world.call(maria)
    assert (call["state"], call["outcome"], call["agent"], call["familiar"]) == (
        "talking",
        "agent",
        world.ids["anna"],
        True,
    )
    assert call["decisions"][0]["action"] == "ring"
    assert "Anna" in call["decisions"][0]["sentence"]
    assert await world.state_of("anna") == "ready talking"
