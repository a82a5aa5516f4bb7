"""A manager's first morning: from an empty install to the first call that follows their own rule, without a manual."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from switchboard.cli import run
from tests.browser.conftest import PATIENCE_MILLISECONDS, Serve, watch
from tests.browser.house import LINE, LiveHouse, accessible, living

pytestmark = pytest.mark.anyio
PAOLA = ("--name", "Paola Neri", "--email", "paola@lume.example", "--role", "manager")
MARIA = "+393331234567"
MOST_INTERACTIONS = 24  # a link opened, a field filled, a button, a choice: each counts


class Hand:
    """What the manager does in the page, by the labels they see; each of it is counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.done = page, 0

    async def opens(self, link: str) -> None:
        self.done += 1
        await self.page.goto(link)

    async def presses(self, what: str, *, within: Locator | None = None) -> None:
        """A button or a link of this name."""
        self.done += 1
        place = within or self.page.locator("body")
        button, link = (place.get_by_role(role, name=what, exact=True) for role in ("button", "link"))
        await button.or_(link).first.click()

    async def types(self, label: str, text: str) -> None:
        self.done += 1
        await self.page.get_by_label(label, exact=True).first.fill(text)

    async def ticks(self, label: str) -> None:
        self.done += 1
        await self.page.get_by_label(label, exact=True).check()

    async def chooses(self, label: str, option: str) -> None:
        self.done += 1
        await self.page.get_by_label(label, exact=True).select_option(label=option)


@pytest.fixture
async def way_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What `centralino user create` prints on a machine that has nothing yet, without its host."""
    monkeypatch.setenv("CENTRALINO_HOME", str(tmp_path))
    monkeypatch.setenv("PUBLIC_URL", "https://phone.lume.example")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    assert await asyncio.to_thread(run, ["user", "create", *PAOLA]) == 0
    return urlsplit(capsys.readouterr().out.strip()).path


@pytest.fixture
async def house(
    way_in: str, redis_url: str, tmp_path: Path, serve: Serve, chromium: Browser
) -> AsyncIterator[LiveHouse]:
    """As it is installed: no agents, no rules, and one manager who has not signed in yet."""
    url = f"sqlite+aiosqlite:///{tmp_path}/centralino.db"
    async with living(url, redis_url, tmp_path, serve, chromium, empty=True) as house:
        yield house


async def test_a_line_two_agents_and_a_rule_in_under_twenty_five_interactions(house: LiveHouse, way_in: str) -> None:
    context = await house.chromium.new_context(locale="en-GB", permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    house.windows.push_async_callback(context.close)
    house.complaints = watch(context, house.complaints)
    page = await context.new_page()
    paola = Hand(page)

    await paola.opens(f"{house.url}{way_in}")
    await paola.types("New password", "seven owls count the rain")
    await paola.presses("Set it and sign in")
    steps = page.get_by_role("region", name="First steps")
    await expect(steps.get_by_role("listitem")).to_have_count(3)
    await expect(page.get_by_text("Nobody is ready")).to_have_count(0)
    assert await accessible(page) == []

    links = []
    await paola.presses("New agent", within=steps)
    for name in ("Anna Bianchi", "Bruno Verdi"):
        await paola.types("Name", name)
        await paola.types("E-mail", f"{name.split()[0].lower()}@lume.example")
        await paola.presses("Make this agent")
        await expect(page.get_by_role("heading", name=f"{name} is here")).to_be_visible()
        await paola.presses("Copy")
        await expect(page.locator("#toasts")).to_contain_text("Copied.")
        links.append(await page.evaluate("navigator.clipboard.readText()"))
    assert all(one.startswith(f"{house.url}/invite/") for one in links)
    assert len(set(links)) == 2
    assert await accessible(page) == []

    await paola.presses("Rules")
    await paola.ticks("Day and night, every day")
    await paola.types("Telephone number", LINE)
    await paola.types("Name", "Lamps")
    await paola.presses("Add the line")
    await expect(page.get_by_role("heading", name=re.compile("^Lamps"))).to_be_visible()

    await paola.presses("Rules", within=page.get_by_role("navigation", name="Parts of the rules"))
    await paola.presses("Customers with a tag go first")
    await paola.types("Tag", "gold")
    await paola.chooses("What is different then", "Having this agent is worth")
    await paola.chooses("Having this agent is worth", "Bruno Verdi")
    await expect(page.get_by_text("having Bruno Verdi")).to_be_visible()
    await paola.presses("Look through and publish")
    await paola.presses("Publish")
    await expect(page.get_by_text("Published.")).to_be_visible()
    assert paola.done <= MOST_INTERACTIONS

    await the_first_call_follows_it(house, page)


async def the_first_call_follows_it(house: LiveHouse, page: Page) -> None:
    agents = (await house.premises.api.get("/agents")).json()["items"]
    by_name = {one["name"]: one for one in agents}
    phones = {name: house.network.plug_in(one["address"]) for name, one in by_name.items()}
    for one in agents:
        await house.ready(one["id"])
    await house.premises.customer(tags=["gold"])
    await page.get_by_role("link", name="Floor").click()
    await expect(page.get_by_text("Before your first call")).to_have_count(0)
    await house.telephone(MARIA).dial(LINE)
    await expect(page.locator("#decisions")).to_contain_text("Maria Rossi → Bruno Verdi")
    async with asyncio.timeout(10):
        while phones["Bruno Verdi"].state != "ringing":
            await asyncio.sleep(0.02)
    assert phones["Anna Bianchi"].state != "ringing"
    (call,) = (await house.premises.api.get("/calls?state=live")).json()["items"]
    told = (await house.premises.api.get(f"/calls/{call['id']}")).json()
    ring = next(one for one in told["decisions"] if one["action"] == "ring")
    assert (ring["agent"], ring["reasons"]["rules"]) == (by_name["Bruno Verdi"]["id"], ["Special customers"])
