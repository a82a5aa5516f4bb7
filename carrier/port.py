"""What the rooms above may ask of the phone network, and what a network must be able to do.

Values and protocols only: no SQL, no HTTP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

Kind = Literal[
    "create_call",
    "redirect_call",
    "end_call",
    "send_text",
    "change_participant",
    "announce",
    "change_recording",
    "delete_recording",
    "delete_transcription",
]
Result = Literal["done", "failed", "unknown"]

WAITING_CALLER, PROMISE, THE_REST = 0, 1, 2

# What `error` says when Twilio gave no code of its own.
GONE = "gone"  # done: the call had already ended
ABSENT = "absent"  # failed: looked for and not found, so it did not happen
TOO_LATE = "too_late"  # failed: could not be asked before its `not_after`
TOO_MANY = "20429"  # failed: of so many requests at once this one was not taken, until its time was over
OPTED_OUT = "opted_out"  # failed: this person does not want our texts


@dataclass(frozen=True, slots=True)
class NewCall:
    to: str  # E.164, client:NAME or sip:USER@HOST
    from_: str
    url: str
    status_url: str
    ring_seconds: int
    fallback_url: str | None = None  # asked instead when `url` cannot be had


@dataclass(frozen=True, slots=True)
class NewText:
    to: str
    from_: str
    body: str
    status_url: str


@dataclass(frozen=True, slots=True)
class CallChange:
    """Either somewhere else to go, or an end: `canceled` for a call still queued or ringing, else `completed`."""

    sid: str
    url: str | None = None
    status: Literal["canceled", "completed"] | None = None


@dataclass(frozen=True, slots=True)
class ParticipantChange:
    """Of somebody in a room, which is named as we named it.  What is None stays as it is."""

    room: str
    call_sid: str
    hold: bool | None = None
    hold_url: str | None = None  # what they hear meanwhile; spoken words and quiet only
    muted: bool | None = None
    coaches: str | None = None  # the call that alone hears this one; "": everybody does


@dataclass(frozen=True, slots=True)
class RecordingChange:
    """Of a room that is being recorded.  What is paused leaves a silence; what is stopped does not go on."""

    sid: str
    room_sid: str
    status: Literal["paused", "in-progress", "stopped"]


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call as Twilio lists it; `created_at` has whole seconds, and a call just made may not have one yet."""

    sid: str
    to: str
    from_: str
    status: str
    direction: str
    created_at: datetime | None
    parent_sid: str | None = None
    ended_at: datetime | None = None  # in whole seconds
    seconds: int = 0  # from answer to end; 0 until it has ended


@dataclass(frozen=True, slots=True)
class KnownText:
    sid: str
    to: str
    from_: str
    body: str
    direction: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownRecording:
    sid: str
    call_sid: str
    url: str
    source: str  # RecordVerb, Conference, …
    seconds: int
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnNumber:
    number: str  # E.164
    sid: str


@dataclass(frozen=True, slots=True)
class EffectResult:
    """`unknown` may be followed by `done` or `failed`; a handler must bear hearing the same result twice."""

    id: str
    kind: Kind
    subject: str | None
    state: Result
    sid: str | None = None
    error_code: str | None = None


class NotAsked(Exception):
    """Nothing reached the network, or it said that it did nothing: safe to ask again."""


class NotSent(NotAsked):
    """The connection failed before the request was written."""


class TooManyRequests(NotAsked):
    """429: not processed."""


class OutcomeUnknown(Exception):
    """The request was sent and no usable answer came back: it may have happened."""


class Refused(Exception):
    """Twilio understood and said no; asking again would change nothing."""

    def __init__(self, code: int, http_status: int) -> None:
        super().__init__(f"refused with {code} (HTTP {http_status})")
        self.code, self.http_status = code, http_status


class AlreadyGone(Refused):
    """What should be changed is not there any more, or its call has ended."""


class Network(Protocol):
    """The phone network itself.  Every method raises NotAsked, OutcomeUnknown or Refused, and nothing else."""

    async def create_call(self, call: NewCall) -> str: ...

    async def update_call(self, change: CallChange) -> None: ...

    async def send_text(self, text: NewText) -> str: ...

    async def change_participant(self, change: ParticipantChange) -> None: ...

    async def announce(self, room: str, url: str) -> None: ...

    async def change_recording(self, change: RecordingChange) -> None: ...

    async def delete_recording(self, sid: str) -> None: ...

    async def delete_transcription(self, sid: str) -> None: ...

    async def fetch_call(self, sid: str) -> KnownCall: ...

    async def list_calls(
        self,
        *,
        to: str | None = None,
        status: str | None = None,
        started_after: datetime | None = None,
        limit: int | None = 50,
    ) -> Sequence[KnownCall]: ...

    async def list_texts(self, *, to: str, limit: int = 50) -> Sequence[KnownText]: ...

    async def list_recordings(self, *, created_after: datetime, limit: int = 200) -> Sequence[KnownRecording]: ...

    async def list_numbers(self) -> Sequence[OwnNumber]: ...

    async def open(self) -> None:
        """Gets ready, beside the loop if that takes long; nothing is asked of anybody."""
        ...

    async def close(self) -> None: ...


class Loop(Protocol):
    """Background work for the keeper: `run` never ends by itself, `nudge` shortens its present sleep."""

    def nudge(self) -> None: ...

    async def run(self) -> None: ...


OnResult = Callable[[EffectResult], Awaitable[None]]


class Carrier(Protocol):
    """What the rooms above see.  Each wish only writes a row; `kick` its ids once the transaction is committed."""

    on_result: OnResult | None

    async def create_call(
        self,
        conn: AsyncConnection,
        *,
        to: str,
        from_: str,
        url: str,
        status_url: str,
        ring_seconds: int,
        subject: str,
        fallback_url: str | None = None,
        priority: int = WAITING_CALLER,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        effect_id: str | None = None,
    ) -> str: ...

    async def redirect_call(self, conn: AsyncConnection, sid: str, *, url: str, subject: str | None = None) -> str: ...

    async def end_call(self, conn: AsyncConnection, sid: str, *, canceled: bool, subject: str | None = None) -> str: ...

    async def send_text(
        self,
        conn: AsyncConnection,
        *,
        to: str,
        from_: str,
        body: str,
        status_url: str,
        subject: str | None = None,
        priority: int = THE_REST,
        not_after: datetime | None = None,
        effect_id: str | None = None,
    ) -> str: ...

    async def change_participant(
        self,
        conn: AsyncConnection,
        call_sid: str,
        *,
        room: str,
        subject: str,
        hold: bool | None = None,
        hold_url: str | None = None,
        muted: bool | None = None,
        coaches: str | None = None,
        not_before: datetime | None = None,
    ) -> str: ...

    async def announce(self, conn: AsyncConnection, room: str, *, url: str, subject: str) -> str: ...

    async def change_recording(
        self, conn: AsyncConnection, sid: str, *, room_sid: str, status: str, subject: str | None = None
    ) -> str: ...

    async def delete_recording(self, conn: AsyncConnection, sid: str, *, subject: str | None = None) -> str: ...

    async def delete_transcription(self, conn: AsyncConnection, sid: str, *, subject: str | None = None) -> str: ...

    async def withdraw(self, conn: AsyncConnection, subject: str) -> list[str | None]: ...

    async def learn_sid(self, conn: AsyncConnection, effect_id: str, sid: str) -> str | None: ...

    async def arrived(self, conn: AsyncConnection, sid: str, *, url: str) -> None: ...

    async def forget(self, conn: AsyncConnection, numbers: Sequence[str]) -> None: ...

    async def wait_seconds(self, priority: int = WAITING_CALLER) -> float: ...

    def kick(self, *effect_ids: str) -> None: ...
