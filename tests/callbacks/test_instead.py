"""Somebody at a desk looks after a promise: who could take it, what the customer is asked, and why it was cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.tokens import Guard
from callbacks.api import callbacks_router
from callbacks.promises import Promises
from callbacks.tables import callback_history, callbacks
from carrier.numbers import Numbers
from crm import history
from crm.tables import audit, customers
from routing.plans import Plans
from routing.tables import agents
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.callbacks.conftest import HOUSE, Ground
from tests.callbacks.test_api_ledger import at

pytestmark = pytest.mark.anyio


@dataclass
class Letters:
    """Writes down what is told, to those who read texts."""

    reads_texts: bool = True
    told: list[str] = field(default_factory=list)

    async def can_tell(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        return self.reads_texts

    async def tell(self, conn: AsyncConnection, promise: Row[Any], key: str, **slots: str) -> None:
        self.told.append(key)

    async def language(self, conn: AsyncConnection, promise: Row[Any]) -> str:
        return "it-IT"

    def after_commit(self) -> None:
        self.told.append("sent")


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
async def desk(database: Database, clock: VirtualClock, promises: Promises, letters: Letters) -> AsyncIterator[Asking]:
    guard, network = Guard(database, KEY_OF_THE_HOUSE), None
    numbers = Numbers(database, clock, network)  # type: ignore[arg-type]  # nothing is asked of it here
    usual = (database, clock, guard, promises, Plans(), HOUSE, lambda: None, numbers)
    client = asking(database, clock, more=(callbacks_router(*usual, lambda: letters),))
    yield client
    await client.close()


async def promised(desk: Asking, ground: Ground, agent: str | None = "anna", due_at: str | None = None) -> str:
    body = {"customer": ground.ids["Maria"], "due_at": due_at or at(15), "agent": agent}
    return str((await desk.made("/callbacks", body))["id"])


async def steps(ground: Ground) -> list[tuple[str, str]]:
    async with ground.database.read() as conn:
        query = select(callback_history.c.what, callback_history.c.by).order_by(callback_history.c.n)
        return [(row.what, row.by) for row in await conn.execute(query)]


async def test_who_could_take_it_comes_by_what_they_share_and_who_has_no_time_says_when(
    desk: Asking, ground: Ground
) -> None:
    await ground.agents("anna", "bruno", "carla", "dario")
    maria, now = ground.ids["Maria"], ground.clock.now()
    async with ground.database.write() as conn:
        await conn.execute(update(agents).where(agents.c.id == "anna").values(stand_in="carla"))
        await conn.execute(update(customers).where(customers.c.id == maria).values(preferred_agent="dario"))
        talk: dict[str, Any] = {
            "channel": "voice",
            "talk_seconds": 300,
            "outcome": "solved",
            "topic": None,
            "summary": None,
        }
        await history.record(
            conn, customer_id=maria, agent_id="bruno", started_at=now - timedelta(days=3), external_id="t1", **talk
        )
    promise = await promised(desk, ground)
    busy = {"customer": ground.ids["Paolo"], "due_at": at(15), "agent": "dario"}
    await desk.made("/callbacks", busy)  # whom she chose has promised that minute to somebody else
    found = (await desk.get(f"/callbacks/{promise}/takers")).json()["items"]
    assert [(one["agent"], one["in_time"]) for one in found] == [("carla", True), ("bruno", True), ("dario", False)]
    assert (found[0]["stand_in"], found[1]["talks"], found[2]["chosen"]) == (True, 1, True)
    assert found[2]["at"] is not None
    assert found[2]["at"] > found[0]["at"]
    async with ground.database.read() as conn:
        assert "familiar" in [row.detail["part"] for row in await conn.execute(select(audit)) if row.detail]


async def test_the_customer_is_asked_by_whoever_looks_after_it_and_only_once(
    desk: Asking, ground: Ground, letters: Letters
) -> None:
    await ground.agents("anna", "bruno")
    promise = await promised(desk, ground)
    shown = (await desk.get(f"/callbacks/{promise}/ask")).json()
    assert (shown["obstacle"], [one["agent"] for one in shown["choices"]]) == (None, [None, "anna"])
    assert letters.told == []
    answer = await desk.post(f"/callbacks/{promise}/ask")
    assert (answer.status_code, answer.json()["choices"]) == (200, shown["choices"])
    assert answer.json()["due_at"] == shown["choices"][0]["at"]  # nothing has changed
    assert letters.told == ["text_at_risk", "sent"]
    assert (await steps(ground))[-1] == ("choices", "manager api")
    again = await desk.post(f"/callbacks/{promise}/ask")
    assert (again.status_code, again.json()["obstacle"]) == (409, "asked")
    assert letters.told == ["text_at_risk", "sent"]


async def test_why_nothing_can_be_asked_is_said(desk: Asking, ground: Ground, letters: Letters) -> None:
    await ground.agents("anna")
    promise = await promised(desk, ground)

    async def obstacle() -> str:
        shown = (await desk.get(f"/callbacks/{promise}/ask")).json()["obstacle"]
        refused = await desk.post(f"/callbacks/{promise}/ask")
        assert (refused.status_code, refused.json()["obstacle"]) == (409, shown)
        return str(shown)

    letters.reads_texts = False
    assert await obstacle() == "no_text"
    letters.reads_texts = True
    async with ground.database.write() as conn:
        await conn.execute(update(agents).values(languages=["de-DE"], hours="Mo-Fr 18:00-18:05"))
    assert await obstacle() == "no_time"
    async with ground.database.write() as conn:
        await conn.execute(update(callbacks).values(state="talking"))
    assert await obstacle() == "in_progress"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_is_cancelled_with_a_reason_that_stays_in_the_ledger(desk: Asking, ground: Ground) -> None:
    await ground.agents("anna")
    promise = await promised(desk, ground)
    blank = await desk.post(f"/callbacks/{promise}/cancel", {"reason": "  "})
    assert (blank.status_code, blank.json()["field"]) == (422, "reason")
    answer = await desk.post(f"/callbacks/{promise}/cancel", {"reason": "Asked twice by mistake."})
    assert (answer.json()["state"], answer.json()["note"]) == ("cancelled", "Asked twice by mistake.")
    again = await desk.post(f"/callbacks/{promise}/cancel", {"reason": "Another word."})
    assert (again.status_code, again.json()["note"]) == (200, "Asked twice by mistake.")
    assert [what for what, _ in await steps(ground)] == ["made", "cancelled"]


async def test_promises_are_found_by_the_person_and_the_latest_may_come_first(desk: Asking, ground: Ground) -> None:
    await ground.agents("anna", "bruno")
    marias = [await promised(desk, ground)]
    paolos = [str((await desk.made("/callbacks", {"customer": ground.ids["Paolo"], "due_at": at(17)}))["id"])]
    by_name = (await desk.get("/callbacks?q=paolo")).json()["items"]
    assert [one["id"] for one in by_name] == paolos
    assert (await desk.get("/callbacks?q=nobody")).json()["items"] == []
    assert (await desk.get("/callbacks?q=x")).json()["field"] == "q"
    latest = await desk.every_page("/callbacks?order=latest", 1)
    assert [one["id"] for one in latest] == paolos + marias
    async with ground.database.read() as conn:
        searched = await conn.scalars(select(audit.c.customer_id).where(audit.c.what == "searched"))
        assert list(searched) == [ground.ids["Paolo"]]
