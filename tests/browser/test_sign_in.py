"""Signing in in a real browser: by invitation, by password, by the company's own provider; and being signed out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update
from sqlalchemy.engine import URL

from desk import invites, passwords, users
from desk.tables import sessions
from store.clock import SystemClock
from tests.browser.conftest import Serve, watch
from tests.browser.house import LiveHouse, accessible, living
from tests.desk.browsing import add_user
from tests.desk.provider import CLIENT, CLIENT_SECRET, LocalProvider
from tests.ports import free_port

pytestmark = pytest.mark.anyio

FIRST, SECOND = "three otters swim upstream", "seven owls count the rain"
PAOLA = "paola@lume.example"


@pytest.fixture
async def house(
    sqlite_url: URL, redis_url: str, tmp_path: Path, serve: Serve, chromium: Browser
) -> AsyncIterator[LiveHouse]:
    """With a provider of its own beside it, which knows Paola."""
    port = free_port()
    provider = LocalProvider(f"http://127.0.0.1:{port}", SystemClock())
    sign_on = {"oidc_issuer": provider.url, "oidc_client_id": CLIENT, "oidc_client_secret": CLIENT_SECRET}
    async with (
        serve(provider.app, port),
        living(
            sqlite_url.render_as_string(), redis_url, tmp_path, serve, chromium, oidc_name="Lume", **sign_on
        ) as house,
    ):
        yield house


async def window(house: LiveHouse) -> Page:
    """In which nobody is signed in."""
    context = await house.chromium.new_context(locale="en-GB")
    house.windows.push_async_callback(context.close)
    house.complaints = watch(context, house.complaints)
    return await context.new_page()


async def in_both_lights(page: Page) -> list[str]:
    found = await accessible(page)
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += await accessible(page)
    await page.emulate_media(color_scheme="light")
    return found


async def test_one_is_invited_signs_in_again_elsewhere_and_signs_that_browser_out(house: LiveHouse) -> None:
    clock = house.premises.clock
    async with house.premises.database.write() as conn:
        user_id = await users.add(
            conn, name="Paola Neri", email=PAOLA, role="manager", agent_id=None, now=clock.now(), language="en"
        )
        secret = await invites.invite(conn, user_id, "test", clock.now())

    here = await window(house)
    await here.goto(f"{house.url}/invite/{secret}")
    assert await in_both_lights(here) == []
    await here.get_by_label("New password").fill("short")
    await expect(here.get_by_text("Still 7 characters to go")).to_be_visible()
    await here.get_by_role("button", name="Show").click()
    await expect(here.get_by_label("New password")).to_have_attribute("type", "text")
    await here.get_by_label("New password").fill(FIRST)
    await here.get_by_role("button", name="Set it and sign in").click()
    await expect(here.get_by_role("link", name="Paola Neri")).to_be_visible()

    await here.goto(f"{house.url}/account")
    assert await in_both_lights(here) == []
    await here.get_by_label("Present password").fill(FIRST)
    await here.get_by_label("New password").fill(SECOND)
    await here.get_by_role("button", name="Change the password").click()
    await expect(here.get_by_text("Your password is changed")).to_be_visible()

    there = await window(house)
    await there.goto(f"{house.url}/account")
    await expect(there.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await in_both_lights(there) == []
    await there.get_by_label("E-mail").fill(PAOLA)
    await there.get_by_label("Password").fill(FIRST)
    await there.get_by_role("button", name="Sign in").click()
    await expect(there.get_by_role("alert")).to_contain_text("do not belong together")
    house.complaints.clear()  # that it was refused
    await there.get_by_label("Password").fill(SECOND)
    await there.get_by_role("button", name="Sign in").click()
    await expect(there.get_by_role("heading", name="Your account")).to_be_visible()
    await expect(there.locator("#link.on")).to_be_attached()

    await here.reload()
    await here.get_by_role("button", name="Sign out everywhere else").click()
    await expect(here.locator("#sessions li")).to_have_count(1)
    await expect(there.get_by_role("heading", name="Sign in")).to_be_visible()

    await there.get_by_role("button", name="Continue with Lume").click()
    await expect(there.get_by_role("heading", name="Your account")).to_be_visible()
    await there.get_by_role("button", name="Sign out", exact=True).first.click()
    await expect(there.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_a_second_factor_is_set_up_asked_for_and_shown_before_an_export(house: LiveHouse) -> None:
    premises, kept = house.premises, await passwords.hashed(FIRST)
    await add_user(premises.database, premises.clock, name="Carla Blu", email="carla@lume.example", password=kept)

    async def sign_in() -> None:
        await page.get_by_label("E-mail").fill("carla@lume.example")
        await page.get_by_label("Password").fill(FIRST)
        await page.get_by_role("button", name="Sign in").click()

    page = await window(house)
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(f"{house.url}/account")
    await sign_in()
    await page.get_by_label("Your password").fill(FIRST)
    await page.get_by_role("button", name="Set it up").click()
    await expect(page.get_by_role("img", name="QR code for the app")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await in_both_lights(page) == []
    app = pyotp.TOTP((await page.locator(".by-hand").inner_text()).replace(" ", ""))
    await page.get_by_label("Code", exact=True).fill(app.at(premises.clock.now()))
    await page.keyboard.press("Enter")
    await expect(page.locator(".codes li")).to_have_count(10)
    recovery = await page.locator(".codes li").first.inner_text()
    assert await in_both_lights(page) == []
    await page.get_by_role("button", name="I have kept them").click()
    await page.get_by_role("button", name="Sign out", exact=True).click()

    await sign_in()
    await expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    await expect(page.get_by_label("Code", exact=True)).to_be_focused()
    await page.get_by_label("Code", exact=True).fill("000000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("not right")
    house.complaints.clear()  # that it was refused
    await page.get_by_text("The telephone is not at hand").click()
    assert await in_both_lights(page) == []
    await page.get_by_label("Code", exact=True).fill(app.at(premises.clock.now(), counter_offset=1))
    await page.keyboard.press("Enter")
    await expect(page.locator("#link.on")).to_be_attached()

    async with premises.database.write() as conn:
        await conn.execute(update(sessions).values(proved_at=None))
    await page.goto(f"{house.url}/console/customers/export")
    assert await in_both_lights(page) == []
    await page.get_by_label("Your password").fill(FIRST)
    await page.get_by_label("Code").fill(recovery)
    await page.keyboard.press("Enter")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Table (CSV)").click()
    assert (await download.value).suggested_filename == "customers.csv"


async def test_the_settings_are_for_everybody_who_cannot_see_or_point(live_house: LiveHouse) -> None:
    """Whom axe-core speaks for; and a token made, copied and revoked by key."""
    await live_house.premises.agent()
    page = await live_house.open_as("manager", "/console/settings/users")
    for name in ("users", "users/new", "tokens", "numbers", "health", "retention", "audit"):
        await page.goto(f"{live_house.url}/console/settings/{name}")
        if name in ("numbers", "health"):
            await page.locator("#setup :not(.soft), .findings").first.wait_for()
        assert await in_both_lights(page) == [], name
    await page.goto(f"{live_house.url}/console/settings/tokens")
    await page.get_by_label("What it is for").fill("The CRM")
    await page.keyboard.press("Enter")
    made = page.locator("#token-once")
    await expect(made).to_be_visible()
    assert (await made.input_value()).startswith("cnt_")
    await expect(page.get_by_label("What it is for")).to_have_value("")  # Enter makes no second one
    assert await accessible(page) == []
    await page.get_by_role("button", name="Copy").press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("Copied.")
    await page.get_by_role("button", name="Revoke…").press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    assert await accessible(page) == []
    await dialog.get_by_role("button", name="Revoke").press("Enter")
    await expect(page.get_by_text("It opens nothing any more")).to_be_visible()
    await expect(page.get_by_text("None yet.")).to_be_visible()
