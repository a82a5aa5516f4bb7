"""`/calls`: live and past, as the contract writes them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, insert, select

from api.tokens import Guard
from callbacks.api import callbacks_router
from crm.audit import What
from crm.tables import audit
from ivr.api import calls_router
from routing.tables import vetoes
from routing.vetoes_api import vetoes_router
from store.tables import events
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import LINE, MARIA, PAOLO, Door, sid
from tests.ivr.promising import promised

pytestmark = pytest.mark.anyio
FIELDS = {
    "sid", "direction", "from", "to", "customer", "said", "language", "state", "outcome", "agent", "familiar",
    "waited_seconds", "started_at", "ended_at", "callback", "recording_url", "decisions", "legs",
}  # fmt: skip
ADDED = {
    "identity": "number", "attestation": None, "forwarded_from": None, "case": None, "confirmed": None, "consent": None,
    "recordings": [], "recording": None, "name_recording_url": None, "on_hold_since": None, "broken_since": None,
    "agent_ends": False, "transfer": None, "supervisors": [],
}  # fmt: skip


@pytest.fixture
async def ask(door: Door) -> AsyncIterator[Asking]:
    guard = Guard(door.database, KEY_OF_THE_HOUSE)
    rooms, of = door.rooms, (door.database, door.clock, guard)
    promises = callbacks_router(*of, rooms.promises, rooms.plans, rooms.house, lambda: None, rooms.numbers)
    client = asking(door.database, door.clock, more=(calls_router(*of), vetoes_router(*of), promises))
    yield client
    await client.close()


async def test_a_call_is_shown_as_the_contract_has_it(door: Door, ask: Asking) -> None:
    maria = await door.customer("Maria", MARIA)
    await door.agent()
    first, began = await door.ring(), door.clock.now()
    await door.speak(first, "la lampada è rotta")
    await door.clock.advance(0.4)
    call = (await ask.get(f"/calls/{sid(1)}")).json()
    assert {name: call.pop(name) for name in ADDED} == ADDED
    assert call.pop("id") == (await door.call()).id
    assert set(call) == FIELDS
    (decision,) = call.pop("decisions")
    caller, agent = call.pop("legs")
    assert call == {
        "sid": sid(1),
        "direction": "inbound",
        "from": MARIA,
        "to": LINE,
        "customer": maria,
        "said": "la lampada è rotta",
        "language": "it-IT",
        "state": "ringing",
        "outcome": None,
        "agent": None,
        "familiar": False,
        "waited_seconds": round((door.clock.now() - began).total_seconds(), 1),
        "started_at": "2026-03-03T09:00:00Z",
        "ended_at": None,
        "callback": None,
        "recording_url": None,
    }
    assert (decision["action"], decision["agent"], decision["at"]) == ("ring", "anna", "2026-03-03T09:00:00Z")
    assert decision["sentence"] == "Anna è disponibile da più tempo e parla la lingua di Maria."
    assert decision["reasons"]["weighed"][0]["agent"] == "anna"
    assert (caller["sid"], caller["role"], caller["state"]) == (sid(1), "caller", "in-progress")
    assert (agent["sid"], agent["role"], agent["agent"]) == (None, "agent", "anna")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_call_shows_how_far_we_know_who_it_is(door: Door, ask: Asking) -> None:
    """A number, or a name that somebody said, are hints; only a code that came back says who it is."""
    await door.customer("Maria", MARIA)
    await door.ring(1)
    await door.ring(2, From="anonymous")
    await door.ring(3, From=PAOLO)

    async def known(n: int) -> str:
        return str((await ask.get(f"/calls/{sid(n)}")).json()["identity"])

    assert [await known(n) for n in (1, 2, 3)] == ["number", "withheld", "unknown"]
    await door.change_call(known_by="name")
    assert await known(1) == "name"
    await door.change_call(proved_at=door.clock.now())
    assert await known(1) == "verified"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_was_said_is_on_the_desk_before_hello(door: Door, ask: Asking) -> None:
    """The news of it comes while the agent's phone still rings."""
    await door.customer("Maria", MARIA)
    await door.agent()
    first = await door.ring()
    async with door.database.read() as conn:
        before = await conn.scalar(select(func.max(events.c.id)))
    await door.speak(first, "la lampada è rotta")
    async with door.database.read() as conn:
        news = select(events.c.type).where(events.c.id > before, events.c.ref == (await door.call()).id)
        assert "call.changed" in list(await conn.scalars(news))
    call = (await ask.get(f"/calls/{sid(1)}")).json()
    assert (call["said"], call["state"], call["legs"][1]["state"]) == ("la lampada è rotta", "ringing", "intended")


async def test_a_call_shows_who_talks_and_how_long_they_waited(door: Door, ask: Asking) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    await door.clock.advance(7)
    await door.leg_news(door.rings[0]["url"], "in-progress")
    await door.clock.advance(100)
    call = (await ask.get(f"/calls/{sid(1)}")).json()
    assert (call["state"], call["outcome"], call["agent"], call["waited_seconds"]) == ("talking", "agent", "anna", 7.0)
    assert [leg["sid"] for leg in call["legs"]] == [sid(1), sid(900)]


async def test_a_call_that_ended_keeps_its_figures(door: Door, ask: Asking) -> None:
    await door.customer("Maria", MARIA)
    await door.ring()
    await door.clock.advance(9)
    await door.send("/twilio/status", door.form(CallStatus="completed"))
    await door.clock.advance(1000)
    call = (await ask.get(f"/calls/{sid(1)}")).json()
    assert (call["state"], call["outcome"], call["waited_seconds"]) == ("ended", "abandoned", 9.0)
    assert call["ended_at"] == "2026-03-03T09:00:09Z"


async def test_calls_are_found_by_state_person_and_agent(door: Door, ask: Asking) -> None:
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", PAOLO)
    await door.agent()
    await door.ring(1)
    await door.leg_news(door.rings[0]["url"], "in-progress")
    await door.ring(2, From=PAOLO)
    await door.ring(3, From="anonymous")
    await door.send("/twilio/status", door.form(3, CallStatus="completed"))
    for query, found in (
        ("", [1, 2, 3]),
        ("?state=live", [1, 2]),
        ("?state=talking", [1]),
        ("?state=ended", [3]),
        (f"?customer={door.ids['Paolo']}", [2]),
        ("?agent=anna", [1]),
        (f"?state=live&customer={door.ids['Maria']}", [1]),
        ("?agent=agt_nobody", []),
    ):
        items = (await ask.get(f"/calls{query}")).json()["items"]
        assert [call["sid"] for call in items] == [sid(n) for n in found], query
    assert (await ask.get("/calls?state=perhaps")).status_code == 422


async def test_calls_come_in_pages(door: Door, ask: Asking) -> None:
    for n in range(1, 6):
        await door.ring(n)
    found: list[str] = []
    cursor = ""
    while True:
        page = (await ask.get(f"/calls?limit=2{cursor}")).json()
        found += [call["sid"] for call in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == [sid(n) for n in range(1, 6)]


async def test_everybody_who_works_here_may_look_and_nobody_else(door: Door, ask: Asking) -> None:
    await door.agent()
    await door.ring()
    for token in (await ask.token("service"), await ask.token("agent", "anna")):
        assert (await ask.get(f"/calls/{sid(1)}", token=token)).status_code == 200
        assert (await ask.get("/calls?state=live", token=token)).status_code == 200
    assert (await ask.get("/calls", token=None)).status_code == 401
    assert (await ask.get(f"/calls/{sid(9)}")).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_whoever_reads_what_is_known_of_one_person_is_written_down(door: Door, ask: Asking) -> None:
    maria = await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    promise = await promised(door)
    case = (await ask.made("/cases", {"customer": maria, "topic": "the lamp"}))["id"]
    async with door.database.write() as conn:
        veto = {"customer_id": maria, "agent_id": "anna", "declined_by": "agent", "at": door.clock.now()}
        await conn.execute(insert(vetoes).values(veto))
    paths = {
        "calls": f"/calls?customer={maria}",
        "call": f"/calls/{sid(1)}",
        "interactions": f"/interactions?customer={maria}",
        "cases": f"/cases?customer={maria}",
        "case": f"/cases/{case}",
        "case_history": f"/cases/{case}/history",
        "callbacks": f"/callbacks?customer={maria}",
        "callback": f"/callbacks/{promise.id}",
        "callback_history": f"/callbacks/{promise.id}/history",
        "merges": f"/customers/{maria}/merges",
        "vetoes": f"/customers/{maria}/vetoes",
    }
    for path in (*paths.values(), f"/customers/{maria}/vetoes/anna", "/calls", "/cases", "/callbacks?customer=nobody"):
        assert (await ask.get(path)).status_code == 200, path
    async with door.database.read() as conn:
        rows = (await conn.execute(select(audit).where(audit.c.what == What.READ).order_by(audit.c.id))).all()
    assert [row.detail["part"] for row in rows] == [*paths, "vetoes"]
    assert {row.customer_id for row in rows} == {maria}
