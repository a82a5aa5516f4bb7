"""Holidays, illness, courses: who is away is neither rung nor waited for nor promised, whatever their presence says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api.tokens import Guard
from callbacks.promises import Promises
from callbacks.slots import next_slots
from callbacks.wish import CannotKeep, Wish
from routing.absences import Absent, absent_now, add, by_agent, remove
from routing.absences_api import absences_router
from routing.live_floor import Floor
from routing.plan import Plan
from routing.weigh import Caller
from store.clock import VirtualClock
from store.sql import Database
from store.tables import events
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import HOUSE, MARIA, Door
from tests.routing.rows import add_agent

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ANNA = {"name": "Anna", "address": "client:anna", "external_id": "A-1"}
AUGUST = {"starts_at": "2026-08-03T00:00:00+02:00", "ends_at": "2026-08-17T00:00:00+02:00", "reason": "holidays"}
HOUR = timedelta(hours=1)


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
async def ask(database: Database, clock: VirtualClock, heard: list[str]) -> AsyncIterator[Asking]:
    guard = Guard(database, KEY_OF_THE_HOUSE)
    router = absences_router(database, clock, guard, lambda: heard.append("changed"))
    client = asking(database, clock, more=(router,))
    yield client
    await client.close()


async def away(database: Database, agent_id: str, starts_at: datetime, ends_at: datetime) -> str:
    async with database.write() as conn:
        return await add(conn, agent_id, starts_at, ends_at, None)


async def test_an_absence_is_answered_as_written_and_taken_back(ask: Asking, heard: list[str]) -> None:
    anna = await ask.made("/agents", ANNA)
    path = f"/agents/{anna['id']}/absences"
    made = await ask.made(path, AUGUST)
    written = {"starts_at": "2026-08-02T22:00:00Z", "ends_at": "2026-08-16T22:00:00Z", "reason": "holidays"}
    assert made == written | {"id": made["id"]}
    course = await ask.made("/agents/A-1/absences", AUGUST | {"ends_at": "2026-08-04T10:00:00Z", "reason": None})
    assert {one["id"] for one in (await ask.get("/agents/A-1/absences")).json()["items"]} == {made["id"], course["id"]}
    assert (await ask("DELETE", f"{path}/{made['id']}")).status_code == 204
    assert (await ask("DELETE", f"{path}/{made['id']}")).status_code == 404
    assert (await ask.get(path)).json() == {"items": [course], "next": None}
    assert (await ask.get(f"/agents/{anna['id']}")).json() == anna
    assert heard == ["changed"] * 3
    async with ask.database.read() as conn:
        told = (await conn.execute(select(events.c.type, events.c.ref))).all()
    assert told == [("agent.changed", anna["id"])] * 4  # made, twice absent, once no more


@on_sqlite
async def test_a_wrong_absence_is_refused_by_name(ask: Asking, heard: list[str]) -> None:
    path = f"/agents/{(await ask.made('/agents', ANNA))['id']}/absences"
    for wrong, field in (
        ({"ends_at": AUGUST["starts_at"]}, "ends_at"),
        ({"ends_at": "2026-08-02T23:00:00+02:00"}, "ends_at"),
        ({"starts_at": "2026-08-03"}, "starts_at"),
        ({"starts_at": None}, "starts_at"),
        ({"reason": "x" * 20_001}, "reason"),
        ({"id": "abs_mine"}, "id"),
    ):
        answer = await ask.post(path, AUGUST | wrong)
        assert (answer.status_code, answer.json()["field"]) == (422, field), wrong
    for method, where, body in (
        ("GET", "/agents/agt_nobody/absences", None),
        ("POST", "/agents/agt_nobody/absences", AUGUST),
        ("DELETE", "/agents/agt_nobody/absences/abs_none", None),
        ("DELETE", f"{path}/abs_none", None),
    ):
        assert (await ask(method, where, body)).status_code == 404
    assert heard == []


@on_sqlite
async def test_nobody_takes_back_the_absence_of_another(ask: Asking) -> None:
    await ask.made("/agents", ANNA)
    ugo = await ask.made("/agents", {"name": "Ugo", "address": "client:ugo"})
    made = await ask.made("/agents/A-1/absences", AUGUST)
    assert (await ask("DELETE", f"/agents/{ugo['id']}/absences/{made['id']}")).status_code == 404
    assert len((await ask.get("/agents/A-1/absences")).json()["items"]) == 1


@on_sqlite
async def test_managers_write_and_agents_read_their_own(ask: Asking) -> None:
    anna = await ask.made("/agents", ANNA)
    ugo = await ask.made("/agents", {"name": "Ugo", "address": "client:ugo"})
    made = await ask.made("/agents/A-1/absences", AUGUST)
    hers = f"/agents/{anna['id']}/absences"
    token, service = await ask.token("agent", anna["id"]), await ask.token("service")
    assert (await ask.get(hers, token=token)).json()["items"] == [made]
    for other in (ugo["id"], "agt_nobody"):  # neither is told apart
        assert (await ask.get(f"/agents/{other}/absences", token=token)).status_code == 403
    assert (await ask.post(hers, AUGUST, token=token)).status_code == 403
    assert (await ask("DELETE", f"{hers}/{made['id']}", token=token)).status_code == 403
    for method, body in (("GET", None), ("POST", AUGUST)):
        assert (await ask(method, hers, body, token=service)).status_code == 403


@on_sqlite
async def test_the_latest_comes_first_page_by_page(ask: Asking) -> None:
    await ask.made("/agents", ANNA)
    starts = [f"2026-0{month}-01T00:00:00Z" for month in (5, 7, 4, 6)]
    for start in starts:
        await ask.made("/agents/A-1/absences", {"starts_at": start, "ends_at": "2026-09-01T00:00:00Z"})
    found = [one["starts_at"] for one in await ask.every_page("/agents/A-1/absences", 3)]
    assert found == sorted(starts, reverse=True)


async def test_who_is_away_is_so_from_the_first_instant_to_before_the_last(
    database: Database, clock: VirtualClock
) -> None:
    now = clock.now()
    async with database.write() as conn:
        for agent_id in ("anna", "bea"):
            await add_agent(conn, agent_id, now)
        gone = await add(conn, "anna", now, now + HOUR, "the dentist")
        await add(conn, "anna", now + 3 * HOUR, now + 4 * HOUR, None)
    async with database.read() as conn:
        for passed, absent in ((-1, set()), (0, {"anna"}), (3599, {"anna"}), (3600, set())):
            assert await absent_now(conn, now + timedelta(seconds=passed)) == absent
        spans = [(now, now + HOUR), (now + 3 * HOUR, now + 4 * HOUR)]
        assert await by_agent(conn, now) == {"anna": spans}
        assert await by_agent(conn, now + HOUR) == {"anna": spans[1:]}
        assert await by_agent(conn, now, now + HOUR) == {"anna": spans[:1]}
    async with database.write() as conn:
        assert not await remove(conn, "bea", gone)
        assert await remove(conn, "anna", gone)


@on_sqlite
async def test_the_stand_in_takes_the_calls_of_who_is_away(database: Database, clock: VirtualClock) -> None:
    """Anna is ready, idle the longest and the one Maria chose; Bea has been idle longer than Carlo, her stand-in."""
    door = Door(database, clock)
    await door.agent("carlo", since_at=clock.now())
    for agent_id in ("anna", "bea"):
        await door.agent(agent_id, stand_in="carlo")
    await door.customer("Maria", MARIA, preferred_agent="anna")
    await away(database, "anna", clock.now(), clock.now() + HOUR)
    await door.ring()
    assert [ring["to"] for ring in door.rings] == ["client:carlo"]
    await door.client.aclose()


@on_sqlite
async def test_nobody_waits_for_who_is_away(database: Database, clock: VirtualClock) -> None:
    """Maria would be worth Anna's wait, since she is about to be free."""
    soon = {"activity": "wrap_up", "due_at": clock.now() + timedelta(seconds=5)}
    rung = []
    for absent in (False, True):
        door = Door(database, clock)
        name = f"away-{absent}".lower()
        await door.agent(name, **soon)
        if not absent:
            await door.agent("bea")
        number = f"+39333123456{absent:d}"
        await door.customer(name, number, preferred_agent=name)
        if absent:
            await away(database, name, clock.now(), clock.now() + HOUR)
        await door.ring(1 + absent, From=number)
        rung.append([ring["to"] for ring in door.rings])
        await door.client.aclose()
    assert rung == [[], ["client:bea"]]


@on_sqlite
async def test_however_many_are_away_who_is_there_is_found(database: Database, clock: VirtualClock) -> None:
    """They have been idle the longest, since nobody rings them."""
    now, absent = clock.now(), Absent(database, clock)
    async with database.write() as conn:
        for n in range(12):
            await add_agent(conn, f"away-{n}", now - HOUR)
            await add(conn, f"away-{n}", now - HOUR, now + HOUR, None)
        await add_agent(conn, "zoe", now)
    floor = Floor(present=lambda agent, at: not absent.covers(agent.id, at))
    await absent.look()
    async with database.read() as conn:
        found = await floor.candidates(conn, Caller("it-IT", now), now)
        assert [agent.id for agent in found.agents] == ["zoe"]
    assert absent.covers("away-0", now + HOUR - timedelta(seconds=1))
    assert not absent.covers("away-0", now + HOUR)


@on_sqlite
async def test_a_process_learns_of_an_absence_at_once_or_within_seconds(
    database: Database, clock: VirtualClock
) -> None:
    absent, now = Absent(database, clock), clock.now()
    async with database.write() as conn:
        for agent_id in ("anna", "bea", "carlo"):
            await add_agent(conn, agent_id, now)
    task = clock.spawn(absent.run(), "absences")
    await clock.advance(1)
    await away(database, "anna", now, now + HOUR)
    absent.changed()
    await clock.advance(0.1)
    assert absent.covers("anna", clock.now())
    await away(database, "bea", now, now + HOUR)  # by another process
    await away(database, "carlo", now + timedelta(minutes=5), now + HOUR)
    assert not absent.covers("bea", clock.now())
    await clock.advance(10)
    assert absent.covers("bea", clock.now())
    assert not absent.covers("carlo", clock.now())
    assert absent.covers("carlo", now + timedelta(minutes=5))  # known beforehand
    task.cancel()


async def test_no_call_is_promised_by_who_will_be_away(database: Database, clock: VirtualClock) -> None:
    door, promises, now = Door(database, clock), Promises(HOUSE), clock.now()
    await door.agent("anna")
    maria = await door.customer("Maria", MARIA)
    await away(database, "anna", now + HOUR, now + 3 * HOUR)
    wish: dict[str, Any] = {"customer_id": maria, "number": MARIA, "language": "it-IT", "agent_id": "anna"}
    async with database.write() as conn:
        with pytest.raises(CannotKeep) as refused:
            await promises.make(conn, Wish(due_at=now + 2 * HOUR, **wish), Plan(), now=now)
        assert all(not now + HOUR <= slot.due_at < now + 3 * HOUR for slot in refused.value.slots)
        ledger = await promises.ledger(conn, Plan(), "it-IT", now=now)
        assert next_slots(ledger, now + HOUR, "anna", 1)[0].due_at == now + 3 * HOUR
        promise, _ = await promises.make(conn, Wish(due_at=now + 3 * HOUR, **wish), Plan(), now=now)
    assert promise.promised_at == now + 3 * HOUR
    await door.client.aclose()
