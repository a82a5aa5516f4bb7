"""A telephone: what a person does with it, and what they hear.

Programs drive it directly (`dial`, `answer`, `press`, `speak`, ...); the web phone does so through a socket.  What
happens arrives as frames, the dictionaries that `simulator.phone` describes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from simulator.calls import Call, Frame, Key, Speech, Voice, VoiceDone

if TYPE_CHECKING:
    from simulator.network import Network
    from simulator.tones import ToneVoice

State = Literal["idle", "calling", "ringing", "in_call"]
AnswersAs = Literal["human", "machine", "fax", "unknown"]
KEYPAD = "0123456789*#"
HEARD = {"said": "said", "playing": "played", "heard": "talk"}


class PhoneBusy(Exception):
    """The telephone is already on a call."""


class NothingRings(Exception):
    """There is no call to answer or decline."""


class NotInCall(Exception):
    """That needs a call in progress."""


@dataclass(frozen=True, slots=True)
class Heard:
    at: datetime
    kind: str  # said (by a document), played, talk (by a person)
    text: str
    language: str = ""
    voice: str = ""
    url: str = ""
    seconds: float = 0.0
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    at: datetime
    sender: str
    body: str


@dataclass(frozen=True, slots=True)
class AutoAnswer:
    """Picks up by itself, presses a key if asked to, and hangs up after a talk (None: stays)."""

    after_seconds: float = 2.0
    talk_seconds: float | None = None
    press: str | None = None
    press_after_seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class AutoDecline:
    after_seconds: float = 1.0


Auto = AutoAnswer | AutoDecline | None  # None: it rings until a person or the caller ends it


class Phone:
    def __init__(self, network: Network, address: str, on_event: Callable[[Frame], None] | None = None) -> None:
        self._network = network
        self.address = address
        self.on_event = on_event
        self.auto: Auto = None
        self.answers_as: AnswersAs = "human"
        self.talks_into_recordings = False  # speaks from the beep on, until told to stop
        self.state: State = "idle"
        self.heard: list[Heard] = []
        self.events: list[Frame] = []
        self.texts: list[Text] = []
        self.offered_parameters: dict[str, str] = {}
        self._call: Call | None = None
        self._voice: ToneVoice | None = None

    # what a person does

    async def dial(
        self, to: str, withhold: str | None = None, extra: Mapping[str, str] | None = None, spell: str | None = None
    ) -> str:
        """Returns the call's SID.  `withhold`: how the network spells a hidden caller; `extra`: parameters that it adds
        (StirVerstat, CallerName, ...); `spell`: another caller's number than this telephone's.  Raises PhoneBusy."""
        if self.state != "idle":
            raise PhoneBusy(f"{self.address} is {self.state}")
        self.state = "calling"
        self._emit({"type": "calling", "to": to})
        caller = self.address if spell is None else spell
        call = self._network.dialled(self, withhold if withhold is not None else caller, to, dict(extra or {}))
        if call is None:
            self._idle("no-answer" if to.startswith("+") else "failed")
            return ""
        self._call = call
        return call.sid

    def answer(self) -> None:
        if self.state != "ringing" or self._call is None:
            raise NothingRings(self.address)
        self._call.answer(self)

    def decline(self) -> None:
        if self.state != "ringing" or self._call is None:
            raise NothingRings(self.address)
        call, self._call = self._call, None
        self._idle("declined")
        call.declined(self)

    def hang_up(self) -> None:
        if self.state == "ringing":
            self.decline()
        elif self._call is not None:
            self._call.hung_up()

    def press(self, keys: str) -> None:
        call = self._talking()
        for digit in keys:
            if digit not in KEYPAD:
                raise ValueError(f"no key {digit!r}")
            if call.media is not None:
                call.media.key(call, digit)
            else:
                call.put(Key(digit))

    def speak(self, text: str) -> None:
        """To whom it may concern: partners, a Gather that listens, a recording."""
        call = self._talking()
        if call.media is not None:
            call.media.talk(call, text)
        else:
            call.put(Speech(text))

    def record(self, seconds: float | None = None) -> None:
        """Talk into a recording for so long; None: until `finish_recording` or the end of the tape."""
        self._talking().put(Voice(seconds))

    def finish_recording(self) -> None:
        self._talking().put(VoiceDone())

    def tone(self, hz: float | None) -> None:
        """Sound, in real time: from now on this telephone says a tone, in this call and the next; None: silence."""
        self._with_voice().hz = hz

    def send_text(self, to: str, body: str) -> str:
        """Returns the message's SID."""
        return self._network.messages.from_phone(self.address, to, body)

    # what a person notices

    @property
    def call(self) -> str | None:
        return self._call.sid if self._call is not None else None

    @property
    def leg(self) -> Call | None:
        return self._call

    @property
    def partners(self) -> list[str]:
        """Who is joined with this telephone now and not on hold."""
        if self._call is None or self._call.media is None:
            return []
        return [partner.line for partner in self._call.media.partners(self._call)]

    @property
    def words(self) -> str:
        """Everything that was said to this telephone, by documents and people, in order."""
        return " ".join(entry.text for entry in self.heard if entry.text)

    @property
    def takes_calls(self) -> bool:
        """A call that comes in now rings here."""
        return self.state == "idle"

    def hears_tone(self, hz: float) -> bool:
        """Whether the last 0.2 seconds had this tone in them.  The first question begins to listen."""
        return self._with_voice().hears(hz)

    # what the network does (FarEnd)

    def offered(self, call: Call) -> None:
        self.state, self._call = "ringing", call
        self.offered_parameters = dict(call.custom)
        frame: Frame = {"type": "ringing", "from": call.from_, "call": call.sid}
        self._emit(frame | ({"parameters": dict(call.custom)} if call.custom else {}))
        if self.auto is not None:
            self._network.clock.spawn(self._act_alone(self.auto, call), "carrier-auto")

    def withdrawn(self, call: Call) -> None:
        if self._call is call:
            self._call = None
            self._idle(call.status if call.over else "canceled")  # not over: another telephone took it

    def connected(self, call: Call) -> None:
        self.state = "in_call"
        self._emit({"type": "answered"})

    def hears(self, call: Call, frame: Frame) -> None:
        kind = HEARD.get(frame["type"])
        if kind is not None:
            self.heard.append(
                Heard(
                    at=self._network.clock.now(),
                    kind=kind,
                    text=frame.get("text", ""),
                    language=frame.get("language", ""),
                    voice=frame.get("voice", ""),
                    url=frame.get("url", ""),
                    seconds=frame.get("seconds", 0.0),
                    sender=frame.get("from", ""),
                )
            )
        if frame["type"] == "keys":
            return  # tones
        self._emit(frame)
        if frame["type"] == "recording" and self.talks_into_recordings:
            call.put(Voice(None))

    def ended(self, call: Call, reason: str) -> None:
        if self._call is call:
            self._call = None
            self._idle(reason)

    def text_arrives(self, sender: str, body: str) -> None:
        self.texts.append(Text(self._network.clock.now(), sender, body))
        self._emit({"type": "text", "from": sender, "body": body})

    def unplugged(self) -> None:
        """Its voice, if it has one, is gone with it."""
        if self._voice is not None:
            self._network.voices.remove(self._voice)
            self._voice = None

    def _with_voice(self) -> ToneVoice:
        from simulator.tones import ToneVoice  # not before somebody wants sound

        if self._voice is None:
            self._voice = ToneVoice()
            self._network.voices.add(self._voice, lambda: self._call)
        return self._voice

    def _talking(self) -> Call:
        if self._call is None or self.state == "ringing":
            raise NotInCall(self.address)
        return self._call

    def _idle(self, reason: str) -> None:
        self.state = "idle"
        self._emit({"type": "ended", "reason": reason})

    def _emit(self, frame: Frame) -> None:
        self.events.append(frame)
        if self.on_event is not None:
            self.on_event(frame)

    async def _act_alone(self, auto: AutoAnswer | AutoDecline, call: Call) -> None:
        clock = self._network.clock
        await clock.sleep(auto.after_seconds)
        if self._call is not call or self.state != "ringing":
            return
        if isinstance(auto, AutoDecline):
            self.decline()
            return
        self.answer()
        if auto.press is not None:
            await clock.sleep(auto.press_after_seconds)
            if self._call is call:
                self.press(auto.press)
        if auto.talk_seconds is not None:
            await clock.sleep(auto.talk_seconds)
            if self._call is call:
                self.hang_up()
