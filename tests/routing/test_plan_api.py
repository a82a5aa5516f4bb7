"""The plan over HTTP: nobody overwrites what they have not seen, and what is wrong is told by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from api.tokens import Guard
from routing.plan import Plan
from routing.plan_api import plan_router
from routing.plans import Plans
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import HOUSE

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
    assert shown["lines"]["+390699990000"] == {"name": None, "hours": "24/7", "language": None, "skills": {"loans": 2}}


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
            ("POST", "/plan/check", {}),
        ):
            answer = await ask(method, path, body, token=token, headers={"If-Match": etag})
            assert answer.status_code == 403, path
    assert (await ask.get("/plan", token=None)).status_code == 401
    assert (await ask.get("/plan")).json()["ring_seconds"] == 20
