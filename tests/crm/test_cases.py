"""Cases that are opened again by the same matter, confirmed by the customer, and each step of it written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm import cases, history
from crm.case_history import of_case
from store.clock import VirtualClock
from tests.api.asking import Asking

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


@pytest.fixture
async def people(ask: Asking) -> tuple[str, str, str]:
    maria = await ask.made("/customers", {"name": "Maria"})
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    ugo = await ask.made("/agents", {"name": "Ugo", "address": "client:ugo"})
    return maria["id"], anna["id"], ugo["id"]


async def spoke(ask: Asking, customer: str, agent: str, outcome: str, **more: Any) -> str:
    values: dict[str, Any] = {"channel": "voice", "talk_seconds": 60, "topic": "Invoice", "started_at": ask.clock.now()}
    async with ask.database.write() as conn:
        return await history.record(conn, customer_id=customer, agent_id=agent, outcome=outcome, **values | more)


async def state(ask: Asking, case_id: str) -> tuple[str, str | None, int, list[tuple[str, str]]]:
    async with ask.database.read() as conn:
        case = await cases.load_one(conn, case_id)
        assert case is not None
        steps = [(step.what, step.by.partition(":")[0]) for step in await of_case(conn, case_id)]
    return case.state, case.owner, case.reopened, steps


async def test_the_same_matter_within_a_month_opens_a_solved_case_again(
    ask: Asking, people: tuple[str, str, str], clock: VirtualClock
) -> None:
    maria, anna, ugo = people
    case = (await ask.made("/cases", {"customer": maria, "topic": "invoice ", "owner": anna}))["id"]
    told = await spoke(ask, maria, ugo, "solved")
    assert (await ask.get(f"/interactions?customer={maria}")).json()["items"][0]["case"] == case
    assert (await state(ask, case))[0] == "open"  # a talk that ended well is not yet the owner's word
    await ask("PATCH", f"/cases/{case}", {"state": "solved"})
    await clock.advance(29 * 86_400)
    await spoke(ask, maria, ugo, "solved")
    await spoke(ask, maria, ugo, "open", topic="ipad")
    assert (await state(ask, case))[0] == "solved"
    again = await spoke(ask, maria, ugo, "open")
    steps = [("opened", "manager"), ("solved", "manager"), ("reopened", "agent")]
    assert await state(ask, case) == ("open", anna, 1, steps)
    await ask("PATCH", f"/cases/{case}", {"state": "solved"})
    await clock.advance(31 * 86_400)
    await spoke(ask, maria, ugo, "open")
    assert (await state(ask, case))[0] == "solved"
    async with ask.database.read() as conn:
        linked = {talk.id for talk in await history.past(conn, maria) if talk.case_id == case}
    assert {told, again} < linked
    assert len(linked) == 3


async def test_the_same_thing_again_makes_a_case_of_it_once(
    ask: Asking, people: tuple[str, str, str], clock: VirtualClock
) -> None:
    maria, anna, _ = people
    await spoke(ask, maria, anna, "solved", summary="it flickers")
    now = clock.now() + DAY
    async with ask.database.write() as conn:
        matter = await cases.latest_matter(conn, maria, now)
        assert matter is not None
        case = await cases.same_again(conn, matter, "customer", now)
        assert await cases.same_again(conn, matter, "customer", now) == case  # asked about before it was one
    assert await state(ask, case) == ("open", anna, 0, [("opened", "customer")])
    shown = (await ask.get(f"/cases/{case}")).json()
    assert (shown["topic"], shown["title"]) == ("Invoice", "it flickers")
    await ask("PATCH", f"/cases/{case}", {"state": "solved"})
    async with ask.database.write() as conn:
        matter = await cases.latest_matter(conn, maria, now)
        assert matter is not None
        assert (matter.case_id, matter.is_open) == (case, False)
        assert await cases.same_again(conn, matter, "customer", now) == case
        assert [one.case_id for one in await history.open_matters(conn, maria)] == [case]
    assert (await state(ask, case))[2] == 1


async def test_what_the_customer_says_moves_the_case(
    ask: Asking, people: tuple[str, str, str], clock: VirtualClock
) -> None:
    maria, anna, ugo = people
    passed_on = await spoke(ask, maria, ugo, "transferred", topic=None)
    talk = await spoke(ask, maria, anna, "solved", topic=None, summary="it flickers")

    async def says(solved: bool, case_id: str | None = None, agent_id: str = anna) -> str | None:
        async with ask.database.write() as conn:
            asked = {"customer_id": maria, "interaction_ids": [passed_on, talk], "case_id": case_id}
            return await cases.confirm(conn, **asked, solved=solved, agent_id=agent_id, now=clock.now())

    assert await says(True) is None
    case = await says(False)
    assert case is not None
    assert await says(False, agent_id=ugo) == case
    assert (await state(ask, case))[:3] == ("open", anna, 0)
    assert await says(True, case) == await says(True) == case
    shown = (await ask.get(f"/cases/{case}")).json()
    assert (shown["state"], shown["confirmed"], shown["title"]) == ("solved", True, "it flickers")
    talks = {one["id"]: one for one in (await ask.get(f"/interactions?customer={maria}")).json()["items"]}
    assert [talks[talk][name] for name in ("outcome", "confirmed", "case")] == ["solved", True, case]
    assert [talks[passed_on][name] for name in ("outcome", "confirmed", "case")] == ["transferred", None, None]
    assert await says(False, agent_id=ugo) == case
    assert await state(ask, case) == (
        "open",
        ugo,
        1,
        [
            ("opened", "customer"),
            ("solved", "customer"),
            ("confirmed", "customer"),
            ("changed", "customer"),
            ("reopened", "customer"),
        ],
    )
