"""HTTP to another house's system, with nothing left to it: where we go, how long, how much we read.

- Only https and port 443, and only to addresses that `addresses.py` lets through.  The house's own system, named in
  CONNECTOR_ALLOW, may be on a private address, on any port, and without TLS.
- A name is looked up once for each connection, every address it has is checked, and the connection goes to those very
  addresses: a name server that answers otherwise the next time changes nothing.  TLS still checks the name.
- Redirects are not followed, proxies of the environment not used, cookies not kept, packed bodies not unpacked.
- One limit for everything from the look-up of the name to the last byte, another for the size of the answer.
- Nothing of a URL, a header or a body is logged or quoted in an error.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ssl import SSLContext
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from crm.connectors.addresses import is_address, why_barred, why_odd
from crm.connectors.port import Away, Barred, Refused, ShutOut

MOST_BYTES = 256 * 1024
MOST_LOOK_UPS = 8  # names under way at once: each holds a thread that nobody can stop
LONGEST_RETRY_AFTER = timedelta(hours=1)
SHUT_OUT = {401, 402, 403, 407}
NOT_NOW = {408, 425, 429}

LookUp = Callable[[str, int], list[tuple[Any, ...]]]  # as socket.getaddrinfo answers


def look_up(host: str, port: int) -> list[tuple[Any, ...]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    is_json: bool

    def json(self) -> Any:
        """Raises Away: an answer that makes no sense is no answer."""
        if not self.is_json:
            raise Away("an answer that is no JSON")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Away("an answer that is no JSON") from None


class Guarded:
    """Belongs to the event loop that first uses it."""

    def __init__(
        self, allow: Collection[str] = (), *, tls: SSLContext | None = None, look_up: LookUp = look_up
    ) -> None:
        self._allow = frozenset(host.lower() for host in allow)
        self._tls, self._look_up = tls, look_up
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(
        self,
        method: str,
        url: str,
        *,
        seconds: float,
        headers: Mapping[str, str] = {},
        query: Mapping[str, str] = {},
        body: bytes | None = None,
    ) -> Answer:
        """Whatever they answer below 300 or from 400 on.  Raises Barred, ShutOut for a redirect, Away."""
        target = _target(url, query)
        self._check(target)
        try:
            async with asyncio.timeout(seconds):
                return await self._sent(method, target, headers, body)
        except TimeoutError:
            raise Away("no answer in time") from None
        except aiohttp.ClientConnectorCertificateError:
            raise Away("a certificate that is not theirs") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Away(f"no connection ({type(error).__name__})") from None

    async def close(self) -> None:
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _check(self, target: URL) -> None:
        host = target.raw_host or ""
        allowed = host.lower() in self._allow
        if target.scheme != "https" and not (allowed and target.scheme == "http"):
            raise Barred("not https, and not named in CONNECTOR_ALLOW")
        if target.port != 443 and not allowed:
            raise Barred("not port 443, and not named in CONNECTOR_ALLOW")
        if target.raw_user is not None or target.raw_password is not None:
            raise Barred("a name or password in the address")
        if why := why_odd(host):
            raise Barred(why)
        if is_address(host) and (why := why_barred(host, own=allowed)):
            raise Barred(why)

    async def _sent(self, method: str, target: URL, headers: Mapping[str, str], body: bytes | None) -> Answer:
        asked = self._ready().request(
            method,
            target,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "Centralino",
                **headers,
            },
            data=body,
            allow_redirects=False,
        )
        async with asked as response:
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise Away("a packed answer, which was not asked for")
            content = await _read(response)
            if 300 <= response.status < 400:
                raise ShutOut(f"{response.status}: leads elsewhere, and is not followed")
            if response.status in NOT_NOW or response.status >= 500:
                raise Away(f"answers {response.status}", _retry_after(response.headers.get("Retry-After")))
            kind = response.content_type
            return Answer(response.status, content, kind == "application/json" or kind.endswith("+json"))

    def _ready(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Away("closing")
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=Checked(self._allow, self._look_up), use_dns_cache=False, limit=32, ssl=self._tls or True
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),  # ours is around it
            )
        return self._session


class Checked(AbstractResolver):
    """Names to addresses that have been checked, all of them."""

    def __init__(self, allow: Collection[str], look_up: LookUp) -> None:
        self._allow, self._look_up, self._under_way = allow, look_up, 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._asked(host, port)
        own = host.lower() in self._allow
        for _, _, _, _, place in found:
            if why := why_barred(str(place[0]), own=own):
                raise Barred(f"its name leads to {why}")
        return [
            ResolveResult(
                hostname=host, host=str(place[0]), port=port, family=kind, proto=proto, flags=socket.AI_NUMERICHOST
            )
            for kind, _, proto, _, place in found
        ]

    async def close(self) -> None:
        pass

    async def _asked(self, host: str, port: int) -> list[tuple[Any, ...]]:
        """In a thread that keeps nobody from ending: a name server may be silent for half a minute."""
        if self._under_way >= MOST_LOOK_UPS:
            raise OSError("names are not being looked up")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[tuple[Any, ...]]] = loop.create_future()

        def give(found: list[tuple[Any, ...]] | None, error: Exception | None) -> None:
            self._under_way -= 1
            if answer.done():
                return
            if error is None and found:
                answer.set_result(found)
            else:
                answer.set_exception(OSError("no such name"))

        def work() -> None:
            found, trouble = None, None
            try:
                found = self._look_up(host, port)
            except Exception as error:
                trouble = error
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(give, found, trouble)

        self._under_way += 1
        threading.Thread(target=work, name="connector-names", daemon=True).start()
        return await answer


def accepted(answer: Answer) -> Answer:
    """Raises ShutOut, Refused."""
    if answer.status in SHUT_OUT:
        raise ShutOut(f"answers {answer.status}: the token is not accepted, or may not do this")
    if answer.status >= 400:
        raise Refused(f"answers {answer.status}")
    return answer


def _target(url: str, query: Mapping[str, str]) -> URL:
    try:
        return URL(url).with_query(query) if query else URL(url)
    except ValueError:
        raise Barred("not an address") from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Raises Away.  What is longer is not read to its end, and the connection is given up."""
    content = b""
    async for part in response.content.iter_chunked(16 * 1024):
        content += part
        if len(content) > MOST_BYTES:
            response.close()
            raise Away("an answer that is too long")
    return content


def _retry_after(value: str | None) -> timedelta | None:
    """Seconds; a date is rare, and then our own pause is as good."""
    if value is None or not value.strip().isdigit():
        return None
    return min(timedelta(seconds=min(int(value.strip()), 86_400)), LONGEST_RETRY_AFTER)
