"""What breaks while an agent sits at their desk: the talk goes on, or its caller is not left; the desk finds back."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from desk.site import Account
from desk.softphone.desks import has_desk
from desk.softphone.tokens import access_token
from tests.browser.at_desk import Desk, calls, forgive, sit_down, talking, together
from tests.browser.house import ACCOUNT, API_KEY, SECRET, LiveHouse, accessible, until

pytestmark = pytest.mark.anyio
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


async def test_a_talk_outlives_what_breaks(live_house: LiveHouse) -> None:
    house = live_house
    maria, anna = await talking(house)
    # The page is loaded anew: the line goes with it, and the same two are put together again.
    await anna.page.reload()
    await expect(anna.button("Mute")).to_be_enabled(timeout=20_000)
    await anna.shows("talking")
    assert maria.state == "in_call"
    # The signalling is lost for longer than a moment: the talk goes on, and the telephone is registered as it is back.
    house.network.softphones.cut("anna", seconds=2)
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
    await together(maria)
    await anna.is_now("ready")
    maria.hang_up()
    await anna.shows("idle")


async def test_a_caller_on_hold_is_still_on_hold_when_the_page_was_loaded_anew(live_house: LiveHouse) -> None:
    house = live_house
    maria, anna = await talking(house)
    await anna.button("Hold").click()
    await expect(anna.phone).to_contain_text("On hold")
    await anna.page.reload()
    await expect(anna.phone).to_contain_text("They are still on hold. This telephone answers by itself.")
    await expect(anna.button("Mute")).to_be_enabled(timeout=20_000)
    await expect(anna.phone).to_contain_text("On hold")
    assert (maria.state, maria.partners) == ("in_call", [])
    await anna.button("Take back").click()
    await expect(anna.phone).to_contain_text("You are talking")
    await together(maria)
    maria.hang_up()
    await anna.shows("idle")


async def test_whoever_hangs_up_while_our_server_does_not_listen_has_hung_up(live_house: LiveHouse) -> None:
    house = live_house
    maria, anna = await talking(house)
    refused = 0

    async def twice(route: Route) -> None:
        nonlocal refused
        refused += 1
        await (route.abort() if refused <= 2 else route.continue_())

    await anna.page.route("**/desk/call/hang-up", twice)
    await anna.button("Hang up").click()
    said = "Grazie della chiamata, Maria"  # and is asked whether there is something else
    await until(lambda: said in maria.words, within_seconds=20)
    forgive(house, "net::ERR_FAILED", "Failed to fetch")
    await anna.shows("idle")
    assert maria.partners == []
    assert refused >= 3
    maria.hang_up()


async def test_whoever_looks_something_up_in_a_talk_stays_in_it(live_house: LiveHouse) -> None:
    house = live_house
    maria, anna = await talking(house)
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
