"""One leg of a call: its states, what its task waits for, and how others take it out of what it is doing.

A leg's life is one task of the clock.  Everybody else (the telephone, the REST API, other legs) only changes fields
and rings the leg's alarm; the task wakes in `pause` and meets the news as an exception or as an input.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from simulator.network import Network

FINAL = ("completed", "busy", "failed", "no-answer", "canceled")
SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487", "failed": "404"}


class Gone(Exception):
    """The call is over; whatever it was doing ends."""


class Nudged(Exception):
    """Something that the waiting verb cares about has changed: look again."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a call's next document comes from: a URL, or words handed in."""

    url: str | None = None
    method: str = "POST"
    twiml: str | None = None


class TakenAway(Exception):
    """A REST request gave the call another document."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.url or "inline TwiML")
        self.source = source


@dataclass(frozen=True, slots=True)
class Key:
    digit: str


@dataclass(frozen=True, slots=True)
class Speech:
    text: str


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody talks into a recording; None: until they say they are done."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class VoiceDone:
    pass


Input = Key | Speech | Voice | VoiceDone
Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to hear of a call's progress, and of which events."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


class FarEnd(Protocol):
    """What hangs at the other end of a leg: a telephone, or another leg."""

    @property
    def address(self) -> str: ...

    def offered(self, call: Call) -> None: ...

    def withdrawn(self, call: Call) -> None: ...

    def connected(self, call: Call) -> None: ...

    def hears(self, call: Call, frame: Frame) -> None: ...

    def ended(self, call: Call, reason: str) -> None: ...


class Media(Protocol):
    """What a leg is joined to: a bridge or a conference."""

    def talk(self, call: Call, text: str) -> None: ...

    def key(self, call: Call, digit: str) -> None: ...

    def partners(self, call: Call) -> list[Call]: ...

    def listeners(self, call: Call) -> list[Call]:
        """Who hears what this call says."""
        ...

    def left(self, call: Call, reason: str) -> None:
        """Idempotent."""
        ...


@dataclass(eq=False, slots=True)
class Call:
    network: Network
    sid: str
    direction: str
    from_: str
    to: str
    parent: Call | None = None
    subscription: Subscription | None = None
    fallback: Source | None = None
    number_sid: str | None = None
    extras: dict[str, str] = field(default_factory=dict)  # parameters that the network adds to each webhook
    custom: dict[str, str] = field(default_factory=dict)  # what a called softphone gets along
    status: str = "queued"
    created_at: datetime = field(init=False)
    updated_at: datetime = field(init=False)
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    limit_at: datetime | None = None
    queue_milliseconds: int = 0
    answered_by: str | None = None
    sip_code: str | None = None
    recording: dict[str, str] = field(default_factory=dict)
    endings: list[Callable[[], None]] = field(default_factory=list)  # who must know when it is over
    far_end: FarEnd | None = None
    ringing_at: list[FarEnd] = field(default_factory=list)
    media: Media | None = None
    inputs: deque[Input] = field(default_factory=deque)
    cookies: dict[str, str] = field(default_factory=dict)
    _taken: TakenAway | None = None
    _nudged: bool = False
    _attentive: int = 0
    _sequence: int = 0
    _news: Any = None

    def __post_init__(self) -> None:
        self.created_at = self.updated_at = self.network.clock.now()
        self._news = self.network.clock.alarm()

    @property
    def over(self) -> bool:
        return self.status in FINAL

    @property
    def line(self) -> str:
        """The address of who is at the other end."""
        return self.far_end.address if self.far_end is not None else self.to

    @property
    def live(self) -> bool:
        return self.status == "in-progress"

    @property
    def moving(self) -> bool:
        """Another document is waiting for its task to wake."""
        return self._taken is not None

    async def pause(self, seconds: float | None = None, *, take: Callable[[Input], bool] | None = None) -> Input | None:
        """Let time pass; the first input that `take` wants ends it, others are dropped.

        Raises Gone, TakenAway or, within `attentive`, Nudged.
        """
        clock = self.network.clock
        until = None if seconds is None else clock.now() + timedelta(seconds=seconds)
        while True:
            self.check()
            while take is not None and self.inputs:
                item = self.inputs.popleft()
                if take(item):
                    return item
            now = clock.now()
            if until is not None and now >= until:
                return None
            ends = [end for end in (until, self.limit_at) if end is not None]
            await self._news.wait(max((min(ends) - now).total_seconds(), 0.0) if ends else None)

    def check(self) -> None:
        """Raises what has happened meanwhile."""
        if self.limit_at is not None and not self.over and self.network.clock.now() >= self.limit_at:
            self.finish("completed")
        if self.over:
            raise Gone
        if self._taken is not None:
            taken, self._taken = self._taken, None
            raise taken
        if self._nudged:
            self._nudged = False
            if self._attentive:
                raise Nudged

    @contextmanager
    def attentive(self) -> Iterator[None]:
        """Within this block a nudge wakes the call with Nudged; elsewhere it changes nothing."""
        self._nudged = False
        self._attentive += 1
        try:
            yield
        finally:
            self._attentive -= 1

    def heed(self) -> None:
        """Forget earlier nudges: who waits next looks at the state first."""
        self._nudged = False

    def nudge(self) -> None:
        self._nudged = True
        self._news.ring()

    def put(self, item: Input) -> None:
        self.inputs.append(item)
        self._news.ring()

    def take_away(self, source: Source) -> None:
        """Another document, from outside: the call leaves whatever it is joined to."""
        self._taken = TakenAway(source)
        if self.media is not None:
            self.media.left(self, "participant_updated_via_api")
        self._news.ring()

    def hears(self, frame: Frame) -> None:
        if self.far_end is not None and not self.over:
            self.far_end.hears(self, frame)
            self.network.voices.play(self, frame)

    def progress(self, status: str) -> None:
        """A state on the way, told to who subscribed to it.  `initiated` is still `queued` for the REST API."""
        self.updated_at = self.network.clock.now()
        self.status = status
        self.report({"in-progress": "answered"}.get(status, status))

    def answer(self, far_end: FarEnd | None = None) -> None:
        """The call is picked up: by `far_end`, or for an inbound call by its document."""
        if self.answered_at is not None or self.over:
            return
        if far_end is not None:
            self.far_end = far_end
            for other in self.ringing_at:
                if other is not far_end:
                    other.withdrawn(self)
            self.ringing_at.clear()
        self.answered_at = self.network.clock.now()
        self.progress("in-progress")
        if self.far_end is not None:
            self.far_end.connected(self)
        self.nudge()

    def finish(self, status: str, sip_code: str | None = None) -> None:
        """The call is over for everybody, at once; its task follows."""
        if self.over:
            return
        was_queued = self.status == "queued" and self.started_at is None
        self.status = status
        self.sip_code = sip_code or SIP_CODES[status]
        self.ended_at = self.updated_at = self.network.clock.now()
        self.network.note("ended", self.sid, status)
        if self.media is not None:
            self.media.left(self, "participant_hung_up")
        for phone in self.ringing_at:
            phone.withdrawn(self)
        self.ringing_at.clear()
        if self.far_end is not None:
            self.far_end.ended(self, status)
        if not was_queued:
            self.report("completed")
        for ending in self.endings:
            ending()
        if self.parent is not None:
            self.parent.nudge()
        self._news.ring()

    def declined(self, far_end: FarEnd) -> None:
        """The last telephone to decline makes the call busy."""
        if far_end in self.ringing_at:
            self.ringing_at.remove(far_end)
            if not self.ringing_at:
                self.finish("busy")

    def hung_up(self) -> None:
        """The far end put the receiver down."""
        if self.answered_at is not None:
            self.finish("completed")
        else:
            self.finish("no-answer" if self.direction == "inbound" else "canceled")

    def report(self, event: str) -> None:
        if self.subscription is not None and event in self.subscription.events:
            number = self._sequence
            self._sequence += 1
            self.network.webhooks.progress(self, self.subscription, event, number)

    @property
    def duration_seconds(self) -> int:
        if self.answered_at is None:
            return 0
        return round(((self.ended_at or self.network.clock.now()) - self.answered_at).total_seconds())

    @property
    def billed_minutes(self) -> int:
        return math.ceil(self.duration_seconds / 60)
