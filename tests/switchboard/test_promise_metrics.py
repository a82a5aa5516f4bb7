"""What is at risk and what the day has cost, for whoever watches the house."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from callbacks.tables import callbacks
from crm.tables import customers
from ivr.tables import calls, legs
from routing.plan import Limits, Plan
from routing.plans import Plans
from store.clock import VirtualClock
from store.sql import Database
from switchboard.metrics import house_figures

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


async def test_promises_at_risk_and_the_days_money(database: Database, clock: VirtualClock) -> None:
    now = clock.now()

    async def figures() -> dict[tuple[str, ...], float]:
        async with database.read() as conn:
            families = await house_figures(conn, now, "Europe/Rome")
        return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}

    assert not [name for name in await figures() if name[0] == "centralino_promise_spend_share"]
    async with database.write() as conn:
        person = {"id": "cus_1", "tags": [], "made_at": now, "changed_at": now}
        await conn.execute(insert(customers).values(person))
        promise = {"customer_id": "cus_1", "number": "+393331234567", "promised_at": now, "zone": "Europe/Rome"}
        promise |= {"window_seconds": 300, "kind": "asap", "made_at": now}
        for n, (state, risk) in enumerate((("due", "rate"), ("kept", "rate"), ("cancelled", None))):
            await conn.execute(insert(callbacks).values(**promise, id=f"cb_{n}", state=state, risk=risk))
        call = {"id": "call_1", "direction": "outbound", "from_number": "+390699990000", "to_number": "+393331234567"}
        await conn.execute(insert(calls).values(**call, language="it-IT", state="ended", arrived_at=now))
        leg = {"id": "leg_1", "call_id": "call_1", "role": "caller", "state": "completed", "made_at": now}
        await conn.execute(insert(legs).values(**leg, ended_at=now + timedelta(seconds=61)))
        plan = Plan(limits=Limits(spend_a_day=0.4))
        await Plans().publish(conn, plan, after=0, author="manager", note=None, now=now)
    found = await figures()
    at_risk = {name[1]: value for name, value in found.items() if name[0] == "centralino_promises_at_risk"}
    assert at_risk.pop("rate") == 1
    assert set(at_risk.values()) == {0}
    assert found["centralino_promise_spend_share",] == pytest.approx(0.25)
