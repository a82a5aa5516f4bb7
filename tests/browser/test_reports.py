"""The reports in a real browser, and the pages beside a call: drawn, read by everybody, no wider than a telephone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.house import LiveHouse, looks_right
from tests.routing.rows import add_call

pytestmark = pytest.mark.anyio
# Without motion: a colour on its way from one theme to the other is no finding.
WINDOW: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}


async def past(house: LiveHouse) -> None:
    """A call on each of three days, and what was said in it."""
    anna, maria, now = await house.premises.agent(), await house.premises.customer(), house.premises.clock.now()
    async with house.premises.database.write() as conn:
        for n in range(3):
            at = now - timedelta(days=n, hours=1)
            ended = {"state": "ended", "outcome": "agent", "agent_id": anna, "waited_seconds": 10.0 + n, "ended_at": at}
            await add_call(conn, f"call_{n}", at, sid=f"CA{n:032}", customer_id=maria, familiar=n < 2, **ended)
    for n in range(3):
        began = (now - timedelta(days=n, hours=1)).isoformat()
        talk = {"customer": maria, "agent": anna, "started_at": began, "talk_seconds": 60, "outcome": "solved"}
        assert (await house.premises.api.post("/interactions", json=talk)).status_code == 201


async def test_each_report_is_drawn_beside_its_table(live_house: LiveHouse) -> None:
    await past(live_house)
    page = await live_house.open_as("manager", "/console/reports", **WINDOW)
    for name, drawn in (("people", 2), ("promises", 0), ("waiting", 2), ("load", 1)):
        await page.goto(f"{live_house.url}/console/reports/{name}?days=28")
        await expect(page.locator("#figures").locator(".tiles, .empty").first).to_be_visible()
        await expect(page.locator(".chart .drawing canvas")).to_have_count(drawn)
        assert await page.locator(".chart details table").count() == drawn
        for summary in await page.locator(".chart summary").all():
            await summary.click()
        await looks_right(page)


async def test_the_pages_beside_a_call_can_be_used_by_everybody(live_house: LiveHouse) -> None:
    premises = live_house.premises
    anna, bruno = await premises.agent(), await premises.agent("Bruno Neri")
    maria = await premises.customer(preferred_agent=anna, style="step by step")
    other = await premises.customer("Paolo Rossi", "+393339999999")
    due_at = (premises.clock.now() + timedelta(hours=2)).replace(second=0, microsecond=0).isoformat()
    body = {"customer": maria, "agent": anna, "due_at": due_at, "reason": "The lamp in the cellar"}
    promise = (await premises.api.post("/callbacks", json=body)).json()["id"]
    page = await live_house.open_as("agent", "/desk/people", agent_id=anna, **WINDOW)
    await page.get_by_role("searchbox").fill("rossi")
    await expect(page.get_by_text("with a reason")).to_be_visible()
    await looks_right(page)
    for path in (f"/desk/people/{maria}", f"/desk/people/{maria}/promises/{promise}"):
        await page.goto(f"{live_house.url}{path}")
        await looks_right(page)
    await page.goto(f"{live_house.url}/desk/people/{other}")  # whom she does not serve: she is asked why
    await looks_right(page)
    live_house.complaints[:] = [one for one in live_house.complaints if "status of 403" not in one]
    console = await live_house.open_as("manager", f"/console/promises/hand-over?agent={anna}&to={bruno}", **WINDOW)
    await expect(console.get_by_text("has time then")).to_be_visible()
    await looks_right(console)
