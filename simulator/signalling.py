"""The Voice SDK's signalling: one WebSocket at `/signal` is one page; JSON frames `{type, version, payload}`.

Private to Twilio and therefore read from the SDK itself (2.18.5); `tests/simulator/data/softphone.json` is a recording
of what it says and expects.  What a frame means is the business of `softphone`; here it is taken apart, checked, and
answered with an error where it makes no sense.  Every `heartbeat_seconds` of real time a bare line break goes to the
page, which sends it back.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from simulator import tokens
from simulator.calls import Frame
from simulator.network import Network
from simulator.phone.socket import FORBIDDEN, may_connect
from simulator.softphone import SignallingError, Softphone

VERSION = "1.6"
HEARTBEAT = "\n"
HEARTBEAT_SECONDS = 3.0  # the page gives up after 15 without a word
MOST_UNANSWERED = 2
LONGEST_FRAME = 100_000
LONGEST_BACKLOG = 1_000
GOING_AWAY = 1001
PLACE = {"gateway": "stand-in", "region": "US_EAST_VIRGINIA", "edge": "ashburn", "home": "us1"}
RATE_EXCEEDED = "Rate exceeded authorized limit."


class Signalling:
    """All pages of one network."""

    def __init__(self, network: Network, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        self._network, self._heartbeat_seconds = network, heartbeat_seconds

    async def endpoint(self, websocket: WebSocket) -> None:
        if self._network.softphones.away or not may_connect(websocket):
            await websocket.close(FORBIDDEN)
            return
        await websocket.accept()
        page = _Page(self._network, websocket)
        try:
            await page.run(self._heartbeat_seconds)
        finally:
            page.gone()


class _Page:
    def __init__(self, network: Network, websocket: WebSocket) -> None:
        self._network, self._websocket = network, websocket
        self._softphone: Softphone | None = None
        self._outgoing: asyncio.Queue[str | None] = asyncio.Queue(LONGEST_BACKLOG)
        self._unanswered = 0
        self._expiry = network.clock.alarm()
        self._acts: Mapping[str, Callable[[Softphone, Frame], Awaitable[None]]] = {
            "register": self._register, "invite": self._invite, "answer": self._answer, "reject": self._reject,
            "hangup": self._hangup, "dtmf": self._dtmf, "reinvite": self._reinvite, "message": self._message,
        }  # fmt: skip

    async def run(self, heartbeat_seconds: float) -> None:
        """Until the socket is closed by either side."""
        ends = [
            asyncio.create_task(self._read(), name="signal-read"),
            asyncio.create_task(self._write(), name="signal-write"),
            asyncio.create_task(self._beat(heartbeat_seconds), name="signal-heartbeat"),
        ]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        if self._websocket.application_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect, RuntimeError):
                await self._websocket.close(GOING_AWAY)

    def gone(self) -> None:
        self._expiry.ring()
        if self._softphone is not None:
            self._network.softphones.gone(self._softphone)
            self._softphone = None

    def tell(self, kind: str, payload: Frame) -> None:
        """A page that no longer reads loses frames, not the carrier its memory."""
        self._put(json.dumps({"type": kind, "version": VERSION, "payload": payload}))

    def drop(self) -> None:
        while not self._outgoing.empty():
            self._outgoing.get_nowait()
        self._outgoing.put_nowait(None)

    def _put(self, text: str) -> None:
        if not self._outgoing.full():
            self._outgoing.put_nowait(text)

    async def _read(self) -> None:
        while True:
            try:
                text = await self._websocket.receive_text()
            except (WebSocketDisconnect, RuntimeError, KeyError):
                return
            if text == HEARTBEAT:
                self._unanswered = 0
            else:
                await self._take(text)

    async def _write(self) -> None:
        while (text := await self._outgoing.get()) is not None:
            try:
                await self._websocket.send_text(text)
            except (WebSocketDisconnect, RuntimeError):
                return

    async def _beat(self, seconds: float) -> None:
        """A page that does not echo is gone, although its socket still stands: asleep, or its network is."""
        while True:
            await asyncio.sleep(seconds)
            if self._unanswered >= MOST_UNANSWERED:
                return
            self._unanswered += 1
            self._put(HEARTBEAT)

    async def _take(self, text: str) -> None:
        try:
            kind, payload = _parsed(text)
            if kind == "listen":
                self._listen(payload)
                return
            act = self._acts.get(kind)
            if act is None:
                raise SignallingError(31400, f"Unknown frame {kind!r}")
            if self._softphone is None:
                raise SignallingError(31204, "No valid token was shown yet")
            await act(self._softphone, payload)
        except SignallingError as error:
            about = {"callsid": error.call_sid, "voiceeventsid": error.voice_event}
            named = {name: value for name, value in about.items() if value}
            self.tell("error", {"error": {"code": error.code, "message": str(error)}} | named)

    # the frames

    def _listen(self, payload: Frame) -> None:
        """The token, at first and whenever the page has another one."""
        network = self._network
        try:
            grant = tokens.read(payload.get("token"), network.api_keys, network.account_sid, network.clock.now())
        except tokens.TokenRefused as error:
            raise SignallingError(error.code, str(error)) from error
        if network.faults.of_signal(grant.identity):
            raise SignallingError(31206, RATE_EXCEEDED)
        if self._softphone is None:
            self._softphone = Softphone(network, grant, self.tell)
            network.softphones.connected(self._softphone, self.drop)
            network.clock.spawn(self._watch_expiry(self._softphone), "carrier-token")
        elif grant.identity != self._softphone.grant.identity:
            raise SignallingError(31204, "The token is somebody else's")
        self._softphone.grant = grant
        self._expiry.ring()
        left = (grant.expires_at - network.clock.now()).total_seconds()
        self.tell("connected", PLACE | {"token": {"identity": grant.identity, "ttl": int(left)}})

    async def _watch_expiry(self, softphone: Softphone) -> None:
        """Whoever shows no newer token in time is rung no more; a call that is up goes on."""
        clock = self._network.clock
        told = None
        while self._softphone is softphone:
            left = (softphone.grant.expires_at - clock.now()).total_seconds()
            if left > 0 or told == softphone.grant:
                await self._expiry.wait(left if left > 0 else None)
                continue
            told = softphone.grant
            self._network.softphones.unregister(softphone)
            self.tell("error", {"error": {"code": 31205, "message": "The token has expired"}})

    async def _register(self, softphone: Softphone, payload: Frame) -> None:
        media = payload.get("media")
        if isinstance(media, dict) and media.get("audio") is False:
            self._network.softphones.unregister(softphone)
            self.tell("offline", {})
        else:
            if softphone.grant.expires_at <= self._network.clock.now():
                raise SignallingError(31205, "The token has expired")
            if not softphone.grant.may_be_called:
                raise SignallingError(31201, "The token does not allow incoming calls")
            self._network.softphones.register(softphone)
            self.tell("ready", {})

    async def _invite(self, softphone: Softphone, payload: Frame) -> None:
        name, sdp = _text(payload, "callsid"), _text(payload, "sdp")
        ticket = payload.get("reconnect")
        if isinstance(ticket, str):
            await softphone.resume(ticket, name, sdp)
            return
        about = payload.get("twilio")
        parameters = about.get("params", "") if isinstance(about, dict) else ""
        given = parameters if isinstance(parameters, str) else ""
        await softphone.connect(name, sdp, dict(parse_qsl(given, keep_blank_values=True)))

    async def _answer(self, softphone: Softphone, payload: Frame) -> None:
        await softphone.accept(_text(payload, "callsid"), _text(payload, "sdp"))

    async def _reject(self, softphone: Softphone, payload: Frame) -> None:
        softphone.reject(_text(payload, "callsid"))

    async def _hangup(self, softphone: Softphone, payload: Frame) -> None:
        softphone.end(_text(payload, "callsid"))

    async def _dtmf(self, softphone: Softphone, payload: Frame) -> None:
        softphone.dial_digits(_text(payload, "callsid"), _text(payload, "dtmf"))

    async def _reinvite(self, softphone: Softphone, payload: Frame) -> None:
        await softphone.renew_media(_text(payload, "callsid"), _text(payload, "sdp"))

    async def _message(self, softphone: Softphone, payload: Frame) -> None:
        texts = [_text(payload, name) for name in ("callsid", "contenttype", "messagetype", "voiceeventsid")]
        call_sid, content_type, kind, voice_event = texts
        softphone.receive_message(call_sid, payload.get("content"), content_type, kind, voice_event)


def _parsed(text: str) -> tuple[str, dict[str, Any]]:
    """Raises SignallingError 31400."""
    try:
        frame = json.loads(text) if len(text) <= LONGEST_FRAME else None
    except ValueError:
        frame = None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise SignallingError(31400, "That is no frame")
    payload = frame.get("payload")
    return frame["type"], payload if isinstance(payload, dict) else {}


def _text(payload: Frame, name: str) -> str:
    """Raises SignallingError 31400."""
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise SignallingError(31400, f"The frame needs {name!r}")
    return value
