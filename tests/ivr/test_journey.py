"""A caller's way: the choice, the wait and its ways out, one webhook after another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from crm.tables import interactions
from routing.tables import decisions
from tests.ivr.door import LINE, MARIA, SOMEBODY, Answer, Door, sid

pytestmark = pytest.mark.anyio


async def anna_is_talking(door: Door, *, luca: bool) -> Answer:
    """Anna, who has helped Maria before, talks with somebody else; Maria rings."""
    await door.customer("Maria", MARIA)
    await door.agent(activity="talking")
    if luca:
        await door.agent("luca")
    async with door.database.write() as conn:
        row = {
            "id": "int_1",
            "customer_id": door.ids["Maria"],
            "agent_id": "anna",
            "channel": "voice",
            "started_at": door.clock.now() - timedelta(days=3),
            "talk_seconds": 200,
            "outcome": "solved",
        }
        await conn.execute(insert(interactions).values(row))
    return await door.ring()


async def actions(door: Door) -> list[tuple[str, str | None]]:
    async with door.database.read() as conn:
        rows = await conn.execute(select(decisions.c.action, decisions.c.agent_id).order_by(decisions.c.id))
        return [(row.action, row.agent_id) for row in rows]


async def test_who_knows_a_busy_agent_chooses_and_nobody_is_rung_meanwhile(door: Door) -> None:
    choice = await anna_is_talking(door, luca=True)
    assert "Prema 4 per aspettare Anna, prema 1 per parlare con Luca" in choice.words
    assert (await door.call()).state == "choosing"
    assert door.rings == []
    assert await actions(door) == [("offer_callback", "anna")]


async def test_silence_after_the_choice_rings_the_teammate(door: Door) -> None:
    silent = await door.wait(await anna_is_talking(door, luca=True))
    assert "Luca" in silent.words
    assert [ring["to"] for ring in door.rings] == ["client:luca"]


async def test_one_is_a_teammate(door: Door) -> None:
    answer = await door.press(await anna_is_talking(door, luca=True), "1")
    assert "Luca" in answer.words
    assert (await door.call()).choice == "teammate"
    assert [ring["to"] for ring in door.rings] == ["client:luca"]


async def test_four_is_to_wait_for_the_one_they_know(door: Door) -> None:
    waiting = await door.press(await anna_is_talking(door, luca=True), "4")
    for _ in range(2):
        assert "Anna" in waiting.words
        await door.clock.advance(20)
        waiting = await door.wait(waiting)
    assert door.rings == []
    assert (await door.call()).choice == "wait"
    assert (await actions(door))[-1] == ("wait", "anna")


async def test_one_while_nobody_is_free_says_so_and_waits(door: Door) -> None:
    answer = await door.press(await anna_is_talking(door, luca=False), "1")
    assert answer.words.startswith("In questo momento nessun altro è libero.")
    await door.agent("luca")
    assert "Luca" in (await door.wait(answer)).words
    assert [ring["to"] for ring in door.rings] == ["client:luca"]


async def test_an_offer_leads_back_to_people_by_the_usual_keys(door: Door) -> None:
    offered = await door.press(await anna_is_talking(door, luca=True), "2")
    teammate = await door.press(offered, "1")
    assert "Luca" in teammate.words
    assert await door.all_promises() == []


async def test_a_key_of_the_safe_document_is_heard_once_we_are_well(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    offered = await door.send("/twilio/voice/callback", door.form())
    assert "richiamarla" in offered.words
    assert (await door.call()).state == "choosing"


async def test_whoever_rings_again_within_a_minute_has_their_place_back(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent(activity="talking")
    await door.ring(1)
    arrived_at = (await door.call(1)).arrived_at
    await door.clock.advance(10)
    await door.send("/twilio/status", door.form(1, CallStatus="completed"))
    await door.clock.advance(30)
    assert "ancora il suo posto" in (await door.ring(2)).words
    assert (await door.call(2)).arrived_at == arrived_at
    await door.send("/twilio/status", door.form(2, CallStatus="completed"))
    await door.clock.advance(61)
    assert "ancora il suo posto" not in (await door.ring(3)).words


async def test_a_withheld_number_that_rings_again_is_not_taken_for_another(door: Door) -> None:
    await door.agent(activity="talking")
    hidden = {"From": "anonymous"}
    await door.ring(1, **hidden)
    await door.send("/twilio/status", door.form(1, CallStatus="completed", **hidden))
    await door.clock.advance(10)
    await door.ring(2, **hidden)
    assert (await door.call(2)).arrived_at == door.clock.now()


async def test_whoever_is_known_by_number_only_is_asked_for_a_name(door: Door) -> None:
    """A message left once made a record without a name: now it gets one, and stays the same person."""
    person = await door.customer("x", SOMEBODY, called=None, name=None)
    await door.agent()
    asked = await door.ring(From=SOMEBODY)
    assert "Come si chiama?" in asked.words
    await door.speak(asked, "sono Carla Neri", From=SOMEBODY)
    await door.send("/twilio/status", door.form(From=SOMEBODY, CallStatus="completed"))
    await door.clock.advance(600)
    assert "Carla Neri" in (await door.ring(2, From=SOMEBODY)).words
    assert (await door.call(2)).customer_id == person


async def test_the_number_of_the_line_is_remembered_as_ours(door: Door) -> None:
    await door.ring()
    async with door.database.read() as conn:
        assert await door.rooms.numbers.is_ours(conn, LINE)


async def test_whoever_thinks_better_of_a_message_is_called_back(door: Door) -> None:
    """A key ends the recording; it means what it always means, and there is no message."""
    recording = await door.press(await anna_is_talking(door, luca=False), "3")
    told = {"RecordingUrl": "https://api.test/RE1", "RecordingSid": sid(1, "RE"), "RecordingDuration": "1"}
    offered = await door.send(recording.records_to, door.form(Digits="2", **told))
    assert "può richiamarla" in offered.words
    assert await door.all_promises() == []
