"""The editor of the rules: a draft that is kept at every change, looked through and published."""

from __future__ import annotations

import html
import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from desk.plan.paths import text_of
from desk.tables import users
from desk.viewer import COOKIE
from store.clock import VirtualClock
from tests.desk.browsing import Premises, add_session
from tests.routing.broken_plans import RICH

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LINE = "+390612345678"
PAGES = ("", "/worth", "/rules", "/rules?open=0", "/skills", "/promises", "/talks", "/try", "/history", "/review")


class Desk:
    """A manager's browser in the editor; answers are its part of the page."""

    def __init__(self, browser: httpx2.AsyncClient) -> None:
        self.browser = browser

    async def see(self, path: str = "", status: int = 200) -> str:
        answer = await self.browser.get(f"/console/plan{path}")
        assert answer.status_code == status, answer.text
        return answer.text

    async def send(self, to: str, /, **form: Any) -> httpx2.Response:
        answer = await self.browser.post(f"/console/plan{to}", data=form, headers={"HX-Request": "true"})
        assert answer.status_code in (200, 204), answer.text
        return answer

    async def write(self, *path: str | int, value: Any, page: str = "worth", **more: Any) -> str:
        form = {"path": text_of(path), "value": value, "page": page}
        return (await self.send("/draft", **form | more)).text

    async def do(self, do: str, *path: str | int, page: str = "rules", **more: Any) -> httpx2.Response:
        return await self.send("/draft", path=text_of(path), do=do, page=page, **more)


async def desk_of(premises: Premises, **user: Any) -> Desk:
    return Desk(await premises.browser("manager", **user))


async def publish(premises: Premises, plan: Any) -> None:
    etag = (await premises.api.get("/plan")).headers["etag"]
    answer = await premises.api.put("/plan", json=plan, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


def rich(agent: str) -> dict[str, Any]:
    """A plan that uses everything, with agents who exist."""
    written: dict[str, Any] = json.loads(json.dumps(RICH).replace("agt_1", agent))
    return written


@pytest.mark.parametrize("language", ["en", "it"])
async def test_every_page_of_every_plan_is_shown(premises: Premises, language: str) -> None:
    desk = await desk_of(premises, language=language)
    for page in PAGES:
        await desk.see(page)
    await publish(premises, rich(await premises.agent(team="north", skills={"loans": 3})))
    for page in (*PAGES, f"/lines/{LINE}"):
        await desk.see(page)


async def test_a_change_is_kept_at_once_marked_and_told_in_a_sentence(premises: Premises) -> None:
    desk = await desk_of(premises)
    part = await desk.write("worth", "familiar_seconds", value="90")
    assert "1 change" in part
    assert "A caller waits up to 90 s longer for an agent who knows them well" in part
    assert part.count("badge calm changed") == 1
    review = await desk.see("/review")
    assert "A caller waits up to 90 s instead of 60 s longer for an agent who knows them well" in review
    assert (await premises.api.get("/plan")).json()["worth"]["familiar_seconds"] == 60
    back = await desk.write("worth", "familiar_seconds", value="60")
    assert "There is no draft" in back


async def test_what_is_to_be_mended_is_told_with_its_place(premises: Premises) -> None:
    desk = await desk_of(premises)
    await desk.send("/rules", pattern="empty")
    await desk.send("/rules", pattern="tag")
    review = await desk.see("/review")
    assert '<a href="/console/plan/rules?open=1">Rules, «Special customers»</a>: Something is missing here.' in review
    await desk.do("drop", "rules", 1)
    review = await desk.see("/review")
    assert '<a href="/console/plan/rules?open=0">Rules, «New rule»</a>: This rule changes nothing.' in review


async def test_a_draft_is_ones_own_and_is_there_again_after_signing_out(premises: Premises) -> None:
    desk = await desk_of(premises, email="paola@lume.example")
    await desk.write("ring_seconds", value="33", page="talks")
    assert "There is no draft" in await (await desk_of(premises)).see()
    async with premises.database.read() as conn:
        user = await conn.scalar(select(users.c.id).where(users.c.email == "paola@lume.example"))
    again = premises.stranger()
    secret = await add_session(premises.database, premises.clock, user or "")
    again.cookies.set(COOKIE, secret, domain="centralino.test")
    assert 'value="33"' in await Desk(again).see("/talks")
    answer = await again.post("/console/plan/discard")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/plan")
    assert "There is no draft" in await Desk(again).see("/talks")


async def test_what_cannot_be_taken_stands_beside_its_field_and_is_still_there(premises: Premises) -> None:
    desk = await desk_of(premises)
    part = await desk.write("ring_seconds", value="soon", page="talks")
    assert "This takes a whole number." in part
    assert 'value="soon"' in part
    part = await desk.write("wait_unasked_chance", value="140")
    assert "This may be at most 100 %." in part
    part = await desk.write("wrap_up_seconds", value="45", page="talks")
    assert 'value="45"' in part
    assert 'value="soon"' in await desk.see("/talks")
    answer = await desk.browser.post("/console/plan/publish", data={"note": "anyhow"})
    assert answer.status_code == 409
    assert "This must be corrected first" in answer.text
    assert (await premises.api.get("/plan/versions")).json()["items"] == []


async def test_what_no_form_of_ours_sends_changes_nothing(premises: Premises) -> None:
    desk = await desk_of(premises)
    for form in (
        {"path": "[", "value": "1"},
        {"path": '["rules"]', "value": "1"},
        {"path": '["lines","+390699","name"]', "value": "x"},
        {"path": '["widen",3]', "do": "drop"},
        {"path": '["music"]', "value": "Vivaldi"},
        {"path": '["hours"]', "do": "explode"},
    ):
        answer = await desk.browser.post("/console/plan/draft", data=form, headers={"HX-Request": "true"})
        assert answer.status_code in (200, 400), form
    assert "There is no draft" in await desk.see()


async def test_the_rules_are_the_managers_alone(premises: Premises) -> None:
    agent = await premises.browser("agent", agent_id=await premises.agent())
    for path in ("", "/worth", "/history", "/review", "/replay", "/findings"):
        assert (await agent.get(f"/console/plan{path}")).status_code == 403
    for path in ("/draft", "/publish", "/discard", "/try", "/rules", "/hours", "/merge", "/restore"):
        assert (await agent.post(f"/console/plan{path}")).status_code == 403


async def test_a_line_gets_a_name_and_hours_by_rows(premises: Premises) -> None:
    desk = await desk_of(premises)
    wrong = await desk.send("/lines", number="loans", name="Loans")
    assert "This is no telephone number." in wrong.text
    assert 'value="Loans"' in wrong.text
    answer = await desk.browser.post("/console/plan/lines", data={"number": "06 1234 5678", "name": "Loans"})
    assert answer.headers["location"] == f"/console/plan/lines/{LINE}"
    hours = {"path": text_of(("lines", LINE, "hours")), "page": "line", "number": LINE}
    part = (await desk.send("/hours", do="own", **hours)).text
    assert "Open now, until 18:00. Next change: tomorrow, 09:00." in part
    rows = {"r.0.days": ["Mo", "We"], "r.0.opens": "08:30", "r.0.closes": "12:00", "holidays": "off"}
    part = (await desk.send("/hours", **hours, **rows)).text
    assert "Closed now. Opens tomorrow, 08:30." in part
    assert 'value="Mo,We 08:30-12:00; PH off"' in part
    part = (await desk.send("/hours", **hours, **(rows | {"r.0.days": []}))).text
    assert "Please choose at least one day." in part
    assert 'value="08:30"' in part
    part = (await desk.send("/hours", **hours, text="Mo 9-17", do="text")).text
    assert "Not understood as opening hours, from character 4 on" in part
    assert 'value="Mo 9-17"' in part
    part = (await desk.send("/hours", **hours, do="house")).text
    assert "As the house" in part


async def test_a_house_that_is_no_longer_open_day_and_night_has_office_hours_to_begin_with(premises: Premises) -> None:
    desk = await desk_of(premises)
    hours = {"path": text_of(("hours",)), "page": "lines"}
    await desk.send("/hours", **hours, always="on")
    part = (await desk.send("/hours", **hours)).text
    assert 'value="Mo-Fr 09:00-18:00"' in part
    row = {"r.0.days": ["Mo"], "r.0.opens": "09:00", "r.0.closes": "18:00"}
    assert "always closed" in (await desk.send("/hours", **hours, **row, do="row:0")).text  # who empties it means it


async def test_a_rule_is_begun_changed_moved_copied_and_deleted(premises: Premises) -> None:
    desk = await desk_of(premises)
    part = (await desk.send("/rules", pattern="weary")).text
    assert "When they are tired of us: they go ahead as if they had waited 60 s longer." in part
    await desk.send("/rules", pattern="lunch")
    form = {"name": "Lunch", "w.kind": "any", "w.0.what": "tag", "w.0.was": "tag", "w.0.is": "no", "w.0.value": "vip"}
    form |= {"w.1.what": "line", "w.1.was": "hours", "t.have": "ring_seconds", "t.ring_seconds": "200", "last": "on"}
    part = (await desk.send("/rules/1", **form)).text
    assert "When they do not have the tag «vip» or they call …: a phone rings 200 s before the next one." in part
    assert "This may be at most 120." in part
    moved = await desk.do("up", "rules", 1, open="1")
    assert json.loads(moved.headers["HX-Trigger"])["entry-moved"] == {
        "to": 0,
        "told": "Now in place 1 of 2.",
        "list": "rules",
    }
    assert moved.text.index("<h3>Lunch") < moved.text.index("<h3>Tired of us")
    assert 'id="rule-form"' in moved.text
    copied = (await desk.send("/rules", copy="0")).text
    assert "<h3>Lunch 2" in copied
    part = (await desk.do("drop", "rules", 0)).text
    assert "<h3>Lunch 2" in part
    assert "<h3>Lunch <" not in part


async def test_what_a_check_finds_stands_where_it_belongs(premises: Premises) -> None:
    await premises.agent()
    desk = await desk_of(premises, language="it")
    await desk.send("/rules", pattern="tag")
    rule = {"name": "VIP", "w.0.what": "tag", "w.0.was": "tag", "w.0.is": "yes", "w.0.value": "vip"}
    await desk.send("/rules/0", **rule, **{"t.have": "urgency_seconds", "t.urgency_seconds": "60"})
    found = await desk.see("/findings?page=rules")
    here = 'hx-target="#found-rule-0" hx-swap="innerHTML"><p class="finding">Nessun cliente ha l&#39;etichetta vip.</p>'
    assert here in found
    elsewhere = await desk.see("/findings?page=worth")
    assert '<a href="/console/plan/rules">' in elsewhere


async def test_a_draft_is_published_with_its_note_and_told_in_the_history(premises: Premises) -> None:
    desk = await desk_of(premises, name="Paola Neri")
    await desk.write("ring_seconds", value="25", page="talks")
    answer = await desk.browser.post("/console/plan/publish", data={"note": "perché è meglio"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/plan/history?published=1")
    assert (await premises.api.get("/plan")).json()["ring_seconds"] == 25
    history = await desk.see("/history?published=1")
    assert "Published." in history
    assert "Paola Neri" in history.split("Version 1")[1]
    assert "«perché è meglio»" in history
    assert "An agent&#39;s phone rings 25 s instead of 20 s before the next agent&#39;s." in history
    await desk.write("ring_seconds", value="30", page="talks")
    await desk.browser.post("/console/plan/publish", data={"note": ""})
    await desk.browser.post("/console/plan/restore", data={"version": "1"})
    assert "rings 25 s instead of 30 s before" in await desk.see("/review")


async def test_the_second_of_two_managers_sees_what_the_first_changed_and_brings_theirs_along(
    premises: Premises,
) -> None:
    first, second = await desk_of(premises, name="Paola Neri"), await desk_of(premises, name="Rita Gallo")
    await second.write("ring_seconds", value="40", page="talks")
    await second.write("wrap_up_seconds", value="50", page="talks")
    await first.write("ring_seconds", value="25", page="talks")
    await first.write("worth", "kept_seconds", value="700")
    await first.browser.post("/console/plan/publish")
    assert "Somebody else has published meanwhile" in await second.see("/talks")
    refused = await second.browser.post("/console/plan/publish", data={"note": "mine"})
    assert refused.status_code == 409
    assert "Paola Neri has published meanwhile" in refused.text
    assert "waits up to 700 s instead of 10 min longer for the agent who keeps them" in refused.text
    assert "You have both changed: Ringing. Yours would count." in refused.text
    assert (await second.browser.post("/console/plan/merge")).headers["location"] == "/console/plan/review"
    assert (await second.browser.post("/console/plan/publish", data={"note": "mine"})).status_code == 303
    plan = (await premises.api.get("/plan")).json()
    assert (plan["ring_seconds"], plan["wrap_up_seconds"], plan["worth"]["kept_seconds"]) == (40, 50, 700)


async def test_one_caller_is_tried_on_the_draft(premises: Premises) -> None:
    anna, luca = await premises.agent(), await premises.agent("Luca Verdi")
    maria = await premises.customer(tags=["gold"])
    await premises.api.put(f"/agents/{luca}/presence", json={"availability": "ready"})
    desk = await desk_of(premises)
    assert "Luca Verdi is rung" in (await desk.send("/try", floor="now")).text
    await desk.send("/rules", pattern="tag")
    rule = {"name": "Gold", "w.0.what": "tag", "w.0.was": "tag", "w.0.is": "yes", "w.0.value": "gold"}
    await desk.send("/rules/0", **rule, **{"t.have": "agent", "t.agent": anna, "t.agent_seconds": "900"})
    assert "Maria Rossi" in (await desk.send("/try/people", q="rossi")).text
    tried = (await desk.send("/try", customer=maria, floor="on_shift")).text
    assert "Anna Bianchi is rung" in tried
    assert "Gold" in tried
    busy = (await desk.send("/try", customer=maria, floor="on_shift", busy=anna)).text
    assert "Anna Bianchi is rung" not in busy
    assert f'value="{anna}" id="busy-{anna}" data-tries checked' in busy
    assert "Please give a day and a time." in (await desk.send("/try", at="never")).text
    night = (await desk.send("/try", at="2026-03-03T23:00")).text
    assert "The line is closed then" in night
    assert "opens tomorrow, 09:00" in night


async def test_a_replay_of_days_without_calls_says_so(premises: Premises) -> None:
    desk = await desk_of(premises)
    told = await desk.see("/replay?days=7")
    assert "event: done" in told
    assert "Nobody has called in these days" in told


async def test_a_replay_tells_how_far_it_is_and_who_would_fare_worse_in_the_readers_language(
    premises: Premises,
) -> None:
    anna, maria = await premises.agent(), await premises.customer()
    at = premises.clock.now() - timedelta(days=1)
    talk = {"customer": maria, "agent": anna, "started_at": at.isoformat(), "talk_seconds": 240, "outcome": "solved"}
    assert (await premises.api.post("/interactions", json=talk)).status_code == 201
    for language, told in (
        ("en", ("Who would have fared worse", "Maria Rossi", "would have found the house closed")),
        ("it", ("Maria Rossi", "Ha parlato con Anna Bianchi")),
    ):
        desk = await desk_of(premises, language=language)
        await desk.send("/hours", path=text_of(("hours",)), page="lines", text="Sa 09:00-10:00", do="text")
        answer = html.unescape(await desk.see("/replay?days=7"))
        assert answer.index("event: progress") < answer.index("event: done")
        assert [words for words in told if words not in answer] == []


async def test_whether_a_line_is_open_is_told_anew_as_time_goes_by(premises: Premises) -> None:
    await publish(premises, {"lines": {LINE: {"hours": "Tu 10:00-10:01"}}})
    desk = await desk_of(premises)
    assert "Open now, until 10:01" in await desk.see(f"/open?number={LINE.replace('+', '%2B')}")
    assert isinstance(premises.clock, VirtualClock)
    await premises.clock.advance(60)
    told = await desk.see("/open")
    assert 'hx-target="#open-house"' in told
    assert "Closed now. Opens Tue 10 Mar, 10:00." in told
