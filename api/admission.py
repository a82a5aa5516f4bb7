"""What every request must pass before an operation sees it: a known token, a bearable size, JSON, storable text.

It also has the last word: whatever breaks behind it is answered as a problem and logged without anybody's data.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import structlog
from fastapi.exceptions import ResponseValidationError
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.fields import check_storable
from api.problems import FieldRefused, NotFound, Problem, field_name
from api.tokens import PRINCIPAL, Guard, not_identified
from store.faults import told

log = structlog.get_logger()


class Admission:
    """`open_paths` need no token; `largest_body` is in bytes."""

    def __init__(self, app: ASGIApp, guard: Guard, largest_body: int, open_paths: frozenset[str]) -> None:
        self._app, self._guard = app, guard
        self._largest_body, self._open_paths = largest_body, open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._admit(scope)
            await self._app(scope, receive, note)
        except Problem as problem:
            await problem.response()(scope, receive, send)
        except Exception as error:
            answer = _broken(error, scope).response()
            if begun:
                raise
            await answer(scope, receive, send)

    async def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path not in self._open_paths:
            # Asked from within by a signed-in user, it is known who asks; nothing from outside can write a scope.
            principal = scope.get(PRINCIPAL) or await self._guard.identify(headers.get("authorization"))
            if principal is None:
                raise not_identified(headers.get("authorization"))
            scope[PRINCIPAL] = principal
        _check_address(scope)
        self._check_body(scope["method"], headers)

    def _check_body(self, method: str, headers: Headers) -> None:
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > self._largest_body:
            raise Problem(413, None, f"A body has at most {self._largest_body} bytes.")
        carries_body = length not in ("", "0") or "transfer-encoding" in headers
        if method in ("POST", "PUT", "PATCH") and carries_body:
            media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != "application/json" and not (
                media_type.startswith("application/") and media_type.endswith("+json")
            ):
                raise Problem(415, None, "The body must be JSON, with Content-Type: application/json.")


def _check_address(scope: Scope) -> None:
    """No id and no question holds what a database cannot."""
    try:
        check_storable(scope["path"])
    except ValueError:
        raise NotFound("address") from None
    query = scope["query_string"].decode("latin-1")
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        try:
            check_storable(value)
        except ValueError as error:
            raise FieldRefused(name, str(error)) from None


def _broken(error: Exception, scope: Scope) -> Problem:
    """Logged by kind and place only: messages of databases and validators quote the data."""
    kind = type(error).__name__
    route = getattr(scope.get("route"), "path", None)
    if isinstance(error, (OperationalError, TimeoutError)) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        log.warning("api_store_away", error=kind, method=scope["method"], route=route)
        return Problem(503, None, "The store is away for a moment; nothing was changed.", headers={"Retry-After": "1"})
    details = told(error)
    if isinstance(error, ResponseValidationError):
        details["fields"] = [field_name(found["loc"]) for found in error.errors()]
    log.error("api_failed", method=scope["method"], route=route, **details)
    return Problem(500, None, "Something broke on our side; it has been logged.")
