"""The demo's company is set up once, is at work, and is shown with names."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from callbacks.promises import Promises
from crm.tables import customers, interactions
from ivr import calls
from routing.house import House
from routing.plans import Plans
from routing.tables import agents
from store.clock import VirtualClock
from store.sql import Database
from switchboard.company_people import COMPANY_NAME, LINE
from switchboard.demo_floor import Snapshot, furnish, with_names
from switchboard.views import views

pytestmark = pytest.mark.anyio

HOUSE = House(COMPANY_NAME, "it-IT", "IT", "Europe/Rome")


async def test_it_opens_day_and_night_with_everybody_at_work(database: Database, clock: VirtualClock) -> None:
    await furnish(database, clock)
    async with database.read() as connection:
        version, plan = await Plans().current(connection)
        assert (version, plan.hours, plan.line(LINE).name) == (1, "24/7", COMPANY_NAME)
        away = select(func.count()).select_from(agents).where(agents.c.availability != "ready")
        assert await connection.scalar(away) == 0


async def test_another_day_finds_the_same_company(database: Database, clock: VirtualClock) -> None:
    first = await furnish(database, clock)
    await clock.advance(3 * 24 * 3600)
    assert await furnish(database, clock) == first
    async with database.read() as connection:
        known = await connection.scalar(select(func.count()).select_from(interactions))
        assert known == len(first.interactions)


async def test_a_call_is_shown_with_the_name_of_who_rings(database: Database, clock: VirtualClock) -> None:
    await furnish(database, clock)
    async with database.write() as connection:
        maria = await connection.scalar(select(customers.c.id).where(customers.c.name == "Maria Rossi"))
        call = await calls.open_call(
            connection,
            now=clock.now(),
            sid="CA" + "1" * 32,
            direction="inbound",
            from_number="+393205550142",
            to_number=LINE,
            customer_id=maria,
            language="it-IT",
            state="greeting",
        )
    snapshot = await Snapshot(database, with_names(views(clock, Promises(HOUSE))))()
    (shown,) = snapshot["calls"]
    assert (shown["id"], shown["customer_name"], shown["state"]) == (call.id, "Maria Rossi", "greeting")
    assert len(snapshot["agents"]) == 12
    assert snapshot["callbacks"] == []
