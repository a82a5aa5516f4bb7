"""TwiML as values: one frozen class for each verb and noun, with the documented defaults filled in."""

from __future__ import annotations

from dataclasses import dataclass

CALL_EVENTS = ("initiated", "ringing", "answered", "completed")
ROOM_EVENTS = ("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    voice: str = "man"
    language: str = "en-US"
    loop: int = 1
    break_seconds: float = 0.0  # silence asked for by SSML
    respelt: str | None = None  # what is heard, where <sub> has it said in another way than it is written

    @property
    def spoken(self) -> str:
        return self.respelt or self.text


@dataclass(frozen=True, slots=True)
class Play:
    url: str
    loop: int = 1
    digits: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    length: int = 1


Prompt = Say | Play | Pause


@dataclass(frozen=True, slots=True)
class Gather:
    action: str | None = None
    method: str = "POST"
    keys: bool = True
    speech: bool = False
    timeout_seconds: int = 5
    speech_timeout: str = ""  # seconds, "auto", or "" = like timeout
    finish_on_key: str = "#"
    num_digits: int | None = None
    hints: str = ""
    language: str = "en-US"
    barge_in: bool = True
    action_on_empty: bool = False
    prompts: tuple[Prompt, ...] = ()
    partial_callback: str | None = None
    partial_method: str = "POST"


@dataclass(frozen=True, slots=True)
class RecordingCallback:
    url: str | None = None
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


NOBODY = RecordingCallback()  # nobody wants to know


@dataclass(frozen=True, slots=True)
class Record:
    action: str | None = None
    method: str = "POST"
    timeout_seconds: int = 5
    finish_on_key: str = "1234567890*#"
    max_seconds: int = 3600
    beep: bool = True
    transcribe: bool = False
    transcribe_callback: str | None = None
    callback: RecordingCallback = NOBODY


@dataclass(frozen=True, slots=True)
class Noun:
    """Somebody to be rung by Dial.  `address` as the REST API writes it: +39…, client:x, sip:x@y."""

    address: str
    url: str | None = None
    method: str = "POST"
    status_callback: str | None = None
    status_method: str = "POST"
    status_events: frozenset[str] = frozenset({"completed"})
    send_digits: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    machine_detection: str = ""
    amd_callback: str | None = None
    amd_method: str = "POST"
    amd_seconds: int = 30


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    url: str | None = None
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Conference:
    name: str
    start_on_enter: bool = True
    end_on_exit: bool = False
    muted: bool = False
    beep: str = "true"
    wait_url: str | None = None  # None: Twilio's music; "": silence
    wait_method: str = "POST"
    max_participants: int = 250
    label: str | None = None
    coach: str | None = None
    record: bool = False
    recording_callback: RecordingCallback = NOBODY
    status_callback: str | None = None
    status_method: str = "POST"
    status_events: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dial:
    nouns: tuple[Noun, ...] = ()
    queue: Queue | None = None
    conference: Conference | None = None
    action: str | None = None
    method: str = "POST"
    answer_on_bridge: bool = False
    timeout_seconds: int = 30
    time_limit_seconds: int = 14400
    caller_id: str | None = None
    sequential: bool = False
    hangup_on_star: bool = False
    record: str = "do-not-record"
    recording_callback: RecordingCallback = NOBODY
    recording_track: str = "both"


@dataclass(frozen=True, slots=True)
class Enqueue:
    name: str
    action: str | None = None
    method: str = "POST"
    wait_url: str | None = None
    wait_method: str = "POST"
    max_size: int | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Reject:
    reason: str = "rejected"


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


@dataclass(frozen=True, slots=True)
class Leave:
    pass


@dataclass(frozen=True, slots=True)
class Message:
    """A text message: the answer to one, or sent from within a call by Sms."""

    body: str
    to: str | None = None
    sender: str | None = None
    status_callback: str | None = None
    action: str | None = None
    method: str = "POST"
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A verb that Twilio has and this carrier does not: read, and refused when it is its turn."""

    name: str


Verb = (
    Say | Play | Pause | Gather | Record | Dial | Enqueue | Redirect | Reject | Hangup | Leave | Message | Unsupported
)
