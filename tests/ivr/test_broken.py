"""A line that breaks: told from one that is put down, mended within seconds, and against nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.tokens import Guard
from carrier.port import EffectResult
from crm.tables import interactions
from ivr.desk_api import desk_router
from ivr.watch import Watch
from ivr.webhooks import Webhooks
from routing.tables import agents, decisions, reservations
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, asking
from tests.ivr.door import ACCOUNT, MARIA, OURS, TOKEN, Answer, Door, Signatures, sid
from tests.routing.rows import agent_row

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Desks:
    """Who answers in a browser of ours."""

    there: set[str]

    async def has(self, conn: AsyncConnection, agent_id: str) -> bool:
        return agent_id in self.there


@pytest.fixture
def desks() -> Desks:
    return Desks({"anna"})


@pytest.fixture
async def door(database: Database, clock: VirtualClock, desks: Desks) -> Any:
    door = Door(database, clock)
    door.rooms = replace(door.rooms, has_desk=desks.has)
    network: Any = door.network
    door.watch = Watch(door.rooms, network, owner="w1")
    door.webhooks = Webhooks(door.rooms, Signatures([TOKEN], OURS, account_sid=ACCOUNT), deadline=30.0)
    (app,) = [door.client._transport.app]  # type: ignore[attr-defined]
    app.router.routes[:] = door.webhooks.routes
    yield door
    await door.client.aclose()


async def talking(door: Door, **agent: Any) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(**agent)
    answer = await door.ring()
    picked = await door.leg_news(door.rings[-1]["url"], "in-progress")
    if "Gather" in picked.verbs:
        await door.send(picked.listens_at, door.form(900, Digits="1"))
    await door.clock.advance(answer.seconds + 10)
    await door.send("/twilio/voice/join?sent=1", door.form())
    await door.clock.advance(40)


async def breaks(door: Door) -> Answer:
    """The agent's leg ends; the caller is fetched, and hears this."""
    await door.leg_news(door.rings[0]["status_url"], "completed")
    return await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())


async def looked_at(door: Door) -> None:
    """The hold of the agent is due."""
    async with door.database.read() as conn:
        row = (await conn.execute(select(reservations).where(reservations.c.live))).one()
    await door.watch._ring_over(SimpleNamespace(id=row.id, call_id=row.call_id))  # type: ignore[arg-type]


async def talks(door: Door) -> list[tuple[str, str, int]]:
    async with door.database.read() as conn:
        rows = await conn.execute(select(interactions).order_by(interactions.c.started_at))
        return [(row.agent_id, row.outcome, row.talk_seconds) for row in rows]


async def test_the_caller_hears_that_it_broke_and_the_agent_is_theirs_for_a_while(door: Door) -> None:
    await talking(door)
    heard = await breaks(door)
    assert heard.words.startswith("Con Anna è caduta la linea")
    assert "20 secondi" in heard.words
    call, anna = await door.call(), await agent_row(door.database)
    assert (call.state, call.dropped_agent, anna.activity, anna.misses) == ("ringing", "anna", "reserved", 0)
    assert await talks(door) == []
    await door.leg_news(door.rings[0]["status_url"], "completed")  # told twice
    assert (await door.call()).dropped_at == call.dropped_at
    await door.clock.advance(1)
    await looked_at(door)
    assert [ring["to"] for ring in door.rings] == ["client:anna", "client:anna"]
    await looked_at(door)
    assert len(door.rings) == 2  # her phone rings already


@pytest.mark.parametrize("seen", [True, False])
async def test_the_same_agent_goes_on_with_the_same_talk(door: Door, desks: Desks, seen: bool) -> None:
    """Who has no desk before them at that moment hears who is there."""
    await talking(door)
    joined_at = (await door.call()).joined_at
    await breaks(door)
    await door.clock.advance(5)
    await looked_at(door)
    desks.there.intersection_update({"anna"} if seen else set())
    back = await door.leg_news(door.rings[-1]["url"], "in-progress", 902)
    assert back.words == ("" if seen else "Era caduta la linea: Maria Rossi è ancora qui.")
    room = await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())
    assert "Dial" in room.verbs
    call = await door.call()
    assert (call.state, call.dropped_at, call.joined_at) == ("talking", None, joined_at)
    await door.clock.advance(15)
    await door.send("/twilio/status", door.form(CallStatus="completed"))
    assert [(agent, outcome) for agent, outcome, _ in await talks(door)] == [("anna", "solved")]
    assert (await talks(door))[0][2] >= 60
    assert await door.reservation_states() == ["talk_ended"]


async def test_a_phone_that_cannot_be_rung_is_tried_again_until_the_time_is_over(door: Door) -> None:
    """And then anybody: it is nobody's miss, and the talk is left open."""
    await talking(door)
    await door.agent("luca")
    await breaks(door)
    await door.clock.advance(1)
    await looked_at(door)
    await door.leg_news(door.rings[-1]["status_url"], "failed", 902)
    assert [ring["to"] for ring in door.rings] == ["client:anna"] * 2
    await door.clock.advance(5)
    await looked_at(door)
    assert len(door.rings) == 3
    await door.leg_news(door.rings[-1]["status_url"], "failed", 903)
    await door.clock.advance(15)
    await looked_at(door)
    assert [ring["to"] for ring in door.rings][3:] == ["client:luca"]
    anna = await agent_row(door.database)
    assert (anna.activity, anna.misses, anna.availability) == ("idle", 0, "ready")
    assert await door.reservation_states() == ["broken", "offered"]
    ((agent, outcome, seconds),) = await talks(door)
    assert (agent, outcome) == ("anna", "open")
    assert 35 <= seconds <= 60
    async with door.database.read() as conn:
        reasons = (await conn.scalars(select(decisions.c.reasons).order_by(decisions.c.id.desc()))).first()
    assert reasons["urgent"]["cut_off"] > 0
    told = await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())
    assert told.words.startswith("Anna non riesce a tornare in linea")
    assert "Luca" in told.words
    assert "torna" not in (await door.wait(told)).words
    await door.leg_news(door.rings[-1]["url"], "in-progress", 904)
    call = await door.call()
    assert (call.agent_id, call.dropped_at, call.dropped_agent) == ("luca", None, None)


@dataclass
class OnHold:
    door: Door
    ask: Any

    async def hold(self, on: bool) -> None:
        assert (await self.ask.post(f"/calls/{sid(1)}/hold", json={"on": on})).status_code == 200

    async def hears(self, n: int = 0) -> Answer:
        call = await self.door.call()
        return await self.door.send(f"/twilio/room/held?call={call.id}&n={n}", self.door.form())


@pytest.fixture
async def on_hold(door: Door) -> Any:
    """Maria, whom Anna has put on hold; and Anna's line breaks."""
    await talking(door)
    ask = asking(door.database, door.clock, more=(desk_router(door.rooms, Guard(door.database, KEY_OF_THE_HOUSE)),))
    held = OnHold(door, ask)
    await held.hold(True)
    await door.leg_news(door.rings[0]["status_url"], "completed")
    yield held
    await ask.close()


@on_sqlite
async def test_who_is_on_hold_when_the_line_breaks_stays_on_hold(door: Door, on_hold: OnHold) -> None:
    held_at, fetched = (await door.call()).on_hold_at, len(door.carrier.of("redirect_call"))
    assert held_at is not None
    assert "Anna torna" in (await on_hold.hears()).words
    await door.clock.advance(5)
    await looked_at(door)
    await door.leg_news(door.rings[-1]["url"], "in-progress", 902)
    call = await door.call()
    assert (call.state, call.on_hold_at, call.dropped_at) == ("talking", held_at, None)
    assert len(door.carrier.of("redirect_call")) == fetched  # they are in the room, and were never taken out of it
    assert "Anna" in (await on_hold.hears(1)).words
    await on_hold.hold(False)
    assert (await door.call()).on_hold_at is None


@on_sqlite
async def test_who_is_on_hold_for_an_agent_who_does_not_come_back_goes_on(door: Door, on_hold: OnHold) -> None:
    await door.agent("luca")
    await door.clock.advance(17)
    await looked_at(door)
    assert door.rings[-1]["to"] == "client:luca"
    told = await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())
    assert told.words.startswith("Anna non riesce a tornare in linea")
    await door.leg_news(door.rings[-1]["url"], "in-progress", 904)
    assert "Dial" in (await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())).verbs
    call = await door.call()
    assert (call.state, call.agent_id, call.on_hold_at) == ("talking", "luca", None)


@on_sqlite
async def test_who_could_not_be_put_on_hold_is_fetched_when_the_line_breaks(door: Door, on_hold: OnHold) -> None:
    """The carrier says so late: until then we took them for held, in a room where nobody is."""
    fetched = len(door.carrier.of("redirect_call"))
    call = await door.call()
    failed = EffectResult("eff_1", "change_participant", f"hold {call.id}", "failed", error_code="21220")
    await door.watch.heard(failed)
    assert (await door.call()).on_hold_at is None
    assert len(door.carrier.of("redirect_call")) == fetched + 1
    heard = await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())
    assert heard.words.startswith("Con Anna è caduta la linea")


@on_sqlite
async def test_late_news_of_the_leg_that_broke_does_not_break_the_mended_talk(door: Door) -> None:
    """The room tells it first; the carrier's own word comes when the two talk again, on another leg."""
    await talking(door)
    first = door.rings[0]
    left = f"/twilio/agent/left?leg={first['url'].partition('leg=')[2]}"
    await door.send(left, door.form(900, CallStatus="completed"))
    await door.clock.advance(1)
    await looked_at(door)
    await door.leg_news(door.rings[-1]["url"], "in-progress", 902)
    await door.leg_news(first["status_url"], "completed")
    await door.send(left, door.form(900, CallStatus="completed", Again="1"))
    call = await door.call()
    assert (call.state, call.dropped_at, await door.reservation_states()) == ("talking", None, ["accepted"])
    await door.leg_news(door.rings[-1]["status_url"], "completed", 902)
    assert (await door.call()).state == "ringing"


@on_sqlite
async def test_who_did_not_come_back_is_not_rung_in_vain_at_once(door: Door, desks: Desks) -> None:
    """Nobody else is there: the caller hears so, and not that her phone rings."""
    await talking(door)
    await breaks(door)
    desks.there.clear()
    await door.clock.advance(17)
    await looked_at(door)
    told = await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())
    assert told.words.startswith("Anna non riesce a tornare in linea")
    assert [ring["to"] for ring in door.rings] == ["client:anna"]
    assert (await agent_row(door.database)).misses == 0


@on_sqlite
async def test_whoever_says_no_is_not_asked_again(door: Door) -> None:
    await talking(door)
    await door.agent("luca")
    await breaks(door)
    await door.clock.advance(1)
    await looked_at(door)
    await door.leg_news(door.rings[-1]["status_url"], "busy", 902)
    assert door.rings[-1]["to"] == "client:luca"


@on_sqlite
async def test_while_no_desk_is_there_nobody_is_rung(door: Door, desks: Desks) -> None:
    await talking(door)
    await breaks(door)
    desks.there.clear()
    for _ in range(3):
        await door.clock.advance(2)
        await looked_at(door)
    assert len(door.rings) == 1
    desks.there.add("anna")
    await door.clock.advance(2)
    await looked_at(door)
    assert len(door.rings) == 2


@on_sqlite
@pytest.mark.parametrize("address", ["sip:anna@lume.test", "+393470000001"])
async def test_a_telephone_in_the_hand_is_put_down_on_purpose(door: Door, address: str) -> None:
    await talking(door, address=address)
    heard = await breaks(door)
    assert "caduta" not in heard.words
    assert (await agent_row(door.database)).activity == "wrap_up"


@on_sqlite
async def test_who_has_no_desk_has_hung_up(door: Door, desks: Desks) -> None:
    desks.there.clear()
    await talking(door)
    assert "caduta" not in (await breaks(door)).words


@on_sqlite
async def test_a_room_that_closes_under_an_agent_has_lost_its_caller(door: Door) -> None:
    """They are still on the line when it is over: nothing has broken."""
    await talking(door)
    leg = door.rings[0]["url"].partition("leg=")[2]
    await door.send(f"/twilio/agent/left?leg={leg}", door.form(900, CallStatus="in-progress"))
    assert (await agent_row(door.database)).activity == "wrap_up"


@on_sqlite
async def test_of_two_who_hang_up_together_the_caller_is_who_left(door: Door) -> None:
    """We hear of the agent first."""
    await talking(door)
    await door.leg_news(door.rings[0]["status_url"], "completed")
    await door.clock.advance(1)
    await door.send("/twilio/status", door.form(CallStatus="completed"))
    assert (await agent_row(door.database)).activity == "wrap_up"
    assert [(agent, outcome) for agent, outcome, _ in await talks(door)] == [("anna", "solved")]


@on_sqlite
async def test_a_line_that_is_put_down_before_its_desk_has_said_so_has_not_broken(door: Door) -> None:
    """Our answer took too long: the page let go of the line first."""
    await talking(door)
    await breaks(door)
    guard = Guard(door.database, KEY_OF_THE_HOUSE)
    ask = asking(door.database, door.clock, more=(desk_router(door.rooms, guard),))
    assert (await ask.post(f"/calls/{sid(1)}/hang-up")).json()["state"] == "talking"
    after = await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())
    assert "Grazie" in after.words
    call, anna = await door.call(), await agent_row(door.database)
    assert (call.state, call.dropped_at, anna.activity) == ("talking", None, "wrap_up")
    assert [(agent, outcome) for agent, outcome, _ in await talks(door)] == [("anna", "solved")]
    assert (await ask.post(f"/calls/{sid(1)}/hang-up")).json()["reason"] == "not_talking"
    await ask.close()


async def test_a_caller_may_rather_be_called_back(door: Door) -> None:
    await talking(door)
    heard = await breaks(door)
    assert "prema 2" in heard.words.lower()
    offered = await door.press(heard, "2")
    assert "prema 5" in offered.words.lower()
    assert (await agent_row(door.database)).activity == "idle"
    assert [(agent, outcome) for agent, outcome, _ in await talks(door)] == [("anna", "open")]
    call = await door.call()
    assert (call.state, call.joined_at, call.outcome) == ("choosing", None, "agent")


@on_sqlite
async def test_a_broken_talk_is_finished_after_closing_time_and_goes_first(door: Door) -> None:
    await talking(door)
    await door.agent("luca", availability="away")
    await breaks(door)
    async with door.database.write() as conn:
        await conn.execute(update(agents).values(availability="offline"))
    await door.clock.advance(12 * 3600)
    await looked_at(door)
    waits = await door.send(door.carrier.of("redirect_call")[-1]["url"], door.form())
    assert "non riesce a tornare" in waits.words
    assert "chius" not in waits.words
    assert sid(1) == (await door.call()).sid
