"""Conformance 13: the Record verb."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.network import Network
from simulator.phones import AutoAnswer
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA = "https://app.test", "+390612345678", "+393331234567"


async def dial(clock: VirtualClock, network: Network, customer: Any, attributes: str) -> Any:
    customer.answers |= {
        "/voice": f'<Record playBeep="false" {attributes}/><Say>Silence.</Say>',
        "/done": "<Say>Stored.</Say>",
    }
    phone = network.plug_in(CARLA)
    await phone.dial(LINE)
    await clock.advance(1)
    return phone


async def test_a_message_goes_to_the_action_and_its_file_is_ready_later(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    phone = await dial(clock, network, customer, 'action="/done" recordingStatusCallback="/file" timeout="3"')
    phone.record(12)
    await clock.advance(30)
    (done,), (ready,) = customer.at("/done"), customer.at("/file")
    assert (done["RecordingDuration"], done["Digits"]) == ("12", "")
    assert customer.paths().index("/done") < customer.paths().index("/file")
    assert (ready["RecordingStatus"], ready["RecordingSource"], ready["ErrorCode"]) == ("completed", "RecordVerb", "0")
    sound = await rest.client.get(done["RecordingUrl"])
    assert (sound.status_code, sound.content[:4], len(sound.content) > 12 * 8000) == (200, b"RIFF", True)


async def test_a_key_ends_the_recording_and_is_told(clock: VirtualClock, network: Network, customer: Any) -> None:
    phone = await dial(clock, network, customer, 'action="/done" finishOnKey="#"')
    phone.record(60)
    await clock.advance(5)
    phone.press("1#")
    await clock.advance(1)
    assert [(f["RecordingDuration"], f["Digits"]) for f in customer.at("/done")] == [("5", "#")]


async def test_only_silence_asks_no_action_and_the_next_verb_runs(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    phone = await dial(clock, network, customer, 'action="/done"')
    await clock.advance(30)
    assert customer.at("/done") == []
    assert phone.words == "Silence."


async def test_without_an_action_the_document_is_asked_again(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    phone = await dial(clock, network, customer, "")
    for _ in range(2):
        phone.record(2)
        await clock.advance(8)
    phone.hang_up()
    assert [form.get("RecordingDuration") for form in customer.at("/voice")] == [None, "2", "2"]


async def test_hanging_up_keeps_the_message(clock: VirtualClock, network: Network, customer: Any) -> None:
    phone = await dial(clock, network, customer, 'action="/done"')
    phone.record(60)
    await clock.advance(9)
    phone.hang_up()
    await clock.advance(5)
    (done,) = customer.at("/done")
    assert (done["RecordingDuration"], done["Digits"], done["CallStatus"]) == ("9", "hangup", "completed")


async def test_the_tape_ends_at_its_longest(clock: VirtualClock, network: Network, customer: Any) -> None:
    phone = await dial(clock, network, customer, 'action="/done" maxLength="10"')
    phone.record(None)
    await clock.advance(30)
    (done,) = [request for request in customer.received if request.path == "/done"]
    assert (done.at, done.form["RecordingDuration"]) == (10.0, "9")  # a second of silence, then nine of talk


async def test_what_was_typed_while_recording_is_the_transcription(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    phone = await dial(clock, network, customer, 'action="/done" transcribeCallback="/words"')
    phone.speak("Please call me back")
    await clock.advance(1)
    phone.finish_recording()
    await clock.advance(5)
    assert customer.at("/words")[0]["TranscriptionText"] == "Please call me back"


async def test_a_talk_is_recorded_paused_and_stopped_by_the_api(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    customer.answers["/outbound"] = '<Pause length="600"/>'
    network.plug_in(CARLA).auto = AutoAnswer(1)
    call = (await rest.call(CARLA))["sid"]
    early = await rest.post(f"/Calls/{call}/Recordings.json")
    assert (early.status, early.body["code"]) == (400, 21220)
    await clock.advance(5)
    asked = {"RecordingStatusCallback": f"{ORIGIN}/file", "RecordingChannels": "dual", "RecordingTrack": "inbound"}
    made = await rest.post(f"/Calls/{call}/Recordings.json", **asked)
    assert (made.status, made.body["status"], made.body["source"]) == (201, "in-progress", "StartCallRecordingAPI")
    one, current = f"/Calls/{call}/Recordings/{made.body['sid']}.json", f"/Calls/{call}/Recordings/Twilio.CURRENT.json"
    await clock.advance(10)
    assert (await rest.post(current, Status="paused", PauseBehavior="skip")).body["status"] == "paused"
    await clock.advance(20)
    assert (await rest.post(one, Status="in-progress")).body["status"] == "in-progress"
    await clock.advance(5)
    assert (await rest.delete(one)).status == 409
    assert (await rest.post(one, Status="stopped")).body["status"] == "stopped"
    await clock.advance(1)
    (ready,) = customer.at("/file")
    assert (ready["RecordingDuration"], ready["RecordingChannels"], ready["RecordingTrack"]) == ("15", "2", "inbound")
    assert (await rest.get(one)).body["duration"] == "15"
    again = await rest.post(one, Status="stopped")
    assert (again.status, again.body["code"]) == (400, 21220)
    assert (await rest.get(current)).status == 404
    assert (await rest.delete(one)).status == 204


async def test_what_the_api_began_to_record_ends_with_the_call_and_a_silent_pause_counts(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    customer.answers["/outbound"] = '<Pause length="600"/>'
    carla = network.plug_in(CARLA)
    carla.auto = AutoAnswer(1)
    call = (await rest.call(CARLA))["sid"]
    await clock.advance(5)
    await rest.post(f"/Calls/{call}/Recordings.json")
    await rest.post(f"/Calls/{call}/Recordings/Twilio.CURRENT.json", Status="paused")
    await clock.advance(7)
    carla.hang_up()
    await clock.advance(1)
    (recording,) = (await rest.get(f"/Calls/{call}/Recordings.json")).body["recordings"]
    assert (recording["status"], recording["duration"]) == ("completed", "7")


async def test_a_conference_is_recorded_once_and_its_recording_can_be_stopped(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    customer.answers["/voice"] = (
        '<Dial><Conference waitUrl="" beep="false" record="record-from-start">r</Conference></Dial>'
    )
    for number in ("+391111111", "+392222222"):
        await network.plug_in(number).dial(LINE)
    await clock.advance(4)
    (room,) = network.rooms.all
    current = f"/Conferences/{room}/Recordings/Twilio.CURRENT.json"
    assert (await rest.post(current, Status="paused")).body["status"] == "paused"
    assert (await rest.post(current, Status="stopped")).body["source"] == "Conference"
    await clock.advance(1)
    (recorded,) = (await rest.get(f"/Conferences/{room}/Recordings.json")).body["recordings"]
    assert (recorded["status"], recorded["duration"]) == ("completed", "4")
