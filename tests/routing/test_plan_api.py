"""The plan over HTTP: nobody overwrites what they have not seen, and what is wrong is told by name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import jsonschema
import pytest
from sqlalchemy import update

from api.tokens import Guard
from routing.plan import Plan
from routing.plan_api import plan_router
from routing.plans import Plans
from routing.tables import plan_versions
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import HOUSE
from tests.routing.broken_plans import RICH

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    guard = Guard(database, KEY_OF_THE_HOUSE)
    client = asking(database, clock, more=(plan_router(database, clock, guard, Plans(), HOUSE),))
    yield client
    await client.close()


async def put(ask: Asking, plan: Any, etag: str | None, **headers: str) -> httpx2.Response:
    return await ask("PUT", "/plan", plan, headers=headers | ({"If-Match": etag} if etag else {}))


async def test_there_is_a_plan_before_anybody_wrote_one(ask: Asking) -> None:
    answer = await ask.get("/plan")
    assert answer.headers["etag"]
    assert answer.json() == Plan().model_dump(mode="json")


async def test_what_is_answered_can_be_put_back_unchanged(ask: Asking) -> None:
    first = await ask.get("/plan")
    put_back = await put(ask, first.json(), first.headers["etag"])
    assert (put_back.status_code, put_back.json()) == (200, first.json())
    again = await ask.get("/plan")
    assert again.json() == first.json()
    assert again.headers["etag"] == put_back.headers["etag"] != first.headers["etag"]


async def test_a_change_holds(ask: Asking) -> None:
    first = await ask.get("/plan")
    changed = first.json() | {"ring_seconds": 33, "lines": {"+390699990000": {"hours": "24/7", "skills": {"loans": 2}}}}
    await put(ask, changed, first.headers["etag"])
    shown = (await ask.get("/plan")).json()
    assert shown["ring_seconds"] == 33
    line = shown["lines"]["+390699990000"]
    assert {name: value for name, value in line.items() if value} == {"hours": "24/7", "skills": {"loans": 2}}


async def test_without_if_match_nothing_is_changed(ask: Asking) -> None:
    answer = await put(ask, {"ring_seconds": 33}, None)
    assert (answer.status_code, answer.json()["field"]) == (428, "If-Match")
    assert (await ask.get("/plan")).json()["ring_seconds"] == 20


async def test_an_old_if_match_changes_nothing(ask: Asking) -> None:
    old = (await ask.get("/plan")).headers["etag"]
    assert (await put(ask, {"ring_seconds": 33}, old)).status_code == 200
    answer = await put(ask, {"ring_seconds": 44}, old)
    assert answer.status_code == 412
    assert "version 1" in answer.json()["detail"]
    for wrong in ("1", '"99"', 'W/"1"', "nonsense"):
        assert (await put(ask, {"ring_seconds": 44}, wrong)).status_code == 412
    assert (await ask.get("/plan")).json()["ring_seconds"] == 33


async def test_of_managers_who_publish_at_once_one_is_heard(ask: Asking) -> None:
    etag = (await ask.get("/plan")).headers["etag"]
    answers = await asyncio.gather(*(put(ask, {"ring_seconds": 21 + n}, etag) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert len((await ask.get("/plan/versions")).json()["items"]) == 1


async def test_versions_are_kept_newest_first_with_who_and_why(ask: Asking) -> None:
    etag = (await ask.get("/plan")).headers["etag"]
    for n in range(3):
        answer = await put(ask, {"ring_seconds": 21 + n}, etag, **{"X-Note": f"change {n}"})
        etag = answer.headers["etag"]
    first = (await ask.get("/plan/versions?limit=2")).json()
    assert [(one["version"], one["note"], one["author"]) for one in first["items"]] == [
        (3, "change 2", "manager"),
        (2, "change 1", "manager"),
    ]
    assert first["items"][0]["plan"]["ring_seconds"] == 23
    rest = (await ask.get(f"/plan/versions?limit=2&cursor={first['next']}")).json()
    assert ([one["version"] for one in rest["items"]], rest["next"]) == ([1], None)


async def test_a_note_is_kept_as_it_was_written(ask: Asking) -> None:
    etag = (await ask.get("/plan")).headers["etag"]
    for note in ("perché così è meglio 東京", "caf\xe9"):
        sent = note.encode("utf-8" if ord(max(note)) > 255 else "latin-1")
        answer = await ask("PUT", "/plan", {}, headers={"If-Match": etag, "X-Note": sent})
        etag = answer.headers["etag"]
        assert (await ask.get("/plan/versions")).json()["items"][0]["note"] == note


async def test_a_plan_that_cannot_be_read_is_refused_by_field(ask: Asking) -> None:
    etag = (await ask.get("/plan")).headers["etag"]
    for wrong, field in (
        ({"ring_seconds": 1}, "ring_seconds"),
        ({"ring_seconds": "soon"}, "ring_seconds"),
        ({"hours": "9-17"}, "hours"),
        ({"lines": {"+3906": {"hours": "9-17"}}}, "lines.+3906.hours"),
        ({"worth": {"preferred_seconds": -1}}, "worth.preferred_seconds"),
        ({"music": "Vivaldi"}, "music"),
    ):
        answer = await put(ask, wrong, etag)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await ask.get("/plan/versions")).json()["items"] == []


async def test_a_check_names_what_is_wrong_and_where(ask: Asking) -> None:
    answer = await ask.post("/plan/check", {"ring_seconds": 1, "lines": {"+3906": {"hours": "9-17"}}, "music": "x"})
    assert answer.status_code == 200
    assert answer.json()["ok"] is False
    found = {finding["where"]: finding["what"] for finding in answer.json()["findings"]}
    assert set(found) == {"ring_seconds", "lines.+3906.hours", "music"}
    assert all(found.values())


async def test_a_check_of_a_good_plan_finds_nothing_and_changes_nothing(ask: Asking) -> None:
    for good in ({}, (await ask.get("/plan")).json(), {"hours": "24/7"}):
        assert (await ask.post("/plan/check", good)).json() == {"ok": True, "findings": []}
    assert (await ask.get("/plan/versions")).json()["items"] == []
    for wrong in ([], "x", 3):
        assert (await ask.post("/plan/check", wrong)).status_code == 422


async def test_doors_that_never_open_and_wishes_that_nobody_meets_are_found(ask: Asking) -> None:
    await ask.made("/agents", {"name": "Anna", "address": "client:anna", "skills": {"billing": 2}})
    lines = {
        "+390600000001": {"hours": "Mo-Fr 09:00-18:00", "skills": {"billing": 2}, "language": "it-IT"},
        "+390600000002": {"hours": "off", "skills": {"billing": 3}, "language": "fi-FI"},
    }
    lines["banana"] = {}
    answer = (await ask.post("/plan/check", {"hours": "2020 Mo-Fr 09:00-18:00", "lines": lines})).json()
    assert answer["ok"] is False
    second = "lines.+390600000002"
    found = ["hours", f"{second}.hours", f"{second}.skills", f"{second}.language", "lines.banana"]
    assert [finding["where"] for finding in answer["findings"]] == found


async def test_the_plan_is_the_managers_alone(ask: Asking) -> None:
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    tokens = [await ask.token("service"), await ask.token("agent", anna["id"])]
    etag = (await ask.get("/plan")).headers["etag"]
    for token in tokens:
        for method, path, body in (
            ("GET", "/plan", None),
            ("PUT", "/plan", {"ring_seconds": 33}),
            ("GET", "/plan/versions", None),
            ("GET", "/plan/versions/1", None),
            ("POST", "/plan/versions/0/restore", None),
            ("GET", "/plan/schema", None),
            ("POST", "/plan/import/taskrouter", {}),
            ("POST", "/plan/check", {}),
        ):
            answer = await ask(method, path, body, token=token, headers={"If-Match": etag})
            assert answer.status_code == 403, path
    assert (await ask.get("/plan", token=None)).status_code == 401
    assert (await ask.get("/plan")).json()["ring_seconds"] == 20


async def test_one_step_back_is_a_new_version_that_says_so(ask: Asking) -> None:
    etag = (await ask.get("/plan")).headers["etag"]
    for seconds in (21, 22):
        etag = (await put(ask, {"ring_seconds": seconds}, etag)).headers["etag"]
    answer = await ask("POST", "/plan/versions/1/restore", headers={"If-Match": etag})
    assert (answer.status_code, answer.json()["ring_seconds"]) == (200, 21)
    newest = (await ask.get("/plan/versions")).json()["items"][0]
    assert (newest["version"], newest["note"], newest["plan"]["ring_seconds"]) == (3, "version 1 again", 21)
    shown = await ask.get("/plan")
    assert shown.headers["etag"] == answer.headers["etag"]
    assert shown.json() == answer.json() == newest["plan"]


async def test_the_plan_nobody_has_written_can_always_be_returned_to(ask: Asking) -> None:
    etag = (await ask.get("/plan")).headers["etag"]
    etag = (await put(ask, {"hours": "off", "ring_seconds": 99}, etag)).headers["etag"]
    answer = await ask("POST", "/plan/versions/0/restore", headers={"If-Match": etag})
    assert (answer.status_code, answer.json()) == (200, Plan().model_dump(mode="json"))


async def test_a_step_back_overwrites_nothing_that_was_not_seen(ask: Asking) -> None:
    old = (await ask.get("/plan")).headers["etag"]
    new = (await put(ask, {"ring_seconds": 21}, old)).headers["etag"]
    restore = "/plan/versions/1/restore"
    assert (await ask("POST", restore)).status_code == 428
    assert (await ask("POST", restore, headers={"If-Match": old})).status_code == 412
    assert (await ask("POST", "/plan/versions/7/restore", headers={"If-Match": new})).status_code == 404
    assert len((await ask.get("/plan/versions")).json()["items"]) == 1


async def test_one_version_is_shown_by_its_number(ask: Asking) -> None:
    etag = (await ask.get("/plan")).headers["etag"]
    await put(ask, {"ring_seconds": 21}, etag, **{"X-Note": "slower"})
    shown = (await ask.get("/plan/versions/1")).json()
    assert (shown["version"], shown["note"], shown["plan"]["ring_seconds"]) == (1, "slower", 21)
    for nothing in (0, 2, -1, "x", 2**40):
        assert (await ask.get(f"/plan/versions/{nothing}")).status_code == 404


async def test_versions_that_cannot_be_read_any_more_are_listed_and_harm_nothing(
    ask: Asking, database: Database
) -> None:
    etag = (await ask.get("/plan")).headers["etag"]
    for seconds in (21, 22):
        etag = (await put(ask, {"ring_seconds": seconds}, etag)).headers["etag"]
    await spoil(database, 2)
    assert [one["plan"] is None for one in (await ask.get("/plan/versions")).json()["items"]] == [True, False]
    answer = await ask("POST", "/plan/versions/2/restore", headers={"If-Match": etag})
    assert answer.status_code == 409
    assert (await ask("POST", "/plan/versions/1/restore", headers={"If-Match": etag})).status_code == 200


async def test_a_rule_may_not_name_an_agent_who_never_was(ask: Asking) -> None:
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    etag = (await ask.get("/plan")).headers["etag"]
    good = {"name": "a", "when": {"waiting_at_least": 1}, "then": {"agent": anna["id"]}}
    bad = good | {"name": "b", "then": {"agent": "agt_nobody"}}
    answer = await put(ask, {"rules": [good, bad]}, etag)
    assert (answer.status_code, answer.json()["field"]) == (422, "rules[1].then.agent")
    assert (await put(ask, {"rules": [good]}, etag)).status_code == 200


async def test_what_is_answered_can_be_put_back_though_an_agent_of_its_rules_has_gone(ask: Asking) -> None:
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    rule = {"name": "a", "when": {"waiting_at_least": 1}, "then": {"agent": anna["id"]}}
    etag = (await ask.get("/plan")).headers["etag"]
    assert (await put(ask, {"rules": [rule]}, etag)).status_code == 200
    assert (await ask("DELETE", f"/agents/{anna['id']}")).status_code == 204
    first = await ask.get("/plan")
    assert (await put(ask, first.json(), first.headers["etag"])).status_code == 200
    checked = (await ask.post("/plan/check", first.json())).json()
    assert [one["where"] for one in checked["findings"]] == ["rules[0].then.agent"]


async def test_a_check_knows_the_tags_of_customers(ask: Asking) -> None:
    await ask.made("/customers", {"name": "Maria", "tags": ["vip", 'of "old"']})
    rules = [
        {"name": tag, "when": {"caller": {"tag": tag}}, "then": {"urgency_seconds": 30}}
        for tag in ("vip", "vpi", 'of "old"')
    ]
    checked = (await ask.post("/plan/check", {"rules": rules})).json()
    assert [one["where"] for one in checked["findings"]] == ["rules[1].when.caller.tag"]


async def test_what_no_answer_could_carry_is_told_all_the_same(ask: Asking) -> None:
    form = {"Content-Type": "application/json"}
    checked = await ask("POST", "/plan/check", headers=form, content=b'{"\\ud800": 1}')
    assert (checked.status_code, checked.json()["ok"]) == (200, False)
    workflow = b'{"task_routing": {"\\ud800": 1}}'
    answer = await ask("POST", "/plan/import/taskrouter", headers=form, content=workflow)
    assert [one["where"] for one in answer.json()["unmapped"]] == ["task_routing.?"]


async def test_the_schema_is_that_of_the_plan(ask: Asking) -> None:
    schema = (await ask.get("/plan/schema")).json()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(RICH)
    assert validator.is_valid(Plan().model_dump(mode="json"))
    assert not validator.is_valid(RICH | {"ring_seconds": 1})
    assert not validator.is_valid(RICH | {"rules": [{"name": "x", "when": {"weather": "rain"}, "then": {}}]})


async def test_a_workflow_of_taskrouter_becomes_rules_of_the_present_plan_and_publishes_nothing(ask: Asking) -> None:
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna", "external_id": "WK1"})
    etag = (await ask.get("/plan")).headers["etag"]
    await put(ask, {"ring_seconds": 33}, etag)
    filters = [
        {
            "filter_friendly_name": "hers",
            "expression": "language == 'it'",
            "targets": [{"known_worker_sid": "WK1", "timeout": 15}],
        }
    ]
    workflow = {"task_routing": {"filters": filters, "default_filter": {"queue": "WQ1"}}}
    for given in (workflow, json.dumps(workflow)):
        answer = await ask.post("/plan/import/taskrouter", given)
        assert answer.status_code == 200
        plan = answer.json()["plan"]
        assert (plan["ring_seconds"], plan["rules"][0]["then"]["agent"]) == (33, anna["id"])
        assert plan["rules"][0]["when"]["caller"]["language"] == "it"
        assert "task_routing.default_filter" in [one["where"] for one in answer.json()["unmapped"]]
    assert (await ask.get("/plan")).json()["rules"] == []
    for nothing in ({}, "x", {"task_routing": 3}):
        answer = await ask.post("/plan/import/taskrouter", nothing)
        assert (answer.status_code, len(answer.json()["unmapped"])) == (200, 1)
    assert (await ask.post("/plan/import/taskrouter", [1])).status_code == 422


async def test_the_document_has_one_plan_whether_it_is_sent_or_answered(ask: Asking) -> None:
    schemas = (await ask.get("/openapi.json")).json()["components"]["schemas"]
    assert {"Plan", "Rule", "All", "Not"} <= schemas.keys()
    assert [name for name in schemas if name.endswith(("-Input", "-Output"))] == []


async def spoil(database: Database, version: int) -> None:
    """As if somebody had edited the row by hand."""
    async with database.write() as conn:
        rows = update(plan_versions).where(plan_versions.c.version == version)
        await conn.execute(rows.values(body={"ring_seconds": "soon"}))
