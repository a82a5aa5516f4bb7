"""Agents who leave, stand in, or are away for a minute, through the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from api.app import build_api
from api.tokens import Guard
from callbacks.handing_over import handing_promises
from callbacks.promises import Promises
from callbacks.tables import callbacks
from crm.api import customers_router
from crm.past_api import cases_router
from crm.tables import audit, case_history
from routing.api import agents_router
from routing.house import House
from routing.tables import agents
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    guard = Guard(database, KEY_OF_THE_HOUSE)
    promised = handing_promises(Promises(House("Officine Lume", "it-IT", "IT", "Europe/Rome")))
    routers = [
        customers_router(database, clock, guard, "IT"),
        cases_router(database, clock, guard),
        agents_router(database, clock, guard, region="IT", language="it-IT", promised=promised),
    ]
    client = Asking(database, clock, build_api(routers, guard, database, clock))
    yield client
    await client.close()


async def agent(ask: Asking, name: str, **more: Any) -> str:
    return str((await ask.made("/agents", {"name": name, "address": f"client:{name}"} | more))["id"])


async def test_an_agent_who_leaves_leaves_nobody_alone(ask: Asking, database: Database, clock: VirtualClock) -> None:
    bruno = await agent(ask, "bruno")
    anna = await agent(ask, "anna", successor=bruno, photo_url="https://lume.example/anna.jpg")
    maria = (await ask.made("/customers", {"name": "Maria", "preferred_agent": anna}))["id"]
    case = (await ask.made("/cases", {"customer": maria, "owner": anna, "topic": "lamp"}))["id"]
    solved = (await ask.made("/cases", {"customer": maria, "owner": anna, "state": "solved"}))["id"]
    async with database.write() as conn:
        usual = {"customer_id": maria, "number": "+393331234567", "agent_id": anna, "kind": "scheduled"}
        times = dict.fromkeys(("promised_at", "made_at", "due_at"), clock.now() + timedelta(days=1))
        row = (
            usual | times | {"wall": "2026-03-04 10:00", "zone": "Europe/Rome", "window_seconds": 300, "made_by": "us"}
        )
        for name, state in (("cb_open", "promised"), ("cb_kept", "kept")):
            await conn.execute(callbacks.insert().values(row | {"id": name, "state": state, "made_with": "api"}))
    assert (await ask("DELETE", f"/agents/{anna}")).status_code == 204
    assert (await ask.get(f"/customers/{maria}")).json()["preferred_agent"] == bruno
    assert (await ask.get(f"/cases/{case}")).json()["owner"] == bruno
    assert (await ask.get(f"/cases/{solved}")).json()["owner"] is None
    async with database.read() as conn:
        rows = await conn.execute(select(callbacks.c.id, callbacks.c.agent_id).order_by(callbacks.c.id))
        assert [tuple(row) for row in rows] == [("cb_kept", None), ("cb_open", bruno)]
        (told,) = [row.detail for row in await conn.execute(select(audit).where(audit.c.what == "handed_over"))]
        steps = [row.what for row in await conn.execute(select(case_history).where(case_history.c.case_id == case))]
    assert (told["customers"], told["cases"], told["promises"]) == (1, 1, 1)
    assert steps == ["opened", "changed"]


async def test_people_are_handed_over_without_anybody_leaving(ask: Asking) -> None:
    anna, bruno = await agent(ask, "anna"), await agent(ask, "bruno")
    maria = (await ask.made("/customers", {"name": "Maria", "preferred_agent": anna}))["id"]
    answer = await ask.post(f"/agents/{anna}/hand-over", {})
    assert (answer.status_code, answer.json()["reason"]) == (409, "no_successor")
    answer = await ask.post(f"/agents/{anna}/hand-over", {"successor": anna})
    assert (answer.status_code, answer.json()["field"]) == (422, "successor")
    answer = await ask.post(f"/agents/{anna}/hand-over", {"successor": bruno})
    assert answer.json() == {"successor": bruno, "customers": 1, "cases": 0, "promises": 0}
    assert (await ask.get(f"/customers/{maria}")).json()["preferred_agent"] == bruno
    assert (await ask.get(f"/agents/{anna}")).json()["successor"] == bruno
    assert (await ask.post(f"/agents/{anna}/hand-over", {})).json()["customers"] == 0
    assert (await ask.post("/agents/nobody/hand-over", {})).status_code == 404
    token = await ask.token("agent", anna)
    assert (await ask.post(f"/agents/{anna}/hand-over", {}, token=token)).status_code == 403


@on_sqlite
async def test_nobody_follows_themselves(ask: Asking) -> None:
    anna = await agent(ask, "anna")
    answer = await ask("PATCH", f"/agents/{anna}", {"successor": anna})
    assert (answer.status_code, answer.json()["field"]) == (422, "successor")


@on_sqlite
async def test_an_agent_names_their_own_stand_in(ask: Asking) -> None:
    anna, bruno = await agent(ask, "anna"), await agent(ask, "bruno")
    token = await ask.token("agent", anna)
    answer = await ask("PUT", f"/agents/{anna}/stand-in", {"agent": bruno}, token=token)
    assert answer.json()["stand_in"] == bruno
    assert (await ask("PUT", f"/agents/{bruno}/stand-in", {"agent": anna}, token=token)).status_code == 403
    for wrong in (anna, "nobody"):
        answer = await ask("PUT", f"/agents/{anna}/stand-in", {"agent": wrong}, token=token)
        assert (answer.status_code, answer.json()["field"]) == (422, "agent")
    assert (await ask("PUT", "/agents/nobody/stand-in", {"agent": None})).status_code == 404
    assert (await ask("PUT", f"/agents/{anna}/stand-in", {"agent": None})).json()["stand_in"] is None


@on_sqlite
async def test_a_minute_away_says_until_when(ask: Asking, clock: VirtualClock) -> None:
    anna = await agent(ask, "anna")
    at, back_at = f"/agents/{anna}/presence", clock.now() + timedelta(minutes=5)
    shown = (await ask("PUT", at, {"availability": "away", "reason": "minute", "back_at": back_at.isoformat()})).json()
    assert (shown["availability"], shown["reason"], shown["set_by_desk"]) == ("away", "minute", False)
    assert shown["back_at"] == "2026-03-03T09:05:00Z"
    assert (await ask("PUT", at, {"availability": "ready"})).json()["back_at"] is None
    for availability, back in (
        ("ready", back_at),
        ("offline", back_at),
        ("away", clock.now()),
        ("away", clock.now() + timedelta(days=8)),
    ):
        answer = await ask("PUT", at, {"availability": availability, "back_at": back.isoformat()})
        assert (answer.status_code, answer.json()["field"]) == (422, "back_at")


@on_sqlite
async def test_a_wrap_up_is_over_when_its_agent_says_so(ask: Asking, database: Database, clock: VirtualClock) -> None:
    anna, until = await agent(ask, "anna"), clock.now() + timedelta(seconds=30)
    async with database.write() as conn:
        await conn.execute(update(agents).values(availability="away", activity="wrap_up", due_at=until, set_by="dsk_1"))
    token, other = await ask.token("agent", anna), await ask.token("agent", await agent(ask, "bruno"))
    shown = (await ask.get(f"/agents/{anna}")).json()
    assert (shown["wrap_up_until"], shown["set_by_desk"]) == ("2026-03-03T09:00:30Z", True)
    assert (await ask.post(f"/agents/{anna}/wrap-up/end", token=other)).status_code == 403
    for _ in range(2):
        shown = (await ask.post(f"/agents/{anna}/wrap-up/end", token=token)).json()
        assert (shown["availability"], shown["activity"], shown["wrap_up_until"]) == ("away", "idle", None)
    assert (await ask.post("/agents/nobody/wrap-up/end")).status_code == 404
