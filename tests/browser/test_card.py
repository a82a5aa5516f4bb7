"""A conversation on an agent's screen, from the first ring to the last word: nothing is lost, nothing is told twice."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from simulator.phones import Phone
from tests.browser.house import LINE, LiveHouse, looks_right, until

pytestmark = pytest.mark.anyio
MARIA, ANNA, BRUNO = "+393331234567", "+390611110001", "+390611110002"


async def takes_it(phone: Phone) -> None:
    """At a desk phone: whoever presses 1 is a person."""
    phone.answer()
    await until(lambda: any(heard.kind == "said" for heard in phone.heard))
    phone.press("1")


async def meet(caller: Phone, agent: Phone) -> None:
    """The one rings us, and the other, at a desk phone, takes it."""
    await caller.dial(LINE)
    await until(lambda: agent.state == "ringing")
    await takes_it(agent)


async def people(house: LiveHouse) -> tuple[str, str]:
    """Anna and Bruno, and Maria, who has chosen Anna; both are ready, and have a minute after each talk."""
    premises = house.premises
    plan = await premises.api.get("/plan")
    changed = plan.json() | {"wrap_up_seconds": 60}
    assert (await premises.api.put("/plan", json=changed, headers={"If-Match": plan.headers["etag"]})).is_success
    anna = await premises.agent("Anna Bianchi", address=ANNA)
    bruno = await premises.agent("Bruno Verdi", address=BRUNO, skills={"billing": 3}, team="Billing")
    await premises.customer(say="ma-RI-a", title="dottoressa", style="step by step", preferred_agent=anna)
    for agent_id in (anna, bruno):
        await house.ready(agent_id)
    return anna, bruno


async def test_from_the_first_ring_to_the_last_word(live_house: LiveHouse) -> None:
    house = live_house
    anna, bruno = await people(house)
    at_anna, at_bruno, caller = house.telephone(ANNA), house.telephone(BRUNO), house.telephone(MARIA)
    wide = {"viewport": {"width": 1360, "height": 900}}
    page = await house.open_as("agent", "/desk", agent_id=anna, **wide)
    other = await house.open_as("agent", "/desk", agent_id=bruno, **wide)
    await expect(page.locator("#card")).to_have_attribute("data-mode", "idle")
    await expect(other.locator("#card")).to_have_attribute("data-mode", "idle")

    await caller.dial(LINE)
    await until(lambda: at_anna.state == "ringing")
    card = page.locator("#card")
    await expect(card).to_have_attribute("data-mode", "ringing")
    for told in ("Maria Rossi", "ma-RI-a", "dottoressa", "You are their person."):
        await expect(card).to_contain_text(told)
    await looks_right(page)

    await takes_it(at_anna)
    await expect(card).to_have_attribute("data-mode", "talking")
    await until(lambda: bool(caller.partners))  # the greeting is over
    await notes_are_kept(house, page, caller)
    await a_case_and_a_promise(page)
    await looks_right(page)
    await a_warm_transfer(page, other, at_bruno, caller)

    # Anna's time after the talk, and what she writes in it.
    await expect(card).to_have_attribute("data-mode", "wrap_up")
    await expect(page.get_by_label("Notes, ours")).to_have_value("wants a new lamp, soon")
    await page.get_by_label("It stays open").check()
    await page.get_by_label("In one sentence").fill("A new lamp is on its way")
    await expect(page.locator("#saved-wrap")).to_contain_text("Kept at")
    await looks_right(page)
    await page.get_by_label("In one sentence").fill("A new lamp is on its way")  # and Done within its pause
    await page.get_by_role("button", name="Done").click()
    await expect(card).to_have_attribute("data-mode", "idle")
    assert await page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft '))") == []

    # Bruno reads what has happened, and Maria has told it once.
    await other.get_by_text("What has happened so far").click()
    past = other.locator("ol.past")
    await expect(past).to_contain_text("A new lamp is on its way")
    await expect(past).to_contain_text("wants a new lamp, soon")
    await other.get_by_label("Words in it").fill("lamp is on")
    await expect(past).not_to_contain_text("wants a new lamp, soon")
    caller.hang_up()
    await expect(other.locator("#card")).to_have_attribute("data-mode", "wrap_up")


async def notes_are_kept(house: LiveHouse, page: Page, caller: Phone) -> None:
    """While something changes under the hand that types, over a reload, and by a window that closes at once."""
    notes = page.get_by_label("Notes, ours")
    await notes.fill("wants a")
    await expect(page.locator(".notes .saved")).to_contain_text("Kept at")
    await page.reload()
    await expect(notes).to_have_value("wants a")
    await notes.focus()
    await page.keyboard.press("End")
    await page.keyboard.type(" new lamp")
    held = await house.premises.api.post(f"/calls/{caller.call}/hold", json={"on": True})
    assert held.status_code == 200, held.text
    await expect(page.locator(".now")).to_contain_text("on hold")
    await page.keyboard.type(", soon")  # the hand has not noticed
    await expect(notes).to_be_focused()
    await expect(notes).to_have_value("wants a new lamp, soon")
    await page.reload()  # before it could save itself
    await expect(notes).to_have_value("wants a new lamp, soon")
    await house.premises.api.post(f"/calls/{caller.call}/hold", json={"on": False})
    await expect(page.locator(".now")).not_to_contain_text("on hold")


async def a_case_and_a_promise(page: Page) -> None:
    await page.get_by_label("Something new").fill("The lamp goes out")
    await page.get_by_role("button", name="Open it").click()
    await expect(page.locator("#matters")).to_contain_text("this call")
    await page.get_by_text("Promise a call").click()
    await page.get_by_label("About what").fill("when the lamp is in")
    await page.get_by_role("button", name="Promise it").click()
    await expect(page.locator("#promises")).to_contain_text("Promised:")
    await expect(page.locator("#promises")).to_contain_text("when the lamp is in")


async def a_warm_transfer(page: Page, other: Page, at_bruno: Phone, caller: Phone) -> None:
    await page.locator("[data-opens=transfer]").first.click()
    dialog = page.locator("#transfer")
    await expect(dialog.get_by_label("What your colleague should know")).to_have_value("wants a new lamp, soon")
    await dialog.get_by_role("searchbox", name="Colleague").fill("bill")
    await expect(dialog.locator("#colleagues li")).to_have_count(1)
    await looks_right(page)
    await dialog.get_by_role("button", name="Ask: Bruno Verdi").click()
    await expect(dialog).to_contain_text("Bruno Verdi is being asked.")
    await expect(other.locator("#card")).to_have_attribute("data-mode", "asked")
    await expect(other.locator("#card")).to_contain_text("Anna Bianchi brings them to you")
    await expect(other.locator("#card")).to_contain_text("wants a new lamp, soon")
    await until(lambda: at_bruno.state == "ringing")
    await takes_it(at_bruno)
    await expect(dialog).to_contain_text("You are speaking with Bruno Verdi.")
    await dialog.get_by_role("button", name="Introduce").click()
    await expect(dialog).to_contain_text("All three of you are speaking.")
    await until(lambda: len(caller.partners) == 2)
    await dialog.get_by_role("button", name="Leave them together").click()
    await expect(other.locator("#card")).to_have_attribute("data-mode", "talking")
    await expect(dialog).to_have_count(0)


async def test_a_name_without_end_fits_a_telephone(live_house: LiveHouse) -> None:
    house = live_house
    anna = await house.premises.agent("Anna Bianchi", address=ANNA)
    long = "Wolfeschlegelsteinhausenbergerdorff"
    await house.premises.customer(f"Maria {long}", called=long, say=long * 2, title=f"Professoressa {long}")
    await house.ready(anna)
    page = await house.open_as("agent", "/desk", agent_id=anna, viewport={"width": 360, "height": 740})
    await house.telephone(MARIA).dial(LINE)
    await expect(page.locator("#card")).to_have_attribute("data-mode", "ringing")
    await expect(page.locator("#card")).to_contain_text(f"call them {long}")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_what_a_colleague_should_know_is_there_to_the_last_letter(live_house: LiveHouse) -> None:
    house = live_house
    anna, _ = await people(house)
    at_anna, caller = house.telephone(ANNA), house.telephone(MARIA)
    page = await house.open_as("agent", "/desk", agent_id=anna)
    await meet(caller, at_anna)
    await expect(page.locator("#card")).to_have_attribute("data-mode", "talking")
    await expect(page.get_by_role("button", name="Pass on")).to_be_visible()
    await page.get_by_label("Notes, ours").fill("wants a lamp")
    await page.keyboard.press("Alt+t")  # before it could save itself
    note = page.locator("#transfer").get_by_label("What your colleague should know")
    await expect(note).to_have_value("wants a lamp")
    await expect(page.locator(".notes .saved")).to_contain_text("Kept at")
    await expect(note).to_have_value("wants a lamp")


async def test_two_windows_write_into_the_same_note(live_house: LiveHouse) -> None:
    house = live_house
    anna, _ = await people(house)
    at_anna, caller = house.telephone(ANNA), house.telephone(MARIA)
    page = await house.open_as("agent", "/desk", agent_id=anna)
    other = await page.context.new_page()
    await other.goto(f"{house.url}/desk")
    await meet(caller, at_anna)
    here, there = page.get_by_label("Notes, ours"), other.get_by_label("Notes, ours")
    await expect(there).to_be_visible()
    await here.fill("wants a lamp")
    await expect(there).to_have_value("wants a lamp")
    await there.press("End")
    await there.press_sequentially(", a green one")
    await expect(here).to_have_value("wants a lamp, a green one")
    await page.reload()
    await expect(here).to_have_value("wants a lamp, a green one")


async def test_a_wrap_up_does_not_end_under_the_hand_that_writes(live_house: LiveHouse) -> None:
    house = live_house
    anna, _ = await people(house)
    plan = await house.premises.api.get("/plan")
    changed = plan.json() | {"wrap_up_seconds": 6}
    await house.premises.api.put("/plan", json=changed, headers={"If-Match": plan.headers["etag"]})
    at_anna, caller = house.telephone(ANNA), house.telephone(MARIA)
    page = await house.open_as("agent", "/desk", agent_id=anna)
    await meet(caller, at_anna)
    await expect(page.locator("#card")).to_have_attribute("data-mode", "talking")
    await until(lambda: bool(caller.partners))
    caller.hang_up()
    await expect(page.locator("#card")).to_have_attribute("data-mode", "wrap_up")
    await page.get_by_label("It stays open").check()
    await page.get_by_label("In one sentence").press_sequentially("A new lamp is on its way to her", delay=300)
    await expect(page.locator("#card")).to_have_attribute("data-mode", "wrap_up")
    await page.get_by_role("button", name="Done").click()
    await expect(page.locator("#card")).to_have_attribute("data-mode", "idle")
    (talk,) = (await house.premises.api.get(f"/interactions?agent={anna}")).json()["items"]
    assert (talk["outcome"], talk["summary"]) == ("open", "A new lamp is on its way to her")


async def test_what_was_chosen_after_a_talk_counts_without_done(live_house: LiveHouse) -> None:
    house = live_house
    anna, _ = await people(house)
    maria = await house.premises.api.get(f"/customers?phone=%2B{MARIA[1:]}")
    (customer,) = maria.json()["items"]
    await house.premises.api.patch(f"/customers/{customer['id']}", json={"preferred_agent": None})
    bruno = house.telephone(BRUNO)
    at_anna, caller = house.telephone(ANNA), house.telephone(MARIA)
    page = await house.open_as("agent", "/desk", agent_id=anna)
    await caller.dial(LINE)
    await until(lambda: "ringing" in (at_anna.state, bruno.state))
    if bruno.state == "ringing":
        bruno.decline()
        await until(lambda: at_anna.state == "ringing")
    await takes_it(at_anna)
    await until(lambda: bool(caller.partners))
    caller.hang_up()
    await expect(page.locator("#card")).to_have_attribute("data-mode", "wrap_up")
    await page.get_by_label("It stays open").check()
    await page.get_by_label("Topic").fill("lamp")
    await page.get_by_label("They would like to speak with me").check()
    await page.get_by_role("button", name="Finished").click()
    await expect(page.locator("#card")).to_have_attribute("data-mode", "idle")

    async def recorded() -> tuple[str, str]:
        (talk,) = (await house.premises.api.get(f"/interactions?agent={anna}")).json()["items"]
        return talk["outcome"], talk["topic"]

    async with asyncio.timeout(10):
        while await recorded() != ("open", "lamp"):
            await asyncio.sleep(0.05)
    (case,) = (await house.premises.api.get(f"/cases?customer={customer['id']}")).json()["items"]
    assert (case["topic"], case["owner"]) == ("lamp", anna)
    told = await house.premises.api.get(f"/customers/{customer['id']}")
    assert told.json()["preferred_agent"] == anna
