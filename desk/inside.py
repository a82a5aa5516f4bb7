"""The demo's front page: how to make the first call, the telephones, and beside them what happens inside.

Only the demo serves it, on loopback: it asks nobody who they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from desk.live import LiveFeed, event_stream

STATIC = Path(__file__).parent / "static"

Snapshot = Callable[[], Awaitable[Mapping[str, Any]]]


def routes(feed: LiveFeed, snapshot: Snapshot, book: Mapping[str, Any]) -> list[BaseRoute]:
    """`snapshot` gives agents, calls, callbacks as they are; `book` the company, its line, the phone page, people."""

    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "inside.html", headers={"Cache-Control": "no-cache"})

    async def the_book(request: Request) -> Response:
        return JSONResponse(dict(book))

    async def now(request: Request) -> Response:
        last = await feed.newest()  # read first: an event seen twice does no harm, one never seen would
        return JSONResponse({"last": last, **await snapshot()})

    async def events(request: Request) -> Response:
        return event_stream(feed, request)

    return [
        Route("/", page),
        Route("/inside/book.json", the_book),
        Route("/inside/now.json", now),
        Route("/inside/events", events),
        Mount("/inside/static", StaticFiles(directory=STATIC)),
    ]
