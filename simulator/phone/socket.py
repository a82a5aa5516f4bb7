"""The telephone at the other end of a WebSocket; the frames are described in `simulator.phone`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

from simulator.calls import Frame
from simulator.network import Network
from simulator.phones import NothingRings, NotInCall, Phone, PhoneBusy
from simulator.softphone import SignallingError

if TYPE_CHECKING:
    from simulator.media import PeerVoice

LONGEST_FRAME = 10_000
LONGEST_BACKLOG = 1_000
FORBIDDEN = 4403
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BadFrame(Exception):
    """Something that no web phone sends."""


class PhoneSockets:
    """All web phones of one network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._open: set[_Line] = set()

    async def endpoint(self, websocket: WebSocket) -> None:
        if not may_connect(websocket):
            await websocket.close(FORBIDDEN)
            return
        await websocket.accept()
        line = _Line(self._network, websocket, self)
        self._open.add(line)
        try:
            await line.run()
        finally:
            self._open.discard(line)
            line.unplug()
            self.publish_directory()

    def publish_directory(self) -> None:
        frame = self._directory()
        for line in self._open:
            line.send(frame)

    def _directory(self) -> Frame:
        lines = [{"number": number, "name": s.friendly_name} for number, s in self._network.numbers.items()]
        return {"type": "directory", "lines": lines, "telephones": self._network.directory.addresses()}


class _Line:
    def __init__(self, network: Network, websocket: WebSocket, sockets: PhoneSockets) -> None:
        self._network, self._websocket, self._sockets = network, websocket, sockets
        self._phone: Phone | None = None
        self._voice: PeerVoice | None = None
        self._outgoing: asyncio.Queue[Frame] = asyncio.Queue(LONGEST_BACKLOG)

    async def run(self) -> None:
        sender = asyncio.create_task(self._send_all())
        try:
            while True:
                await self._take(await self._websocket.receive_text())
        except WebSocketDisconnect:
            return
        finally:
            sender.cancel()

    def unplug(self) -> None:
        self._fall_silent()
        if self._phone is not None:
            self._network.unplug(self._phone)
            self._phone = None

    def send(self, frame: Frame) -> None:
        """A page that no longer reads loses frames, not the carrier its memory."""
        if not self._outgoing.full():
            self._outgoing.put_nowait(frame)

    async def _send_all(self) -> None:
        while True:
            frame = await self._outgoing.get()
            try:
                await self._websocket.send_text(json.dumps(frame, ensure_ascii=False))
            except (WebSocketDisconnect, RuntimeError):
                return

    async def _take(self, text: str) -> None:
        try:
            await self._act(_frame(text))
        except BadFrame as error:
            self.send({"type": "error", "message": str(error)})
        except PhoneBusy:
            self.send({"type": "error", "message": "This telephone is already on a call."})
        except NothingRings:
            self.send({"type": "error", "message": "There is no call to take."})
        except NotInCall:
            self.send({"type": "error", "message": "There is no call."})

    async def _act(self, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind == "plug_in":
            self._plug_in(_text(frame, "address"))
            return
        phone = self._phone
        if phone is None:
            raise BadFrame("Plug the telephone in first.")
        match kind:
            case "dial":
                withhold = frame.get("withhold")
                await phone.dial(_text(frame, "to"), withhold if isinstance(withhold, str) else None)
            case "answer":
                phone.answer()
            case "decline":
                phone.decline()
            case "hang_up":
                phone.hang_up()
            case "key":
                digit = _text(frame, "digit")
                if digit not in "0123456789*#":
                    raise BadFrame(f"There is no key {digit!r}.")
                phone.press(digit)
            case "speak":
                phone.speak(_text(frame, "text"))
            case "record_done":
                phone.finish_recording()
            case "voice":
                await self._speak_up(phone, _text(frame, "sdp"))
            case "silence":
                self._fall_silent()
            case "text":
                phone.send_text(_text(frame, "to"), _text(frame, "body"))
            case _:
                raise BadFrame(f"Unknown frame {kind!r}.")

    async def _speak_up(self, phone: Phone, sdp: str) -> None:
        """The page's microphone and ear, in every call from now on."""
        softphones = self._network.softphones
        try:
            voice, answer = await softphones.answering(sdp)
        except SignallingError as error:
            raise BadFrame("That microphone cannot be connected.") from error
        self._fall_silent()
        self._voice = voice
        softphones.lend(voice, lambda: phone.leg)
        self.send({"type": "voice", "sdp": answer})

    def _fall_silent(self) -> None:
        self._network.softphones.silence(self._voice)
        self._voice = None

    def _plug_in(self, address: str) -> None:
        if self._phone is not None:
            raise BadFrame("This telephone is plugged in already.")
        if address in self._network.numbers:
            raise BadFrame("That number belongs to the company.")
        if not address.startswith(("+", "client:", "sip:")) or len(address) > 256:
            raise BadFrame("An address is +39…, client:name or sip:user@host.")
        self._phone = self._network.plug_in(address, self.send)
        self._phone.talks_into_recordings = True
        self.send({"type": "plugged_in", "address": address})
        self._sockets.publish_directory()


def _frame(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_FRAME:
        raise BadFrame("That frame is too long.")
    try:
        frame = json.loads(text)
    except ValueError as error:
        raise BadFrame("That is not JSON.") from error
    if not isinstance(frame, dict):
        raise BadFrame("A frame is a JSON object.")
    return frame


def _text(frame: dict[str, Any], name: str) -> str:
    value = frame.get(name)
    if not isinstance(value, str) or not value:
        raise BadFrame(f"The frame needs {name!r}.")
    return value


def may_connect(websocket: WebSocket) -> bool:
    """The page's own origin, or a page of this machine; a program without an Origin is no page."""
    origin = websocket.headers.get("origin")
    if origin is None:
        return True
    parts = urlsplit(origin)
    here = parts.hostname in LOOPBACK or (parts.hostname or "").endswith(".localhost")
    return here or parts.netloc == websocket.headers.get("host")
