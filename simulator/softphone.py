"""Softphones: what the Voice SDK in a browser is to the network, whatever socket it speaks through.

One that is registered is a telephone like any other, at `client:IDENTITY`; it may ring for several calls at once, since
the page decides which it shows.  The frames that it is told in are Twilio's; `signalling` carries them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from simulator.calls import Call, Frame
from simulator.parameters import API_VERSION
from simulator.phones import KEYPAD, NothingRings, Phone, PhoneBusy
from simulator.sdp import ufrag
from simulator.tokens import Grant

if TYPE_CHECKING:
    from simulator.media import PeerVoice
    from simulator.network import Network

RESERVED = frozenset(
    ["CallSid", "AccountSid", "From", "Caller", "Called", "CallStatus", "Direction", "ApiVersion", "ApplicationSid"]
)
MESSAGE_TYPE = "user-defined-message"
LARGEST_MESSAGE = 10_000  # characters


class SignallingError(Exception):
    """What a frame is answered with; `voice_event` when it was about a message."""

    def __init__(self, code: int, why: str, call_sid: str = "", voice_event: str = "") -> None:
        super().__init__(why)
        self.code, self.call_sid, self.voice_event = code, call_sid, voice_event


@dataclass(frozen=True, slots=True)
class UserMessage:
    """Something that a page sent along its call for the application."""

    call_sid: str
    content: Any
    content_type: str
    sid: str


@dataclass(eq=False, slots=True)
class Leg:
    """One call at one softphone.  `ticket`: with it the page resumes the call after its signalling was lost."""

    call: Call
    owner: Softphone
    ticket: str
    voice: PeerVoice | None = None
    their_sdp: str = ""
    our_answer: str = ""  # to a page that calls
    page_knows: bool = False  # that the call is over: it has hung up itself
    resumed: int = 0

    def at_ear(self) -> Call | None:
        """The call, if it is this softphone that has it."""
        return self.call if self.call.far_end is self.owner else None

    def media_lost(self) -> None:
        """The page closed its connection; while it still speaks to us it says itself what that means."""
        if not self.owner.connected_now and self.call.far_end is self.owner:
            self.call.hung_up()


class Softphone(Phone):
    """One page.  `tell`: a frame for it, by type and payload; it may go nowhere while the page is not connected."""

    def __init__(self, network: Network, grant: Grant, tell: Callable[[str, Frame], None]) -> None:
        super().__init__(network, f"client:{grant.identity}")
        self.grant = grant
        self.messages: list[UserMessage] = []
        self.connected_now = True
        self._tell = tell
        self._legs: dict[str, Leg] = {}  # by the call's SID
        self._temporary: dict[str, str] = {}  # the page's own name for a call it makes -> ours

    # what the page does

    async def connect(self, name: str, sdp: str, parameters: Mapping[str, str]) -> None:
        """It calls; `name` is what it calls the call until it is told the SID."""
        if self.grant.expires_at <= self._network.clock.now():
            self._refuse(name, 31205, "The token has expired")
            return
        extras = {key: value for key, value in {**parameters, **self.grant.parameters}.items() if key not in RESERVED}
        softphones = self._network.softphones
        voice, answer = await softphones.answering(sdp)
        call = self._network.from_client(self, extras.get("To", ""), extras, self.grant.application_sid)
        if call is None:
            softphones.silence(voice)
            self._refuse(name, 31002, "Connection Declined")
            return
        self._temporary[name] = call.sid
        leg = Leg(call, self, self._network.uuid(), their_sdp=sdp, our_answer=answer)
        self._legs[call.sid] = leg
        softphones.seat(leg, voice)
        self.state = "calling"
        self._look()
        self._tell("ringing", {"callsid": call.sid})

    async def accept(self, call_sid: str, sdp: str) -> None:
        """One that was cancelled meanwhile, or taken at another page, was told so already."""
        leg = self._legs.get(call_sid)
        if leg is None or leg.call.answered_at is not None:
            return
        await self._network.softphones.accepted(leg.voice, sdp)
        if self._legs.get(call_sid) is leg:
            leg.their_sdp = sdp
            leg.call.answer(self)

    def reject(self, call_sid: str) -> None:
        leg = self._forget(call_sid)
        if leg is not None:
            leg.call.declined(self)

    def end(self, call_sid: str) -> None:
        """It hangs up; a call that rings here it declines."""
        leg = self._find(call_sid)
        if leg is None:
            return
        if leg.call.far_end is not self:
            self.reject(leg.call.sid)
            return
        leg.page_knows = True
        leg.call.hung_up()

    def dial_digits(self, call_sid: str, digits: str) -> None:
        """`w` in between is a pause."""
        leg = self._find(call_sid)
        if leg is not None and leg.call.live and self._call is leg.call:
            self.press("".join(digit for digit in digits if digit in KEYPAD))

    async def renew_media(self, call_sid: str, sdp: str) -> None:
        """Its connection was lost, or it starts anew: another one takes its place."""
        leg = self._find(call_sid)
        if leg is None:
            return
        softphones, old = self._network.softphones, leg.voice
        voice, answer = await softphones.answering(sdp)
        softphones.seat(leg, voice)
        softphones.silence(old)
        leg.their_sdp = sdp
        self._tell("answer", {"callsid": leg.call.sid, "sdp": answer, "reconnect": leg.ticket})

    async def resume(self, ticket: str, call_sid: str, sdp: str) -> None:
        """After its signalling was lost, from this page or from one that took its place."""
        leg = self._network.softphones.resumed(ticket, call_sid, self)
        if leg is None:
            self._refuse(call_sid, 31209, "Reconnect attempt is not authorized.")
            return
        if ufrag(sdp) != ufrag(leg.their_sdp):
            await self.renew_media(call_sid, sdp)
        else:
            self._tell("answer", {"callsid": call_sid, "reconnect": leg.ticket})

    def receive_message(self, call_sid: str, content: Any, content_type: str, kind: str, voice_event: str) -> None:
        leg = self._find(call_sid)
        if leg is None:
            raise SignallingError(31404, "There is no such call here", call_sid, voice_event)
        if kind != MESSAGE_TYPE:
            raise SignallingError(31210, "Call Message Event Type is invalid.", call_sid, voice_event)
        if len(content if isinstance(content, str) else json.dumps(content)) > LARGEST_MESSAGE:
            why = "Call Message Event Payload size exceeded authorized limit."
            raise SignallingError(31212, why, call_sid, voice_event)
        self.messages.append(UserMessage(leg.call.sid, content, content_type, voice_event))
        self._network.note("user message", leg.call.sid, kind)
        self._tell("ack", {"acktype": "message", "callsid": leg.call.sid, "voiceeventsid": voice_event})

    # what a program does

    def send_message(self, call_sid: str, content: Any, content_type: str = "application/json") -> str:
        """To the page, along its call; returns the message's SID."""
        sid = self._network.sid("KX")
        about = {"callsid": call_sid, "content": content, "contenttype": content_type}
        self._tell("message", {**about, "messagetype": MESSAGE_TYPE, "voiceeventsid": sid})
        return sid

    def answer(self) -> None:
        raise NothingRings(f"only the page of {self.address} can take a call")

    async def dial(
        self, to: str, withhold: str | None = None, extra: Mapping[str, str] | None = None, spell: str | None = None
    ) -> str:
        raise PhoneBusy(f"only the page of {self.address} can make a call")

    def decline(self) -> None:
        if self.state != "ringing" or self._call is None:
            raise NothingRings(self.address)
        self._tell("cancel", {"callsid": self._call.sid})
        self.reject(self._call.sid)

    # what the network does

    @property
    def takes_calls(self) -> bool:
        """Also one that is busy is rung: its page shows the call or ignores it."""
        return True

    def offered(self, call: Call) -> None:
        leg = Leg(call, self, self._network.uuid())
        self._legs[call.sid] = leg
        self.offered_parameters = dict(call.custom)
        self._look()
        self._emit({"type": "ringing", "from": call.from_, "call": call.sid})
        self._network.softphones.invite(self._invite(leg))

    def withdrawn(self, call: Call) -> None:
        if self._forget(call.sid) is not None:
            self._tell("cancel", {"callsid": call.sid})

    def connected(self, call: Call) -> None:
        leg = self._legs.get(call.sid)
        if leg is None:
            return
        self._look()
        self._emit({"type": "answered"})
        sdp = {"sdp": leg.our_answer} if leg.our_answer else {}
        self._tell("answer", {"callsid": call.sid, "reconnect": leg.ticket} | sdp)

    def ended(self, call: Call, reason: str) -> None:
        leg = self._forget(call.sid)
        if leg is not None and not leg.page_knows:
            self._tell("hangup", {"callsid": call.sid})

    # when the page is gone

    def lost(self) -> None:
        """Its socket is gone: it rings no more; a call that is up waits for the page to come back."""
        self.connected_now = False
        for leg in list(self._legs.values()):
            if leg.call.far_end is not self:
                if self in leg.call.ringing_at:
                    leg.call.ringing_at.remove(self)  # it rings on, for the others or in vain
                self._forget(leg.call.sid)
            elif not leg.call.live or (leg.voice is not None and leg.voice.gone):
                leg.call.hung_up()
            else:
                self._network.clock.spawn(self._await_return(leg, leg.resumed), "carrier-resume")

    async def _await_return(self, leg: Leg, resumed: int) -> None:
        await self._network.clock.sleep(self._network.softphones.resume_seconds)
        if leg.resumed == resumed:
            leg.call.hung_up()

    # the legs

    def leg_with(self, ticket: str, call_sid: str) -> Leg | None:
        leg = self._legs.get(call_sid)
        return leg if leg is not None and leg.ticket == ticket and leg.call.live else None

    def hand_over(self, leg: Leg, to: Softphone) -> None:
        if to is not self:
            del self._legs[leg.call.sid]
            to._legs[leg.call.sid] = leg
            leg.call.far_end = leg.owner = to
            self._look()
        leg.resumed += 1
        to._look()

    async def _invite(self, leg: Leg) -> None:
        call = leg.call
        softphones = self._network.softphones
        voice, sdp = await softphones.offering()
        if self._legs.get(call.sid) is not leg:
            softphones.silence(voice)  # it was over before it rang
            return
        softphones.seat(leg, voice)
        parameters = {
            "From": call.from_,
            "To": self.address,
            "CallSid": call.sid,
            "AccountSid": self._network.account_sid,
            "ApiVersion": API_VERSION,
        }
        if call.custom:
            parameters["Params"] = urlencode(call.custom, quote_via=quote, safe="")
        verified = (call.parent or call).extras.get("StirVerstat")
        if verified is not None:
            parameters["StirStatus"] = verified
        self._tell("invite", {"callsid": call.sid, "sdp": sdp, "parameters": parameters, "reconnect": leg.ticket})

    def _refuse(self, name: str, code: int, why: str) -> None:
        self._tell("hangup", {"callsid": name, "error": {"code": code, "message": why}})

    def _find(self, name: str) -> Leg | None:
        """By the call's SID, or by what the page called it at first."""
        return self._legs.get(self._temporary.get(name, name))

    def _forget(self, call_sid: str) -> Leg | None:
        """The call is no longer at this softphone: over, or somebody else has it."""
        leg = self._legs.pop(call_sid, None)
        if leg is not None:
            self._network.softphones.silence(leg.voice)
            self._look()
            self._emit({"type": "ended", "reason": leg.call.status if leg.call.over else "canceled"})
        return leg

    def _look(self) -> None:
        """Of several calls the one that is up counts, then the one it makes, then one that rings."""
        up = [leg.call for leg in self._legs.values() if leg.call.far_end is self]
        ringing = [leg.call for leg in self._legs.values() if leg.call.far_end is not self]
        self._call = next((call for call in up if call.live), next(iter(up + ringing), None))
        if self._call is None:
            self.state = "idle"
        elif self._call in up:
            self.state = "in_call" if self._call.live else "calling"
        else:
            self.state = "ringing"
