"""One caller tried at one moment: real rows on both databases, and the same choice as for a live call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import parse_moment
from api.tokens import Guard
from crm.tables import audit, cases, customers, interactions
from routing.house import House
from routing.plan_api import plan_router
from routing.plans import Plans
from routing.try_api import PromisesTold
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.routing.rows import add_agent

pytestmark = pytest.mark.anyio
HOUSE = House("Casa", "en-GB", "IT", "Europe/Rome")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


async def one_broken(conn: AsyncConnection, customer_id: str, now: datetime) -> int:
    return 1


async def bruno_has_promised(
    conn: AsyncConnection, now: datetime, until: datetime, owner_wait: timedelta
) -> Mapping[str, datetime]:
    return {"bruno": now + MINUTE}


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    """Anna knows Maria and is talking, Bruno is free; both work at any hour."""
    guard, now = Guard(database, KEY_OF_THE_HOUSE), clock.now()
    client = asking(database, clock, more=(plan_router(database, clock, guard, Plans(), HOUSE),))
    async with database.write() as conn:
        await add_agent(conn, "anna", now - MINUTE, activity="talking")
        await add_agent(conn, "bruno", now - MINUTE)
        row = {"id": "maria", "name": "Maria Neri", "called": "Maria", "tags": ["gold"], "made_at": now}
        await conn.execute(insert(customers).values(changed_at=now, **row))
        talk = {"customer_id": "maria", "agent_id": "anna", "channel": "voice", "talk_seconds": 240}
        for days in (3, 5, 7):
            told = {"id": f"int{days}", "started_at": now - days * DAY, "outcome": "solved"}
            await conn.execute(insert(interactions).values(**talk, **told))
    yield client
    await client.close()


async def tried(ask: Asking, **given: Any) -> dict[str, Any]:
    answer = await ask.post("/plan/try", given)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_stranger_is_put_through_to_who_is_free(ask: Asking) -> None:
    found = await tried(ask)
    assert (found["action"], found["agent"], found["name"]) == ("ring", "bruno", "Bruno")
    assert found["sentence"].startswith("Bruno ")
    assert [(one["agent"], one["ready"]) for one in found["alternatives"]] == [("bruno", True), ("anna", False)]
    assert (found["rules"], found["urgent"], found["opens_at"], found["weary_level"]) == ([], {}, None, 0)


async def test_who_is_known_is_asked_first_and_the_reading_is_written_down(ask: Asking) -> None:
    found = await tried(ask, customer="maria", told_in="it-IT")
    assert (found["action"], found["agent"]) == ("offer_callback", "anna")
    assert found["sentence"].startswith("Anna ha già aiutato Maria tre volte")
    anna = next(one for one in found["alternatives"] if one["agent"] == "anna")
    assert anna["because"] == ["familiar"]
    assert anna["worth_seconds"] > 20
    async with ask.database.read() as conn:
        assert list(await conn.scalars(select(audit.c.detail).where(audit.c.customer_id == "maria"))) == [
            {"part": "try"}
        ]


async def test_at_another_moment_everybody_on_shift_is_free_but_who_is_said_to_be_busy(ask: Asking) -> None:
    at = (ask.clock.now() + DAY).isoformat()
    assert (await tried(ask, customer="maria", at=at))["agent"] == "anna"
    busy = await tried(ask, customer="maria", at=at, busy=["anna"])
    assert (busy["action"], busy["agent"]) == ("offer_callback", "anna")
    assert (await tried(ask, at=at, busy=["anna"]))["agent"] == "bruno"
    assert (await tried(ask, customer="maria", floor="on_shift"))["action"] == "ring"


async def test_a_plan_of_ones_own_decides_with_its_rules(ask: Asking) -> None:
    then = {"agent": "bruno", "agent_seconds": 900, "urgency_seconds": 30}
    plan = {"rules": [{"name": "Gold", "when": {"caller": {"tag": "gold"}}, "then": then}]}
    found = await tried(ask, customer="maria", plan=plan)
    assert (found["action"], found["agent"], found["rules"], found["urgent"]) == (
        "ring",
        "bruno",
        ["Gold"],
        {"rule": 30},
    )
    assert (await tried(ask, plan=plan))["rules"] == []
    later = {"rules": [{"name": "Long", "when": {"waited_at_least_seconds": 60}, "then": {"urgency_seconds": 9}}]}
    assert (await tried(ask, plan=later, waited_seconds=59))["rules"] == []
    assert (await tried(ask, plan=later, waited_seconds=60))["rules"] == ["Long"]


async def test_a_closed_line_says_when_it_opens(ask: Asking) -> None:
    plan = {"lines": {"+390612345678": {"hours": "Sa 09:00-10:00"}, "+390612345679": {"hours": "off"}}}
    found = await tried(ask, plan=plan, line="+390612345678")
    assert (found["action"], found["agent"], found["alternatives"]) == ("closed", None, [])
    assert parse_moment(found["opens_at"]) == datetime.fromisoformat("2026-03-07T09:00:00+01:00")
    never = await tried(ask, plan=plan, line="+390612345679")
    assert (never["action"], never["opens_at"]) == ("closed", None)


async def test_the_matter_they_name_decides_who_holds_it(ask: Asking) -> None:
    now = ask.clock.now()
    async with ask.database.write() as conn:
        for name, owner in (("lamp", "anna"), ("bill", "bruno")):
            values = {"id": name, "owner": owner, "state": "open", "made_at": now - DAY, "title": name}
            await conn.execute(insert(cases).values(customer_id="maria", **values))
    found = await tried(ask, customer="maria", case="bill", at=(now + DAY).isoformat())
    because = {one["agent"]: one["because"] for one in found["alternatives"]}
    assert because == {"anna": ["familiar"], "bruno": ["case_owner"]}
    assert found["weary_level"] > 0


async def test_promises_are_told_by_the_room_that_keeps_them(ask: Asking) -> None:
    guard = Guard(ask.database, KEY_OF_THE_HOUSE)
    promised = PromisesTold(one_broken, bruno_has_promised)
    router = plan_router(ask.database, ask.clock, guard, Plans(), HOUSE, promised=promised)
    client = asking(ask.database, ask.clock, more=(router,))
    found = await tried(client, customer="maria")
    assert found["urgent"]["broken_promise"] == 120
    bruno = next(one for one in found["alternatives"] if one["agent"] == "bruno")
    assert bruno["spare"]["promise"] > 100
    await client.close()


async def test_what_cannot_be_tried_is_refused_by_field(ask: Asking) -> None:
    for wrong, field in (
        ({"customer": "nobody"}, "customer"),
        ({"customer": "maria", "case": "nothing"}, "case"),
        ({"case": "nothing"}, "case"),
        ({"busy": ["anna", "nobody"]}, "busy[1]"),
        ({"plan": {"ring_seconds": 1}}, "plan.ring_seconds"),
        ({"floor": "empty"}, "floor"),
        ({"waited_seconds": -1}, "waited_seconds"),
    ):
        answer = await ask.post("/plan/try", wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field), wrong
    anna = await ask.made("/agents", {"name": "Carla", "address": "client:carla"})
    assert (await ask.post("/plan/try", {}, token=await ask.token("agent", anna["id"]))).status_code == 403
