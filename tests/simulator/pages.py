"""A page with the Voice SDK, as far as its socket shows it: it speaks frames, in process, and decides nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

ACCOUNT = "AC" + "a" * 32
KEY, SECRET, APPLICATION = "SK" + "1" * 32, "a secret of more than 32 characters", "AP" + "1" * 32
RECORDING = Path(__file__).parent / "data" / "softphone.json"
CHANGES = ("AccountSid", "CallSid", "browserinfo", "callsid", "reconnect", "sdp", "token", "ttl")
SDP = "v=0\r\na=mid:0\r\na=ice-ufrag:page\r\n"


def token(now: datetime, identity: str = "anna", *, secret: str = SECRET, ttl: int = 600, **grant: Any) -> str:
    """As Twilio's own library makes it, valid from `now`."""
    until = int((now + timedelta(seconds=ttl)).timestamp())
    made = AccessToken(ACCOUNT, KEY, secret, identity=identity, nbf=int(now.timestamp()), valid_until=until)
    made.add_grant(VoiceGrant(**({"incoming_allow": True, "outgoing_application_sid": APPLICATION} | grant)))
    jwt: str = made.to_jwt()
    return jwt


def plain(payload: dict[str, Any]) -> dict[str, Any]:
    """A frame's payload without what differs from call to call; a `token` that is an object says who the page is."""
    shown = {}
    for name, value in payload.items():
        if isinstance(value, dict) and name != "browserinfo":
            shown[name] = plain(value)
        else:
            shown[name] = f"<{name.lower()}>" if name in CHANGES else value
    return shown


class Page:
    def __init__(self, app: ASGIApp, *, origin: str = "http://127.0.0.1:8000", echoes: bool = True) -> None:
        self.frames: list[tuple[str, dict[str, Any]]] = []
        self.heartbeats = 0
        self.closed: int | None = None  # with which code
        self._app, self._origin, self._echoes = app, origin, echoes
        self._incoming: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._waiting = asyncio.Event()
        self._served: asyncio.Task[None] | None = None

    async def open(self) -> Page:
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "path": "/signal",
            "raw_path": b"/signal",
            "query_string": b"",
            "scheme": "ws",
            "subprotocols": [],
            "headers": [(b"host", b"127.0.0.1:8010"), (b"origin", self._origin.encode())],
        }
        self._incoming.put_nowait({"type": "websocket.connect"})
        self._served = asyncio.create_task(self._app(scope, self._receive, self._hear))  # type: ignore[arg-type]
        await self._settled()
        return self

    async def send(self, kind: str, **payload: Any) -> None:
        """Returns when it was taken and what it was answered with at once has arrived."""
        text = json.dumps({"type": kind, "version": "1.6", "payload": payload})
        await self.send_text(text)

    async def send_text(self, text: str) -> None:
        self._waiting.clear()
        self._incoming.put_nowait({"type": "websocket.receive", "text": text})
        await self._settled()

    async def listen(self, token: str) -> None:
        await self.send("listen", token=token, browserinfo={"p": "browser"}, reconnectTimeout=0)

    async def register(self, token: str) -> Page:
        await self.open()
        await self.listen(token)
        await self.send("register", media={"audio": True})
        return self

    async def lose(self) -> None:
        """The network fails."""
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
        await self.ended()

    async def ended(self) -> None:
        """Waits for the carrier to be done with this page."""
        assert self._served is not None
        await self._served

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.frames]

    def last(self, kind: str) -> dict[str, Any]:
        assert kind in self.kinds, f"no {kind} among {self.kinds}"
        return next(payload for name, payload in reversed(self.frames) if name == kind)

    @property
    def rings(self) -> bool:
        return "invite" in self.kinds

    @property
    def call_sid(self) -> str:
        """Of the last call that rang."""
        return str(self.last("invite")["callsid"])

    async def accept(self) -> str:
        await self.send("answer", callsid=self.call_sid, sdp=SDP)
        return self.call_sid

    @property
    def errors(self) -> list[int]:
        return [payload["error"]["code"] for kind, payload in self.frames if kind == "error"]

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._incoming.empty():
            self._waiting.set()
        return await self._incoming.get()

    async def _hear(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.close":
            self.closed = message.get("code", 1000)
            self._waiting.set()
        elif message["type"] == "websocket.send" and message["text"] == "\n":
            self.heartbeats += 1
            if self._echoes:
                self._incoming.put_nowait({"type": "websocket.receive", "text": "\n"})
        elif message["type"] == "websocket.send":
            frame = json.loads(message["text"])
            self.frames.append((frame["type"], frame["payload"]))

    async def _settled(self) -> None:
        await self._waiting.wait()
        await arrives()


async def arrives() -> None:
    """What the carrier has put out goes through its queue and is in `frames` afterwards."""
    for _ in range(5):
        await asyncio.sleep(0)
