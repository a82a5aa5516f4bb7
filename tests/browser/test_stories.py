"""What people told, in a real browser: found, tagged and taken along by keyboard alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.house import LiveHouse
from tests.browser.test_people import CALM, refused, seen_by_all

pytestmark = pytest.mark.anyio

LONG = "un-orlo-di-seta-" * 9


async def test_stories_are_found_tagged_and_taken_along_by_keyboard(live_house: LiveHouse) -> None:
    premises = live_house.premises
    maria = await premises.customer()
    told = [(f"The lamp number {n} flickers.", ["lamp", f"tag {n:02}"]) for n in range(22)]
    told += [(f"{LONG} {LONG}", [LONG]), ("=Maria Rossi thanks us.", ["Thanks", LONG])]
    for words, tags in told:
        body = {"kind": "story", "words": words, "tags": tags}
        assert (await premises.api.post(f"/customers/{maria}/notes", json=body)).status_code == 201
    page = await live_house.open_as("manager", "/console/customers", **CALM)
    await page.get_by_role("button", name="Stories").press("Enter")
    await expect(page.get_by_role("heading", name="Stories", level=1)).to_be_visible()
    stories, chosen = page.locator("article.told"), page.locator(".chip[aria-pressed=true]")
    await expect(stories).to_have_count(20)
    await seen_by_all(page)

    await page.get_by_role("button", name="Earlier").press("Enter")
    await expect(stories).to_have_count(24)
    await expect(stories.nth(20)).to_be_focused()
    await page.get_by_text("More tags").press("Enter")
    await page.get_by_role("button", name="thanks").press("Enter")
    await expect(stories).to_have_count(1)
    await expect(chosen).to_have_text("thanks 1")
    await expect(chosen).to_be_focused()  # among the first of them now
    await page.get_by_role("button", name="All", exact=True).press("Space")
    await expect(stories).to_have_count(20)
    await page.get_by_text("More tags").press("Enter")
    await page.get_by_role("button", name="tag 21").press("Enter")
    await expect(stories).to_have_count(1)
    await expect(stories.locator(".quote")).to_have_text("The lamp number 21 flickers.")

    await page.get_by_text("Change tags").press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type(", ".join(f"t{n}" for n in range(21)))
    await page.keyboard.press("Enter")
    field = page.get_by_label("Tags", exact=True).and_(page.locator("[aria-invalid=true]"))
    await expect(field).to_be_focused()
    refused(live_house)
    await seen_by_all(page)
    await field.fill("dimmer")
    await field.press("Enter")
    await expect(page.locator(".told .tags")).to_have_text("dimmer")
    await expect(page.locator("[id^=tags-of-]")).to_be_focused()
    await expect(page.get_by_role("button", name="dimmer 1")).to_have_count(1)
    await expect(chosen).to_have_text("tag 21 0")

    await page.get_by_role("button", name="All", exact=True).press("Enter")
    await expect(stories).to_have_count(20)
    await page.get_by_label("Words in it").fill("MARIA ross")
    await expect(stories).to_have_count(1)
    await page.get_by_label("To", exact=True).fill("2001-01-01")
    await expect(page.get_by_text("No story is like that.")).to_be_visible()
    await seen_by_all(page)
    await page.get_by_label("To", exact=True).fill("")
    await expect(stories).to_have_count(1)
    await page.get_by_role("button", name="Export").press("Enter")
    await seen_by_all(page)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Table (CSV)").press("Enter")
    with Path(await (await download.value).path()).open(encoding="utf-8-sig", newline="") as file:
        assert [row["words"] for row in csv.DictReader(file)] == ["'=[…] thanks us."]
    await expect(page.get_by_role("dialog")).to_have_count(0)

    await stories.get_by_role("link", name="Maria Rossi").press("Enter")
    await expect(page.get_by_role("heading", name="Maria Rossi", level=1)).to_be_visible()
    await page.go_back()
    await expect(page.get_by_label("Words in it")).to_have_value("MARIA ross")
    await expect(stories).to_have_count(1)
