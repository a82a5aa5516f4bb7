"""Messages that reached Twilio while we could not hear of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from carrier.port import KnownRecording, NotAsked
from ivr.reconcile import LOOK_BACK, Reconcile
from tests.ivr.door import MARIA, SOMEBODY, Door, sid

pytestmark = pytest.mark.anyio


def recording(door: Door, call: int = 1, *, seconds_ago: float = 200, **more: Any) -> None:
    usual: dict[str, Any] = {
        "sid": sid(call, "RE"),
        "call_sid": sid(call),
        "url": f"https://api.test/{sid(call, 'RE')}",
        "source": "RecordVerb",
        "seconds": 8,
        "created_at": door.clock.now() - timedelta(seconds=seconds_ago),
    }
    door.network.recordings.append(KnownRecording(**usual | more))


def reconcile(door: Door) -> Reconcile:
    network: Any = door.network
    return Reconcile(door.rooms, network)


async def test_a_message_of_a_call_we_never_heard_of_becomes_a_promise_once(door: Door) -> None:
    await door.customer("Maria", MARIA)
    recording(door)
    door.network.has(sid(1), "completed")
    look = reconcile(door)
    assert [await look.look(), await look.look()] == [1, 0]
    (promise,) = await door.all_promises()
    assert (promise.customer_id, promise.kind, promise.recording_url) == (
        door.ids["Maria"],
        "voicemail",
        f"https://api.test/{sid(1, 'RE')}",
    )
    call = await door.call()
    assert (call.state, call.outcome, call.from_number) == ("ended", "voicemail", MARIA)


async def test_somebody_we_do_not_know_gets_a_record_and_a_promise(door: Door) -> None:
    recording(door)
    door.network.has(sid(1), "completed", SOMEBODY)
    assert await reconcile(door).look() == 1
    (promise,) = await door.all_promises()
    assert promise.number == SOMEBODY


async def test_a_message_left_by_somebody_who_gave_up_is_found(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.ring()
    await door.send("/twilio/status", door.form(CallStatus="completed"))
    recording(door)
    door.network.has(sid(1), "completed")
    assert await reconcile(door).look() == 1
    assert (await door.call()).outcome == "voicemail"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "more",
    [{"seconds_ago": 60}, {"created_at": None}, {"source": "Conference"}, {"seconds": 0}],
)
async def test_what_is_young_empty_or_no_message_is_left_alone(door: Door, more: dict[str, Any]) -> None:
    recording(door, **more)
    door.network.has(sid(1), "completed")
    assert await reconcile(door).look() == 0
    assert await door.all_calls() == []


async def test_a_call_that_lives_or_has_an_outcome_keeps_its_own_way(door: Door) -> None:
    await door.customer("Maria", MARIA)
    await door.agent()
    first = await door.ring(1)
    await door.ring(2, From=SOMEBODY)
    await door.leg_news(door.rings[0]["url"], "in-progress")
    assert (await door.wait(first)).verbs[0] == "Dial"
    await door.send("/twilio/status", door.form(1, CallStatus="completed"))
    for call in (1, 2):
        recording(door, call)
        door.network.has(sid(call), "completed")
    assert await reconcile(door).look() == 0
    assert (await door.call(1)).outcome == "agent"
    assert await door.all_promises() == []


async def test_a_call_we_made_ourselves_is_not_opened_as_one_that_came(door: Door) -> None:
    recording(door)
    door.network.has(sid(1), "completed", direction="outbound-api")
    assert await reconcile(door).look() == 0
    assert await door.all_calls() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_each_look_begins_where_the_last_answered_one_ended(door: Door) -> None:
    look, began_at = reconcile(door), door.clock.now()
    task = door.clock.spawn(look.run(), "reconcile")
    await door.clock.advance(1)
    door.network.trouble = NotAsked("away")
    await door.clock.advance(180)
    door.network.trouble = None
    await door.clock.advance(60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    first, second = door.network.asked_since
    assert first < began_at - LOOK_BACK + timedelta(minutes=2)
    assert second < began_at + timedelta(seconds=1) < second + timedelta(minutes=5)
