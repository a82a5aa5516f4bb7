"""An agent at their desk in a real browser, the Voice SDK as it is, and who calls them by the simulated carrier."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Locator, Page, expect

from simulator.phones import Phone
from tests.browser.conftest import named
from tests.browser.house import LINE, LiveHouse, until

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


async def talking(house: LiveHouse) -> tuple[Phone, Desk]:
    """Maria, and Anna who has answered her."""
    await house.premises.customer()
    _, anna = await sit_down(house)
    await anna.ready()
    maria = await calls(house)
    await anna.answer()
    return maria, anna


async def together(maria: Phone) -> None:
    """Maria and Anna hear each other."""
    await until(lambda: maria.partners == ["client:anna"], within_seconds=20)


def forgive(house: LiveHouse, *told: str) -> None:
    """What a browser has to say of a network that is away, or of what a test has forbidden."""
    house.complaints[:] = [one for one in house.complaints if not any(part in one for part in told)]
