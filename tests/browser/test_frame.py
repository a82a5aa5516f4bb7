"""The frame of every page in a real browser: what changes elsewhere arrives, the line's loss is seen and mended."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.house import LiveHouse

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/console/settings/audit", "/console/plan/history", "/console/agents"])
async def test_on_a_telephone_the_place_one_is_at_is_seen(live_house: LiveHouse, path: str) -> None:
    page = await live_house.open_as("manager", path, viewport={"width": 360, "height": 740})
    for here in await page.locator("nav [aria-current]").all():
        box = await here.bounding_box()
        assert box is not None
        assert (box["x"] >= 0, box["x"] + box["width"] <= 360) == (True, True)


async def test_a_page_hears_at_once_what_changes(live_house: LiveHouse) -> None:
    agent_id = await live_house.premises.agent()
    page = await live_house.open_as("manager", "/nowhere")
    live_house.complaints.clear()  # that there is no such page
    await expect(page.locator("#link.on")).to_be_attached()
    await page.evaluate("document.body.addEventListener('agents-changed', () => { window.heard = true })")
    await live_house.ready(agent_id)
    await page.wait_for_function("() => window.heard === true")
