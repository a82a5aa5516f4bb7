"""The desk's telephone in a real browser: the Voice SDK as it is, against the simulated carrier."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from desk.site import Account
from desk.softphone.desks import has_desk
from desk.softphone.tokens import access_token
from simulator.phones import Phone
from tests.browser.conftest import named
from tests.browser.house import ACCOUNT, API_KEY, LINE, SECRET, LiveHouse, accessible

pytestmark = pytest.mark.anyio
MARIA = "+393331234567"
# A window that others hide, and what it then shows in its place.
HIDDEN = """
  window.notices = [];
  window.Notification = class extends EventTarget {
    static permission = "granted";
    constructor(title, given) { super(); window.notices.push({title, ...given}); }
    close() { window.noticeClosed = true; }
  };
  Object.defineProperty(document, "hidden", {get: () => window.isHidden ?? false});
  document.hasFocus = () => !(window.isHidden ?? false);
"""
# A browser that has not been asked for the microphone yet, and denies it when the test says so.
DENIED = """
  navigator.permissions.query = async () => Object.assign(new EventTarget(), {state: "prompt"});
  const devices = navigator.mediaDevices ?? {};
  const given = devices.getUserMedia?.bind(devices);
  devices.getUserMedia = async (wish) => {
    if (window.denies) throw new DOMException("no", "NotAllowedError");
    return given(wish);
  };
"""

# A window that nobody has touched since it was loaded, however often a test has looked into it.
UNTOUCHED = """
  addEventListener("pointerdown", () => { window.touched = true; }, true);
  Object.defineProperty(navigator, "userActivation", {get: () => ({hasBeenActive: window.touched ?? false})});
"""


class Desk:
    """What an agent sees and presses."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.phone = page.locator("#phone")
        self.told = page.locator("#line-told")

    def button(self, name: str) -> Locator:
        return self.page.locator("#softphone").get_by_role("button", name=named(name))

    async def connected(self) -> Desk:
        await expect(self.page.locator("#line-state")).to_have_attribute("data-state", "on")
        return self

    async def shows(self, mode: str, *, within_seconds: float = 10) -> None:
        await expect(self.phone).to_have_attribute("data-mode", mode, timeout=within_seconds * 1000)

    async def is_now(self, availability: str) -> None:
        await expect(self.phone).to_have_attribute("data-availability", availability)

    async def ready(self) -> None:
        await self.button("I am ready").click()
        await self.is_now("ready")

    async def answer(self) -> None:
        await expect(self.button("Answer")).to_be_enabled()
        await self.button("Answer").click()
        await self.shows("talking")


async def sit_down(house: LiveHouse, name: str = "Anna Bianchi", **window: Any) -> tuple[str, Desk]:
    """An agent's id, and their desk, which the carrier can ring."""
    agent_id = await house.premises.agent(name)
    context = await house.context("agent", agent_id=agent_id, permissions=["microphone", "notifications"], **window)
    await context.add_init_script(HIDDEN)
    page = await context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto(f"{house.url}/desk")
    return agent_id, await Desk(page).connected()


async def calls(house: LiveHouse, number: str = MARIA) -> Phone:
    phone = house.telephone(number)
    await phone.dial(LINE)
    return phone


def forgive(house: LiveHouse, *told: str) -> None:
    """What a browser has to say of a network that is away, or of what a test has forbidden."""
    house.complaints[:] = [one for one in house.complaints if not any(part in one for part in told)]


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


async def test_a_talk_outlives_what_breaks(live_house: LiveHouse) -> None:
    house = live_house
    await house.premises.customer()
    _, anna = await sit_down(house)
    await anna.ready()
    maria = await calls(house)
    await anna.answer()
    # The page is loaded anew: the line goes with it, and the same two are put together again.
    await anna.page.reload()
    await expect(anna.button("Mute")).to_be_enabled(timeout=20_000)
    await anna.shows("talking")
    assert maria.state == "in_call"
    # The signalling is lost for a moment: the talk goes on.
    house.network.softphones.cut("anna", seconds=1)
    await expect(anna.page.locator("#line-state")).not_to_have_attribute("data-state", "on")
    await anna.connected()
    await expect(anna.button("Mute")).to_be_enabled()
    assert maria.state == "in_call"
    forgive(house, "/signal")
    # The browser is closed: the caller is not left, and the telephone is not rung in vain.
    await anna.page.context.close()
    async with asyncio.timeout(10):
        while (call := (await house.premises.api.get("/calls?state=live")).json()["items"][0])["broken_since"] is None:
            await asyncio.sleep(0.05)
    assert maria.state == "in_call"
    async with asyncio.timeout(20), house.premises.database.read() as conn:
        while await has_desk(conn, call["agent"], now=house.premises.clock.now()):
            await asyncio.sleep(0.05)


async def test_a_page_that_is_loaded_anew_while_it_rings_rings_again(live_house: LiveHouse) -> None:
    """On its way out the Voice SDK says no: nobody else is there, and Anna has not declined."""
    house = live_house
    await house.premises.customer()
    _, anna = await sit_down(house)
    await anna.ready()
    maria = await calls(house)
    await expect(anna.button("Answer")).to_be_enabled()
    await anna.page.reload()
    await expect(anna.button("Answer")).to_be_enabled(timeout=20_000)
    await anna.answer()
    async with asyncio.timeout(20):
        while maria.partners != ["client:anna"]:
            await asyncio.sleep(0.05)
    await anna.is_now("ready")
    maria.hang_up()
    await anna.shows("idle")


async def test_a_caller_on_hold_is_still_on_hold_when_the_page_was_loaded_anew(live_house: LiveHouse) -> None:
    house = live_house
    await house.premises.customer()
    _, anna = await sit_down(house)
    await anna.ready()
    maria = await calls(house)
    await anna.answer()
    await anna.button("Hold").click()
    await expect(anna.phone).to_contain_text("On hold")
    await anna.page.reload()
    await expect(anna.phone).to_contain_text("They are still on hold. This telephone answers by itself.")
    await expect(anna.button("Mute")).to_be_enabled(timeout=20_000)
    await expect(anna.phone).to_contain_text("On hold")
    assert (maria.state, maria.partners) == ("in_call", [])
    await anna.button("Take back").click()
    await expect(anna.phone).to_contain_text("You are talking")
    async with asyncio.timeout(10):
        while maria.partners != ["client:anna"]:
            await asyncio.sleep(0.05)
    maria.hang_up()
    await anna.shows("idle")


async def test_whoever_hangs_up_while_our_server_does_not_listen_has_hung_up(live_house: LiveHouse) -> None:
    house = live_house
    await house.premises.customer()
    _, anna = await sit_down(house)
    await anna.ready()
    maria = await calls(house)
    await anna.answer()
    refused = 0

    async def twice(route: Route) -> None:
        nonlocal refused
        refused += 1
        await (route.abort() if refused <= 2 else route.continue_())

    await anna.page.route("**/desk/call/hang-up", twice)
    await anna.button("Hang up").click()
    async with asyncio.timeout(20):
        while "Grazie della chiamata, Maria" not in maria.words:  # and is asked whether there is something else
            await asyncio.sleep(0.05)
    forgive(house, "net::ERR_FAILED", "Failed to fetch")
    await anna.shows("idle")
    assert maria.partners == []
    assert refused >= 3
    maria.hang_up()


async def test_whoever_looks_something_up_in_a_talk_stays_in_it(live_house: LiveHouse) -> None:
    house = live_house
    await house.premises.customer()
    _, anna = await sit_down(house)
    await anna.ready()
    maria = await calls(house)
    await anna.answer()
    page = anna.page
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="People").click()
    beside = await opened.value
    await expect(beside).to_have_url(f"{house.url}/desk/people")
    await page.get_by_role("link", name="My desk").click()  # they are there
    await expect(anna.button("Mute")).to_be_enabled()
    assert (maria.partners, "caduta" in maria.words) == (["client:anna"], False)
    await beside.close()
    maria.hang_up()
    await anna.shows("idle")
    await page.get_by_role("link", name="People").click()  # nobody is on the line: in this window
    await expect(page).to_have_url(f"{house.url}/desk/people")


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


async def test_what_is_denied_is_told_and_nobody_rings_in_vain(live_house: LiveHouse) -> None:
    house = live_house
    agent_id = await house.premises.agent()
    context = await house.context("agent", agent_id=agent_id)
    await context.add_init_script(DENIED)
    page = await context.new_page()
    await page.goto(f"{house.url}/desk")
    anna = Desk(page)
    # The browser has not been asked yet; then it says no.
    await expect(page.get_by_text("Before the first call this page needs the microphone.")).to_be_visible()
    await anna.connected()
    await page.evaluate("window.denies = true")
    await anna.button("I am ready").click()
    await expect(page.locator("#line-microphone")).to_contain_text("Click the symbol beside this page's address")
    await expect(anna.told).to_have_text("The telephone waits for the microphone")
    await anna.is_now("offline")
    assert await accessible(page) == []
    # Allowed after all, it is the telephone again.
    await page.evaluate("window.denies = false")
    await anna.button("Try the microphone again").click()
    await anna.connected()
    await anna.ready()
    # Lost as somebody rings: they go on to somebody else, and this agent is away until it works.
    await page.evaluate("window.denies = true")
    await calls(house)
    await expect(anna.button("Answer")).to_be_enabled()
    await anna.button("Answer").click()
    await anna.is_now("away")
    await expect(anna.phone).to_contain_text("The microphone does not work")
    await page.evaluate("window.denies = false")
    await anna.button("Try the microphone again").click()
    await anna.is_now("ready")


async def test_the_telephone_comes_back_by_itself(live_house: LiveHouse) -> None:
    house = live_house
    _, anna = await sit_down(house)
    await anna.ready()
    page, state = anna.page, anna.page.locator("#line-state")
    # Our server is away: the page says so, and looks again when it is back.
    await page.route("**/desk/beat", lambda route: route.abort())
    for _ in range(2):
        await page.evaluate("telephone.place.beat()")
    await expect(page.locator("#line-server")).to_be_visible()
    await page.unroute("**/desk/beat")
    await expect(page.locator("#line-server")).to_be_hidden()
    await anna.is_now("ready")
    # A token that has expired before anybody renewed it.
    short = access_token(Account(ACCOUNT, API_KEY, SECRET), "anna", ttl_seconds=5)
    given = [{"identity": "anna", "ttl": 3600, "token": short}]
    await page.route("**/desk/token", lambda route: route.fulfill(json=given.pop()) if given else route.abort())
    await page.reload()
    await anna.connected()
    await expect(state).not_to_have_attribute("data-state", "on")
    await page.unroute("**/desk/token")
    await expect(state).to_have_attribute("data-state", "on", timeout=25_000)
    # No network at all.
    await page.context.set_offline(True)
    house.network.softphones.cut("anna", seconds=60)
    await expect(anna.told).to_have_text("No network. The telephone comes back by itself")
    house.network.softphones.cut("anna", seconds=0)
    await page.context.set_offline(False)
    await expect(state).to_have_attribute("data-state", "on", timeout=20_000)
    await anna.is_now("ready")
    forgive(house, "net::ERR_FAILED", "net::ERR_INTERNET_DISCONNECTED", "/signal")


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
