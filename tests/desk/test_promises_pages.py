"""The ledger's pages: what may not be kept first, and each thing that can be done about a promise."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete

from callbacks.tables import callback_history
from tests.desk.browsing import Premises
from tests.desk.floor_scene import Scene
from tests.desk.test_floor_pages import words

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def scene(premises: Premises) -> Scene:
    return Scene(premises)


@pytest.fixture
async def browser(premises: Premises) -> httpx2.AsyncClient:
    return await premises.browser("manager")


async def promised(scene: Scene, agent: str | None = "Anna Bianchi") -> str:
    """To Maria, in three hours, by whom it may be given to others."""
    for name in ("Anna Bianchi", "Bruno Neri"):
        if name not in scene.agents:
            await scene.agent(name)
    return await scene.promise("Maria Rossi", "+393331234567", 180, agent)


async def now_is(premises: Premises, promise: str) -> Any:
    return (await premises.api.get(f"/callbacks/{promise}")).json()


async def test_what_may_not_be_kept_comes_first_and_says_why(scene: Scene, browser: httpx2.AsyncClient) -> None:
    await promised(scene)
    await scene.promise("Gina Gialli", "+393330000001", 300, "Bruno Neri", risk="owner_away")
    await scene.promise("Ugo Viola", "+393330000002", -3, kind="voicemail", state="due")
    await scene.promise("Ida Rosa", "+393330000003", -300, state="broken", late_seconds=900.0)
    page = words((await browser.get("/console/promises")).text)
    assert page.index("Gina Gialli") < page.index("Ugo Viola") < page.index("Maria Rossi")
    for sentence in ("One might not be kept", "Bruno Neri is not there.", "3 min late", "in 3 h 00 min", "Due"):
        assert sentence in page, sentence
    assert "Ida Rosa" not in page
    broken = words((await browser.get("/console/promises?show=broken")).text)
    assert "Ida Rosa" in broken
    assert "15 min late" in broken


async def test_a_promise_without_a_history_says_so(
    scene: Scene, premises: Premises, browser: httpx2.AsyncClient
) -> None:
    promise = await promised(scene)
    async with premises.database.write() as conn:
        await conn.execute(delete(callback_history))
    assert "Nothing yet." in (await browser.get(f"/console/promises/{promise}")).text


async def test_the_ledger_is_narrowed_by_person_owner_day_and_kind(
    premises: Premises, scene: Scene, browser: httpx2.AsyncClient
) -> None:
    await promised(scene)
    await scene.promise("Ugo Viola", "+393330000002", 60 * 24 + 60, "Bruno Neri", kind="follow_up")
    day = premises.clock.now().date().isoformat()
    for asked, found in (
        ({"q": "viola"}, ["Ugo Viola"]),
        ({"owner": scene.agents["Anna Bianchi"]}, ["Maria Rossi"]),
        ({"day": day}, ["Maria Rossi"]),
        ({"day": "someday"}, ["Maria Rossi", "Ugo Viola"]),
        ({"kind": "follow_up"}, ["Ugo Viola"]),
        ({"q": "nobody here"}, []),
    ):
        part = words((await browser.post("/console/promises/list", data=asked, headers=HTMX)).text)
        assert [name for name in ("Maria Rossi", "Ugo Viola") if f" {name} " in part] == found, asked
    short = await browser.post("/console/promises/list", data={"q": "x"}, headers=HTMX)
    assert "At least 2 letters or digits are needed." in short.text


async def test_a_promise_is_given_to_somebody_who_can_keep_it(
    premises: Premises, scene: Scene, browser: httpx2.AsyncClient
) -> None:
    promise = await promised(scene)
    sheet = await browser.get(f"/console/promises/{promise}/give")
    assert "Bruno Neri at its time" in words(sheet.text)
    assert "Anna Bianchi at its time" not in words(sheet.text)
    nobody = await browser.post(f"/console/promises/{promise}/give", data={}, headers=HTMX)
    assert (nobody.status_code, "Please choose somebody." in nobody.text) == (422, True)
    data = {"to": scene.agents["Bruno Neri"]}
    answer = await browser.post(f"/console/promises/{promise}/give", data=data, headers=HTMX)
    told = json.loads(answer.headers["hx-trigger"])
    assert (answer.status_code, told["sheet-done"]["told"]) == (204, "Bruno Neri will call.")
    assert "promises-changed" in told
    assert (await now_is(premises, promise))["agent"] == scene.agents["Bruno Neri"]
    page = words((await browser.get(f"/console/promises/{promise}")).text)
    assert "Taken on a manager by Bruno Neri" in page


@on_sqlite
async def test_a_promise_is_moved_to_a_time_that_can_be_kept_and_what_was_typed_stays(
    premises: Premises, scene: Scene, browser: httpx2.AsyncClient
) -> None:
    promise = await promised(scene)
    address = f"/console/promises/{promise}/move"
    sheet = await browser.get(address)
    assert 'value="2026-03-03T12:05:00Z"' in sheet.text  # the promise itself is for 13:00
    for clock, told in (("", "Please choose one of the times"), ("03:30", "This time cannot be kept")):
        data = {"who": scene.agents["Anna Bianchi"], "day": "2026-03-04", "clock": clock}
        refused = await browser.post(address, data=data, headers=HTMX)
        assert refused.status_code in (409, 422)
        assert told in refused.text
        assert f'value="{clock}"' in refused.text
        assert 'value="2026-03-04"' in refused.text
    data = {"who": "", "at": "2026-03-03T14:00:00Z"}
    assert (await browser.post(address, data=data, headers=HTMX)).status_code == 204
    moved = await now_is(premises, promise)
    assert (moved["due_at"], moved["agent"], moved["moves"]) == ("2026-03-03T14:00:00Z", None, 1)


@on_sqlite
async def test_the_customer_is_asked_and_it_is_said_before_what(
    premises: Premises, scene: Scene, browser: httpx2.AsyncClient
) -> None:
    promise = await promised(scene)
    address = f"/console/promises/{promise}/ask"
    sheet = words((await browser.get(address)).text)
    assert "13:00 with whoever is free" in sheet
    assert (await browser.post(address, headers=HTMX)).status_code == 204
    assert len((await now_is(premises, promise))["choices"]) == 2
    again = await browser.post(address, headers=HTMX)
    assert (again.status_code, "have been asked already" in again.text) == (409, True)
    page = words((await browser.get(f"/console/promises/{promise}")).text)
    assert "They have been asked by text, and have not answered yet: 13:00 with whoever is free, or" in page


@on_sqlite
async def test_a_promise_is_kept_another_way_or_cancelled_with_a_reason(
    premises: Premises, scene: Scene, browser: httpx2.AsyncClient
) -> None:
    kept = await promised(scene)
    data = {"how": "in_person", "note": "Came by for it."}
    assert (await browser.post(f"/console/promises/{kept}/keep", data=data, headers=HTMX)).status_code == 204
    assert (await now_is(premises, kept))["kept_how"] == "in_person"
    other = await scene.promise("Ugo Viola", "+393330000002", 90)
    blank = await browser.post(f"/console/promises/{other}/cancel", data={"reason": ""}, headers=HTMX)
    assert (blank.status_code, "Please say why" in blank.text) == (422, True)
    answer = await browser.post(f"/console/promises/{other}/cancel", data={"reason": "Twice by mistake"})
    assert answer.headers["location"] == f"/console/promises/{other}"
    page = words((await browser.get(f"/console/promises/{other}")).text)
    assert "Cancelled" in page
    assert "Twice by mistake" in page
    late = await browser.post(f"/console/promises/{kept}/cancel", data={"reason": "Too late"}, headers=HTMX)
    assert late.status_code == 204
    assert (await now_is(premises, kept))["state"] == "kept"


async def test_the_promises_of_somebody_who_is_ill_are_handed_over_and_it_is_said_which_stay(
    premises: Premises, scene: Scene, browser: httpx2.AsyncClient
) -> None:
    first = await promised(scene)
    second = await scene.promise("Ugo Viola", "+393330000002", 180, "Anna Bianchi")
    anna, bruno = scene.agents["Anna Bianchi"], scene.agents["Bruno Neri"]
    address = "/console/promises/hand-over"
    page = words((await browser.get(f"{address}?agent={anna}&to={bruno}")).text)
    assert page.count("has time then") == 2
    nobody = await browser.post(address, data={"agent": anna, "promise": [first]})
    assert (nobody.status_code, "Please choose who takes them." in nobody.text) == (422, True)
    data = {"agent": anna, "to": bruno, "promise": [first, second]}
    answer = words((await browser.post(address, data=data, headers=HTMX)).text)
    assert "1 has been given to Bruno Neri." in answer
    assert "Given, at its time." in answer
    assert "Stays: their next time is" in answer  # both are for one o'clock
    data |= {"promise": [second], "move": "on"}
    answer = words((await browser.post(address, data=data, headers=HTMX)).text)
    assert "Given, and moved to" in answer
    assert {(await now_is(premises, one))["agent"] for one in (first, second)} == {bruno}
