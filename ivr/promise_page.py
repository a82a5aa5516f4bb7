"""A promise's own page, at the address in our texts: it works on any telephone, without a script.

Whoever has the address may read, change and cancel this promise; looking at it changes nothing, since machines look at
whatever is sent by text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Row, func, select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from callbacks.history import BY_LINK
from callbacks.limits import TooMany
from callbacks.states import MOVABLE, OPEN
from callbacks.tables import callback_history
from callbacks.wall import instant_of
from callbacks.wish import CannotKeep, InProgress, Wish
from crm.identify import person_by_id
from ivr.choices import choose
from ivr.links import PATH, Links
from ivr.phrases import Speaker, speakable
from ivr.promise_view import FARTHEST, LONGEST_NOTE, OWN, Asked, View, plain, version, view
from ivr.texts import first_names, tell
from ivr.turn import Rooms
from store.faults import told
from store.sql import only_one

log = structlog.get_logger()

FOLDER = Path(__file__).parent / "pages"
KEPT_AFTER_THE_END = timedelta(days=7)
MOST_BODY_BYTES = 4096
MOST_A_MINUTE = 60
LONGEST_REASON = 2000
_AWAY = (IntegrityError, OperationalError, InterfaceError, PoolTimeout)  # also two who changed it at once
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address is the secret
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}

Form = Mapping[str, str]
_TEMPLATE = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
).get_template("promise.html")


class Gone(Exception):
    """There has been such a promise, and its page is no more."""


@dataclass(frozen=True, slots=True)
class Done:
    """Where the browser is sent after a form: back to the page, which says what came of it."""

    said: str = ""
    wanted: datetime | None = None
    effects: tuple[str, ...] = ()

    def address(self, token: str) -> str:
        query = f"?wanted={int(self.wanted.timestamp())}" if self.wanted else f"?done={self.said}" if self.said else ""
        return f"{token}{query}"


class Page:
    def __init__(self, rooms: Rooms, links: Links) -> None:
        self._rooms, self._links = rooms, links
        self._minute, self._asked = 0, Counter[str]()

    @property
    def routes(self) -> list[Route]:
        return [
            Route(f"{PATH}page.css", _style, methods=["GET"]),
            Route(f"{PATH}{{token}}", self._endpoint(self._show), methods=["GET"]),
            Route(f"{PATH}{{token}}", self._endpoint(self._change), methods=["POST"]),
        ]

    def _endpoint(self, answer: Callable[[Request, str], Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            promise_id = self._links.promise(request.path_params["token"])
            if promise_id is None:
                return self._plain("page_unknown", 404)
            if self._too_often(promise_id):
                return self._plain("page_too_often", 429, {"Retry-After": "60"})
            try:
                return await answer(request, promise_id)
            except Gone:
                return self._plain("page_gone", 410)
            except ClientDisconnect:
                return Response(status_code=400)  # which nobody sees any more
            except Exception as error:
                log.error("promise_page_failed", **told(error))
                return self._plain("page_trouble", 503, {"Retry-After": "10"})

        return endpoint

    def _too_often(self, promise_id: str) -> bool:
        """In each process by itself, which is enough against somebody who leans on a key."""
        minute = int(self._rooms.clock.now().timestamp()) // 60
        if minute != self._minute:
            self._minute, self._asked = minute, Counter()
        self._asked[promise_id] += 1
        return self._asked[promise_id] > MOST_A_MINUTE

    async def _show(self, request: Request, promise_id: str) -> Response:
        asked = _asked(request.query_params)
        async with self._rooms.database.read() as conn:
            promise = await self._read(conn, promise_id)
            speaker = await self._speaker(conn, promise)
            ledger = None
            if promise.state in MOVABLE:
                _, plan = await self._rooms.plans.current(conn)
                ledger = await self._rooms.promises.ledger(
                    conn,
                    plan,
                    speaker.language,
                    now=speaker.now,
                    line=promise.from_number or "",
                    customer_id=promise.customer_id,
                    awake=True,
                )
            names = await first_names(conn, [promise.agent_id, *(one["agent"] for one in promise.choices or ())])
        return self._html(view(speaker, promise, ledger, names, self._rooms.house.zone, asked))

    async def _change(self, request: Request, promise_id: str) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MOST_BODY_BYTES:
                return self._plain("page_too_long", 413)
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            done = await self._done(promise_id, form)
        except _AWAY as error:
            log.info("promise_page_tried_again", error=type(error).__name__)
            done = await self._done(promise_id, form)
        if done.effects:
            self._rooms.carrier.kick(*done.effects)
        return RedirectResponse(done.address(request.path_params["token"]), status_code=303, headers=_HEADERS)

    async def _done(self, promise_id: str, form: Form) -> Done:
        async with self._rooms.database.write() as conn:
            await only_one(conn, "promises")
            promise = await self._read(conn, promise_id, lock=True)
            if promise.state not in MOVABLE:
                return Done()
            if form.get("seen") != version(promise):
                return Done("still")
            try:
                return await self._step(conn, promise, form)
            except (InProgress, TooMany):
                return Done("still")

    async def _step(self, conn: AsyncConnection, promise: Row[Any], form: Form) -> Done:
        match form.get("do"):
            case "choose":
                return await self._choose(conn, promise, form)
            case "move":
                at = _instant(form.get("at"))
                return await self._move(conn, promise, at, form.get("who") == OWN) if at else Done("unreadable")
            case "day":
                at = _wall(form, promise.zone)
                return await self._move(conn, promise, at, own=True) if at else Done("unreadable")
            case "note":
                return await self._note(conn, promise, form.get("note", ""))
            case "cancel":
                ended = await self._rooms.promises.cancel(conn, promise.id, now=self._rooms.clock.now(), by=BY_LINK)
                assert ended is not None
                return Done(effects=tuple(await tell(self._rooms, conn, ended, "text_cancelled")))
        return Done()

    async def _choose(self, conn: AsyncConnection, promise: Row[Any], form: Form) -> Done:
        n = form.get("n", "")
        answer = await choose(self._rooms, conn, promise.id, int(n), BY_LINK) if n in ("0", "1") else None
        if answer is None or not answer.taken:
            return Done("still")
        return Done("changed", effects=tuple(await tell(self._rooms, conn, answer.promise, answer.key)))

    async def _move(self, conn: AsyncConnection, promise: Row[Any], at: datetime, own: bool) -> Done:
        if at > self._rooms.clock.now() + FARTHEST:
            return Done(wanted=at)
        _, plan = await self._rooms.plans.current(conn)
        speaker = await self._speaker(conn, promise)
        as_it_is = await self._wish(conn, promise)
        wish = replace(
            as_it_is,
            due_at=at,
            agent_id=promise.agent_id if own else None,
            window_seconds=plan.service.callback_window_seconds if promise.kind == "asap" else None,
            spoken=speaker.time(at),
        )
        try:
            moved = await self._rooms.promises.move(conn, promise, wish, plan, now=speaker.now)
        except CannotKeep:
            return Done(wanted=at)
        return Done("changed", effects=tuple(await tell(self._rooms, conn, moved, "text_moved")))

    async def _note(self, conn: AsyncConnection, promise: Row[Any], written: str) -> Done:
        """What they write is added to what is known already; the same once more is the same."""
        note = speakable(written, LONGEST_NOTE)
        if note not in (promise.reason or ""):
            _, plan = await self._rooms.plans.current(conn)
            reason = f"{promise.reason}. {note}" if promise.reason else note
            wish = replace(await self._wish(conn, promise), reason=reason[-LONGEST_REASON:])
            await self._rooms.promises.move(conn, promise, wish, plan, now=self._rooms.clock.now())
        return Done("noted" if note else "")

    async def _wish(self, conn: AsyncConnection, promise: Row[Any]) -> Wish:
        """The promise as it is."""
        person = await person_by_id(conn, promise.customer_id)
        return Wish(
            customer_id=promise.customer_id,
            number=promise.number,
            language=(person.language if person else None) or self._rooms.house.language,
            due_at=promise.promised_at,
            agent_id=promise.agent_id,
            reason=promise.reason,
            by=BY_LINK,
        )

    async def _read(self, conn: AsyncConnection, promise_id: str, *, lock: bool = False) -> Row[Any]:
        """Raises Gone."""
        promise = await self._rooms.promises.read(conn, promise_id, lock=lock)
        if promise is None:  # its person has been erased
            raise Gone
        if promise.state not in OPEN:
            ended_at = await _ended_at(conn, promise)
            if self._rooms.clock.now() > ended_at + KEPT_AFTER_THE_END:
                raise Gone
        return promise

    async def _speaker(self, conn: AsyncConnection, promise: Row[Any]) -> Speaker:
        person, now = await person_by_id(conn, promise.customer_id), self._rooms.clock.now()
        language = (person.language if person else None) or self._rooms.house.language
        return replace(self._rooms.speaker(person, language, 0, now), zone=promise.zone)

    def _plain(self, key: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
        house = self._rooms.house
        return self._html(
            plain(self._rooms.speaker(None, house.language, 0, self._rooms.clock.now()), key), status, headers
        )

    def _html(self, shown: View, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return HTMLResponse(_TEMPLATE.render(page=shown), status, {**_HEADERS, **(headers or {})})


async def _style(request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return FileResponse(FOLDER / "page.css", headers=headers)


async def _ended_at(conn: AsyncConnection, promise: Row[Any]) -> datetime:
    last = select(func.max(callback_history.c.at)).where(callback_history.c.callback_id == promise.id)
    at: datetime = promise.kept_at or await conn.scalar(last) or promise.promised_at
    return at


def _asked(query: Mapping[str, str]) -> Asked:
    return Asked(query.get("done"), query.get("ask") == "cancel", _instant(query.get("wanted")))


def _instant(text: str | None) -> datetime | None:
    """Seconds since the epoch, as our own forms and addresses carry them."""
    try:
        return datetime.fromtimestamp(int(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _wall(form: Form, zone: str) -> datetime | None:
    """What a date and a time field were filled in with, by the clock of `zone`."""
    try:
        return instant_of(f"{form.get('day', '')}T{form.get('hour', '')}", zone)
    except (ValueError, OverflowError):
        return None
