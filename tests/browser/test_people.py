"""People in the console in a real browser: found, kept true, made one and told apart; a file brought; an agent made."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.house import LiveHouse, accessible

pytestmark = pytest.mark.anyio

CALM = {"reduced_motion": "reduce"}  # colours are what they are at once
SLOW_MILLISECONDS = 60_000  # a process is begun, which on a busy machine takes its time

CUSTOMERS = """external_id,name,phones,language,tags
c-1,Hans Müller,+4930123456,de-DE,lamps
c-2,Élodie Martin,+33199001293,fr-FR,
c-3,Paolo Verdi,twelve,it-IT,
"""


async def seen_by_all(page: Page) -> None:
    """In both themes, and nothing is wider than a telephone."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert await accessible(page) == []
    wide = page.viewport_size
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    if wide:
        await page.set_viewport_size(wide)
    await page.emulate_media(color_scheme="light")


def refused(house: LiveHouse) -> None:
    """A browser complains of an answer that refuses something; here it is what is wanted."""
    assert house.complaints
    assert all("status of 422" in one for one in house.complaints)
    house.complaints.clear()


async def test_a_person_is_found_kept_true_made_one_and_told_apart(live_house: LiveHouse) -> None:
    premises = live_house.premises
    anna = await premises.agent()
    maria = await premises.customer(email="m@lume.example", preferred_agent=anna)
    await premises.customer("Maria Rossi", "+390612345678", email="m@lume.example", called="Mari")
    page = await live_house.open_as("manager", "/console/customers", **CALM)
    await page.keyboard.type("333 123")  # the caret is there already
    await expect(page.locator("#found .name")).to_have_count(1)
    await seen_by_all(page)
    await page.goto(f"{live_house.url}/console/customers/{maria}/with/{anna}")
    head, told = page.locator(".person-head"), page.locator(".person-head .grow")
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await told.evaluate("one => one.offsetWidth") == await head.evaluate(
        "one => one.offsetWidth"
    )  # below the faces
    await page.set_viewport_size({"width": 1280, "height": 720})
    await page.go_back()
    await page.locator("#found .name").click()
    await expect(page.get_by_role("heading", name="Maria Rossi", level=1)).to_be_visible()

    await page.locator("#part-reach").get_by_role("button", name="Change").click()
    numbers = page.locator("#part-reach [name=phones]")
    await expect(numbers.first).to_be_focused()
    await numbers.nth(1).fill("twelve")
    await page.locator("#part-reach").get_by_role("button", name="Save").click()
    await expect(page.get_by_text("This is not a phone number.")).to_be_visible()
    await expect(numbers.nth(1)).to_be_focused()
    refused(live_house)
    await seen_by_all(page)
    await numbers.nth(1).fill("06 87654321")
    await numbers.nth(1).press("Enter")
    await expect(page.locator("#part-reach")).to_contain_text("06 8765 4321")
    await expect(page.locator("#part-reach")).to_be_focused()

    await page.get_by_role("link", name="Compare").click()
    pair = page.locator("article.pair")
    await expect(pair.locator(".as-one").nth(1)).to_contain_text("Maria")
    await pair.get_by_label("This one stays").nth(1).check()
    await expect(pair.locator(".as-one").nth(1)).to_contain_text("Mari")
    await seen_by_all(page)
    await pair.get_by_label("This one stays").nth(0).check()
    await pair.get_by_role("button", name="Make them one").click()
    await expect(page.get_by_text("They are one now: Maria Rossi.")).to_be_visible()
    assert len((await premises.api.get(f"/customers/{maria}")).json()["phones"]) == 3
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Two people again")).to_be_visible()
    assert len((await premises.api.get(f"/customers/{maria}")).json()["phones"]) == 2
    for tab in ("story", "rights", f"with/{anna}", "erase"):
        await page.goto(f"{live_house.url}/console/customers/{maria}/{tab}")
        await seen_by_all(page)


async def test_one_look_at_the_list_is_written_down_once(live_house: LiveHouse) -> None:
    premises = live_house.premises
    maria = await premises.customer()

    async def looks() -> int:
        found = (await premises.api.get("/audit", params={"customer": maria, "what": "searched"})).json()["items"]
        return len(found)

    page = await live_house.open_as("manager", "/console/customers", **CALM)
    await page.keyboard.type("maria")
    await expect(page.locator("#found .name")).to_have_count(1)
    await page.keyboard.press("Enter")
    await page.wait_for_timeout(700)  # for an answer that must not come
    assert await looks() == 1
    await page.goto(f"{live_house.url}/console/agents")
    await page.go_back()
    await expect(page.get_by_role("searchbox")).to_have_value("maria")
    await expect(page.locator("#found .name")).to_have_count(1)
    assert await looks() == 2
    await page.get_by_role("searchbox").fill("")
    await page.reload()
    assert not page.url.endswith("?again")


async def test_a_file_is_seen_loaded_and_its_bad_rows_are_given_back(live_house: LiveHouse, tmp_path: Path) -> None:
    file = tmp_path / "people of ours.csv"
    file.write_text(CUSTOMERS)
    page = await live_house.open_as("manager", "/console/customers/import", **CALM)
    await seen_by_all(page)
    await page.set_input_files("#file", file)
    await expect(page.get_by_role("heading", name="people of ours.csv")).to_be_visible()
    await expect(page.locator("tbody").first).to_contain_text("+49 30 123456")
    await expect(page.get_by_text("This is not a phone number.")).to_be_visible()
    await seen_by_all(page)
    await page.get_by_role("button", name="Load it").click()
    await expect(page.get_by_text("2 loaded, 1 skipped")).to_be_visible(timeout=SLOW_MILLISECONDS)
    await seen_by_all(page)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="All of them").click()
    assert "c-3,Paolo Verdi,twelve" in Path(await (await download.value).path()).read_text()
    await page.get_by_role("button", name="To the customers").click()
    await page.get_by_role("searchbox").fill("elodie")
    await expect(page.locator("#found .name")).to_have_text(["Élodie Martin"])


async def test_an_agent_is_made_given_hours_and_a_successor(live_house: LiveHouse) -> None:
    premises = live_house.premises
    await premises.agent("Bruno Neri")
    page = await live_house.open_as("manager", "/console/agents", **CALM)
    await page.get_by_role("button", name="New agent").click()
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await page.keyboard.type("Anna Bianchi")
    await page.get_by_label("At a telephone number").check()
    await page.get_by_role("button", name="Make this agent").click()
    await expect(page.get_by_text("Please say which one it is.")).to_be_visible()
    refused(live_house)
    await page.get_by_label("In the browser").check()
    await page.get_by_label("German").check()
    await page.get_by_role("button", name="Make this agent").click()
    await expect(page.get_by_text("Next: let them sign in")).to_be_visible()
    agent_id = page.url.split("/")[-1].partition("?")[0]

    await page.locator("#part-hours").get_by_role("button", name="Change").click()
    await page.get_by_label("In these hours").check()
    await page.get_by_label("Monday, from", exact=True).fill("09:00")
    await page.get_by_label("Monday, until", exact=True).fill("17:30")
    await page.get_by_role("button", name="Same until Friday").click()
    await seen_by_all(page)
    await page.locator("#part-hours").get_by_role("button", name="Save").click()
    await expect(page.locator("#part-hours")).to_contain_text("09:00–17:30")
    await page.locator("#part-skills").get_by_role("button", name="Change").click()
    await page.get_by_label("Skill").last.fill("repairs")
    await page.get_by_label("Level").last.fill("5")
    await page.get_by_role("button", name="Add another").click()
    await expect(page.get_by_label("Skill").last).to_be_focused()
    await page.locator("#part-skills").get_by_role("button", name="Save").click()
    await expect(page.locator("#part-skills")).to_contain_text("repairs")
    made = (await premises.api.get(f"/agents/{agent_id}")).json()
    assert (made["address"], made["languages"]) == ("client:anna.bianchi", ["it-IT", "de-DE"])
    assert (made["hours"], made["skills"]) == ("Mo-Fr 09:00-17:30; PH off", {"repairs": 5})

    await page.get_by_text("Write one down").click()
    await page.get_by_label("From", exact=True).fill("2031-03-03")
    await page.get_by_label("Until the end of").fill("2031-03-07")
    await expect(page.get_by_text("No promise of theirs")).to_be_visible()
    await page.get_by_role("button", name="Write down").click()
    await expect(page.locator("#absences")).to_contain_text("Written down.")
    await page.get_by_role("button", name="Anna leaves us…").click()
    await page.get_by_label("Successor").focus()
    await page.get_by_label("Successor").select_option(label="Bruno Neri")
    await expect(page.get_by_label("Successor")).to_be_focused()
    await seen_by_all(page)
    await page.get_by_role("button", name="Remove Anna Bianchi").click()
    await page.get_by_role("button", name="Remove", exact=True).click()
    await expect(page.get_by_text("The agent has left.")).to_be_visible()
    await expect(page.locator("#agents-rows .name")).to_have_text(["Bruno Neri"])
    await live_house.ready((await premises.api.get("/agents")).json()["items"][0]["id"])
    await expect(page.locator("#agents-rows .badge.good")).to_have_text("Ready")  # by itself
    await seen_by_all(page)
