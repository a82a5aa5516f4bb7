"""The page of a promise on a telephone: without a script, by thumb and by key, in light and in dark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect
from sqlalchemy import Row
from starlette.applications import Starlette

from ivr.promise_page import Page
from store.clock import VirtualClock
from store.sql import Database
from tests.browser.conftest import Opens, Serve
from tests.ivr.door import MARIA, Door
from tests.ivr.promising import as_it_is, asked_to_choose, promised
from tests.ports import free_port

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "java_script_enabled": False}

# Relative luminance of a text and what is behind it, as WCAG 2.2 defines the contrast of both.
CONTRASTS = """() => {
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        const colour = getComputedStyle(element).backgroundColor;
        return colour === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : colour;
    };
    return [...document.querySelectorAll("p, h1, h2, a, button, summary, label, input, textarea")].map(element => {
        const both = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
        return [element.outerHTML.slice(0, 80), (both[0] + 0.05) / (both[1] + 0.05)];
    });
}"""


@dataclass
class Link:
    url: str
    door: Door
    promise: Row[Any]


@pytest.fixture
async def link(database: Database, clock: VirtualClock, serve: Serve) -> AsyncIterator[Link]:
    """Maria's: Anna has promised to call in an hour, and it may come to one of two other times."""
    door = Door(database, clock)
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.agent("luca")
    promise = await promised(door)
    await asked_to_choose(door, promise, (timedelta(0), "luca"), (timedelta(minutes=30), "anna"))
    app = Starlette(routes=Page(door.rooms, door.rooms.links).routes)
    async with serve(app, free_port()) as url:
        yield Link(f"{url}/p/{door.rooms.links.token(promise.id)}", door, promise)
    await door.client.aclose()


async def test_by_thumb_a_time_is_chosen_another_asked_for_a_note_left_and_it_is_cancelled(
    link: Link, open_page: Opens
) -> None:
    async with open_page(link.url, **PHONE) as tab:
        await tab.get_by_role("button", name="Oggi alle 11:30, con Anna").tap()
        await expect(tab.get_by_role("status")).to_contain_text("Fatto.")
        await expect(tab.get_by_text("Oggi alle 11:30, al massimo 5 minuti dopo (ora di Roma)")).to_be_visible()

        await tab.get_by_text("Un altro giorno").tap()
        await tab.get_by_label("Giorno").fill("2026-03-05")
        await tab.get_by_label("Ora", exact=True).fill("20:00")
        await tab.get_by_role("button", name="Cambiare a quest'ora").tap()
        await expect(tab.get_by_role("status")).to_contain_text("non potremmo mantenere la promessa")
        assert await tab.get_by_label("Giorno").input_value() == "2026-03-05"
        await tab.get_by_role("button", name="marzo").first.tap()
        await expect(tab.get_by_role("status")).to_contain_text("Fatto.")

        await tab.get_by_role("textbox", name="Di che cosa si tratta?").fill("Anche la spina.")
        await tab.get_by_role("button", name="Inviare").tap()
        await expect(tab.get_by_role("status")).to_contain_text("Grazie")

        await tab.get_by_role("link", name="Annullare la chiamata").tap()
        await tab.get_by_role("button", name="Sì, annullare").tap()
        await expect(tab.get_by_role("heading", level=1)).to_contain_text("La chiamata è annullata.")
    ended = await as_it_is(link.door, link.promise)
    assert (ended.state, ended.reason, ended.moves) == ("cancelled", "la lampada rotta. Anche la spina.", 2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read_and_reached_by_everybody(link: Link, open_page: Opens, scheme: str) -> None:
    """Contrast of at least 4.5, targets of at least 44 pixels, nothing wider than the screen, every control named."""
    async with open_page(
        f"{link.url}?wanted=1772478000", **PHONE | {"java_script_enabled": True}, color_scheme=scheme
    ) as tab:
        poor = [found for found in await tab.evaluate(CONTRASTS) if found[1] < 4.5]
        assert poor == []
        assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for control in await tab.locator("a, button, summary, input:not([type=hidden]), textarea").all():
            box = await control.bounding_box()
            assert box is not None
            assert box["height"] >= 44
        assert await reached_by_tab(tab) >= 10
        assert await tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


async def reached_by_tab(tab: Tab) -> int:
    """How many controls the key goes through, each with a name that is read out."""
    names = []
    for _ in range(30):
        await tab.keyboard.press("Tab")
        name = await tab.evaluate(
            "document.activeElement.textContent.trim() || (document.activeElement.labels?.[0]?.textContent ?? '')"
            " || document.activeElement.getAttribute('aria-labelledby')"
        )
        if await tab.evaluate("document.activeElement === document.body"):
            break
        names.append(name)
        if await tab.evaluate("document.activeElement.matches('a.quiet')"):
            break
    assert all(names)
    return len(names)
