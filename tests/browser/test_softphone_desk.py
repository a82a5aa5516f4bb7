"""The desk's telephone in a real browser: the Voice SDK as it is, against the simulated carrier."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.browser.at_desk import Desk, calls, sit_down
from tests.browser.house import LiveHouse, accessible

pytestmark = pytest.mark.anyio
# A window that nobody has touched since it was loaded, however often a test has looked into it.
UNTOUCHED = """
  addEventListener("pointerdown", () => { window.touched = true; }, true);
  Object.defineProperty(navigator, "userActivation", {get: () => ({hasBeenActive: window.touched ?? false})});
"""


async def wrapping_up(house: LiveHouse, seconds: int) -> None:
    plan = await house.premises.api.get("/plan")
    changed = plan.json() | {"wrap_up_seconds": seconds}
    await house.premises.api.put("/plan", json=changed, headers={"If-Match": plan.headers["etag"]})


async def test_a_call_from_the_first_ring_to_the_time_after_it(live_house: LiveHouse) -> None:
    house = live_house
    await house.premises.customer()
    await wrapping_up(house, 40)
    _, anna = await sit_down(house)
    page = anna.page
    assert await accessible(page) == []
    await page.keyboard.press("Alt+r")
    await anna.is_now("ready")
    # It rings behind other windows.
    await page.evaluate("window.isHidden = true")
    maria = await calls(house)
    await anna.shows("ringing")
    await expect(anna.phone).to_contain_text("Maria Rossi")
    await expect(page).to_have_title(re.compile("Maria Rossi"))
    async with asyncio.timeout(5):
        while not (notices := await page.evaluate("window.notices")):
            await asyncio.sleep(0.05)
    assert [notice["title"] for notice in notices] == ["Rings: Maria Rossi"]
    await page.evaluate("window.isHidden = false")
    await page.keyboard.press("Alt+a")
    await anna.shows("talking")
    assert await page.evaluate("window.noticeClosed")
    await expect(page).to_have_title(re.compile("^My desk"))
    # Mute, keypad, hold.
    await anna.button("Mute").click()
    await expect(anna.button("Muted")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Alt+m")
    await expect(anna.button("Mute")).to_have_attribute("aria-pressed", "false")
    await anna.button("Keypad").click()
    await page.keyboard.press("5")
    await page.get_by_role("button", name="#", exact=True).click()
    await page.emulate_media(color_scheme="dark")
    assert await accessible(page) == []
    await page.emulate_media(color_scheme="light")
    await anna.button("Keypad").click()
    await page.keyboard.press("Alt+h")
    await expect(anna.phone).to_contain_text("On hold")
    await page.keyboard.press("Alt+h")
    await expect(anna.phone).to_contain_text("You are talking")
    await page.set_viewport_size({"width": 360, "height": 740})
    assert maria.state == "in_call"
    await anna.button("Hang up").click()
    await anna.shows("wrap_up")
    await anna.button("A minute more").click()
    await expect(anna.phone.locator("time")).to_have_text(re.compile("^1:"))
    assert await accessible(page) == []
    await anna.button("Finished").click()
    await anna.shows("idle")
    # A break, in words and with an end.
    await anna.button("Away…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Lunch").check()
    await dialog.get_by_label("For how long").select_option("30")
    assert await accessible(page) == []
    await dialog.get_by_role("button", name="I am away").click()
    await anna.is_now("away")
    await expect(dialog).to_be_hidden()
    await expect(anna.phone).to_contain_text(re.compile("Lunch.*back at", re.DOTALL))


async def test_who_is_declined_goes_on_to_somebody_else(live_house: LiveHouse) -> None:
    house = live_house
    await house.premises.customer()
    _, anna = await sit_down(house)
    await anna.ready()
    maria = await calls(house)
    await expect(anna.button("Decline")).to_be_enabled()
    bruno = house.telephone("client:bruno")
    await house.ready(await house.premises.agent("Bruno Verdi"))
    await anna.button("Decline").click()
    async with asyncio.timeout(15):
        while bruno.state != "ringing":
            await asyncio.sleep(0.05)
    await anna.shows("idle")
    await anna.is_now("ready")  # a no is not a missed ring
    assert maria.state == "in_call"
    maria.hang_up()


async def test_a_microphone_is_chosen_tested_and_remembered(live_house: LiveHouse) -> None:
    _, anna = await sit_down(live_house)
    page = anna.page
    await page.locator("#devices summary").click()
    choice = page.get_by_role("combobox", name="Microphone")
    other = choice.locator("option").nth(1)
    await expect(other).to_be_attached()
    value = await other.get_attribute("value")
    await choice.select_option(value)
    await page.get_by_role("button", name="Test the microphone").click()
    await expect(page.locator("#test-told")).to_have_text("Speak for three seconds…")
    await expect(page.locator("#test-told")).to_have_text(re.compile("^That was"), timeout=20_000)
    assert await accessible(page) == []
    await page.add_init_script(UNTOUCHED)
    await page.reload()
    await anna.connected()
    # The first touch allows sound; the question for it goes, and the click still counts where it began.
    question = page.get_by_text("Click once anywhere")
    await expect(question).to_be_visible()
    await page.locator("#devices summary").hover()
    await page.mouse.down()
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    await page.mouse.up()
    await expect(question).to_be_hidden()
    await expect(choice).to_have_value(value or "")


async def test_one_of_two_windows_is_the_telephone(live_house: LiveHouse) -> None:
    house = live_house
    await house.premises.customer()
    _, first = await sit_down(house)
    await first.ready()
    page = await first.page.context.new_page()
    await page.goto(f"{house.url}/desk")
    second = Desk(page)
    await expect(second.told).to_have_text("The telephone is in another window")
    await second.is_now("ready")
    assert await accessible(page) == []
    # It rings in the one, and the other one says where.
    maria = await calls(house)
    await second.shows("ringing")
    await expect(page.get_by_text("It rings in the window that is your telephone.")).to_be_visible()
    await expect(second.button("Answer")).to_be_disabled()
    await first.answer()
    await second.shows("talking")
    await expect(second.button("Mute")).to_be_disabled()
    await expect(second.button("Take it here")).to_be_disabled()
    # Whoever hangs up in the other window has hung up.
    await second.button("Hang up").click()
    await expect(first.button("Mute")).to_have_count(0)
    assert maria.state == "in_call"  # and is asked whether there is something else
    maria.hang_up()
    await second.shows("idle")
    # The telephone goes where it is wanted, and to who is left.
    await second.button("Take it here").click()
    await second.connected()
    await expect(first.told).to_have_text("The telephone is in another window")
    await page.close()
    await first.connected()
    await first.is_now("ready")


async def test_who_has_a_telephone_of_their_own_has_the_same_page(live_house: LiveHouse) -> None:
    house = live_house
    agent_id = await house.premises.agent(address="+390612345678")
    page = await house.open_as("agent", "/desk", agent_id=agent_id, language="it")
    anna = Desk(page)
    await expect(page.get_by_text("Le sue chiamate arrivano a 06 1234 5678")).to_be_visible()
    assert await accessible(page) == []
    await page.keyboard.press("Alt+r")
    await anna.is_now("ready")
    own = house.telephone("+390612345678")
    await house.premises.customer()
    await calls(house)
    await anna.shows("ringing")
    await expect(anna.phone).to_contain_text("Suona su 06 1234 5678")
    own.answer()
    async with asyncio.timeout(10):
        while not own.words:  # who it is, and which key takes the call
            await asyncio.sleep(0.05)
    own.press("1")
    await anna.shows("talking", within_seconds=20)
    await anna.button("Riaggancia").click()
    await anna.shows("idle")
