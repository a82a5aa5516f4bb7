"""What calls keep of a person, and how it is forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ivr.personal import FORGOTTEN, Forgetting, export_calls
from routing.tables import decisions
from tests.ivr.door import MARIA, PAOLO, Door, sid

pytestmark = pytest.mark.anyio
RECORDING = f"https://api.twilio.com/Recordings/{sid(1, 'RE')}"


async def called(door: Door) -> None:
    """Maria and Paolo have called; Maria left a message."""
    await door.customer("Maria", MARIA)
    await door.customer("Paolo", PAOLO)
    await door.agent()
    first = await door.ring(1)
    recording = await door.press(await door.speak(first, "la lampada"), "3")
    told = {"RecordingUrl": RECORDING, "RecordingSid": sid(1, "RE"), "RecordingDuration": "8"}
    await door.send(recording.records_to, door.form(**told))
    await door.change_call(call_back_to=PAOLO)
    await door.ring(2, From=PAOLO)


async def test_what_is_kept_of_somebody_is_theirs_to_have(door: Door) -> None:
    await called(door)
    async with door.database.read() as conn:
        (call,) = await export_calls(conn, door.ids["Maria"])
        assert await export_calls(conn, "cus_nobody") == []
    chosen = call.pop("decisions")
    assert [(one["action"], one["agent"]) for one in chosen] == [("ring", "anna"), ("voicemail", None)]
    assert {name: value for name, value in call.items() if value is not None} == {
        "transfers": [],
        "supervised": [],
        "ended_by_hand": [],
        "sid": sid(1),
        "direction": "inbound",
        "from_number": MARIA,
        "to_number": "+390699990000",
        "call_back_to": PAOLO,
        "said": "la lampada",
        "outcome": "voicemail",
        "recording_url": RECORDING,
        "started_at": "2026-03-03T09:00:00+00:00",
        "language": "it-IT",
    }


async def test_a_call_that_was_forgotten_is_a_figure_and_no_more(door: Door) -> None:
    await called(door)
    async with door.database.write() as conn:
        await Forgetting(door.carrier).erase(conn, door.ids["Maria"])
    call = await door.call(1)
    assert (call.from_number, call.said, call.reply, call.recording_url) == (FORGOTTEN, None, None, None)
    assert call.call_back_to is None
    assert (call.outcome, call.to_number) == ("voicemail", "+390699990000")
    async with door.database.read() as conn:
        told = (await conn.execute(select(decisions).where(decisions.c.call_id == call.id))).all()
    assert {row.sentence for row in told} == {FORGOTTEN}
    assert all(row.reasons == {} for row in told)


async def test_the_recording_and_the_requests_go_at_the_carrier_too(door: Door) -> None:
    await called(door)
    async with door.database.write() as conn:
        await Forgetting(door.carrier).erase(conn, door.ids["Maria"])
    assert {wish["sid"] for wish in door.carrier.of("delete_recording")} == {sid(1, "RE")}
    assert [set(wish["numbers"]) for wish in door.carrier.of("forget")] == [{MARIA}]


async def test_nobody_else_is_forgotten(door: Door) -> None:
    await called(door)
    before = await door.call(2)
    async with door.database.write() as conn:
        await Forgetting(door.carrier).erase(conn, door.ids["Maria"])
    assert await door.call(2) == before
