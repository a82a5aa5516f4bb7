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
from simulator.rest.paging import page, within

SAMPLES_PER_SECOND = 8000
LONGEST_TONE_SECONDS = 120


def listing(asked: Asked) -> dict[str, Any]:
    return page(asked, "recordings", [as_json(asked, recording) for recording in _shown(asked)])


def listing_of_call(asked: Asked) -> dict[str, Any]:
    calls.find(asked, "call")
    return page(asked, "recordings", [_common(asked, recording) | {"track": "both"} for recording in _shown(asked)])


def listing_of_conference(asked: Asked) -> dict[str, Any]:
    if asked.names["conference"] not in asked.network.rooms.all:
        raise asked.missing()
    return page(asked, "recordings", [_common(asked, recording) for recording in _shown(asked)])


def fetch(asked: Asked) -> dict[str, Any]:
    return as_json(asked, find(asked))


def delete(asked: Asked) -> None:
    del asked.network.recordings.all[find(asked).sid]


def find(asked: Asked) -> Recording:
    recording = asked.network.recordings.all.get(asked.names["sid"])
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
