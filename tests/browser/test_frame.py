"""The frame of every page in a real browser: what changes elsewhere arrives, the line's loss is seen and mended."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.house import LiveHouse

pytestmark = pytest.mark.anyio
LISTENS = """
window.heard = [];
for (const topic of ["calls", "agents", "promises", "decisions", "limits", "mine"])
  addEventListener(`${topic}-changed`, () => window.heard.push(topic), true);
"""


async def test_a_page_hears_at_once_what_changes(live_house: LiveHouse) -> None:
    agent_id = await live_house.premises.agent()
    page = await live_house.open_as("manager", "/nowhere")
    live_house.complaints.clear()  # that there is no such page
    await expect(page.locator("#link.on")).to_be_attached()
    await page.evaluate("document.body.addEventListener('agents-changed', () => { window.heard = true })")
    await live_house.ready(agent_id)
    await page.wait_for_function("() => window.heard === true")


async def test_a_page_looks_again_only_at_what_has_changed_since_it_was_made(live_house: LiveHouse) -> None:
    """Its line begins late here; somebody else has been listening, so that the page knows what news it holds."""
    agent_id = await live_house.premises.agent()
    other = await live_house.open_as("manager", "/account")
    await expect(other.locator("#link.on")).to_be_attached()
    page, begins = await (await live_house.context("manager")).new_page(), asyncio.Event()

    async def late(route: Route) -> None:
        await begins.wait()
        await route.continue_()

    await page.route("**/live?*", late)
    await page.add_init_script(LISTENS)
    await page.goto(f"{live_house.url}/account")
    await live_house.ready(agent_id)
    begins.set()
    await page.wait_for_function("() => window.heard.length > 0")
    await expect(page.locator("#link.on")).to_be_attached()
    assert await page.evaluate("window.heard") == ["agents"]
