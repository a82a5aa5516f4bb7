"""An agent sees the people they serve, others by name and with a reason; nothing about a person is behind no door."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.routing import Route

from crm.tables import audit
from desk.card import pages
from desk.card.serves import may_see, served_of
from desk.tables import look_ups
from desk.viewer import Viewer
from store.clock import VirtualClock
from tests.desk.browsing import Premises
from tests.desk.card_stage import SID, on_the_line

pytestmark = [pytest.mark.anyio]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# Routes without a person in their path: they show and do what is the viewer's own, or only names.
WITHOUT_A_PERSON = {
    "/desk/person",
    "/desk/person/who",
    "/desk/today",
    "/desk/transfer",
    "/desk/transfer/colleagues",
    "/desk/transfer/{do:str}",
    "/desk/people",
}


class _Site:
    """As much of a site as routes are made with."""

    def __init__(self) -> None:
        self.pages = self

    def route(self, path: str, endpoint: Any, **how: Any) -> Route:
        return Route(path, endpoint, methods=list(how.get("methods", ("GET",))))


ROUTES = [route for route in pages.routes(_Site()) if isinstance(route, Route)]  # type: ignore[arg-type]


def test_every_other_route_has_a_person_in_its_path() -> None:
    assert {route.path for route in ROUTES if "{customer_id}" not in route.path} == WITHOUT_A_PERSON


@on_sqlite
async def test_no_route_about_a_person_is_open_to_an_agent_who_does_not_serve_them(premises: Premises) -> None:
    somebody = await premises.customer()
    browser = await premises.browser("agent")
    tried = 0
    for route in ROUTES:
        if "{customer_id}" not in route.path or route.path.endswith("/reason"):
            continue
        path = route.path.format(customer_id=somebody, case_id="cas_1", promise_id="cb_1")
        for method in (route.methods or set()) - {"HEAD"}:
            answer = await browser.request(method, path, headers={"HX-Request": "true"})
            assert answer.status_code == 403, f"{method} {path}"
            assert "+39333" not in answer.text
            tried += 1
    assert tried > 15


WAYS = ("preferred", "named", "talked", "case", "promise", "on_the_line", "stand_in", "successor", "chosen_for")


async def test_an_agent_serves_a_person_in_each_of_these_ways_and_nobody_else(premises: Premises) -> None:
    stranger = await premises.customer("Luca Ferrari", "+393339999999")
    viewers = {way: await _viewer(premises, f"{way} Bianchi") for way in WAYS}
    theirs = {way: await _served(premises, viewers[way].agent_id or "", way) for way in WAYS}
    async with premises.database.read() as conn:
        for way, viewer in viewers.items():
            seen = await served_of(conn, viewer, [stranger, *theirs.values()], premises.clock.now())
            assert seen == {theirs[way]}, way


async def _viewer(premises: Premises, name: str) -> Viewer:
    agent_id = await premises.agent(name)
    return Viewer(f"usr_{agent_id}", "ses_1", name, f"{agent_id}@lume.example", "agent", agent_id, "en", None)


async def _served(premises: Premises, agent_id: str, way: str) -> str:
    """A person whom the agent serves in this way alone."""
    post, now = premises.api.post, premises.clock.now()
    if way in ("preferred", "chosen_for"):
        owner = agent_id if way == "preferred" else await premises.agent(f"for_{way} Verdi", stand_in=agent_id)
        return await premises.customer(way, _number(way), preferred_agent=owner)
    if way == "named":
        return await premises.customer(way, _number(way), stand_ins=[agent_id])
    if way in ("stand_in", "successor"):
        other = await premises.agent(f"for_{way} Verdi", **{way: agent_id})
        customer_id = await premises.customer(way, _number(way))
        talk = {"customer": customer_id, "agent": other, "outcome": "solved", "talk_seconds": 60}
        await post("/interactions", json=talk | {"started_at": (now - timedelta(days=5)).isoformat()})
        return customer_id
    customer_id = await premises.customer(way, _number(way))
    if way == "talked":
        talk = {"customer": customer_id, "agent": agent_id, "outcome": "solved", "talk_seconds": 60}
        await post("/interactions", json=talk | {"started_at": (now - timedelta(days=300)).isoformat()})
    elif way == "case":
        await post("/cases", json={"customer": customer_id, "owner": agent_id, "topic": "lamp"})
    elif way == "promise":
        due_at = (now + timedelta(hours=2)).isoformat()
        answer = await post("/callbacks", json={"customer": customer_id, "agent": agent_id, "due_at": due_at})
        assert answer.status_code == 201, answer.text
    else:
        await on_the_line(premises, agent_id, customer_id, state="offered")
    return customer_id


def _number(way: str) -> str:
    return f"+39333100000{WAYS.index(way)}"


@on_sqlite
async def test_what_was_more_than_a_year_ago_is_over(premises: Premises) -> None:
    agent_id, customer_id = await premises.agent(), await premises.customer()
    long_ago = (premises.clock.now() - timedelta(days=370)).isoformat()
    talk = {"customer": customer_id, "agent": agent_id, "outcome": "solved", "talk_seconds": 60}
    await premises.api.post("/interactions", json=talk | {"started_at": long_ago})
    browser = await premises.browser("agent", agent_id=agent_id)
    assert (await browser.get(f"/desk/people/{customer_id}")).status_code == 403


@on_sqlite
async def test_a_search_tells_of_others_no_more_than_their_names(premises: Premises) -> None:
    agent_id = await premises.agent()
    mine = await premises.customer("Maria Rossi", preferred_agent=agent_id)
    other = await premises.customer("Paolo Rossi", "+393339999999", photo_url="https://photos.example/paolo.jpg")
    browser = await premises.browser("agent", agent_id=agent_id)
    answer = await browser.get("/desk/people?q=rossi")
    assert answer.text.index(mine) < answer.text.index(other)
    assert answer.text.count("with a reason") == 1
    assert "paolo.jpg" not in answer.text
    assert "333" not in answer.text


@on_sqlite
async def test_a_reason_opens_the_page_for_a_working_day_and_is_kept(premises: Premises, clock: VirtualClock) -> None:
    somebody = await premises.customer()
    browser = await premises.browser("agent")
    page = await browser.get(f"/desk/people/{somebody}")
    assert page.status_code == 403
    assert "Maria Rossi" in page.text
    assert "+39" not in page.text
    answer = await browser.post(f"/desk/people/{somebody}/reason", data={"reason": "other", "words": "rang my mobile"})
    assert answer.status_code == 303
    assert (await browser.get(f"/desk/people/{somebody}")).status_code == 200
    assert (await browser.post(f"/desk/people/{somebody}/notes/more", data={"words": "hi"})).status_code == 200
    async with premises.database.read() as conn:
        kept = (await conn.execute(select(look_ups))).one()
        told = [row.detail for row in await conn.execute(select(audit.c.detail).where(audit.c.what == "read"))]
    assert kept.reason == "other: rang my mobile"
    assert {"part": "profile", "reason": "other"} in told  # and nothing that somebody has typed
    viewer = Viewer(kept.user_id, "ses_1", "Anna", "anna@lume.example", "agent", None, "en", None)
    async with premises.database.read() as conn:
        assert await may_see(conn, viewer, somebody, clock.now() + timedelta(hours=7, minutes=59))
        assert not await may_see(conn, viewer, somebody, clock.now() + timedelta(hours=8))


@on_sqlite
@pytest.mark.parametrize("given", [{}, {"reason": "curious"}, {"reason": "other", "words": " "}])
async def test_without_a_good_reason_nothing_opens(premises: Premises, given: dict[str, str]) -> None:
    somebody = await premises.customer()
    browser = await premises.browser("agent")
    answer = await browser.post(f"/desk/people/{somebody}/reason", data=given)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert (await browser.get(f"/desk/people/{somebody}")).status_code == 403


@on_sqlite
async def test_managers_see_everybody_and_are_written_down_too(premises: Premises) -> None:
    somebody = await premises.customer()
    browser = await premises.browser("manager")
    assert (await browser.get(f"/desk/people/{somebody}")).status_code == 200
    async with premises.database.read() as conn:
        rows = list(await conn.execute(select(audit).where(audit.c.what == "read", audit.c.customer_id == somebody)))
    parts = {(row.detail or {}).get("part") for row in rows}
    assert {None, "familiar", "weariness", "notes", "cases"} <= parts
    assert all(row.role == "manager" for row in rows)


@on_sqlite
async def test_nobody_sends_a_code_into_a_colleagues_call(premises: Premises) -> None:
    anna, bruno = await premises.agent(), await premises.agent("Bruno Verdi")
    maria = await premises.customer(preferred_agent=anna)
    await on_the_line(premises, bruno, maria, arrived_at=premises.clock.now() + timedelta(seconds=1))
    for agent_id, status in ((anna, 403), (bruno, 200)):
        browser = await premises.browser("agent", agent_id=agent_id)
        for data, told in (({"call": SID}, status), ({"call": SID, "code": "000000"}, 403 if status == 403 else 422)):
            answer = await browser.post(f"/desk/people/{maria}/proof", data=data, headers={"HX-Request": "true"})
            assert answer.status_code == told, (agent_id, data)


@on_sqlite
async def test_somebody_elses_case_and_promise_are_not_changed_under_another_name(premises: Premises) -> None:
    agent_id = await premises.agent()
    mine = await premises.customer(preferred_agent=agent_id)
    other = await premises.customer("Luca Ferrari", "+393339999999")
    case = (await premises.api.post("/cases", json={"customer": other, "topic": "lamp"})).json()["id"]
    due_at = (premises.clock.now() + timedelta(hours=2)).isoformat()
    promise = (await premises.api.post("/callbacks", json={"customer": other, "due_at": due_at})).json()["id"]
    browser = await premises.browser("agent", agent_id=agent_id)
    part = {"HX-Request": "true"}
    answer = await browser.post(f"/desk/people/{mine}/cases/{case}", data={"do": "solve"}, headers=part)
    assert answer.status_code == 404
    for method, data in (("GET", {}), ("POST", {"do": "cancel"})):
        answer = await browser.request(method, f"/desk/people/{mine}/promises/{promise}", data=data, headers=part)
        assert answer.status_code == 404
    assert (await premises.api.get(f"/callbacks/{promise}")).json()["state"] == "promised"
