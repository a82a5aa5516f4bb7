"""What the database knows of what can be promised; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from callbacks.ledger import quiet_of, read_ledger, zone_of
from callbacks.promises import Promises
from callbacks.slots import Ledger, Quiet, keepable, next_slots, soonest
from callbacks.states import State
from callbacks.tables import callbacks
from crm.tables import customers
from routing import absences
from routing.inflow import INFLOW, Inflow
from routing.plan import Line, Plan, Service
from routing.tables import learnt, vetoes
from tests.callbacks.conftest import HOUSE, Ground
from tests.routing.rows import add_call

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LATER = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def read(ground: Ground, whose: str | None = None, language: str = "it-IT", **more: Any) -> Ledger:
    customer_id = None if whose is None else ground.ids[whose]
    async with ground.database.read() as conn:
        now = more.pop("now", ground.clock.now())
        return await read_ledger(conn, HOUSE, ground.plan, language, now=now, customer_id=customer_id, **more)


async def change(ground: Ground, whose: str, **values: Any) -> None:
    async with ground.database.write() as conn:
        await conn.execute(update(customers).where(customers.c.id == ground.ids[whose]).values(**values))


async def promised(ground: Ground, whose: str, at: datetime = LATER, **more: Any) -> None:
    usual = {"id": f"cb_{whose}_{at}", "customer_id": ground.ids[whose], "number": "+390612345678", "kind": "asap"}
    more = {"zone": "Europe/Rome", "window_seconds": 300, "state": State.PROMISED, "made_at": ground.clock.now()} | more
    async with ground.database.write() as conn:
        await conn.execute(insert(callbacks).values(**usual, promised_at=at, **more))


async def test_it_is_what_promises_are_made_from(ground: Ground, promises: Promises) -> None:
    await ground.agents("anna", "luca")
    await promised(ground, "Paolo", agent_id="anna")
    async with ground.database.read() as conn:
        ledger = await promises.ledger(conn, ground.plan, "it-IT", now=ground.clock.now())
    assert sorted(agent.id for agent in ledger.agents) == ["anna", "luca"]
    assert [(one.due_at, one.agent) for one in ledger.bookings] == [(LATER, "anna")]
    assert (ledger.zone, ledger.quiet, ledger.call_hours, ledger.inflow, ledger.waiting) == (HOUSE.zone, *[None] * 3, 0)
    assert not keepable(ledger, LATER, "anna")
    assert keepable(ledger, LATER, "luca")


async def test_what_takes_no_place_is_left_out(ground: Ground) -> None:
    """Their own promises, texts, what has ended and what is long overdue."""
    await ground.customer("Sara", "+393330000001")
    await promised(ground, "Maria")
    await promised(ground, "Paolo", LATER + HOUR, channel="text", words="È pronto.")
    await promised(ground, "Sara", LATER, state=State.KEPT)
    await promised(ground, "Sara", ground.clock.now() - 2 * HOUR, state=State.DUE)
    assert len((await read(ground)).bookings) == 1
    assert len((await read(ground, "Paolo")).bookings) == 1
    assert len((await read(ground, "Maria")).bookings) == 0


async def test_promises_far_ahead_take_their_place_too(ground: Ground) -> None:
    await ground.agents("anna")
    far = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
    await promised(ground, "Maria", far)
    ledger = await read(ground, "Paolo")
    assert not keepable(ledger, far, None)
    assert keepable(ledger, far + HOUR, None)


async def test_only_those_are_asked_who_could_call(ground: Ground) -> None:
    await ground.agents("anna", "luca", team="sales")
    await ground.agents("bea", team="support")
    await ground.agents("heidi", languages=["de-DE"], skills={"loans": 2}, team="support")
    async with ground.database.write() as conn:
        veto = {"customer_id": ground.ids["Maria"], "agent_id": "bea", "declined_by": "customer"}
        await conn.execute(insert(vetoes).values(**veto, at=ground.clock.now()))
        await absences.add(conn, "anna", LATER, LATER + HOUR, None)
    ground.plan = Plan(
        lines={
            "+391": Line(teams=["support"]),
            "+392": Line(skills={"loans": 1}),
            "+393": Line(agent_language="de-DE"),
            "+394": Line(hours="Sa 10:00-12:00"),
        }
    )

    async def able(whose: str | None = None, language: str = "it-IT", line: str = "") -> set[str]:
        return {agent.id for agent in (await read(ground, whose, language, line=line)).agents}

    assert await able() == {"anna", "luca", "bea"}
    assert await able("Maria") == {"anna", "luca"}
    assert await able("Maria", "de-CH") == {"heidi"}
    assert await able("Paolo", line="+391") == {"bea"}
    assert await able(language="de", line="+392") == {"heidi"}
    assert await able(line="+393") == {"heidi"}
    ledger = await read(ground)
    assert ledger.floor is not None
    assert len(ledger.floor) == 4
    assert [keepable(ledger, LATER, one) for one in ("anna", "luca", "heidi")] == [False, True, False]
    saturday = next_slots(await read(ground, line="+394"), ground.clock.now(), None, 1)
    assert saturday[0].due_at == datetime(2026, 3, 7, 9, 0, tzinfo=UTC)


async def test_who_waits_is_ahead_of_who_came_after(ground: Ground) -> None:
    now = ground.clock.now()
    await ground.agents("anna")
    async with ground.database.write() as conn:
        for n in range(3):
            waiting = {"need": "it||", "ranked_at": now - timedelta(seconds=60 * n)}
            await add_call(conn, f"call{n}", now, **waiting)
        await add_call(conn, "call_de", now, need="de||", ranked_at=now - HOUR)
    assert (await read(ground)).waiting == 2
    assert (await read(ground, now=now + timedelta(seconds=1))).waiting == 3
    assert (await read(ground, arrived_at=now - timedelta(seconds=90))).waiting == 1
    crowded, first = soonest(await read(ground), None), soonest(await read(ground, arrived_at=now - HOUR), None)
    assert crowded is not None
    assert first is not None
    assert crowded.latest is not None
    assert first.latest is not None
    assert first.latest < crowded.latest


async def test_the_inflow_is_the_one_that_was_learnt(ground: Ground) -> None:
    inflow = Inflow((3.0,) * 168, 200.0)
    async with ground.database.write() as conn:
        await conn.execute(insert(learnt).values(kind=INFLOW, body=inflow.as_json(), at=ground.clock.now()))
    ledger = await read(ground)
    assert ledger.inflow == inflow
    assert ledger.talk == timedelta(seconds=230)


@pytest.mark.parametrize(
    ("number", "time_zone", "zone"),
    [
        ("+393331234567", None, "Europe/Rome"),
        ("+393331234567", "Asia/Tokyo", "Asia/Tokyo"),
        ("+12125551234", None, "America/New_York"),
        ("+12125551234", "Europe/Rome", "Europe/Rome"),
        ("+61491570156", None, "Europe/Rome"),  # somewhere in Australia
        ("+881612345678", None, "Europe/Rome"),  # a satellite
        (None, None, "Europe/Rome"),
    ],
)
@on_sqlite
async def test_the_clock_on_their_wall(ground: Ground, number: str | None, time_zone: str | None, zone: str) -> None:
    """As they said; else by a number from abroad, where that country has one; else the house's."""
    if number is None:
        async with ground.database.write() as conn:
            ground.ids["Nina"] = "cus_nina"
            row = {"id": "cus_nina", "tags": [], "made_at": LATER, "changed_at": LATER, "quiet_hours": "21:00-09:00"}
            await conn.execute(insert(customers).values(**row))
    else:
        await ground.customer("Nina", number)
    await change(ground, "Nina", time_zone=time_zone, quiet_hours="21:00-09:00")
    ground.plan = Plan(service=Service(call_hours="10:00-11:00"))
    async with ground.database.read() as conn:
        assert await zone_of(conn, HOUSE, ground.ids["Nina"]) == zone
        assert await quiet_of(conn, HOUSE, ground.ids["Nina"]) == Quiet.read("21:00-09:00", zone)
        assert await quiet_of(conn, HOUSE, ground.ids["Maria"]) is None
    ledger = await read(ground, "Nina", ours=True)
    assert ledger.quiet == Quiet.read("21:00-09:00", zone)
    assert ledger.call_hours is not None
    assert ledger.call_hours.zone.key == zone
    assert (await read(ground, "Nina")).call_hours is None


@on_sqlite
async def test_our_own_choice_leaves_out_the_holidays_of_their_country(ground: Ground) -> None:
    """The fourteenth of July is one in France."""
    ground.plan = Plan(service=Service(call_hours="08:00-21:00; PH off"))
    await ground.customer("Amélie", "+33142685300")
    holiday = datetime(2026, 7, 14, 10, 0, tzinfo=UTC)
    for whose, rung in (("Amélie", False), ("Maria", True)):
        ledger = await read(ground, whose, ours=True)
        assert ledger.call_hours is not None
        assert ledger.call_hours.is_open(holiday) is rung
    await ground.customer("Ship", "+881612345678")
    assert (await read(ground, "Ship", ours=True)).call_hours is not None
