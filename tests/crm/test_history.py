from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm import history
from store.sql import Database
from tests.api.asking import Asking

pytestmark = pytest.mark.anyio
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


async def spoke(database: Database, customer: str, agent: str | None, day: int, **changes: Any) -> str:
    values: dict[str, Any] = {"channel": "voice", "talk_seconds": 300, "outcome": "solved", "topic": "ipad"} | changes
    at = MONDAY + timedelta(days=day)
    async with database.write() as conn:
        return await history.record(conn, customer_id=customer, agent_id=agent, started_at=at, **values)


async def test_the_past_is_the_latest_first_and_no_longer_than_asked(ask: Asking) -> None:
    maria = (await ask.made("/customers", {"name": "Maria"}))["id"]
    anna = (await ask.made("/agents", {"name": "Anna", "address": "client:anna"}))["id"]
    ids = [await spoke(ask.database, maria, anna, day, summary=f"{day}") for day in (1, 3, 2)]
    async with ask.database.read() as conn:
        past = await history.past(conn, maria)
        assert [talk.id for talk in past] == [ids[1], ids[2], ids[0]]
        assert (past[0].agent_id, past[0].summary, past[0].started_at) == (anna, "3", MONDAY + timedelta(days=3))
        assert [talk.id for talk in await history.past(conn, maria, limit=1)] == [ids[1]]
        assert await history.past(conn, "cus_nobody") == []


async def test_a_conversation_known_by_its_external_id_is_left_as_it_is(ask: Asking) -> None:
    maria = (await ask.made("/customers", {"name": "Maria"}))["id"]
    first = await spoke(ask.database, maria, None, 1, external_id="call CA1", summary="as it was")
    again = await spoke(ask.database, maria, None, 1, external_id="call CA1", summary="as it was not")
    async with ask.database.read() as conn:
        assert (again, [talk.summary for talk in await history.past(conn, maria)]) == (first, ["as it was"])


async def test_open_matters_are_cases_with_their_owners_and_what_was_left_open(ask: Asking) -> None:
    maria = (await ask.made("/customers", {"name": "Maria"}))["id"]
    anna = (await ask.made("/agents", {"name": "Anna", "address": "client:anna"}))["id"]
    ugo = (await ask.made("/agents", {"name": "Ugo", "address": "client:ugo"}))["id"]
    case = await ask.made("/cases", {"customer": maria, "owner": ugo, "title": "The invoice", "topic": "invoice"})
    await ask.made("/cases", {"customer": maria, "owner": ugo, "state": "solved"})
    await spoke(ask.database, maria, anna, 1, outcome="open")
    await spoke(ask.database, maria, anna, 1, outcome="open", topic="bill")
    await spoke(ask.database, maria, ugo, 2, topic="bill")
    async with ask.database.read() as conn:
        matters = await history.open_matters(conn, maria)
    assert [(matter.agent_id, matter.topic, matter.case_id) for matter in matters] == [
        (ugo, "invoice", case["id"]),
        (anna, "ipad", None),
    ]


async def test_the_past_outlives_the_agent(ask: Asking) -> None:
    maria = (await ask.made("/customers", {"name": "Maria"}))["id"]
    anna = (await ask.made("/agents", {"name": "Anna", "address": "client:anna"}))["id"]
    await spoke(ask.database, maria, anna, 1)
    assert (await ask("DELETE", f"/agents/{anna}")).status_code == 204
    async with ask.database.read() as conn:
        assert [talk.agent_id for talk in await history.past(conn, maria)] == [None]
