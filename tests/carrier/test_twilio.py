"""The official client over HTTP: what it sends, and which situation each failure becomes."""

from __future__ import annotations

import base64
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from carrier.port import (
    AlreadyGone,
    CallChange,
    NewCall,
    NewText,
    NotAsked,
    NotSent,
    OutcomeUnknown,
    OwnNumber,
    ParticipantChange,
    Refused,
    TooManyRequests,
)
from carrier.twilio import TwilioNetwork

pytestmark = pytest.mark.anyio

CALL = NewCall("client:anna", "+390612345678", "https://x.example/a", "https://x.example/s", 20)
ACCOUNT = "AC" + "0" * 32


async def test_a_call_is_created_with_all_its_events_asked_for(network: Any, stand_in: Any) -> None:
    sid = await network.create_call(CALL)
    assert sid == stand_in.calls[0]["sid"]
    (form,) = stand_in.creates()
    assert form["StatusCallbackEvent"] == "completed"  # the last of the repeated keys
    assert stand_in.authorizations == ["Basic " + base64.b64encode(f"{ACCOUNT}:12345".encode()).decode()]


async def test_a_key_pair_takes_the_place_of_the_token(stand_in: Any) -> None:
    network = TwilioNetwork(ACCOUNT, "12345", api_key=("SK1", "secret"), api_url=stand_in.url + "/")
    await network.create_call(CALL)
    await network.close()
    assert stand_in.authorizations == ["Basic " + base64.b64encode(b"SK1:secret").decode()]


async def test_what_twilio_lists_is_read_back(network: Any, stand_in: Any) -> None:
    sid = await network.create_call(CALL)
    text = await network.send_text(NewText("+393331234567", "+390612345678", "Ciao è", "https://x.example/s"))
    stand_in.numbers = ["+390612345678"]
    (call,) = await network.list_calls(
        to="client:anna", status="queued", started_after=datetime(2026, 3, 3, tzinfo=UTC)
    )
    assert call == await network.fetch_call(sid)
    assert (call.sid, call.from_, call.status, call.created_at) == (sid, "+390612345678", "queued", stand_in.now())
    assert stand_in.asked[2][2] == {
        "To": "client:anna",
        "Status": "queued",
        "StartTime>": "2026-03-03T00:00:00Z",
        "PageSize": "50",
    }
    assert await network.list_calls(to="client:bruno") == []
    (found,) = await network.list_texts(to="+393331234567")
    assert (found.sid, found.body) == (text, "Ciao è")
    (own,) = await network.list_numbers()
    assert own == OwnNumber("+390612345678", own.sid)


async def test_a_call_is_moved_and_ended(network: Any, stand_in: Any) -> None:
    sid = await network.create_call(CALL)
    await network.update_call(CallChange(sid, url="https://x.example/next"))
    await network.update_call(CallChange(sid, status="completed"))
    assert [form for _, path, form in stand_in.asked if sid in path] == [
        {"Url": "https://x.example/next", "Method": "POST"},
        {"Status": "completed"},
    ]
    with pytest.raises(AlreadyGone) as gone:
        await network.update_call(CallChange(sid, url="https://x.example/next"))
    assert gone.value.code == 21220
    await network.delete_recording("RE" + "1" * 32)
    assert stand_in.asked[-1][:2] == ("DELETE", f"Recordings/RE{'1' * 32}.json")


async def test_whoever_is_in_a_room_is_changed_by_the_rooms_name(network: Any, stand_in: Any) -> None:
    """Its SID is looked up once; a later room of the same name is another one."""
    call, first, second = "CA" + "1" * 32, "CF" + "1" * 32, "CF" + "2" * 32
    stand_in.rooms["call_1"] = first
    await network.change_participant(ParticipantChange("call_1", call, hold=True, hold_url="https://x.example/held"))
    await network.change_participant(ParticipantChange("call_1", call, hold=False))
    stand_in.rooms["call_1"] = second
    await network.change_participant(ParticipantChange("call_1", call, muted=False, coaches="CA" + "2" * 32))
    await network.change_participant(ParticipantChange("call_1", call, muted=True, coaches=""))
    await network.announce("call_1", "https://x.example/joins")
    assert [path for method, path, _ in stand_in.asked if method == "GET"] == ["Conferences.json"] * 2
    assert [(path, form) for method, path, form in stand_in.asked if method == "POST"] == [
        (
            f"Conferences/{first}/Participants/{call}.json",
            {"Hold": "true", "HoldUrl": "https://x.example/held", "HoldMethod": "POST"},
        ),
        (f"Conferences/{first}/Participants/{call}.json", {"Hold": "false"}),
        (
            f"Conferences/{first}/Participants/{call}.json",
            {"Muted": "false", "Coaching": "true", "CallSidToCoach": "CA" + "2" * 32},
        ),
        (
            f"Conferences/{second}/Participants/{call}.json",
            {"Muted": "false", "Coaching": "true", "CallSidToCoach": "CA" + "2" * 32},
        ),
        (f"Conferences/{second}/Participants/{call}.json", {"Muted": "true", "Coaching": "false"}),
        (f"Conferences/{second}.json", {"AnnounceUrl": "https://x.example/joins", "AnnounceMethod": "POST"}),
    ]


async def test_a_room_that_is_not_there_yet_may_be_asked_for_again(network: Any, stand_in: Any, trouble: Any) -> None:
    change = ParticipantChange("call_1", "CA" + "1" * 32, hold=True)
    with pytest.raises(NotAsked):
        await network.change_participant(change)
    stand_in.rooms["call_1"] = "CF" + "1" * 32
    await network.change_participant(change)
    stand_in.troubles = [trouble(404, 20404)]
    with pytest.raises(AlreadyGone):  # the room is the same: it is the one in it who has gone
        await network.change_participant(change)


@pytest.mark.parametrize(
    ("status", "code", "situation"),
    [
        (429, 20429, TooManyRequests),
        (404, 20404, AlreadyGone),
        (400, 21220, AlreadyGone),
        (400, 21211, Refused),
        (401, 20003, Refused),
        (403, 20403, Refused),
        (408, 0, OutcomeUnknown),
        (500, 20500, OutcomeUnknown),
        (503, 20503, OutcomeUnknown),
    ],
)
async def test_every_answer_is_a_situation_with_a_name(
    network: Any, stand_in: Any, trouble: Any, status: int, code: int, situation: type[Exception]
) -> None:
    stand_in.troubles = [trouble(status, code)]
    with pytest.raises(situation):
        await network.create_call(CALL)
    assert len(stand_in.asked) == 1


async def test_no_answer_in_time_is_an_unknown_outcome(impatient: Any, stand_in: Any, trouble: Any) -> None:
    stand_in.troubles = [trouble(hang=True)]
    with pytest.raises(OutcomeUnknown):
        await impatient.create_call(CALL)


async def test_an_answer_that_nobody_can_read_is_an_unknown_outcome(network: Any, stand_in: Any) -> None:
    stand_in._new = lambda prefix, form, status: {"status": status}
    with pytest.raises(OutcomeUnknown):
        await network.create_call(CALL)


async def test_nobody_listening_means_nothing_was_sent(free_port: int) -> None:
    network = TwilioNetwork(ACCOUNT, "12345", api_url=f"http://127.0.0.1:{free_port}")
    with pytest.raises(NotSent):
        await network.create_call(CALL)
    await network.close()


async def test_what_was_closed_stays_closed_and_sends_nothing(network: Any, stand_in: Any) -> None:
    await network.create_call(CALL)
    await network.close()
    with pytest.raises(NotSent, match="closing"):
        await network.create_call(CALL)
    assert len(stand_in.calls) == 1


def test_importing_the_adapter_does_not_load_twilios_library() -> None:
    loaded = (
        "import sys, carrier.effects, carrier.twilio; print([m for m in sys.modules if m in ('twilio', 'aiohttp')])"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
