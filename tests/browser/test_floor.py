"""The floor in a real browser: a call as it rings, talks and is held; who listens in is heard by whom it should be."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from simulator.phones import Phone
from tests.browser.house import LINE, LiveHouse, accessible, looks_right, until

pytestmark = pytest.mark.anyio
MARIA = "+393331234567"
# Without motion: a colour on its way from one theme to the other is no finding.
WINDOW: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
EAR = "fetch('/desk/token?ear=1').then(answer => answer.json()).then(told => told.identity)"


async def shows(place: Locator, text: str) -> None:
    await expect(place).to_contain_text(text)


async def says(speaker: Phone, words: str, *, to: list[Phone], not_to: list[Phone]) -> None:
    speaker.speak(words)
    await until(lambda: all(words in one.words for one in to), 3)
    await asyncio.sleep(0.1)
    assert [words in one.words for one in not_to] == [False] * len(not_to)


async def talking(house: LiveHouse, page: Page) -> tuple[Phone, Phone]:
    """Maria and Anna, and on the way there what the floor shows of them."""
    await house.premises.customer()
    anna, maria = house.network.plug_in("client:anna"), house.telephone(MARIA)
    await house.ready(await house.premises.agent())
    await shows(page.locator("#teams"), "1 is ready")
    await maria.dial(LINE)
    await shows(page.locator("#waits"), "Maria Rossi")
    await until(lambda: anna.state == "ringing")
    await shows(page.locator("#waits"), "Anna Bianchi's phone rings")
    await shows(page.locator("#decisions"), "Maria Rossi → Anna Bianchi")
    anna.answer()
    await shows(page.locator("#talks"), "Maria Rossi with Anna Bianchi")
    await shows(page.locator("#teams"), "1 is with a caller")
    await until(lambda: bool(maria.partners))
    return anna, maria


async def test_a_call_is_seen_and_listened_to(live_house: LiveHouse) -> None:
    house = live_house
    context = await house.context(permissions=["microphone"], **WINDOW)
    page = await context.new_page()
    await page.goto(f"{house.url}/console/floor")
    await expect(page.locator("#link.on")).to_be_attached()
    anna, maria = await talking(house, page)
    call = f"/calls/{maria.call}"
    await house.premises.api.post(f"{call}/hold", json={"on": True})
    await shows(page.locator("#talks"), "On hold")
    await house.premises.api.post(f"{call}/hold", json={"on": False})
    await expect(page.locator("#talks")).not_to_contain_text("On hold")
    # What the customer is told stands there before anything is pressed.
    sheet = page.locator("#sheet")
    await page.get_by_role("button", name="Listen in: Maria Rossi with Anna Bianchi").click()
    await shows(sheet, "Paola Neri")
    assert await accessible(page) == []
    await sheet.get_by_role("button", name="Listen", exact=True).click()
    await shows(page.locator("#ear"), "You hear Maria Rossi and Anna Bianchi. Nobody hears you.")
    await expect(sheet).not_to_be_visible()
    (paola,) = house.network.directory.at(f"client:{await page.evaluate(EAR)}")
    await until(lambda: len(paola.partners) == 2)
    await says(maria, "It is still dark", to=[anna, paola], not_to=[])
    await says(paola, "Can you hear me", to=[], not_to=[anna, maria])
    await page.get_by_role("button", name="Change").click()
    await sheet.get_by_role("button", name="Whisper").click()
    await shows(page.locator("#ear"), "Only Anna Bianchi hears you.")
    await asyncio.sleep(0.5)  # until the carrier has done it
    await says(paola, "Offer a refund", to=[anna], not_to=[maria])
    await page.get_by_role("button", name="Change").click()
    await sheet.get_by_role("button", name="Join").click()
    await until(lambda: "Paola Neri" in maria.words)
    await asyncio.sleep(0.1)
    await shows(page.locator("#talks"), "Paola Neri has joined")
    await looks_right(page)
    await page.get_by_role("button", name="Leave").click()
    await until(lambda: maria.partners == ["client:anna"])
    await expect(page.locator("#ear .ear")).to_have_count(0)
    # The call's own page tells it all.
    await page.get_by_role("link", name="Maria Rossi with Anna Bianchi").click()
    await shows(page.locator(".story"), "Paola Neri comes in to listen or speak")
    await page.locator("summary").first.click()
    await looks_right(page)
    maria.hang_up()
    await shows(page.locator("#call"), "The call ended")


async def test_what_is_promised_is_given_to_somebody_who_is_there(live_house: LiveHouse) -> None:
    house = live_house
    anna, bruno = await house.premises.agent(), await house.premises.agent("Bruno Neri")
    for agent in (anna, bruno):
        await house.ready(agent)
    due_at = (house.premises.clock.now() + timedelta(minutes=45)).replace(second=0, microsecond=0).isoformat()
    customer = await house.premises.customer()
    body = {"customer": customer, "due_at": due_at, "agent": anna, "reason": "The lamp in the cellar"}
    assert (await house.premises.api.post("/callbacks", json=body)).status_code == 201
    page = await house.open_as("manager", "/console/promises", **WINDOW)
    await looks_right(page)
    row = page.locator("#ledger li")
    await shows(row, "Anna Bianchi")
    await row.get_by_role("button", name="Give").click()
    sheet = page.locator("#sheet")
    await expect(sheet.get_by_role("radio", name="Bruno Neri")).to_be_checked()
    assert await accessible(page) == []
    await sheet.get_by_role("button", name="Give").click()
    await shows(page.locator("#toasts"), "Bruno Neri will call.")
    await shows(row, "Bruno Neri")
    await row.get_by_role("link", name="Maria Rossi").click()
    await shows(page.locator(".history"), "Taken on")
    await looks_right(page)
    await page.get_by_role("button", name="Move").click()
    await expect(sheet.get_by_role("heading", name="When shall we call Maria Rossi?")).to_be_visible()
    assert await accessible(page) == []
    await sheet.locator(".slots button").first.click()
    await shows(page.locator(".history"), "Moved")
    await page.get_by_role("button", name="Cancel it").click()
    await sheet.get_by_label("Why").fill("She rang us first")
    await sheet.get_by_role("button", name="Cancel the promise").click()
    await shows(page.locator("#one"), "She rang us first")
