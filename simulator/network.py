"""The simulated telephone network of one account: its numbers, telephones, calls, rooms, queues, texts and faults.

Everything waits through the clock, and chance comes from one seeded generator: the same scenario under a virtual
clock gives the same trace.  Knows nothing of the application at the other end of its webhooks.
"""

from __future__ import annotations

import random
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from simulator.calls import Call, FarEnd, Frame, Gone, Source, Subscription
from simulator.conferences import Rooms
from simulator.directory import Directory
from simulator.faults import Faults
from simulator.handlers import VERBS
from simulator.http import Http, OverSockets
from simulator.messages import Messages
from simulator.phones import Phone
from simulator.placing import Pace
from simulator.queues import Queues
from simulator.recordings import Recordings
from simulator.run import Handler, Runner
from simulator.softphones import Softphones
from simulator.voices import Voices
from simulator.webhooks import Webhooks
from store.clock import Clock

log = structlog.get_logger()
MOST_REMEMBERED = 100_000


@dataclass(slots=True)
class NumberSettings:
    """One number of the account; the REST API may change it while calls are up."""

    voice_url: str = ""
    voice_fallback_url: str = ""
    status_callback: str = ""
    sms_url: str = ""
    friendly_name: str = ""
    voice_method: str = "POST"
    voice_fallback_method: str = "POST"
    status_callback_method: str = "POST"
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    voice_application_sid: str = ""  # beats the voice URLs and the status callback
    sms_application_sid: str = ""  # beats the SMS URLs
    trunk_sid: str = ""  # beats everything about voice: the calls leave through a SIP trunk
    caller_id_lookup: bool = False
    sid: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(slots=True)
class Application:
    """A TwiML application: what softphones run when they dial, and numbers that refer to it."""

    voice_url: str = ""
    voice_fallback_url: str = ""
    status_callback: str = ""
    sms_url: str = ""
    sms_fallback_url: str = ""
    message_status_callback: str = ""
    friendly_name: str = ""
    voice_method: str = "POST"
    voice_fallback_method: str = "POST"
    status_callback_method: str = "POST"
    sms_method: str = "POST"
    sms_fallback_method: str = "POST"
    caller_id_lookup: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """An entry of the account's debugger."""

    at: datetime
    code: int
    url: str
    message: str
    call_sid: str


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that happened, for comparing two runs."""

    seconds: float
    what: str
    about: str
    detail: str
    form: Mapping[str, str] = field(default_factory=dict)


class Network:
    """`public_url`: where the carrier itself is reached (recordings).

    `api_keys`: SK… -> secret, beside the account's token; they sign what softphones show.  `applications`: what
    softphones dial into, by AP….  `resume_seconds`: how long a softphone that lost its signalling has to resume its
    call.  `softphone_media=False`: their calls have no sound and cost next to nothing, for hundreds of them.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        account_sid: str,
        auth_token: str,
        public_url: str = "http://127.0.0.1:8010",
        numbers: Mapping[str, NumberSettings],
        http: Http | None = None,
        calls_per_second: float = 1.0,
        seed: int = 0,
        api_keys: Mapping[str, str] | None = None,
        applications: Mapping[str, Application] | None = None,
        characters_per_second: float = 14.0,
        play_seconds: float = 3.0,
        ring_grace_seconds: float = 0.0,
        speech_confidence: bool = True,
        resume_seconds: float = 10.0,
        softphone_media: bool = True,
    ) -> None:
        self.clock, self.account_sid, self.auth_token = clock, account_sid, auth_token
        self.public_url = public_url.rstrip("/")
        self.api_keys = dict(api_keys or {})
        self.applications = dict(applications or {})
        self.http: Http = http if http is not None else OverSockets()
        self.random = random.Random(seed)
        self.characters_per_second, self.play_seconds = characters_per_second, play_seconds
        self.ring_grace_seconds, self.speech_confidence = ring_grace_seconds, speech_confidence
        self.sound_seconds: dict[str, float] = {}
        self.verbs: Mapping[type, Handler] = VERBS
        self.calls: dict[str, Call] = {}
        self.alerts: deque[Alert] = deque(maxlen=MOST_REMEMBERED)
        self.trace: deque[Trace] = deque(maxlen=MOST_REMEMBERED)
        self.faults = Faults()
        self.webhooks = Webhooks(self)
        self.directory = Directory(self)
        self.rooms = Rooms(self)
        self.queues = Queues(self)
        self.recordings = Recordings(self)
        self.messages = Messages(self)
        self.voices = Voices()
        self.softphones = Softphones(self, resume_seconds, with_media=softphone_media)
        self.pace = Pace(self, calls_per_second)
        self._began_at = clock.now()
        self.numbers: dict[str, NumberSettings] = {}
        for number, settings in numbers.items():
            self.add_number(number, settings)
        for application in self.applications.values():
            application.created_at = application.updated_at = clock.now()

    def plug_in(self, address: str, on_event: Callable[[Frame], None] | None = None) -> Phone:
        phone = Phone(self, address, on_event)
        self.directory.phones.append(phone)
        return phone

    def unplug(self, phone: Phone) -> None:
        """Its call ends with it."""
        phone.on_event = None
        phone.hang_up()
        phone.unplugged()
        if phone in self.directory.phones:
            self.directory.phones.remove(phone)

    def add_number(self, number: str, settings: NumberSettings) -> None:
        settings.sid = settings.sid or self.sid("PN")
        settings.created_at = settings.updated_at = self.clock.now()
        settings.friendly_name = settings.friendly_name or number
        self.numbers[number] = settings

    def dialled(self, phone: Phone, shown: str, to: str, extras: dict[str, str]) -> Call | None:
        """A telephone rings the account: at one of its numbers, or as a softphone through its application.
        None: nobody is there."""
        if phone.address.startswith("client:"):
            return self.from_client(phone, to, extras, next(iter(self.applications), None))
        if to not in self.numbers or self.numbers[to].trunk_sid:
            return None  # also a number whose calls leave through a trunk: nobody is at its other end here
        return self.inbound(phone, shown, to, extras)

    def inbound(self, far_end: FarEnd, shown: str, number: str, extras: dict[str, str]) -> Call:
        settings = self.numbers[number]
        told = self.applications.get(settings.voice_application_sid, settings)
        if not told.caller_id_lookup:
            extras.pop("CallerName", None)
        call = self._incoming(far_end, shown, number, extras, told)
        call.number_sid = settings.sid
        self.begin(call, Runner(call).run(Source(told.voice_url, told.voice_method)))
        return call

    def from_client(self, phone: Phone, to: str, extras: dict[str, str], application_sid: str | None) -> Call | None:
        """None: there is no such application."""
        application = self.applications.get(application_sid or "")
        if application is None or application_sid is None:
            return None
        call = self._incoming(phone, phone.address, to, {"ApplicationSid": application_sid} | extras, application)
        self.begin(call, Runner(call).run(Source(application.voice_url, application.voice_method)))
        return call

    def _incoming(
        self,
        far_end: FarEnd,
        shown: str,
        to: str,
        extras: dict[str, str],
        told: NumberSettings | Application,
    ) -> Call:
        fallback = Source(told.voice_fallback_url, told.voice_fallback_method) if told.voice_fallback_url else None
        subscription = Subscription(told.status_callback, told.status_callback_method) if told.status_callback else None
        call = self.new_call(direction="inbound", from_=shown, to=to, subscription=subscription, fallback=fallback)
        call.far_end, call.extras = far_end, extras
        call.status, call.started_at = "ringing", self.clock.now()
        return call

    def new_call(
        self,
        *,
        direction: str,
        from_: str,
        to: str,
        parent: Call | None = None,
        subscription: Subscription | None = None,
        fallback: Source | None = None,
        custom: Mapping[str, str] | None = None,
    ) -> Call:
        call = Call(
            self,
            self.sid("CA"),
            direction,
            from_,
            to,
            parent=parent,
            subscription=subscription,
            fallback=fallback,
            custom=dict(custom or {}),
        )
        self.calls[call.sid] = call
        self.note(direction, call.sid, f"{from_} {to}")
        return call

    def begin(self, call: Call, life: Coroutine[Any, Any, None]) -> None:
        self.clock.spawn(self._guarded(call, life), f"call-{call.sid}")

    async def _guarded(self, call: Call, life: Coroutine[Any, Any, None]) -> None:
        try:
            await life
        except Gone:
            pass
        except Exception as error:
            # A fault of the carrier itself: seen in the log and in `alerts`, and no leg stays up for ever.
            log.exception("call_broke", call=call.sid)
            self.alert(12400, "", f"{type(error).__name__}: {error}", call.sid)
        finally:
            call.finish("completed" if call.answered_at is not None else "failed")

    def alert(self, code: int, url: str, message: str, call_sid: str = "") -> None:
        self.alerts.append(Alert(self.clock.now(), code, url, message, call_sid))
        self.note("alert", call_sid, str(code))

    def note(self, what: str, about: str, detail: str = "", form: Mapping[str, str] | None = None) -> None:
        seconds = (self.clock.now() - self._began_at).total_seconds()
        self.trace.append(Trace(seconds, what, about, detail, dict(form or {})))

    def sid(self, prefix: str) -> str:
        return f"{prefix}{self.random.getrandbits(128):032x}"

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    async def close(self) -> None:
        """Everybody hangs up, and the connections to the application close."""
        for call in list(self.calls.values()):
            call.finish("completed" if call.answered_at is not None else "canceled")
        await self.softphones.close()
        await self.voices.close()
        await self.http.close()
