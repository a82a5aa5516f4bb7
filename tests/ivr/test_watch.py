"""What must happen without anybody's webhook."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from carrier.port import EffectResult, OutcomeUnknown
from crm.tables import texts
from ivr.tables import calls
from ivr.watch import WAITING_AT_ONCE
from ivr.webhooks import SILENT
from routing.floor import set_availability
from tests.ivr.door import LINE, MARIA, SOMEBODY, Door, path_of, sid
from tests.routing.rows import agent_row

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def watching(door: Door) -> AsyncIterator[None]:
    tasks = [door.clock.spawn(loop.run(), "watch") for loop in door.watch.loops()]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def ready(door: Door, agent_id: str) -> None:
    async with door.database.write() as conn:
        await set_availability(conn, agent_id, "ready", None, now=door.clock.now())
    door.watch.floor_changed()


@pytest.mark.parametrize("rang", [True, False])
async def test_a_ring_whose_end_nobody_reports_is_over_all_the_same(door: Door, rang: bool) -> None:
    """The carrier forgets to say that Anna did not answer: Luca rings.  It was a miss if her phone rang at all."""
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    await door.agent("luca")
    if rang:
        await door.hears(EffectResult("eff", "create_call", door.rings[0]["subject"], "done", sid=sid(900)))
    async with watching(door):
        await door.clock.advance(25)
        assert len(door.rings) == 1
        await door.clock.advance(2.5)
    assert [ring["to"] for ring in door.rings] == ["client:anna", "client:luca"]
    assert await door.reservation_states() == ["rang_out" if rang else "not_rung", "offered"]
    assert door.rings[0]["subject"] in door.carrier.withdrawn
    assert (await agent_row(door.database)).misses == (1 if rang else 0)


async def test_a_caller_who_could_not_be_fetched_is_not_left_in_an_empty_room(door: Door) -> None:
    """The carrier, or we, were away for longer than a request is repeated."""
    await door.customer("Maria", MARIA)
    await door.agent()
    answer = await door.ring()
    await door.leg_news(door.rings[-1]["url"], "in-progress")
    await door.clock.advance(answer.seconds + 10)
    await door.send("/twilio/voice/join?sent=1", door.form())
    await door.clock.advance(40)
    fetched = door.carrier.of("redirect_call")
    lost = EffectResult("eff", "redirect_call", (await door.call()).id, "failed", error_code="too_late")
    await door.hears(lost)
    assert door.carrier.of("redirect_call") == fetched  # the two are talking
    await door.leg_news(door.rings[0]["status_url"], "completed")
    await door.hears(lost)
    first, again = door.carrier.of("redirect_call")[len(fetched) :]
    assert path_of(first["url"]) == path_of(again["url"]) == "/twilio/voice/after"
    assert first["url"] != again["url"]
    assert "Grazie" in (await door.send(again["url"], door.form())).words
    await door.hears(lost)
    assert len(door.carrier.of("redirect_call")) == len(fetched) + 2


async def test_a_wrap_up_ends_by_itself(door: Door) -> None:
    await door.agent(activity="wrap_up", due_at=door.clock.now())
    async with watching(door):
        await door.clock.advance(1)
    assert (await agent_row(door.database)).activity == "idle"
    assert door.floor_told >= 1


async def test_whoever_waits_longest_is_served_first_when_somebody_is_free(door: Door) -> None:
    await door.agent(availability="away")
    for n, number in enumerate((SOMEBODY, MARIA), start=1):
        await door.ring(n, From=number)
        await door.clock.advance(5)
    assert {(await door.call(n)).state for n in (1, 2)} == {"waiting"}
    async with watching(door):
        await ready(door, "anna")
        await door.clock.advance(1)
    assert ((await door.call(1)).state, (await door.call(2)).state) == ("ringing", "waiting")
    (moved,) = door.carrier.of("redirect_call")
    assert (moved["sid"], path_of(moved["url"])) == (sid(1), "/twilio/voice/wait")
    answer = await door.send(moved["url"], door.form(1, From=SOMEBODY))
    assert "Anna" in answer.words


async def test_whoever_is_making_up_their_mind_is_left_alone(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(availability="away")
    await door.press(await door.ring(), "3")
    async with watching(door):
        await ready(door, "anna")
        await door.clock.advance(3)
    assert door.rings == []
    assert (await door.call()).state == "choosing"


@pytest.mark.parametrize("status", ["completed", "no-answer", "busy"])
async def test_a_call_of_which_nothing_is_heard_is_asked_about(door: Door, status: str) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(availability="away")
    await door.ring()
    door.network.has(sid(1), "in-progress")
    async with watching(door):
        await door.clock.advance(1)
        door.network.has(sid(1), status)
        await door.clock.advance(28)
        assert (await door.call()).state == "waiting"
        await door.clock.advance(3)
    call = await door.call()
    assert (call.state, call.outcome) == ("ended", "abandoned")


async def test_after_an_outage_nobody_is_rung_for_somebody_who_left(door: Door) -> None:
    """They hung up while we were away: Anna, who is free now, is not rung for them."""
    await door.customer("Maria", MARIA)
    await door.agent(availability="away")
    await door.ring()
    door.network.has(sid(1), "completed")
    await ready(door, "anna")
    async with watching(door):
        await door.clock.advance(2)
    assert (await door.call()).state == "ended"
    assert door.rings == []


async def test_an_agent_who_left_while_we_were_away_leaves_nobody_in_an_empty_room(door: Door) -> None:
    """Anna had accepted; before Maria came into the room both Anna and we were gone.  Maria waits again, Luca rings."""
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.agent("luca", availability="away")
    await door.ring()
    await door.leg_news(door.rings[0]["url"], "in-progress")
    assert (await door.call()).state == "talking"
    door.network.has(sid(900), "completed")
    await ready(door, "luca")
    async with watching(door):
        await door.clock.advance(0.5)
    call = await door.call()
    assert (call.state, call.outcome, call.agent_id, call.joined_at) == ("ringing", None, None, None)
    assert [ring["to"] for ring in door.rings] == ["client:anna", "client:luca"]
    assert path_of(door.carrier.of("redirect_call")[-1]["url"]) == "/twilio/voice/wait"


async def test_a_call_that_lives_is_asked_about_again_later(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(availability="away")
    await door.ring()
    door.network.has(sid(1), "in-progress")
    async with watching(door):
        await door.clock.advance(SILENT.total_seconds() + 2)
        assert (await door.call()).state == "waiting"
        door.network.has(sid(1), "completed")
        await door.clock.advance(31)
        assert (await door.call()).state == "ended"


async def test_a_talk_that_the_carrier_knows_nothing_of_is_over(door: Door) -> None:
    """It was started anew without its memory, or it is another account now: an agent does not talk for ever."""
    await door.customer("Maria", MARIA)
    await door.agent()
    answer = await door.ring()
    await door.leg_news(door.rings[0]["url"], "in-progress")
    await door.clock.advance(answer.seconds + 10)
    await door.send("/twilio/voice/join?sent=1", door.form())
    door.network.forgotten.add(sid(1))
    async with watching(door):
        await door.clock.advance(75)
    assert (await door.call()).state == "ended"
    assert (await agent_row(door.database)).activity != "talking"


async def test_while_twilio_is_away_nobody_is_taken_for_gone(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(availability="away")
    await door.ring()
    door.network.trouble = OutcomeUnknown("away")
    async with watching(door):
        await door.clock.advance(75)  # asked about twice
    assert (await door.call()).state == "waiting"


async def test_whoever_listens_to_the_greeting_is_fetched_when_it_is_over(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    await door.leg_news(door.rings[0]["url"], "in-progress")
    assert door.carrier.of("redirect_call") == []
    async with watching(door):
        await door.clock.advance(12)
    (fetched,) = door.carrier.of("redirect_call")
    assert path_of(fetched["url"]) == "/twilio/voice/join"


async def test_a_ring_that_could_not_be_asked_for_rings_the_next_one(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    await door.agent("luca")
    result = EffectResult("eff", "create_call", door.rings[0]["subject"], "failed", error_code="13224")
    for _ in range(2):
        await door.hears(result)
    assert [ring["to"] for ring in door.rings] == ["client:anna", "client:luca"]
    assert await door.reservation_states() == ["failed", "offered"]


async def test_the_sid_of_a_ring_is_learnt_from_whoever_tells_it_first(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    leg = door.rings[0]["subject"]
    await door.hears(EffectResult("eff", "create_call", leg, "done", sid=sid(900)))
    assert (await door.leg_news(door.rings[0]["url"], "in-progress", leg=901)).verbs == ["Hangup"]
    assert (await door.leg_news(door.rings[0]["url"], "in-progress", leg=900)).verbs[-1] == "Dial"
    await door.hears(EffectResult("eff", "create_call", leg, "done", sid=sid(900)))
    assert (await door.call()).state == "talking"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_not_known_changes_nothing(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    await door.ring()
    leg = door.rings[0]["subject"]
    for result in (
        EffectResult("eff", "create_call", leg, "unknown"),
        EffectResult("eff", "create_call", None, "failed"),
        EffectResult("eff", "create_call", "leg_unheard_of", "failed"),
        EffectResult("eff", "redirect_call", leg, "failed"),
        EffectResult("eff", "end_call", leg, "failed"),
    ):
        await door.hears(result)
    assert (await door.call()).state == "ringing"
    assert len(door.rings) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("result", "state", "known"), [("done", "queued", True), ("failed", "failed", False)])
async def test_what_became_of_a_text_is_kept(door: Door, result: str, state: str, known: bool) -> None:
    row = {"id": "txt_1", "direction": "out", "from_number": LINE, "to_number": MARIA, "body": "b", "state": "queued"}
    async with door.database.write() as conn:
        await conn.execute(insert(texts).values(row | {"at": door.clock.now()}))
    told = EffectResult("eff", "send_text", "txt_1", result, sid=sid(1, "SM") if known else None)  # type: ignore[arg-type]
    await door.hears(told)
    async with door.database.read() as conn:
        one = (await conn.execute(select(texts))).one()
    assert (one.state, one.sid) == (state, sid(1, "SM") if known else None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_those_whom_the_free_agent_cannot_help_do_not_keep_others_from_them(door: Door) -> None:
    """A whole lot waits for Anna, who speaks their language; Luca is for the one behind them."""
    await door.agent(activity="talking", languages=["it-IT"])
    await door.agent("luca", availability="away", languages=["en-GB"])
    await door.customer("Sam", SOMEBODY, language="en-GB")
    await door.ring(From=SOMEBODY)
    now = door.clock.now()
    usual = {"direction": "inbound", "from_number": MARIA, "to_number": LINE, "language": "it-IT", "state": "waiting"}
    async with door.database.write() as conn:
        for n in range(WAITING_AT_ONCE):
            row = {"id": f"call_{n}", "sid": sid(100 + n), "arrived_at": now - timedelta(seconds=100 - n)}
            await conn.execute(insert(calls).values(usual | row))
    async with watching(door):
        await ready(door, "luca")
        await door.clock.advance(5)
    assert [ring["to"] for ring in door.rings] == ["client:luca"]
    assert (await door.call()).state == "ringing"


async def test_who_begins_after_the_first_look_holds_no_time_still_until_then(door: Door) -> None:
    class Later:
        begun = False

        async def run(self) -> None:
            self.begun = True

    later = Later()
    door.clock.spawn(door.watch.then(later).run(), "later")
    async with asyncio.timeout(5):
        await door.clock.advance(5)
    assert not later.begun
    first_look = door.clock.spawn(door.watch.run(), "watch")
    await door.clock.advance(1)
    first_look.cancel()
    assert later.begun
