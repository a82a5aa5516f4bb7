"""The frame of every page in a real browser: what changes elsewhere arrives, the line's loss is seen and mended."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.house import LiveHouse

pytestmark = pytest.mark.anyio


async def test_a_page_hears_at_once_what_changes(live_house: LiveHouse) -> None:
    agent_id = await live_house.premises.agent()
    page = await live_house.open_as("manager", "/nowhere")
    live_house.complaints.clear()  # that there is no such page
    await expect(page.locator("#link.on")).to_be_attached()
    await page.evaluate("document.body.addEventListener('agents-changed', () => { window.heard = true })")
    await live_house.ready(agent_id)
    await page.wait_for_function("() => window.heard === true")
