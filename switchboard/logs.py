"""One JSON object a line on stderr, ours and the libraries' alike, without anybody's number or key in it."""

from __future__ import annotations

import logging
import re
import sys
import time
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

_NUMBER = re.compile(r"(?<![0-9A-Za-z.:-])\+?\d{5,}(?=\d{2}(?![0-9A-Za-z]))")
_SECRET = re.compile(
    r"(?i)(\bbearer\s+|token=|password=|/(?:p|invite)/(?=[\w-]{40}))[^\s&\"'?]+|(://[^/@\s:]*:)[^/@\s]+(?=@)"
)


def mask(text: str) -> str:
    """A phone number keeps its last two digits, a key nothing."""
    return _NUMBER.sub("…", _SECRET.sub(lambda found: f"{found[1] or found[2]}…", text))


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(item) for item in value]
    return value


def _mask_event(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: value if key == "timestamp" else _masked(value) for key, value in event.items()}


def configure(level: str = "INFO") -> None:
    """For the whole process.  A library's record takes the same road as our own."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _mask_event,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("twilio", "aiosqlite", "alembic", "asyncio"):
        logging.getLogger(name).setLevel("WARNING")  # they tell every step otherwise, or whole requests


_OURS = re.compile(r"(?!\d+$)(?:[a-z]{2,4}_)?[0-9a-z]{26}|[A-Z]{2}[0-9a-f]{32}|\d{1,9}")  # ids, SIDs, versions


def told(scope: Scope, path: str, status: int) -> str:
    """The path without what somebody typed into it in place of an id: that may be a name.

    Of a path that leads nowhere everything may be; only its beginning is told, and that it was longer.
    """
    given = {part for value in scope.get("path_params", {}).values() for part in str(value).split("/")} - {""}
    if not given and status == 404 and path.count("/") > 2:
        return "/".join([*path.split("/")[:3], "…"])
    parts = [part if part not in given or _OURS.fullmatch(part) else "…" for part in path.split("/")]
    return "/".join(parts)


class RequestLog:
    """ASGI middleware: method, path, status and milliseconds; never a query string, which may hold a number."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        begun = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path = scope["path"]  # before a mounted app shortens it
        try:
            await self._app(scope, receive, watch)
        finally:
            milliseconds = round((time.perf_counter() - begun) * 1000, 1)
            shown = told(scope, path, status)
            log.info("request", method=scope["method"], path=shown, status=status, ms=milliseconds)
