"""News of the live floor for browsers: one reader of the `events` table per process, any number of streams.

A stream may begin after any event that a browser has seen, also one from before this process started.  What an
object looks like is said by the views handed in; nothing is decided here.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sse_starlette import EventSourceResponse
from starlette.requests import Request

from store.clock import Clock
from store.sql import Database
from store.tables import events

View = Callable[[AsyncConnection, str], Awaitable[Mapping[str, Any] | None]]

POLL_SECONDS = 0.25
PING_SECONDS = 15
BATCH = 500
KEPT = 1000  # events that late streams find without asking the database
GAP = timedelta(seconds=1)  # a number that is missing for longer belongs to a transaction that was rolled back


@dataclass(frozen=True, slots=True)
class News:
    id: int
    type: str
    body: Mapping[str, Any]


class LiveFeed:
    """`run` reads while somebody listens; numbers are handed out in rising order, each once per stream."""

    def __init__(self, database: Database, clock: Clock, views: Mapping[str, View]) -> None:
        self._database, self._clock, self._views = database, clock, views
        self._look = clock.alarm()
        self._listeners: set[asyncio.Event] = set()
        self._kept: deque[News] = deque(maxlen=KEPT)
        self._from = 0  # everything after this number that is not in `_kept` has no view
        self._settled: int | None = None  # everything up to here has been read; None while nobody listens

    def nudge(self) -> None:
        """Something has been written: look now rather than at the next poll."""
        self._look.ring()

    async def run(self) -> None:
        while True:
            if self._listeners:
                await self._turn()
            else:
                self._settled = None
            await self._look.wait(POLL_SECONDS if self._listeners else None)

    async def newest(self) -> int:
        async with self._database.read() as connection:
            return int(await connection.scalar(select(func.max(events.c.id))) or 0)

    async def stream(self, after: int | None = None) -> AsyncGenerator[News, None]:
        """Without an end.  `after` None: only what happens from now on."""
        async with aclosing(self.batches(after)) as batches:
            async for _, found in batches:
                for news in found:
                    yield news

    async def batches(self, after: int | None = None) -> AsyncGenerator[tuple[int, Sequence[News]], None]:
        """As `stream`, whatever has come meanwhile at once, with the number up to which that is all.

        The first one comes at once and may be empty: it says where this stream begins.
        """
        woken = asyncio.Event()
        self._listeners.add(woken)
        try:
            at = await self.newest() if after is None else after
            self.nudge()
            yield at, ()
            while True:
                woken.clear()
                before = at
                reached, found = await self._since(at)
                at = max(at, reached)
                if found:
                    yield at, found
                elif at == before:
                    await woken.wait()
        finally:
            self._listeners.discard(woken)

    async def _since(self, at: int) -> tuple[int, Sequence[News]]:
        """What came after `at`, and up to which number that is all."""
        settled = self._settled
        if settled is None:
            return at, []
        if at >= self._from:
            return settled, [news for news in self._kept if news.id > at]
        async with self._database.read() as connection:
            rows = await self._rows(connection, events.c.id > at, events.c.id <= settled)
            return (rows[-1].id if rows else settled), await self._shown(connection, rows)

    async def _turn(self) -> None:
        async with self._database.read() as connection:
            if self._settled is None:
                self._settled = self._from = int(await connection.scalar(select(func.max(events.c.id))) or 0)
                self._kept.clear()
                self._wake()
            rows = self._in_order(await self._rows(connection, events.c.id > self._settled))
            if not rows:
                return
            shown = await self._shown(connection, rows)
        for news in shown:
            if len(self._kept) == KEPT:
                self._from = self._kept[0].id
            self._kept.append(news)
        self._settled = rows[-1].id
        self._wake()

    def _in_order(self, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        """Up to the first number that may still be committed by somebody slower."""
        taken: list[Row[Any]] = []
        expected = (self._settled or 0) + 1
        for row in rows:
            if row.id != expected and self._clock.now() - row.at < GAP:
                break
            taken.append(row)
            expected = row.id + 1
        return taken

    async def _rows(self, connection: AsyncConnection, *where: Any) -> Sequence[Row[Any]]:
        return (await connection.execute(select(events).where(*where).order_by(events.c.id).limit(BATCH))).all()

    async def _shown(self, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[News]:
        """Each object is loaded once, as it is now; what has been erased meanwhile is left out."""
        bodies: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        for row in rows:
            view = self._views.get(row.type)
            if view is not None and (row.type, row.ref) not in bodies:
                bodies[row.type, row.ref] = await view(connection, row.ref)
        found = ((row, bodies.get((row.type, row.ref))) for row in rows)
        return [News(row.id, row.type, body) for row, body in found if body is not None]

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.set()


def event_stream(
    feed: LiveFeed,
    request: Request,
    *,
    may_see: Callable[[News], bool] = lambda news: True,
    ends: Callable[[News], bool] = lambda news: False,
) -> EventSourceResponse:
    """Resumes after `Last-Event-ID`, or after the number in `?after=` for a browser's first connection.

    `ends`: whoever listens may not listen any more.
    """

    async def frames() -> AsyncIterator[dict[str, str]]:
        async for news in feed.stream(last_seen(request)):
            if ends(news):
                return
            if may_see(news):
                yield {"id": str(news.id), "event": news.type, "data": json.dumps(news.body, ensure_ascii=False)}

    return EventSourceResponse(frames(), ping=PING_SECONDS, headers={"Cache-Control": "no-store"})


def last_seen(request: Request) -> int | None:
    """What the browser says it has heard: `Last-Event-ID`, or `?after=` for its first connection."""
    given = request.headers.get("last-event-id") or request.query_params.get("after") or ""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
