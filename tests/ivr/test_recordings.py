"""Messages as words: where the carrier writes them down, whoever calls back has them to read."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from callbacks import personal
from ivr.document import LONGEST_MESSAGE_SECONDS, LONGEST_TRANSCRIBED_SECONDS, Record
from ivr.recordings import LONGEST_TRANSCRIPT
from ivr.twiml import render
from tests.ivr.door import MARIA, Door, sid

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RECORDING, WORDS = f"https://api.test/{sid(1, 'RE')}", "The lamp in the cellar is dark again."
TRANSCRIPTION = "/twilio/voice/transcription"


LONG, SHORT = {"maxLength": str(LONGEST_MESSAGE_SECONDS)}, {"maxLength": str(LONGEST_TRANSCRIBED_SECONDS)}
WRITTEN = {"transcribe": "true", "transcribeCallback": "https://c.test/transcription"}


@pytest.mark.parametrize(
    ("language", "told", "attributes"),
    [("it-IT", True, LONG), ("de-DE", True, LONG), ("en-GB", True, SHORT | WRITTEN), ("en-GB", False, LONG)],
)
def test_only_what_the_carrier_understands_is_written_down(
    language: str, told: bool, attributes: dict[str, str]
) -> None:
    transcription = "https://c.test/transcription" if told else None
    document = render((Record("https://c.test/message", "https://c.test/recording", language, transcription),))
    (record,) = ET.fromstring(document)
    assert {name: record.attrib[name] for name in ("maxLength", *WRITTEN) if name in record.attrib} == attributes


def written(door: Door, text: str = WORDS, status: str = "completed", recording: int = 1) -> dict[str, str]:
    told = {"TranscriptionSid": sid(1, "TR"), "TranscriptionText": text, "TranscriptionStatus": status}
    return door.form(RecordingSid=sid(recording, "RE"), RecordingUrl=RECORDING, CallStatus="completed", **told)


async def message(door: Door, said: str | None = None) -> None:
    await door.customer("Maria", MARIA, language="en-GB")
    await door.agent(languages=["en-GB"], availability="away")
    answer = await door.ring()
    if said is not None:
        answer = await door.speak(answer, said)
    recording = await door.press(answer, "3")
    assert 'transcribeCallback="https://centralino.test/twilio/voice/transcription"' in recording.text
    form = door.form(RecordingUrl=RECORDING, RecordingSid=sid(1, "RE"), RecordingDuration="9", Digits="hangup")
    await door.send(recording.records_to, form)


async def test_the_words_of_a_message_are_what_its_promise_is_about(door: Door) -> None:
    await message(door)
    for form in (written(door, "", "failed"), written(door, "  "), written(door, "of another", recording=2)):
        assert (await door.send(TRANSCRIPTION, form)).status == 200
        assert (await door.all_promises())[0].transcript is None
    for text in (f" {WORDS}\n", "twice"):
        answer = await door.send(TRANSCRIPTION, written(door, text))
        assert (answer.status, answer.verbs) == (200, [])
        (promise,) = await door.all_promises()
        assert promise.transcript == WORDS
    async with door.database.read() as conn:
        (exported,) = await personal.export(conn, door.ids["Maria"])
    assert {wish["sid"] for wish in door.carrier.of("delete_transcription")} == {sid(1, "TR")}  # which keeps no copy
    assert exported["transcript"] == WORDS
    assert not any(WORDS[:8] in wish["body"] for wish in door.carrier.of("send_text"))


@on_sqlite
async def test_what_they_said_before_stays_the_reason(door: Door) -> None:
    await message(door, said="it is about the lamp")
    await door.send(TRANSCRIPTION, written(door))
    (promise,) = await door.all_promises()
    assert (promise.reason, promise.transcript) == ("it is about the lamp", WORDS)
    assert (await door.call()).said == "it is about the lamp"


@on_sqlite
async def test_words_without_a_call_or_without_an_end_change_little(door: Door) -> None:
    await message(door)
    forged = await door.send(TRANSCRIPTION, written(door), signature="bm9uc2Vuc2U=")
    assert (forged.status, (await door.all_promises())[0].transcript) == (403, None)
    unknown = {name: value for name, value in written(door).items() if name != "CallSid"}
    assert (await door.send(TRANSCRIPTION, unknown)).status in (200, 403)
    await door.send(TRANSCRIPTION, written(door, "x" * 60_000))
    (promise,) = await door.all_promises()
    assert promise.transcript == promise.reason == "x" * LONGEST_TRANSCRIPT


@on_sqlite
async def test_words_that_come_before_their_message_are_brought_along_by_it(door: Door) -> None:
    await door.customer("Maria", MARIA, language="en-GB")
    recording = await door.press(await door.ring(), "3")
    await door.send(TRANSCRIPTION, written(door))
    form = door.form(RecordingUrl=RECORDING, RecordingSid=sid(1, "RE"), RecordingDuration="9", Digits="hangup")
    await door.send(recording.records_to, form)
    (promise,) = await door.all_promises()
    assert promise.reason == WORDS
