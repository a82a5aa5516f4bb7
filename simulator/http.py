"""How the carrier reaches the customer's application: over sockets, or in process for tests.

Sends what it is given and says what came back; retries, redirects and signatures are the business of `webhooks`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import aiohttp
from starlette.types import ASGIApp
from yarl import URL

LARGEST_ANSWER_BYTES = 10_000_000


class ConnectFailed(Exception):
    """Nobody took the connection, or not in time."""


class AnswerFailed(Exception):
    """The connection stood, but no whole answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    cookies: Sequence[str]  # each Set-Cookie line
    body: bytes


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of real time for one request."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 15.0


class Http(Protocol):
    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, patience: Patience) -> Answer:
        """Raises ConnectFailed or AnswerFailed."""
        ...

    async def close(self) -> None: ...


class OverSockets:
    """Real HTTP.  Opens its connections at the first request, so it may be made before the loop runs."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, patience: Patience) -> Answer:
        if self._closed:
            raise ConnectFailed("the carrier is closing")
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        timeout = aiohttp.ClientTimeout(
            total=patience.total_seconds, sock_connect=patience.connect_seconds, sock_read=patience.read_seconds
        )
        try:
            target = URL(url, encoded=True)  # byte for byte what was signed
            async with self._session.request(
                method, target, headers=headers, data=body or None, timeout=timeout, allow_redirects=False
            ) as response:
                content = await response.content.read(LARGEST_ANSWER_BYTES)
                while not response.content.at_eof():
                    content += await response.content.read(LARGEST_ANSWER_BYTES)
                    if len(content) > LARGEST_ANSWER_BYTES:
                        raise AnswerFailed("the answer does not end")
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, names, response.headers.getall("Set-Cookie", []), content)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, ValueError) as error:
            raise ConnectFailed(str(error)) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AnswerFailed(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None


class InProcess:
    """ASGI applications by origin (`https://app.test`), called without a socket.  An unknown origin refuses."""

    def __init__(self, applications: Mapping[str, ASGIApp]) -> None:
        self.applications = dict(applications)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, patience: Patience) -> Answer:
        parts = urlsplit(url)
        application = self.applications.get(f"{parts.scheme}://{parts.netloc}")
        if application is None:
            raise ConnectFailed(f"nobody listens at {parts.netloc}")
        try:
            async with asyncio.timeout(patience.total_seconds):
                return await _call(application, method, url, headers, body)
        except TimeoutError as error:
            raise AnswerFailed("timed out") from error

    async def close(self) -> None:
        self.applications.clear()


async def _call(application: ASGIApp, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    parts = urlsplit(url)
    named = {"host": parts.netloc, "content-length": str(len(body)), **{k.lower(): v for k, v in headers.items()}}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": unquote(parts.path or "/"),
        "raw_path": (parts.path or "/").encode("ascii", "replace"),
        "query_string": parts.query.encode("ascii", "replace"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()],
        "client": ("127.0.0.1", 40000),
        "server": (parts.hostname, parts.port or 443),
    }
    sent: list[MutableMapping[str, Any]] = []
    pending = [{"type": "http.request", "body": body, "more_body": False}]
    never = asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        if pending:
            return pending.pop()
        await never.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    try:
        await application(scope, receive, send)
    except Exception as error:
        if not sent:
            return Answer(500, {}, [], b"Internal Server Error")
        if sent[0]["type"] != "http.response.start":
            raise AnswerFailed(str(error)) from error
    if not sent:
        raise AnswerFailed("closed without an answer")
    content = b"".join(part.get("body", b"") for part in sent[1:])
    answer_headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    cookies = [value for name, value in answer_headers if name == "set-cookie"]
    return Answer(sent[0]["status"], dict(answer_headers), cookies, content)
