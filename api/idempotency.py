"""`Idempotency-Key` on every POST: the same question twice is done once and answered twice.

Only answers of success are kept: a refusal has changed nothing, so the same key may try again.  An answer may tell
of a person, so it goes after a day, and with the person (`forget`).  What an answer tells once and never again, under
`SECRET` in an answer that says "no-store", is not kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row, Text, and_, cast, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem
from api.tables import idempotency_keys as keys
from api.tokens import PRINCIPAL, Principal
from store.clock import Clock
from store.sql import Database

log = structlog.get_logger()
KEPT = timedelta(hours=24)
ABANDONED = timedelta(seconds=60)  # the process that had begun the work is gone
LONGEST_KEY = 255
SECRET = "token"
WORDS_AT_ONCE = 50


async def forget(conn: AsyncConnection, mentioned: Sequence[str]) -> None:
    """Drops the kept answers in which any of these words, such as ids and numbers, occurs."""
    answer = cast(keys.c.answer, Text)
    for start in range(0, len(mentioned), WORDS_AT_ONCE):
        some = mentioned[start : start + WORDS_AT_ONCE]
        await conn.execute(delete(keys).where(or_(*(answer.contains(word, autoescape=True) for word in some))))


class Idempotency:
    """Stands between the check of the token and the operations."""

    def __init__(self, app: ASGIApp, database: Database, clock: Clock) -> None:
        self._app, self._database, self._clock = app, database, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get("idempotency-key") if scope.get("method") == "POST" else None
        principal: Principal | None = scope.get(PRINCIPAL)
        if key is None or principal is None:
            await self._app(scope, receive, send)
            return
        if not 0 < len(key) <= LONGEST_KEY:
            refusal = Problem(422, None, f"A key has 1 to {LONGEST_KEY} characters.", "Idempotency-Key")
            await refusal.response()(scope, receive, send)
            return
        try:
            body = await _whole_body(receive)
        except HTTPException as error:
            await Problem(error.status_code, None, error.detail).response()(scope, receive, send)
            return
        question = _Question(principal.token_id, key, _digest(scope, body))
        earlier = await self._claim(question)
        if earlier is not None:
            await _answer_again(earlier, question)(scope, receive, send)
            return
        await self._answer_once(question, scope, body, send)

    async def _claim(self, question: _Question) -> _Earlier | None:
        """None: the key is ours, do the work."""
        now = self._clock.now()
        try:
            async with self._database.write() as conn:
                await conn.execute(delete(keys).where(_outlived(now)))
                row = (await conn.execute(select(keys).where(question.row()))).one_or_none()
                if row is not None:
                    return _Earlier.of(row)
                values = {"token_id": question.token_id, "key": question.key, "digest": question.digest}
                await conn.execute(insert(keys).values(**values, made_at=now))
        except IntegrityError:
            return _Earlier(question.digest, None, None)  # the same key came in at the same moment and was first
        return None

    async def _answer_once(self, question: _Question, scope: Scope, body: bytes, send: Send) -> None:
        sent: list[Message] = []

        async def collect(message: Message) -> None:
            sent.append(message)

        try:
            await self._app(scope, _replayed(body), collect)
        except BaseException:
            await self._release(question)
            raise
        status = sent[0]["status"] if sent else 500
        if 200 <= status < 300:
            body = b"".join(message.get("body", b"") for message in sent[1:])
            await self._keep(question, status, body, secret="no-store" in _cache_control(sent[0]))
        else:
            await self._release(question)
        for message in sent:
            await send(message)

    async def _keep(self, question: _Question, status: int, body: bytes, *, secret: bool) -> None:
        answer = json.loads(body) if body else None
        if secret and isinstance(answer, dict) and SECRET in answer:
            answer[SECRET] = None
        try:
            async with self._database.write() as conn:
                await conn.execute(update(keys).where(question.row()).values(status=status, answer=answer))
        except SQLAlchemyError as error:  # the work is done: its answer counts more than its copy
            log.warning("idempotent_answer_not_kept", error=type(error).__name__)

    async def _release(self, question: _Question) -> None:
        try:
            async with self._database.write() as conn:
                await conn.execute(delete(keys).where(question.row()))
        except SQLAlchemyError as error:  # it runs out by itself
            log.warning("idempotency_key_not_released", error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class _Question:
    token_id: str
    key: str
    digest: str

    def row(self) -> Any:
        return and_(keys.c.token_id == self.token_id, keys.c.key == self.key)


@dataclass(frozen=True, slots=True)
class _Earlier:
    digest: str
    status: int | None
    answer: Any

    @classmethod
    def of(cls, row: Row[Any]) -> _Earlier:
        return cls(row.digest, row.status, row.answer)


def _answer_again(earlier: _Earlier, question: _Question) -> Response:
    if earlier.digest != question.digest:
        detail = "This key has been used for another request."
        code = "idempotency_key_reused"
        return Problem(422, "Idempotency key reused", detail, "Idempotency-Key", code=code).response()
    if earlier.status is None:
        detail = "The first request with this key is still running."
        headers = {"Retry-After": "1"}
        return Problem(409, None, detail, headers=headers, code="idempotency_key_in_use").response()
    headers = {"Idempotency-Replayed": "true"}
    if earlier.answer is None:
        return Response(status_code=earlier.status, headers=headers)
    return JSONResponse(earlier.answer, status_code=earlier.status, headers=headers)


def _cache_control(start: Message) -> str:
    return Headers(raw=list(start.get("headers", ()))).get("cache-control", "")


def _outlived(now: datetime) -> Any:
    abandoned = and_(keys.c.status.is_(None), keys.c.made_at < now - ABANDONED)
    return or_(keys.c.made_at < now - KEPT, abandoned)


def _digest(scope: Scope, body: bytes) -> str:
    """Of method, address and body; the order of a JSON object's members does not count."""
    with suppress(ValueError, RecursionError):  # not JSON: the operation will say so
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    parts = (scope["method"].encode(), scope["path"].encode("utf-8", "surrogatepass"), scope["query_string"], body)
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


async def _whole_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replayed(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
