import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from api.tables import tokens
from ivr.tables import calls
from routing.tables import agents
from store.clock import VirtualClock
from store.sql import Database
from store.tables import events
from tests.api.asking import Asking, asking

pytestmark = pytest.mark.anyio
ANNA: dict[str, Any] = {
    "external_id": "A-1",
    "name": "Anna Bianchi",
    "address": "client:anna",
    "languages": ["it-IT", "en-GB"],
    "skills": {"billing": 4},
    "team": "support",
    "stand_in": None,
    "hours": "Mo-Fr 09:00-17:00",
}


async def test_an_agent_is_answered_as_written_and_offline(ask: Asking) -> None:
    made = await ask.made("/agents", ANNA)
    assert made == ANNA | {
        "id": made["id"],
        "availability": "offline",
        "activity": "idle",
        "reason": None,
        "photo_url": None,
        "successor": None,
        "back_at": None,
        "wrap_up_until": None,
        "set_by_desk": False,
    }
    assert made["id"].startswith("agt_")
    assert (await ask.get(f"/agents/{made['id']}")).json() == made
    assert (await ask.get("/agents")).json() == {"items": [made], "next": None}
    assert (await ask.get("/agents?external_id=A-1")).json()["items"] == [made]
    assert (await ask.get("/agents?external_id=A-2")).json()["items"] == []


async def test_an_agent_of_whom_nothing_is_said_speaks_the_language_of_the_house(ask: Asking) -> None:
    made = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    assert (made["languages"], made["skills"], made["hours"]) == (["it-IT"], {}, None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_address_is_a_client_a_sip_user_or_a_number(ask: Asking) -> None:
    for written, answered in (
        ("client:anna.bianchi", "client:anna.bianchi"),
        ("Client:Anna", "client:Anna"),
        ("sip:anna@Example.ORG", "sip:anna@example.org"),
        ("sip:anna@192.0.2.1:5060", "sip:anna@192.0.2.1:5060"),
        ("333 1234567", "+393331234567"),
        ("+44 20 7946 0958", "+442079460958"),
    ):
        assert (await ask.made("/agents", {"name": "Anna", "address": written}))["address"] == answered
    for wrong in (
        "anna",
        "client:",
        "client:a b",
        "sip:anna",
        "sip:@host",
        "12",
        "",
        "https://example.org",
    ):
        answer = await ask.post("/agents", {"name": "Anna", "address": wrong})
        assert (answer.status_code, answer.json()["field"]) == (422, "address"), wrong


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_wrong_field_is_refused_by_name(ask: Asking) -> None:
    made = await ask.made("/agents", ANNA)
    for wrong, field in (
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"languages": []}, "languages"),
        ({"languages": ["italiano"]}, "languages[0]"),
        ({"skills": {"billing": 0}}, "skills.billing"),
        ({"skills": {"billing": "4"}}, "skills.billing"),
        ({"skills": {"a\x00": 4}}, "skills"),
        ({"skills": None}, "skills"),
        ({"hours": "9-17"}, "hours"),
        ({"hours": ""}, "hours"),
        ({"stand_in": "agt_nobody"}, "stand_in"),
        ({"activity": "talking"}, "activity"),
        ({"availability": "ready"}, "availability"),
        ({"address": None}, "address"),
    ):
        for method, path in (("POST", "/agents"), ("PATCH", f"/agents/{made['id']}")):
            body = json.dumps(({"name": "Ugo", "address": "client:ugo"} if method == "POST" else {}) | wrong)
            answer = await ask(method, path, content=body.encode(), headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["field"]) == (422, field), (method, wrong)
    answer = await ask("PATCH", f"/agents/{made['id']}", {"stand_in": made["id"]})
    assert (answer.status_code, answer.json()["field"]) == (422, "stand_in")
    assert (await ask.get(f"/agents/{made['id']}")).json() == made


async def test_wrong_hours_are_explained_in_words(ask: Asking) -> None:
    answer = await ask.post("/agents", ANNA | {"hours": "Mo-Fr 9-17"})
    assert answer.json()["detail"] == (
        "Not understood as opening hours, from character 7 on; Mo-Fr 09:00-17:00 would be."
    )


async def test_two_agents_share_neither_address_nor_external_id(ask: Asking) -> None:
    anna = await ask.made("/agents", ANNA)
    ugo = await ask.made("/agents", {"name": "Ugo", "address": "333 1234567"})
    for body, field, twin in (
        ({"address": "client:anna"}, "address", anna),
        ({"address": "+393331234567"}, "address", ugo),
        ({"address": "client:new", "external_id": "A-1"}, "external_id", anna),
    ):
        answer = await ask.post("/agents", {"name": "Zoë"} | body)
        assert (answer.status_code, answer.json()["field"], answer.json()["id"]) == (409, field, twin["id"])
    answer = await ask("PATCH", f"/agents/{ugo['id']}", {"address": "client:anna"})
    assert (answer.status_code, answer.json()["field"]) == (409, "address")
    assert (await ask("PATCH", f"/agents/{anna['id']}", ANNA)).json() == anna


async def test_what_is_absent_stays_and_what_is_null_goes(ask: Asking) -> None:
    ugo = await ask.made("/agents", {"name": "Ugo", "address": "client:ugo", "external_id": "A-2"})
    anna = await ask.made("/agents", ANNA | {"stand_in": "A-2"})
    assert anna["stand_in"] == ugo["id"]
    changed = (await ask("PATCH", f"/agents/{anna['id']}", {"stand_in": None, "hours": None, "team": "sales"})).json()
    assert changed == anna | {"stand_in": None, "hours": None, "team": "sales"}
    assert (await ask("PATCH", "/agents/agt_nobody", {"team": "x"})).status_code == 404


async def test_presence_holds_until_told_otherwise(database: Database, clock: VirtualClock) -> None:
    heard: list[str] = []
    ask = asking(database, clock, on_presence=heard.append)
    anna = await ask.made("/agents", ANNA)
    path = f"/agents/{anna['id']}"
    ready = await ask("PUT", f"{path}/presence", {"availability": "ready"})
    assert (ready.status_code, ready.json()) == (200, anna | {"availability": "ready"})
    away = await ask("PUT", f"{path}/presence", {"availability": "away", "reason": "lunch"})
    assert away.json() == anna | {"availability": "away", "reason": "lunch"}
    assert (await ask.get(path)).json() == away.json()
    assert heard == [anna["id"]] * 3
    async with database.read() as conn:
        told = (await conn.execute(select(events.c.type, events.c.ref))).all()
    assert told == [("agent.changed", anna["id"])] * 3
    await ask.close()


async def test_ready_ends_a_wrap_up(ask: Asking, clock: VirtualClock) -> None:
    anna = await ask.made("/agents", ANNA)
    async with ask.database.write() as conn:
        busy = update(agents).where(agents.c.id == anna["id"])
        await conn.execute(busy.values(activity="wrap_up", availability="ready", due_at=clock.now()))
    answer = await ask("PUT", f"/agents/{anna['id']}/presence", {"availability": "ready"})
    assert answer.json()["activity"] == "idle"


async def test_a_wrong_presence_is_refused(ask: Asking) -> None:
    anna = await ask.made("/agents", ANNA)
    for wrong, field in (
        ({"availability": "busy"}, "availability"),
        ({}, "availability"),
        ({"availability": "ready", "x": 1}, "x"),
    ):
        answer = await ask("PUT", f"/agents/{anna['id']}/presence", wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await ask("PUT", "/agents/agt_nobody/presence", {"availability": "ready"})).status_code == 404


async def test_agents_set_their_own_presence_and_change_nobody(ask: Asking) -> None:
    anna = await ask.made("/agents", ANNA)
    ugo = await ask.made("/agents", {"name": "Ugo", "address": "client:ugo"})
    token = await ask.token("agent", anna["id"])
    ready = {"availability": "ready"}
    assert (await ask("PUT", f"/agents/{anna['id']}/presence", ready, token=token)).status_code == 200
    assert (await ask("PUT", f"/agents/{ugo['id']}/presence", ready, token=token)).status_code == 403
    assert (await ask("PUT", "/agents/agt_nobody/presence", ready, token=token)).status_code == 403
    assert (await ask.get(f"/agents/{ugo['id']}", token=token)).status_code == 403
    assert (await ask.get(f"/agents/{anna['id']}", token=token)).status_code == 200
    assert [one["id"] for one in (await ask.get("/agents", token=token)).json()["items"]] == [anna["id"]]
    for method, path, body in (
        ("POST", "/agents", ANNA),
        ("PATCH", f"/agents/{anna['id']}", {"team": "x"}),
        ("DELETE", f"/agents/{ugo['id']}", None),
    ):
        assert (await ask(method, path, body, token=token)).status_code == 403
    assert (await ask.get(f"/agents/{ugo['id']}")).json() == ugo


async def test_services_change_no_agent(ask: Asking) -> None:
    anna = await ask.made("/agents", ANNA)
    token = await ask.token("service")
    assert (await ask.get("/agents", token=token)).json()["items"] == [anna]
    for method, path, body in (
        ("POST", "/agents", ANNA),
        ("PATCH", f"/agents/{anna['id']}", {"team": "x"}),
        ("DELETE", f"/agents/{anna['id']}", None),
        ("PUT", f"/agents/{anna['id']}/presence", {"availability": "ready"}),
    ):
        assert (await ask(method, path, body, token=token)).status_code == 403


async def test_an_agent_who_leaves_takes_their_tokens_and_leaves_their_past(ask: Asking) -> None:
    anna = await ask.made("/agents", ANNA)
    ugo = await ask.made("/agents", {"name": "Ugo", "address": "client:ugo", "stand_in": anna["id"]})
    maria = await ask.made("/customers", {"name": "Maria", "preferred_agent": anna["id"]})
    spoke = {"customer": maria["id"], "agent": anna["id"], "started_at": "2026-03-02T10:00:00Z", "outcome": "solved"}
    kept = await ask.made("/interactions", spoke)
    async with ask.database.write() as conn:
        await conn.execute(insert(calls).values(**call(anna["id"])))
    token = await ask.token("agent", anna["id"])
    assert (await ask("DELETE", f"/agents/{anna['id']}")).status_code == 204
    assert (await ask.get(f"/agents/{anna['id']}")).status_code == 404
    assert (await ask("DELETE", f"/agents/{anna['id']}")).status_code == 404
    assert (await ask.get("/customers", token=token)).status_code == 401
    assert (await ask.get("/interactions")).json()["items"] == [kept | {"agent": None}]
    assert (await ask.get(f"/agents/{ugo['id']}")).json()["stand_in"] is None
    async with ask.database.read() as conn:
        assert await conn.scalar(select(calls.c.agent_id)) is None
        assert (await conn.execute(select(tokens))).all() == []


async def test_an_agent_who_is_with_a_caller_cannot_be_removed(ask: Asking) -> None:
    anna = await ask.made("/agents", ANNA)
    for activity, status in (("reserved", 409), ("talking", 409), ("wrap_up", 204)):
        async with ask.database.write() as conn:
            await conn.execute(update(agents).values(activity=activity))
        assert (await ask("DELETE", f"/agents/{anna['id']}")).status_code == status


def call(agent_id: str) -> dict[str, Any]:
    return {
        "id": "call_1",
        "direction": "inbound",
        "from_number": "+390612345678",
        "to_number": "+390299999999",
        "language": "it-IT",
        "state": "ended",
        "agent_id": agent_id,
        "arrived_at": datetime(2026, 3, 2, tzinfo=UTC),
    }


@pytest.mark.parametrize("number", ["+39899123456", "112", "+881612345678"])
async def test_nobody_is_rung_at_a_number_that_costs_or_is_somebody_elses(ask: Asking, number: str) -> None:
    answer = await ask.post("/agents", {"name": "Anna", "address": number})
    assert (answer.status_code, answer.json()["field"]) == (422, "address")
