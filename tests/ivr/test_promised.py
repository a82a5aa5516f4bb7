"""The promised call: the agent first, then the customer, who proves to be a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from callbacks.keeper import Keeper
from callbacks.tables import callback_attempts, callbacks
from callbacks.wish import Wish
from carrier.port import EffectResult
from ivr.promised import PromiseDialler
from routing.plan import Plan
from tests.ivr.door import LINE, MARIA, Answer, Door, path_of, sid
from tests.routing.rows import agent_row

pytestmark = pytest.mark.anyio
AGENT_LEG, CUSTOMER_LEG = 900, 901


@pytest.fixture
async def promised(door: Door) -> AsyncIterator[Door]:
    """Maria is promised a call from Anna in twenty seconds, and the keeper is at work."""
    await door.customer("Maria", MARIA)
    await door.agent()
    wish = Wish(
        customer_id=door.ids["Maria"],
        number=MARIA,
        language="it-IT",
        due_at=door.clock.now() + timedelta(seconds=20),
        agent_id="anna",
        reason="la lampada",
        from_number=LINE,
    )
    async with door.database.write() as conn:
        await door.rooms.promises.make(conn, wish, Plan(), now=door.clock.now())
    keeper = Keeper(
        door.database,
        door.clock,
        door.rooms.promises,
        door.rooms.plans,
        door.rooms.house,
        lambda: PromiseDialler(door.rooms),
        owner="w1",
    )
    task = door.clock.spawn(keeper.loop.run(), "keeper")
    yield door
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def agent_rings(door: Door) -> None:
    await door.clock.advance(13)
    (ring,) = door.rings
    assert (ring["to"], ring["from_"]) == ("client:anna", LINE)


async def customer_rings(door: Door) -> None:
    """Anna has answered and waits; at the promised instant Maria's phone rings."""
    await agent_rings(door)
    await door.leg_news(door.rings[0]["url"], "in-progress", AGENT_LEG)
    await door.clock.advance(9)
    ring = door.rings[-1]
    assert (ring["to"], ring["from_"], len(door.rings)) == (MARIA, LINE, 2)


async def customer_answers(door: Door) -> Answer:
    await customer_rings(door)
    return await door.leg_news(door.rings[1]["url"], "in-progress", CUSTOMER_LEG)


async def promise(door: Door) -> Row[Any]:
    (row,) = await door.all_promises()
    return row


async def attempts(door: Door) -> list[str | None]:
    async with door.database.read() as conn:
        return list(await conn.scalars(select(callback_attempts.c.result).order_by(callback_attempts.c.n)))


async def anna(door: Door) -> str:
    row = await agent_row(door.database)
    return f"{row.availability} {row.activity}"


async def test_the_agent_hears_whom_and_why_and_waits_in_the_room(promised: Door) -> None:
    await agent_rings(promised)
    answer = await promised.leg_news(promised.rings[0]["url"], "in-progress", AGENT_LEG)
    assert "Chiamata promessa a Maria Rossi." in answer.words
    assert "Motivo: la lampada." in answer.words
    assert answer.verbs[-1] == "Dial"
    assert await anna(promised) == "ready talking"
    assert len(promised.rings) == 1  # nobody is rung before the promised instant


async def test_the_customer_hears_the_name_and_proves_to_be_a_person(promised: Door) -> None:
    greeting = await customer_answers(promised)
    assert greeting.words.startswith("Buongiorno, Maria. Qui Officine Lume, con la chiamata promessa.")
    assert "lampada" not in greeting.words
    assert (await promise(promised)).state == "ringing_customer"
    joined = await promised.send(greeting.listens_at, promised.form(CUSTOMER_LEG, Digits="1"))
    assert joined.verbs == ["Dial", "Redirect"]
    row = await promise(promised)
    assert (row.state, row.kept_at) == ("talking", promised.clock.now())
    assert await attempts(promised) == ["connected"]
    (call,) = await promised.all_calls()
    assert (call.sid, call.direction, call.state, call.outcome) == (sid(CUSTOMER_LEG), "outbound", "talking", "agent")


async def test_a_word_proves_a_person_too_and_a_second_time_changes_nothing(promised: Door) -> None:
    greeting = await customer_answers(promised)
    for _ in range(2):
        joined = await promised.send(greeting.listens_at, promised.form(CUSTOMER_LEG, SpeechResult="pronto"))
        assert joined.verbs == ["Dial", "Redirect"]
    assert await attempts(promised) == ["connected"]


async def test_the_end_of_the_talk_keeps_the_promise_and_is_remembered(promised: Door) -> None:
    greeting = await customer_answers(promised)
    await promised.send(greeting.listens_at, promised.form(CUSTOMER_LEG, Digits="1"))
    await promised.clock.advance(60)
    for _ in range(2):
        await promised.leg_news(promised.rings[1]["status_url"], "completed", CUSTOMER_LEG)
    row = await promise(promised)
    assert row.state == "kept"
    assert row.late_seconds <= 2
    assert await anna(promised) == "ready wrap_up"
    assert (await promised.call(CUSTOMER_LEG)).state == "ended"


@pytest.mark.parametrize(
    ("status", "result"),
    [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("canceled", "no_answer")],
)
async def test_who_is_not_reached_is_told_a_new_time_and_the_agent_is_free(
    promised: Door, status: str, result: str
) -> None:
    await customer_rings(promised)
    for _ in range(2):
        await promised.leg_news(promised.rings[1]["status_url"], status, CUSTOMER_LEG)
    assert await attempts(promised) == [result]
    row = await promise(promised)
    assert row.state == "promised"
    assert timedelta(minutes=15) <= row.promised_at - promised.clock.now() <= timedelta(minutes=20)
    (sent,) = promised.carrier.of("send_text")
    assert sent["to"] == MARIA
    assert "Anna riprova oggi alle" in sent["body"]
    assert "al massimo 5 minuti dopo." in sent["body"]
    assert await anna(promised) == "ready idle"
    fetched = promised.carrier.of("redirect_call")[-1]
    assert path_of(fetched["url"]) == "/twilio/agent/not-reached"
    told = await promised.send(fetched["url"], promised.form(AGENT_LEG))
    assert told.words == "Maria Rossi non risponde. Grazie."


async def test_a_machine_hears_the_company_and_it_was_an_attempt(promised: Door) -> None:
    greeting = await customer_answers(promised)
    last = await promised.send(greeting.goes_to, promised.form(CUSTOMER_LEG))
    assert "Una chiamata di Officine Lume" in last.words
    assert last.verbs[-1] == "Hangup"
    await promised.leg_news(promised.rings[1]["status_url"], "completed", CUSTOMER_LEG)
    assert await attempts(promised) == ["voicemail"]
    assert (await promise(promised)).state == "promised"


async def test_after_the_last_attempt_the_person_is_told_and_nobody_is_rung_again(promised: Door) -> None:
    async with promised.database.write() as conn:
        for n in (1, 2):
            row = {"callback_id": (await promise(promised)).id, "n": n, "at": promised.clock.now(), "result": "busy"}
            await conn.execute(callback_attempts.insert().values(row))
    await customer_rings(promised)
    await promised.leg_news(promised.rings[1]["status_url"], "no-answer", CUSTOMER_LEG)
    assert (await promise(promised)).state == "unreachable"
    (sent,) = promised.carrier.of("send_text")
    assert "non siamo riusciti a raggiungerla" in sent["body"]
    assert (await promise(promised)).due_at is None
    await promised.clock.advance(20)
    assert len(promised.rings) == 2


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed"])
async def test_an_agent_who_does_not_take_it_is_replaced(promised: Door, status: str) -> None:
    await promised.agent("luca")
    await agent_rings(promised)
    await promised.leg_news(promised.rings[0]["status_url"], status, AGENT_LEG)
    await promised.clock.advance(2)
    assert [ring["to"] for ring in promised.rings] == ["client:anna", "client:luca"]
    assert await attempts(promised) == []


async def test_an_agent_who_leaves_before_the_customer_is_dialled_is_replaced(promised: Door) -> None:
    await promised.agent("luca")
    await agent_rings(promised)
    await promised.leg_news(promised.rings[0]["url"], "in-progress", AGENT_LEG)
    await promised.leg_news(promised.rings[0]["status_url"], "completed", AGENT_LEG)
    await promised.clock.advance(2)
    assert promised.rings[1]["to"] in ("client:luca", "client:anna")
    assert len(promised.rings) == 2
    assert await attempts(promised) == []


async def test_an_agent_who_leaves_while_the_customer_is_rung_has_cost_them_no_attempt(promised: Door) -> None:
    """That ring ends, and both are rung anew, while there is time: nobody is told that they did not answer."""
    await customer_rings(promised)
    await promised.leg_news(promised.rings[0]["status_url"], "completed", AGENT_LEG)
    assert promised.rings[1]["subject"] in promised.carrier.withdrawn
    assert await attempts(promised) == ["agent_left"]
    await promised.leg_news(promised.rings[1]["status_url"], "canceled", CUSTOMER_LEG)
    await promised.clock.advance(2)
    assert (await promise(promised)).state == "ringing_agent"
    assert len(promised.rings) == 3
    assert promised.carrier.of("send_text") == []


async def test_a_customer_who_presses_too_late_hears_the_truth(promised: Door) -> None:
    """The agent has gone in the very moment."""
    greeting = await customer_answers(promised)
    await promised.leg_news(promised.rings[0]["status_url"], "completed", AGENT_LEG)
    late = await promised.send(greeting.listens_at, promised.form(CUSTOMER_LEG, Digits="1"))
    assert "non è più in linea" in late.words
    assert late.verbs[-1] == "Hangup"


async def test_a_customer_whose_call_has_ended_is_not_greeted(promised: Door) -> None:
    await customer_answers(promised)
    await promised.leg_news(promised.rings[1]["status_url"], "completed", CUSTOMER_LEG)
    again = await promised.leg_news(promised.rings[1]["url"], "in-progress", CUSTOMER_LEG)
    assert again.verbs == ["Hangup"]


async def test_a_ring_that_twilio_refused_is_an_attempt(promised: Door) -> None:
    await customer_rings(promised)
    leg = promised.rings[1]["subject"]
    result = EffectResult("eff", "create_call", leg, "failed", error_code="21211")
    for _ in range(2):
        await promised.hears(result)
    assert await attempts(promised) == ["failed"]
    assert await anna(promised) == "ready idle"


async def test_whoever_rings_us_meanwhile_is_not_called(promised: Door) -> None:
    """Maria rings: she is expected, Anna rings for her call, and the promise goes along."""
    answer = await promised.ring()
    assert "Ci ha preceduti" in answer.words
    await promised.clock.advance(30)
    assert [ring["to"] for ring in promised.rings] == ["client:anna"]
    await promised.leg_news(promised.rings[0]["url"], "in-progress", AGENT_LEG)
    assert (await promise(promised)).state == "promised"  # nobody has met anybody yet
    await promised.clock.advance(3)
    await promised.wait(answer)
    assert (await promise(promised)).state == "kept"
    assert await attempts(promised) == []


async def test_without_a_number_of_ours_nobody_is_called_yet(promised: Door) -> None:
    async with promised.database.write() as conn:
        await conn.execute(update(callbacks).values(from_number=None))
    await promised.clock.advance(25)
    assert promised.rings == []
    assert (await promise(promised)).state == "due"
    async with promised.database.write() as conn:
        await promised.rooms.numbers.remember(conn, LINE)
    await promised.clock.advance(16)
    assert [ring["from_"] for ring in promised.rings] == [LINE]
