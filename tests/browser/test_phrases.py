"""A manager words a greeting: told what is hollow or wrong as they type, heard, published, said to a caller."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.house import LINE, LiveHouse, accessible

pytestmark = pytest.mark.anyio
MARIA = "+393331234567"
# A browser with a voice that keeps what it is given to say.
VOICE = """
  window.spoken = [];
  const voice = {lang: "it-IT", default: true, name: "Voice"};
  const synthesis = Object.assign(new EventTarget(), {
    getVoices: () => [voice], cancel() {}, speak(said) { window.spoken.push([said.lang, said.text]); },
  });
  Object.defineProperty(window, "speechSynthesis", {value: synthesis});
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


async def _opened(house: LiveHouse, path: str, **window: Any) -> Page:
    context = await house.context("manager", **window)
    await context.add_init_script(VOICE)
    page = await context.new_page()
    await page.goto(f"{house.url}{path}")
    return page


async def test_a_phrase_is_written_heard_published_and_said(live_house: LiveHouse) -> None:
    live_house.telephone("client:anna")
    await live_house.ready(await live_house.premises.agent())
    await live_house.premises.customer("Maria Rossi", MARIA)
    page = await _opened(live_house, "/console/phrases?language=it", reduced_motion="reduce")
    assert await accessible(page) == []
    await page.get_by_label("Find a phrase").fill("nobody says this")
    await expect(page.locator("#none-found")).to_have_text("There is no such phrase.")
    await page.get_by_label("Find a phrase").fill("telephone is ringing for them")
    await page.get_by_role("link", name="Put through to an agent", exact=True).click()

    first, found, heard = page.get_by_label("Wording 1", exact=True), page.locator("#found-0"), page.locator("#heard-0")
    await page.get_by_role("button", name="Write one").click()
    await expect(first).to_be_focused()
    await page.keyboard.type("[Le|Ti] passo {agent}, circa {estimate}. Purtroppo.")
    await expect(found).to_contain_text("Hollow: Purtroppo. Every call centre says it")
    await expect(heard).to_contain_text("Le passo Anna, circa")

    await first.fill("Chiamo {agente}.")
    await expect(found).to_contain_text("Not known here: {agente}.")
    await expect(found).to_contain_text("Missing: {agent}, {estimate}.")
    await expect(first).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#kept")).to_have_text(re.compile("must be corrected"))
    await expect(page.get_by_role("button", name="Publish", exact=True)).to_have_count(0)
    await page.reload()
    await expect(first).to_have_value("Chiamo {agente}.")  # nothing typed is lost

    await first.fill("<Benvenuto|Benvenuta|Eccoci>: [le|ti] passo ")
    await page.get_by_role("button", name="Insert {agent}").click()
    await page.keyboard.type(", circa {estimate}.")
    await expect(heard).to_contain_text("Eccoci: le passo Anna, circa")
    await expect(found).to_be_empty()
    await expect(first).not_to_have_attribute("aria-invalid", "true")
    await page.locator(".somebody summary").click()
    await page.get_by_label("Gender").select_option("feminine")
    await page.get_by_label("Addressed").select_option("friend")
    await page.get_by_role("textbox", name="Agent").fill("Luca")
    await expect(heard).to_contain_text("Benvenuta: ti passo Luca, circa")
    await expect(page.locator("#ours-0")).to_contain_text("Ti passo Luca, tra circa")
    await page.get_by_role("button", name="Hear it: Wording 1").click()
    ((language, spoken),) = await page.evaluate("window.spoken")
    assert (language, spoken[:26]) == ("it-IT", "Benvenuta: ti passo Luca, ")

    await page.get_by_role("button", name="Begin from this: ready-made 2").click()
    await expect(page.get_by_label("Wording 2", exact=True)).to_be_focused()
    await page.get_by_role("button", name="Wording 2: up").press("Enter")
    await expect(first).to_have_value("Chiamo subito {agent}: circa {estimate}.")
    await expect(page.locator("#said")).to_have_text("Now in place 1.")
    await page.get_by_role("button", name="Wording 1: remove").click()
    await expect(first).to_have_value("<Benvenuto|Benvenuta|Eccoci>: [le|ti] passo {agent}, circa {estimate}.")
    assert await accessible(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await accessible(page) == []

    await page.get_by_role("button", name="Publish", exact=True).click()
    await page.get_by_label("Why? (for the history)").fill("Warmer")
    await page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Published. It is heard from the next call on.")).to_be_visible()
    await expect(page.locator("#standing")).to_be_hidden()
    await expect(heard).to_contain_text("Benvenuta: ti passo Luca, circa")  # the same person as before

    maria = live_house.telephone(MARIA)
    await maria.dial(LINE)
    async with asyncio.timeout(20):
        while "Eccoci: le passo Anna, circa" not in maria.words:
            await asyncio.sleep(0.02)
    maria.hang_up()


async def test_a_phone_shows_phrases_without_a_voice(live_house: LiveHouse) -> None:
    page = await live_house.open_as(
        "manager", "/console/phrases/call_back_greet?language=it", language="it", viewport={"width": 360, "height": 780}
    )
    await expect(page.get_by_text("Questo browser non ha una voce in questa lingua.")).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("^Ascolta"))).to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await accessible(page) == []
