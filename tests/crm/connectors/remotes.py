"""Other people's systems on a loopback socket, in their published shapes: strict about what they are sent."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Remote:
    """Answers with what was prepared, in order; whatever was asked is kept."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    prepared: deque[web.Response | float] = field(default_factory=deque)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    thinking: asyncio.Lock = field(default_factory=asyncio.Lock)  # whoever holds it keeps all answers back

    def will(self, *answers: web.Response | float | dict[str, Any] | list[Any]) -> None:
        """A document is answered with 200; a number is that many seconds of silence."""
        self.prepared.extend(document(a) if isinstance(a, dict | list) else a for a in answers)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self.asked.append(Asked(request.method, request.path, dict(request.query), request.headers, body))
        async with self.thinking:
            pass
        given = self.prepared.popleft() if self.prepared else web.Response(status=500)
        if isinstance(given, float):
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), given)
            return web.Response(status=503)
        return given


@asynccontextmanager
async def remote() -> AsyncIterator[Remote]:
    there = Remote()
    runner = web.ServerRunner(web.Server(there.answer), shutdown_timeout=0.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    there.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield there
    there.over.set()
    await runner.cleanup()


def document(content: Any, status: int = 200, **headers: str) -> web.Response:
    return web.Response(text=json.dumps(content), status=status, headers=headers, content_type="application/json")


@asynccontextmanager
async def raw(answer: bytes, *, hang: bool = False, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A port where any request is answered with these bytes, and then with silence if it is to `hang`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if hang:
                await reader.read()  # until they have enough
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]
