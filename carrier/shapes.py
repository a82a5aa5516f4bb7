"""The fields of Twilio's webhooks that we know, and what their values look like.  Pure.

Strict where a value that swallowed the next field would otherwise pass, and never stricter: a carrier delivers odd
callers, and Twilio adds statuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _sid(prefix: str) -> re.Pattern[str]:
    return _shape(f"{prefix}[0-9a-f]{{32}}")


_COUNT = _shape(r"\d{0,10}")
_WORD = _shape(r"[a-z-]{0,32}")  # all of Twilio's states; a swallowed field would bring its capital
_EVENT = _shape(r"[a-z-]{0,48}")
_BOOLEAN = _shape(r"true|false|")
# Whatever a recogniser makes of how sure it is; a swallowed field would bring its capital.
_SURENESS = _shape(r"-?\d{0,6}(?:\.\d{0,12})?|[+-]?(?:NaN|Inf|Infinity)|[^A-Z\x00]{0,32}")
_KEYS = _shape(r"[0-9*#A-Dw]{0,128}|hangup|[^\x00-\x7f]{1,32}")  # also digits of another script
_URL = _shape(r"(?:https?://[^\s\x00]{1,2048})?")
_VERSION = _shape(r"\d{4}-\d{2}-\d{2}")
_MOMENT = _shape(r"[A-Za-z0-9 ,:+.-]{0,64}")
_TEXT = _shape(r"(?s:.*)")
# A number, an address of a softphone or a SIP phone, a word for "withheld", or whatever a carrier made of it.
_ADDRESS = _shape(r"(?s:(?!\+\d+[A-Z]).*)")
_SWALLOWED = re.compile(r"(?:From|To|Caller|Called)(?:City|State|Zip|Country|Name)")

_SHAPES: dict[str, re.Pattern[str]] = {
    "AccountSid": _shape(r"AC[0-9a-zA-Z]{1,32}"),
    "CallSid": _sid("CA"),
    "ParentCallSid": _shape("(?:CA[0-9a-f]{32})?"),
    "DialCallSid": _shape("(?:CA[0-9a-f]{32})?"),
    "CallSidEndingConference": _sid("CA"),
    "CallSidToCoach": _shape("(?:CA[0-9a-f]{32})?"),
    "DequeingCallSid": _sid("CA"),
    "ConferenceSid": _sid("CF"),
    "QueueSid": _sid("QU"),
    "RecordingSid": _shape("(?:RE[0-9a-f]{32})?"),
    "TranscriptionSid": _sid("TR"),
    "ApplicationSid": _sid("AP"),
    "MessageSid": _shape("(?:SM|MM)[0-9a-f]{32}"),
    "SmsSid": _shape("(?:SM|MM)[0-9a-f]{32}"),
    "SmsMessageSid": _shape("(?:SM|MM)[0-9a-f]{32}"),
    "MessagingServiceSid": _shape("(?:MG[0-9a-f]{32})?"),
    **dict.fromkeys(("From", "To", "Caller", "Called", "ForwardedFrom"), _ADDRESS),
    **dict.fromkeys(
        (
            "CallStatus",
            "DialCallStatus",
            "Direction",
            "MessageStatus",
            "SmsStatus",
            "RecordingStatus",
            "TranscriptionStatus",
            "QueueResult",
            "ParticipantCallStatus",
            "CallbackSource",
            "RecordingTrack",
        ),
        _WORD,
    ),
    "AnsweredBy": _shape("[a-z_]{0,32}"),
    "StatusCallbackEvent": _EVENT,
    **dict.fromkeys(
        (
            "CallDuration",
            "Duration",
            "DialCallDuration",
            "SequenceNumber",
            "RecordingDuration",
            "RecordingChannels",
            "SipResponseCode",
            "DialSipResponseCode",
            "MachineDetectionDuration",
            "QueueTime",
            "QueuePosition",
            "CurrentQueueSize",
            "MaxQueueSize",
            "AvgQueueTime",
            "NumMedia",
            "NumSegments",
            "ErrorCode",
        ),
        _COUNT,
    ),
    **dict.fromkeys(
        ("Muted", "Hold", "Coaching", "EndConferenceOnExit", "StartConferenceOnEnter", "DialBridged"), _BOOLEAN
    ),
    "Digits": _KEYS,
    "FinishedOnKey": _shape(r"[0-9*#]?|timeout"),
    "Confidence": _SURENESS,
    "SpeechResult": _TEXT,
    "UnstableSpeechResult": _TEXT,
    "TranscriptionText": _TEXT,
    "Body": _TEXT,
    "msg": _TEXT,
    "ApiVersion": _VERSION,
    "Timestamp": _MOMENT,
    "RecordingStartTime": _MOMENT,
    "RawDlrDoneDate": _COUNT,
    **dict.fromkeys(("RecordingUrl", "ErrorUrl", "AnnounceUrl", "TranscriptionUrl"), _URL),
    **dict.fromkeys(
        (
            "RecordingSource",
            "ReasonParticipantLeft",
            "ReasonConferenceEnded",
            "ReasonAnnouncementFailed",
            "StirVerstat",
            "OptOutType",
        ),
        _shape(r"[A-Za-z0-9_-]{0,64}"),
    ),
    **dict.fromkeys(
        ("CallerName", "FriendlyName", "ParticipantLabel", "ParticipantLabelEndingConference", "Reason"), _TEXT
    ),
    **{
        f"{whose}{part}": _TEXT
        for whose in ("From", "To", "Caller", "Called")
        for part in ("City", "State", "Zip", "Country")
    },
}
_FREE = frozenset(name for name, shape in _SHAPES.items() if shape is _TEXT)
_NEIGHBOURS = frozenset(  # free in shape, and followed by one of these in the signed text
    name
    for name, shape in _SHAPES.items()
    if shape is _ADDRESS or name.endswith(("City", "State", "Zip", "CallerName"))
)

_VOICE = ("AccountSid", "CallSid", "From", "To", "CallStatus")
TEXT_KINDS = ("AccountSid", "MessageSid", "From", "To")
# By a field that voice forms without CallStatus have, the first one that is there; the last one is for all others.
KINDS: Sequence[tuple[str, Sequence[str]]] = (
    ("TranscriptionSid", ("AccountSid", "TranscriptionSid")),
    ("RecordingSid", ("AccountSid", "RecordingSid", "RecordingStatus")),  # also of a conference
    ("RecordingStatus", ("AccountSid", "RecordingSid", "RecordingStatus")),
    ("ConferenceSid", ("AccountSid", "ConferenceSid")),  # what is played to a room may be asked for by no call
    ("AnsweredBy", ("AccountSid", "CallSid", "AnsweredBy")),
    ("", _VOICE),
)


def may_have_swallowed(values: Iterable[str]) -> bool:
    """A quick look at all values together; only if it finds something is `swallowed` worth asking for each."""
    return _SWALLOWED.search("\n".join(values)) is not None


def swallowed(name: str, value: str) -> bool:
    return name in _NEIGHBOURS and _SWALLOWED.search(value) is not None


def fits(name: str, value: str) -> bool | None:
    """Whether a value has the shape of its field; None for a field that we do not know."""
    if name in _FREE:
        return True
    shape = _SHAPES.get(name)
    return None if shape is None else shape.fullmatch(value) is not None


def is_odd(text: str) -> bool:
    """NUL, or a byte that is not UTF-8 (it stands in the text as a lone surrogate)."""
    if text.isascii():
        return "\x00" in text
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)
