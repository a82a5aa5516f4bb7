"""The editor of the rules in a real browser: a morning's work of a manager, and two managers at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import insert

from crm.tables import interactions
from tests.browser.house import LINE, LiveHouse, accessible
from tests.routing.broken_plans import RICH

pytestmark = pytest.mark.anyio
PHONE = {"width": 360, "height": 740}


async def publish(house: LiveHouse, plan: dict[str, Any]) -> None:
    etag = (await house.premises.api.get("/plan")).headers["etag"]
    answer = await house.premises.api.put("/plan", json=plan, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


async def yesterday(house: LiveHouse, customer: str, agent: str) -> None:
    """Conversations to replay."""
    now = house.premises.clock.now()
    row = {"customer_id": customer, "agent_id": agent, "channel": "voice", "talk_seconds": 240, "outcome": "solved"}
    rows = [row | {"id": f"int{n}", "started_at": now - timedelta(hours=20 + n)} for n in range(4)]
    async with house.premises.database.write() as conn:
        await conn.execute(insert(interactions), rows)


def names(page: Page) -> Any:
    return page.locator(".rules h3")


async def test_a_managers_first_rules(live_house: LiveHouse) -> None:
    """A line with a name and hours, a slider, two rules in order, tried, replayed and published: in 20 interactions."""
    anna = await live_house.premises.agent()
    maria = await live_house.premises.customer(tags=["gold"])
    await yesterday(live_house, maria, anna)
    page = await live_house.open_as("manager", "/console/plan")
    await page.get_by_label("Telephone number").fill(LINE)
    await page.get_by_label("Name", exact=True).fill("Loans")
    await page.get_by_role("button", name="Add the line").click()
    await page.get_by_role("button", name="Give this line hours of its own").click()
    await page.get_by_label("Sat", exact=True).check()
    await expect(page.get_by_label("Opening hours as text")).to_have_value("Mo-Sa 09:00-18:00; PH off")

    await page.get_by_role("link", name="Who gets whom").click()
    slider = page.get_by_role("slider", name="An agent who knows them")
    await slider.press("ArrowRight")
    sentence = page.get_by_text("A caller waits up to 65 s longer for an agent who knows them well")
    await expect(sentence).to_be_visible()
    await expect(page.get_by_label("An agent who knows them changed")).to_have_value("65")
    await expect(page.get_by_text("4 changes")).to_be_hidden()

    await page.get_by_role("navigation", name="Parts of the rules").get_by_role("link", name="Rules").click()
    await page.get_by_role("button", name="Customers with a tag go first").click()
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await page.get_by_placeholder("Tag", exact=True).fill("gold")
    await page.get_by_label("What is different then").select_option("agent")
    await page.get_by_label("Having this agent is worth", exact=True).select_option(anna)
    told = "When they have the tag «gold»: they go ahead as if they had waited 2 min longer; having Anna Bianchi"
    await expect(page.get_by_text(told)).to_be_visible()
    await page.get_by_role("button", name="Whoever is tired of us goes first").click()
    await expect(names(page)).to_have_text(["Special customers changed", "Tired of us changed"])

    await page.locator("#grip-1").focus()
    await page.keyboard.press("Alt+ArrowUp")
    await expect(names(page)).to_have_text(["Tired of us changed", "Special customers changed"])
    await expect(page.locator("#said")).to_have_text("Now in place 1 of 2.")
    await expect(page.locator("#grip-0")).to_be_focused()
    await page.locator("#grip-0").drag_to(page.locator("#grip-1"))
    await expect(names(page)).to_have_text(["Special customers changed", "Tired of us changed"])
    await page.get_by_role("button", name="Later: Special customers").click()
    await expect(page.locator("#grip-1")).to_be_focused()
    await expect(names(page)).to_have_text(["Tired of us changed", "Special customers changed"])

    await page.get_by_role("link", name="Try it out").click()
    await page.get_by_label("Or a customer").press_sequentially("rossi")
    await page.get_by_label("Maria Rossi").check()
    await page.get_by_label("The agents").select_option("on_shift")
    await page.get_by_label("Which line?").select_option("")
    await page.get_by_role("button", name="Who gets the call?").click()
    await expect(page.get_by_role("heading", name="Anna Bianchi is rung")).to_be_visible()
    await expect(page.locator("#tried").get_by_text("Special customers")).to_be_visible()
    await page.get_by_label("busy Anna Bianchi").check()
    await expect(page.get_by_role("heading", name="Anna Bianchi is rung")).to_be_hidden()
    await page.get_by_role("button", name="Replay").click()
    await expect(page.get_by_text("4 calls", exact=True)).to_be_visible(
        timeout=30_000
    )  # a process of its own has to start
    await expect(page.get_by_role("region", name="Figures compared")).to_contain_text("your draft")
    assert await accessible(page) == []

    await page.get_by_role("button", name="Look through and publish").click()
    await expect(page.get_by_text("65 s instead of 60 s")).to_be_visible()
    await page.get_by_label("Why? (for the history)").fill("Our first rules")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("«Our first rules»")).to_be_visible()
    plan = (await live_house.premises.api.get("/plan")).json()
    assert plan["lines"][LINE]["hours"] == "Mo-Sa 09:00-18:00; PH off"
    assert [rule["name"] for rule in plan["rules"]] == ["Tired of us", "Special customers"]
    assert plan["rules"][1]["then"]["agent"] == anna


async def test_what_is_wrong_stays_and_what_is_typed_meanwhile_is_not_drawn_over(live_house: LiveHouse) -> None:
    """Also that the second of two managers sees the first one's changes."""
    page = await live_house.open_as("manager", "/console/plan/talks")
    ringing, missed = page.get_by_role("textbox", name="Ringing"), page.get_by_role("textbox", name="Missed rings")
    await ringing.fill("soon")
    await missed.fill("4")
    await expect(page.get_by_text("This takes a whole number.")).to_be_hidden()  # nothing is sent while one is typing
    await missed.press("Tab")
    await expect(page.get_by_text("This takes a whole number.")).to_be_visible()
    await expect(page.get_by_text("To be corrected: Talks and records")).to_be_visible()
    await page.reload()
    await expect(ringing).to_have_value("soon")
    await expect(missed).to_have_value("4")
    await ringing.fill("25")
    await ringing.press("Enter")
    await expect(page.get_by_text("This takes a whole number.")).to_be_hidden()

    other = (await live_house.premises.api.get("/plan")).json()
    await publish(live_house, other | {"wrap_up_seconds": 77})
    live_house.complaints.clear()
    await page.goto(f"{live_house.url}/console/plan/review")
    conflict = page.get_by_role("alert")
    await expect(conflict).to_contain_text("After a talk an agent has 77 s instead of 1 s to themselves.")
    await page.get_by_role("button", name="Bring my changes onto version 2").click()
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Published.")).to_be_visible()
    plan = (await live_house.premises.api.get("/plan")).json()
    assert (plan["ring_seconds"], plan["misses_until_away"], plan["wrap_up_seconds"]) == (25, 4, 77)


CONTRAST = """async () => (await axe.run({ runOnly: ['color-contrast'] })).violations
    .flatMap(found => found.nodes.map(node => node.html))"""


async def test_every_page_can_be_used_by_everybody(live_house: LiveHouse) -> None:
    """On a telephone's screen, in both themes; in Italian as well."""
    anna = await live_house.premises.agent(team="north", skills={"loans": 3})
    await publish(live_house, json.loads(json.dumps(RICH).replace("agt_1", anna)))
    line = next(iter(RICH["lines"]))
    page = await live_house.open_as("manager", "/console/plan", language="it", viewport=PHONE, reduced_motion="reduce")
    paths = ["", "/worth", "/rules?open=0", "/skills", "/promises", "/talks", "/try", "/history", f"/lines/{line}"]
    for path in [*paths, "/review"]:
        await page.emulate_media(color_scheme="light")
        await page.goto(f"{live_house.url}/console/plan{path}")
        assert await accessible(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        await page.emulate_media(color_scheme="dark")
        assert await page.evaluate(CONTRAST) == [], path
