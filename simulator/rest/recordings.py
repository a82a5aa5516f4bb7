"""Recordings of calls and conferences, and their sound: a soft tone as long as somebody spoke."""

from __future__ import annotations

import io
import math
import wave
from typing import Any

from simulator.parameters import API_VERSION, rfc_2822
from simulator.recordings import Recording
from simulator.rest import calls
from simulator.rest.asked import Asked
from simulator.rest.errors import Refused, bad_request
from simulator.rest.paging import page, within

SAMPLES_PER_SECOND = 8000
LONGEST_TONE_SECONDS = 120


def listing(asked: Asked) -> dict[str, Any]:
    return page(asked, "recordings", [as_json(asked, recording) for recording in _shown(asked)])


def listing_within(asked: Asked) -> dict[str, Any]:
    """Of the call or conference in the path."""
    if "call" in asked.names:
        calls.find(asked, "call")
    elif asked.names["conference"] not in asked.network.rooms.all:
        raise asked.missing()
    return page(asked, "recordings", [within_json(asked, recording) for recording in _shown(asked)])


def start(asked: Asked) -> dict[str, Any]:
    """From now to the end of the call, or until it is stopped."""
    call = calls.find(asked, "call")
    if not call.live:
        raise bad_request(21220, "Requested resource is not eligible for recording")
    recordings = asked.network.recordings
    recording = recordings.begin(
        call,
        "StartCallRecordingAPI",
        calls.recording_callback(asked, "RecordingStatusCallback"),
        None,
        channels=calls.recording_channels(asked),
        track=calls.recording_track(asked),
    )
    call.endings.append(lambda: recordings.end(call, recording))
    return within_json(asked, recording)


def update(asked: Asked) -> dict[str, Any]:
    """Pauses, goes on or stops."""
    recording, recordings = find(asked), asked.network.recordings
    status = asked.choice("Status", ("paused", "in-progress", "stopped"), "")
    skip = asked.choice("PauseBehavior", ("skip", "silence"), "silence") == "skip"
    if not recording.running:
        raise bad_request(21220, "Recording is not in-progress")
    if status == "paused":
        recordings.pause(recording, skip=skip)
    elif status == "in-progress":
        recordings.resume(recording)
    else:
        recordings.end(asked.network.calls[recording.call_sid], recording)
    return within_json(asked, recording) | ({"status": "stopped"} if status == "stopped" else {})


def fetch(asked: Asked) -> dict[str, Any]:
    return as_json(asked, find(asked))


def fetch_within(asked: Asked) -> dict[str, Any]:
    return within_json(asked, find(asked))


def delete(asked: Asked) -> None:
    recording = find(asked)
    if recording.running:
        raise Refused(409, 20409, "The recording is still in progress")
    del asked.network.recordings.all[recording.sid]


def delete_transcription(asked: Asked) -> None:
    """Its text is all that there is of it here."""
    if asked.names["sid"] not in asked.network.recordings.transcriptions:
        raise asked.missing()
    asked.network.recordings.transcriptions.remove(asked.names["sid"])


def find(asked: Asked) -> Recording:
    """`Twilio.CURRENT` is what is being recorded now."""
    sid, known = asked.names["sid"], asked.network.recordings.all
    if sid == "Twilio.CURRENT":
        sid = next((one.sid for one in _shown(asked) if one.running), sid)
    recording = known.get(sid)
    if recording is None or not _belongs(asked, recording):
        raise asked.missing()
    return recording


def sound(recording: Recording) -> bytes:
    """A WAV file."""
    seconds = min(recording.seconds, LONGEST_TONE_SECONDS)
    period = [128 + round(20 * math.sin(2 * math.pi * n / 20)) for n in range(20)]  # 400 Hz
    file = io.BytesIO()
    with wave.open(file, "wb") as tone:
        tone.setnchannels(1)
        tone.setsampwidth(1)
        tone.setframerate(SAMPLES_PER_SECOND)
        tone.writeframes(bytes(period) * (seconds * SAMPLES_PER_SECOND // len(period)))
    return file.getvalue()


def as_json(asked: Asked, recording: Recording) -> dict[str, Any]:
    uri = f"{asked.root}/Recordings/{recording.sid}"
    return _common(asked, recording) | {
        "subresource_uris": {
            "add_on_results": f"{uri}/AddOnResults.json",
            "transcriptions": f"{uri}/Transcriptions.json",
        },
        "media_url": asked.network.recordings.url(recording),
    }


def within_json(asked: Asked, recording: Recording) -> dict[str, Any]:
    """As it is shown below a call or a conference."""
    return _common(asked, recording) | ({"track": recording.track} if "call" in asked.names else {})


def _common(asked: Asked, recording: Recording) -> dict[str, Any]:
    """What a recording shows wherever it is looked up."""
    uri = f"{asked.root}/Recordings/{recording.sid}"
    at = rfc_2822(recording.created_at)
    return {
        "account_sid": asked.network.account_sid,
        "api_version": API_VERSION,
        "call_sid": recording.call_sid,
        "conference_sid": recording.conference_sid,
        "date_created": at,
        "date_updated": at,
        "start_time": rfc_2822(recording.started_at),
        "duration": str(recording.seconds) if recording.status == "completed" else None,
        "sid": recording.sid,
        "price": None,
        "price_unit": "USD",
        "status": recording.status,
        "channels": recording.channels,
        "source": recording.source,
        "error_code": None,
        "uri": f"{uri}.json",
        "encryption_details": None,
    }


def _shown(asked: Asked) -> list[Recording]:
    """All, or those of the call or conference in the path, newest first."""
    return [recording for recording in reversed(asked.network.recordings.all.values()) if _matches(asked, recording)]


def _belongs(asked: Asked, recording: Recording) -> bool:
    in_call, in_room = asked.names.get("call"), asked.names.get("conference")
    return in_call in (None, recording.call_sid) and in_room in (None, recording.conference_sid)


def _matches(asked: Asked, recording: Recording) -> bool:
    if not _belongs(asked, recording):
        return False
    if asked.filter("CallSid") not in (None, recording.call_sid):
        return False
    if asked.filter("ConferenceSid") not in (None, recording.conference_sid):
        return False
    return within(asked, "DateCreated", recording.created_at)
