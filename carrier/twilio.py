"""Twilio's REST API through its official client: one request each, never repeated, every outcome named.

Decides nothing: whether and when to ask again is the ledger's business.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any

from carrier.port import (
    AlreadyGone,
    CallChange,
    KnownCall,
    KnownRecording,
    KnownText,
    NewCall,
    NewText,
    NotAsked,
    NotSent,
    OutcomeUnknown,
    OwnNumber,
    ParticipantChange,
    RecordingChange,
    Refused,
    TooManyRequests,
)

if TYPE_CHECKING:
    from twilio.rest import Client

API_URL = "https://api.twilio.com"
TIMEOUT_SECONDS = 5.0
MOST_ON_A_PAGE = 1000
CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]
ROOMS_KNOWN = 500  # whose SIDs are kept: of a room that is held and fetched back they are wanted again and again
_GONE_CODES = {21220, 20404}

_written: ContextVar[list[bool] | None] = ContextVar("carrier_written", default=None)


def _mute_log() -> logging.Logger:
    """The client logs queries with phone numbers at INFO; this logger swallows them."""
    logger = logging.Logger("carrier.twilio.muted", logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    return logger


class TwilioNetwork:
    """`port.Network` over HTTP.  Belongs to the event loop that first uses it."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        api_key: tuple[str, str] | None = None,
        api_url: str = API_URL,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._account_sid, self._api_url, self._timeout_seconds = account_sid, api_url, timeout_seconds
        self._user, self._password = api_key or (account_sid, auth_token)
        self._client: Client | None = None
        self._closed = False
        self._rooms: dict[str, str] = {}  # SIDs by the name we gave, the oldest first

    async def open(self) -> None:
        """Loads Twilio's library beside the loop: it takes 0.2 s, which the first caller should not pay."""
        await asyncio.to_thread(importlib.import_module, "twilio.rest.api.v2010.account.call")
        self._ready()

    async def close(self) -> None:
        client, self._client, self._closed = self._client, None, True
        if client is not None:
            await client.http_client.close()

    async def create_call(self, call: NewCall) -> str:
        fallback = {"fallback_url": call.fallback_url, "fallback_method": "POST"} if call.fallback_url else {}
        async with self._asking() as client:
            created = await client.calls.create_async(
                to=call.to,
                from_=call.from_,
                url=call.url,
                method="POST",
                status_callback=call.status_url,
                status_callback_method="POST",
                status_callback_event=CALL_EVENTS,
                timeout=call.ring_seconds,
                **fallback,
            )
            return _sid(created)

    async def update_call(self, change: CallChange) -> None:
        wish: dict[str, str] = {"status": change.status} if change.status else {}
        if change.url is not None:
            wish |= {"url": change.url, "method": "POST"}
        async with self._asking() as client:
            await client.calls(change.sid).update_async(**wish)

    async def send_text(self, text: NewText) -> str:
        async with self._asking() as client:
            created = await client.messages.create_async(
                to=text.to, from_=text.from_, body=text.body, status_callback=text.status_url
            )
            return _sid(created)

    async def change_participant(self, change: ParticipantChange) -> None:
        """Raises NotAsked where the room is not to be found: it may only just have opened."""
        wish: dict[str, Any] = {}
        if change.hold is not None:
            wish["hold"] = change.hold
            if change.hold_url:
                wish |= {"hold_url": change.hold_url, "hold_method": "POST"}
        if change.muted is not None:
            wish["muted"] = change.muted
        if change.coaches is not None:
            wish["coaching"] = bool(change.coaches)
            if change.coaches:
                wish["call_sid_to_coach"] = change.coaches
        await self._in_room(
            change.room, lambda client, sid: client.conferences(sid).participants(change.call_sid).update_async(**wish)
        )

    async def announce(self, room: str, url: str) -> None:
        await self._in_room(
            room, lambda client, sid: client.conferences(sid).update_async(announce_url=url, announce_method="POST")
        )

    async def _in_room(self, name: str, ask: Callable[[Client, str], Awaitable[Any]]) -> None:
        """By name, which Twilio's paths do not take.  Of two talks in one call the second has a room of its own under
        the same name, so that a SID we knew may be the first one's."""
        known = self._rooms.get(name)
        if known is not None:
            try:
                async with self._asking() as client:
                    await ask(client, known)
                return
            except AlreadyGone:
                self._rooms.pop(name, None)
        sid = await self._room_sid(name)
        if sid == known:
            raise AlreadyGone(20404, 404)
        async with self._asking() as client:
            await ask(client, sid)

    async def _room_sid(self, name: str) -> str:
        async with self._asking() as client:
            found = await client.conferences.list_async(friendly_name=name, status="in-progress", limit=1)
        if not found:
            raise NotAsked("no such room")
        self._rooms[name] = sid = str(found[0].sid)
        while len(self._rooms) > ROOMS_KNOWN:
            del self._rooms[next(iter(self._rooms))]
        return sid

    async def change_recording(self, change: RecordingChange) -> None:
        async with self._asking() as client:
            recording = client.conferences(change.room_sid).recordings(change.sid)
            pause = {"pause_behavior": "silence"} if change.status == "paused" else {}
            await recording.update_async(status=change.status, **pause)

    async def delete_recording(self, sid: str) -> None:
        async with self._asking() as client:
            await client.recordings(sid).delete_async()

    async def delete_transcription(self, sid: str) -> None:
        async with self._asking() as client:
            await client.transcriptions(sid).delete_async()

    async def fetch_call(self, sid: str) -> KnownCall:
        async with self._asking() as client:
            return _call(await client.calls(sid).fetch_async())

    async def list_calls(
        self,
        *,
        to: str | None = None,
        status: str | None = None,
        started_after: datetime | None = None,
        limit: int | None = 50,
    ) -> Sequence[KnownCall]:
        """Newest first.  `started_after` is compared by its UTC date, and leaves out calls still queued.

        Without a `limit` all there are, however many requests that takes.
        """
        filters = {"to": to, "status": status, "start_time_after": started_after}
        given = {name: value for name, value in filters.items() if value is not None}
        if limit is None:
            return await self._all_calls(given)
        async with self._asking() as client:
            return [_call(found) for found in await client.calls.list_async(**given, limit=limit)]

    async def _all_calls(self, given: dict[str, Any]) -> list[KnownCall]:
        async with self._asking() as client:
            page = await client.calls.page_async(**given, page_size=MOST_ON_A_PAGE)
            found = [_call(one) for one in page]
        while page.next_page_url:
            async with self._asking() as client:
                page = await client.calls.get_page_async(page.next_page_url)
                found += [_call(one) for one in page]
        return found

    async def list_texts(self, *, to: str, limit: int = 50) -> Sequence[KnownText]:
        async with self._asking() as client:
            return [_text(found) for found in await client.messages.list_async(to=to, limit=limit)]

    async def list_recordings(self, *, created_after: datetime, limit: int = 1000) -> Sequence[KnownRecording]:
        async with self._asking() as client:
            found = await client.recordings.list_async(date_created_after=created_after, limit=limit)
            return [_recording(one) for one in found]

    async def list_numbers(self) -> Sequence[OwnNumber]:
        async with self._asking() as client:
            found = await client.incoming_phone_numbers.list_async(page_size=1000)
            return [OwnNumber(number=own.phone_number, sid=own.sid) for own in found]

    def _ready(self) -> Client:
        if self._closed:  # who did not end in time must not leave connections behind that nobody closes
            raise NotSent("closing")
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> Client:
        from aiohttp import TraceConfig
        from twilio.http.async_http_client import AsyncTwilioHttpClient
        from twilio.rest import Client

        trace = TraceConfig()
        trace.on_request_headers_sent.append(_note_written)
        client = Client(
            account_sid=self._account_sid,
            credential_provider=_BasicAuth(self._user, self._password),
            http_client=AsyncTwilioHttpClient(trace_configs=[trace], logger=_mute_log()),
            environment={"TWILIO_REGION": ""},  # else the machine's own would change the host
        )
        client.api.base_url = self._api_url
        return client

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Client]:
        """One request under our own timeout; whatever goes wrong leaves as one of the port's situations."""
        from aiohttp import ClientError
        from twilio.base.exceptions import TwilioException

        written: list[bool] = []
        token = _written.set(written)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                yield self._ready()
        except TwilioException as error:
            raise _situation(error) from error
        except (TimeoutError, ClientError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            # The last four: an answer that the client could not read.
            if written:
                raise OutcomeUnknown(type(error).__name__) from error
            raise NotSent(type(error).__name__) from error
        finally:
            _written.reset(token)


class _BasicAuth:
    """Credentials as a ready header: given to the client plainly, they take a way that aiohttp has deprecated."""

    def __init__(self, user: str, password: str) -> None:
        self._header = "Basic " + b64encode(f"{user}:{password}".encode()).decode()

    def to_auth_strategy(self) -> _BasicAuth:
        return self

    def get_auth_string(self) -> str:
        return self._header


async def _note_written(session: Any, context: Any, params: Any) -> None:
    written = _written.get()
    if written is not None:
        written.append(True)


def _situation(error: Exception) -> Exception:
    refused = [part.status_code for part in error.args if hasattr(part, "status_code")]  # a page of a list
    status = int(getattr(error, "status", 0) or (refused[0] if refused else 0))
    code = int(getattr(error, "code", 0) or 0)
    if status == 429 or code == 20429:
        return TooManyRequests(f"HTTP {status}")
    if status == 404 or code in _GONE_CODES:
        return AlreadyGone(code or 20404, status)
    if 400 <= status < 500 and status != 408:
        return Refused(code, status)
    return OutcomeUnknown(f"HTTP {status}")


def _sid(created: Any) -> str:
    if not created.sid:
        raise ValueError("a created resource without a SID")
    return str(created.sid)


def _call(found: Any) -> KnownCall:
    return KnownCall(
        sid=_sid(found),
        to=found.to or "",
        from_=found._from or "",
        status=str(found.status),
        direction=str(found.direction),
        created_at=found.date_created,
        parent_sid=found.parent_call_sid or None,
        ended_at=found.end_time,
        seconds=int(found.duration or 0),
    )


def _recording(found: Any) -> KnownRecording:
    return KnownRecording(
        sid=found.sid,
        call_sid=found.call_sid or "",
        url=(found.uri or "").removesuffix(".json"),
        source=str(found.source or ""),
        seconds=int(found.duration or 0),
        created_at=found.date_created,
    )


def _text(found: Any) -> KnownText:
    return KnownText(
        sid=_sid(found),
        to=found.to or "",
        from_=found.from_ or "",
        body=found.body or "",
        direction=str(found.direction),
        created_at=found.date_created,
    )
