"""Promises over HTTP."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from callbacks.tables import callback_attempts, callbacks
from carrier.tables import account_numbers
from tests.api.asking import Asking
from tests.callbacks.conftest import MARIA, Ground

pytestmark = pytest.mark.anyio
LATER, SUNDAY = "2026-03-03T15:00:00+01:00", "2026-03-08T12:00:00+01:00"


@pytest.fixture
async def maria(ground: Ground) -> str:
    """Maria's id, with Anna there to call her."""
    await ground.agents("anna")
    return ground.ids["Maria"]


async def in_state(ground: Ground, state: str, **more: Any) -> None:
    async with ground.database.write() as conn:
        await conn.execute(update(callbacks).values(state=state, **more))


async def test_a_promise_is_answered_as_the_contract_has_it(ask: Asking, maria: str, changes: list[str]) -> None:
    body = {"customer": maria, "agent": "anna", "due_at": LATER, "reason": "the lamp", "window_seconds": 600}
    made = await ask.made("/callbacks", body | {"origin_call": "CA1", "kind": "follow_up"})
    assert made == {
        "id": made["id"],
        "customer": maria,
        "number": MARIA,
        "agent": "anna",
        "case": None,
        "due_at": "2026-03-03T14:00:00Z",
        "window_seconds": 600,
        "kind": "follow_up",
        "reason": "the lamp",
        "origin_call": "CA1",
        "recording_url": None,
        "state": "promised",
        "attempts": [],
        "kept_at": None,
        "late_seconds": None,
        "made_at": "2026-03-03T09:00:00Z",
        "latest": "2026-03-03T14:10:00Z",
        "arrived_at": None,
        "made_by": "manager",
        "made_with": "api",
        "channel": "call",
        "words": None,
        "transcript": None,
        "risk": None,
        "choices": None,
        "moves": 0,
        "missed_at": None,
        "told": "none",
        "kept_how": None,
        "note": None,
    }
    assert made["id"].startswith("cb_")
    assert (await ask.get(f"/callbacks/{made['id']}")).json() == made
    assert changes == ["something may be due"]


async def test_the_kind_follows_from_whether_a_time_was_named(ask: Asking, ground: Ground, maria: str) -> None:
    assert (await ask.made("/callbacks", {"customer": maria}))["kind"] == "asap"
    assert (await ask.made("/callbacks", {"customer": ground.ids["Paolo"], "due_at": LATER}))["kind"] == "scheduled"


async def test_twenty_seconds_ahead_is_a_promise_like_any_other(ask: Asking, ground: Ground, maria: str) -> None:
    due_at = ground.clock.now() + timedelta(seconds=20)
    made = await ask.made("/callbacks", {"customer": maria, "due_at": due_at.isoformat()})
    assert made["due_at"] == "2026-03-03T09:00:20Z"


async def test_a_second_one_for_the_same_person_moves_the_first(
    ask: Asking, ground: Ground, maria: str, changes: list[str]
) -> None:
    made = await ask.made("/callbacks", {"customer": maria, "reason": "the lamp"})
    answer = await ask.post("/callbacks", {"customer": maria, "due_at": LATER})
    assert answer.status_code == 200
    moved = answer.json()
    assert (moved["id"], moved["due_at"], moved["reason"]) == (made["id"], "2026-03-03T14:00:00Z", "the lamp")
    assert len(await ground.all()) == 1
    assert len(changes) == 2


async def test_many_at_once_for_one_person_are_one_promise(ask: Asking, ground: Ground, maria: str) -> None:
    answers = await asyncio.gather(*(ask.post("/callbacks", {"customer": maria, "due_at": LATER}) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await ground.all()) == 1


async def test_the_same_key_again_answers_the_same_and_promises_once(ask: Asking, ground: Ground, maria: str) -> None:
    body, headers = {"customer": maria, "due_at": LATER}, {"Idempotency-Key": "k1"}
    first = await ask.post("/callbacks", body, headers=headers)
    second = await ask.post("/callbacks", body, headers=headers)
    assert (first.status_code, second.status_code, second.json()) == (201, 201, first.json())
    refused = await ask.post("/callbacks", body | {"reason": "another"}, headers=headers)
    assert refused.status_code in (409, 422)
    assert len(await ground.all()) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_wrong_field_is_refused_by_name(ask: Asking, ground: Ground, maria: str) -> None:
    for wrong, field in (
        ({"customer": "cus_nobody"}, "customer"),
        ({"customer": None}, "customer"),
        ({"agent": "agt_nobody"}, "agent"),
        ({"case": "cas_nothing"}, "case"),
        ({"number": "12"}, "number"),
        ({"due_at": "2199-01-04T10:00:00+01:00"}, "due_at"),
        ({"number": "soon"}, "number"),
        ({"number": "112"}, "number"),
        ({"number": "899123456"}, "number"),
        ({"number": "+881612345678"}, "number"),
        ({"due_at": "2026-03-03T15:00:00"}, "due_at"),
        ({"due_at": "tomorrow"}, "due_at"),
        ({"due_at": 1772546400}, "due_at"),
        ({"window_seconds": 59}, "window_seconds"),
        ({"window_seconds": "300"}, "window_seconds"),
        ({"kind": "perhaps"}, "kind"),
        ({"reason": "a\x00b"}, "reason"),
        ({"state": "kept"}, "state"),
    ):
        answer = await ask.post("/callbacks", {"customer": maria, "due_at": LATER} | wrong)
        assert (answer.status_code, answer.json().get("field")) == (422, field), wrong
    assert await ground.all() == []


async def test_a_number_of_ours_is_nobody_to_call(ask: Asking, ground: Ground, maria: str) -> None:
    async with ground.database.write() as conn:
        await conn.execute(account_numbers.insert().values(number="+390699990000", seen_at=ground.clock.now()))
    answer = await ask.post("/callbacks", {"customer": maria, "due_at": LATER, "number": "06 9999 0000"})
    assert (answer.status_code, answer.json()["field"]) == (422, "number")


async def test_a_person_without_a_number_needs_one(ask: Asking, ground: Ground, maria: str) -> None:
    nobody = await ask.made("/customers", {"name": "Ugo"})
    answer = await ask.post("/callbacks", {"customer": nobody["id"], "due_at": LATER})
    assert (answer.status_code, answer.json()["field"]) == (422, "number")
    made = await ask.made("/callbacks", {"customer": nobody["id"], "due_at": LATER, "number": "06 1234 5678"})
    assert made["number"] == "+390612345678"


async def test_people_and_agents_may_be_named_by_external_id(ask: Asking, ground: Ground) -> None:
    await ask.made("/customers", {"name": "Ugo", "external_id": "CRM-1", "phones": ["333 1112223"]})
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna", "external_id": "A-1"})
    made = await ask.made("/callbacks", {"customer": "CRM-1", "agent": "A-1", "due_at": LATER})
    assert (made["agent"], made["number"]) == (anna["id"], "+393331112223")


async def test_a_case_of_somebody_else_is_refused(ask: Asking, ground: Ground, maria: str) -> None:
    case = await ask.made("/cases", {"customer": ground.ids["Paolo"]})
    answer = await ask.post("/callbacks", {"customer": maria, "case": case["id"], "due_at": LATER})
    assert (answer.status_code, answer.json()["field"]) == (422, "case")
    own = await ask.made("/cases", {"customer": maria})
    assert (await ask.made("/callbacks", {"customer": maria, "case": own["id"], "due_at": LATER}))["case"] == own["id"]


async def test_a_time_that_cannot_be_kept_is_refused_with_three_that_can(
    ask: Asking, ground: Ground, maria: str
) -> None:
    answer = await ask.post("/callbacks", {"customer": maria, "due_at": SUNDAY})
    assert (answer.status_code, answer.json()["field"]) == (409, "due_at")
    slots = answer.json()["slots"]
    assert [slot["due_at"] for slot in slots] == [f"2026-03-09T08:{minute}:00Z" for minute in ("00", "05", "10")]
    for slot in slots:
        await ask.made("/callbacks", {"customer": maria, "due_at": slot["due_at"]})
        await in_state(ground, "cancelled")
    past = await ask.post("/callbacks", {"customer": maria, "due_at": "2026-03-03T09:00:00+01:00"})
    assert past.status_code == 409


async def test_without_anybody_to_call_the_refusal_has_no_slots(ask: Asking, ground: Ground) -> None:
    answer = await ask.post("/callbacks", {"customer": ground.ids["Maria"], "due_at": LATER})
    assert (answer.status_code, answer.json()["slots"]) == (409, [])


async def test_a_change_holds_and_leaves_the_rest(ask: Asking, ground: Ground, maria: str) -> None:
    await ground.agents("luca")
    made = await ask.made("/callbacks", {"customer": maria, "due_at": LATER, "reason": "the lamp", "agent": "anna"})
    path = f"/callbacks/{made['id']}"
    for change, shown in (
        ({}, {}),
        ({"window_seconds": 900}, {"window_seconds": 900, "latest": "2026-03-03T14:15:00Z"}),
        ({"reason": "the door"}, {"reason": "the door"}),
        ({"agent": "luca"}, {"agent": "luca"}),
        ({"agent": None}, {"agent": None}),
        ({"number": "06 1234 5678"}, {"number": "+390612345678"}),
        ({"due_at": "2026-03-03T16:00:00+01:00"}, {"due_at": "2026-03-03T15:00:00Z", "latest": "2026-03-03T15:15:00Z"}),
        ({"due_at": None}, {"due_at": "2026-03-03T09:00:00Z", "latest": "2026-03-03T09:15:00Z"}),
    ):
        made |= shown | {"moves": made["moves"] + ("due_at" in shown)}
        answer = await ask("PATCH", path, change)
        assert (answer.status_code, answer.json()) == (200, made), change
        assert (await ask.get(path)).json() == made


async def test_a_change_to_what_cannot_be_is_refused(ask: Asking, ground: Ground, maria: str) -> None:
    made = await ask.made("/callbacks", {"customer": maria, "due_at": LATER})
    path = f"/callbacks/{made['id']}"
    refused = await ask("PATCH", path, {"due_at": SUNDAY})
    assert (refused.status_code, len(refused.json()["slots"])) == (409, 3)
    for wrong, field in (
        ({"agent": "agt_nobody"}, "agent"),
        ({"number": "112"}, "number"),
        ({"window_seconds": 0}, "window_seconds"),
        ({"state": "kept"}, "state"),
        ({"customer": ground.ids["Paolo"]}, "customer"),
    ):
        answer = await ask("PATCH", path, wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await ask("PATCH", "/callbacks/cb_nothing", {"reason": "x"})).status_code == 404
    assert (await ask.get(path)).json() == made


async def test_what_is_being_kept_can_be_neither_moved_nor_cancelled(ask: Asking, ground: Ground, maria: str) -> None:
    made = await ask.made("/callbacks", {"customer": maria, "due_at": LATER})
    for state in ("ringing_agent", "ringing_customer", "talking"):
        await in_state(ground, state)
        path = f"/callbacks/{made['id']}"
        assert (await ask("PATCH", path, {"reason": "x"})).status_code == 409
        assert (await ask("DELETE", path)).status_code == 409
        assert (await ask.post("/callbacks", {"customer": maria, "due_at": LATER})).status_code == 409
        assert (await ground.one()).state == state


async def test_a_cancelled_promise_stays_to_be_seen_and_makes_room(ask: Asking, ground: Ground, maria: str) -> None:
    made = await ask.made("/callbacks", {"customer": maria, "due_at": LATER})
    path = f"/callbacks/{made['id']}"
    for _ in range(2):
        assert (await ask("DELETE", path)).status_code == 204
    assert (await ask.get(path)).json() == made | {"state": "cancelled"}
    assert (await ask("PATCH", path, {"reason": "x"})).status_code == 409
    assert (await ask("DELETE", "/callbacks/cb_nothing")).status_code == 404
    assert (await ask.made("/callbacks", {"customer": maria, "due_at": LATER}))["id"] != made["id"]


async def test_attempts_are_shown_with_their_results(ask: Asking, ground: Ground, maria: str) -> None:
    made = await ask.made("/callbacks", {"customer": maria, "due_at": LATER})
    async with ground.database.write() as conn:
        for n, result in ((1, "busy"), (2, None)):
            row = {"callback_id": made["id"], "n": n, "at": ground.clock.now(), "result": result}
            await conn.execute(callback_attempts.insert().values(row))
    shown = (await ask.get(f"/callbacks/{made['id']}")).json()["attempts"]
    assert shown == [
        {"n": 1, "at": "2026-03-03T09:00:00Z", "result": "busy"},
        {"n": 2, "at": "2026-03-03T09:00:00Z", "result": None},
    ]


async def test_promises_are_listed_by_person_agent_and_state(ask: Asking, ground: Ground, maria: str) -> None:
    await ground.agents("luca")
    one = await ask.made("/callbacks", {"customer": maria, "due_at": LATER, "agent": "anna"})
    two = await ask.made("/callbacks", {"customer": ground.ids["Paolo"], "due_at": LATER, "agent": "luca"})
    for query, found in (
        ("", [one, two]),
        (f"?customer={maria}", [one]),
        ("?agent=luca", [two]),
        ("?state=promised", [one, two]),
        ("?state=kept", []),
        (f"?customer={maria}&agent=luca", []),
    ):
        assert (await ask.get(f"/callbacks{query}")).json() == {"items": found, "next": None}, query
    first = (await ask.get("/callbacks?limit=1")).json()
    assert first["items"] == [one]
    assert (await ask.get(f"/callbacks?limit=1&cursor={first['next']}")).json() == {"items": [two], "next": None}
    assert (await ask.get("/callbacks?state=perhaps")).status_code == 422


async def test_slots_are_those_of_a_day_unless_an_end_is_named(ask: Asking, maria: str) -> None:
    slots = (await ask.get("/callbacks/slots?from=2026-03-03T17:50:00%2B01:00&limit=200")).json()
    assert slots["items"][0] == {"due_at": "2026-03-03T16:50:00Z", "agent": None}
    assert slots["items"][2]["due_at"] == "2026-03-04T08:00:00Z"
    assert slots["items"][-1]["due_at"] == "2026-03-04T16:50:00Z"
    assert slots["next"] is None
    few = await ask.get("/callbacks/slots?from=2026-03-03T17:50:00+01:00&to=2026-03-03T17:55:00+01:00")
    assert [slot["due_at"] for slot in few.json()["items"]] == ["2026-03-03T16:50:00Z", "2026-03-03T16:55:00Z"]


async def test_slots_are_paged_without_gaps(ask: Asking, maria: str) -> None:
    whole = (await ask.get("/callbacks/slots?limit=12")).json()
    found: list[Any] = []
    cursor = ""
    for _ in range(4):
        page = (await ask.get(f"/callbacks/slots?limit=3{cursor}")).json()
        found += page["items"]
        cursor = f"&cursor={page['next']}"
    assert found == whole["items"]


async def test_every_slot_can_be_promised(ask: Asking, ground: Ground, maria: str) -> None:
    await ask.made("/callbacks", {"customer": ground.ids["Paolo"], "due_at": "2026-03-03T10:15:00+01:00"})
    slots = (await ask.get(f"/callbacks/slots?customer={maria}&agent=anna&limit=5")).json()["items"]
    assert [slot["due_at"][11:16] for slot in slots] == ["09:00", "09:05", "09:10", "09:20", "09:25"]
    for slot in slots:
        answer = await ask.post("/callbacks", {"customer": maria} | slot)
        assert answer.status_code in (200, 201)


async def test_ones_own_promise_takes_no_slot(ask: Asking, maria: str) -> None:
    await ask.made("/callbacks", {"customer": maria, "due_at": "2026-03-03T10:15:00+01:00"})
    everybody = (await ask.get("/callbacks/slots?limit=4")).json()["items"]
    own = (await ask.get(f"/callbacks/slots?limit=4&customer={maria}")).json()["items"]
    assert "2026-03-03T09:15:00Z" not in {slot["due_at"] for slot in everybody}
    assert "2026-03-03T09:15:00Z" in {slot["due_at"] for slot in own}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_wrong_question_for_slots_is_refused_by_name(ask: Asking, maria: str) -> None:
    for query, field in (
        ("from=soon", "from"),
        ("to=2026-03-03T10:00:00", "to"),
        ("customer=cus_nobody", "customer"),
        ("agent=agt_nobody", "agent"),
        ("cursor=nonsense", "cursor"),
        ("limit=0", "limit"),
    ):
        answer = await ask.get(f"/callbacks/slots?{query}")
        assert (answer.status_code, answer.json()["field"]) == (422, field), query
    backwards = await ask.get("/callbacks/slots?from=2026-03-04T10:00:00Z&to=2026-03-03T10:00:00Z")
    assert backwards.json() == {"items": [], "next": None}


async def test_agents_and_services_may_promise_and_strangers_may_not(ask: Asking, maria: str) -> None:
    made = await ask.made("/callbacks", {"customer": maria, "due_at": LATER})
    for token in (await ask.token("service"), await ask.token("agent", "anna")):
        answer = await ask.post("/callbacks", {"customer": maria, "due_at": LATER}, token=token)
        assert answer.status_code == 200
        assert (await ask.get(f"/callbacks/{made['id']}", token=token)).status_code == 200
    assert (await ask.post("/callbacks", {"customer": maria}, token=None)).status_code == 401
    assert (await ask.get("/callbacks/cb_nothing")).status_code == 404
