"""The live feed: in order, once, resumable, from any process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from desk.live import BATCH, GAP, LiveFeed, News, event_stream
from store.clock import VirtualClock
from store.events import emit
from store.sql import Database
from store.tables import events

pytestmark = pytest.mark.anyio

ERASED = "erased"


async def as_it_is(connection: AsyncConnection, ref: str) -> Mapping[str, Any] | None:
    return None if ref == ERASED else {"id": ref}


@asynccontextmanager
async def reading(database: Database, clock: VirtualClock) -> AsyncIterator[LiveFeed]:
    feed = LiveFeed(database, clock, {"call.changed": as_it_is, "agent.changed": as_it_is})
    task = clock.spawn(feed.run(), "feed")
    try:
        yield feed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def feed(database: Database, clock: VirtualClock) -> AsyncIterator[LiveFeed]:
    async with reading(database, clock) as feed:
        yield feed


async def write(database: Database, clock: VirtualClock, *refs: str, type: str = "call.changed") -> None:
    async with database.write() as connection:
        for ref in refs:
            await emit(connection, type, ref, clock.now())


async def write_numbered(database: Database, clock: VirtualClock, number: int, ref: str) -> None:
    """As another process would that got its number earlier or later than it commits."""
    row = {"id": number, "at": clock.now(), "type": "call.changed", "ref": ref}
    async with database.write() as connection:
        await connection.execute(insert(events).values(row))


async def take(stream: AsyncIterator[News], n: int) -> list[str]:
    async with asyncio.timeout(5):
        return [(await anext(stream)).body["id"] for _ in range(n)]


class Browser:
    """Somebody who keeps a stream open and remembers what it brought."""

    def __init__(self, feed: LiveFeed, clock: VirtualClock, after: int | None) -> None:
        self._clock = clock
        self.heard: list[str] = []
        self._task = asyncio.create_task(self._listen(feed.stream(after)))

    async def _listen(self, stream: AsyncIterator[News]) -> None:
        async for news in stream:
            self.heard.append(news.body["id"])

    async def hears(self, *refs: str) -> None:
        """Lets as much time pass as it takes to hear exactly these."""
        async with asyncio.timeout(5):
            while len(self.heard) < len(refs):
                await self._clock.advance(0.1)
        assert self.heard == list(refs)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def browser(database: Database, clock: VirtualClock, feed: LiveFeed) -> AsyncIterator[Browser]:
    """Has heard event number 1."""
    await write(database, clock, "first")
    browser = Browser(feed, clock, 0)
    await browser.hears("first")
    yield browser
    await browser.close()


async def test_a_stream_tells_everything_in_order(database: Database, clock: VirtualClock, feed: LiveFeed) -> None:
    stream = feed.stream(0)
    await write(database, clock, "one", "two")
    assert await take(stream, 2) == ["one", "two"]
    await write(database, clock, "three")
    feed.nudge()
    assert await take(stream, 1) == ["three"]
    await stream.aclose()


async def test_without_a_nudge_the_next_poll_finds_it(
    database: Database, clock: VirtualClock, browser: Browser
) -> None:
    await write(database, clock, "second")
    await browser.hears("first", "second")


async def test_a_stream_goes_on_after_the_last_one_seen_also_in_another_process(
    database: Database, clock: VirtualClock
) -> None:
    await write(database, clock, "seen", "missed", "missed too")
    async with reading(database, clock) as feed:
        stream = feed.stream(1)
        assert await take(stream, 2) == ["missed", "missed too"]
        await stream.aclose()


async def test_what_has_been_erased_is_left_out(database: Database, clock: VirtualClock, feed: LiveFeed) -> None:
    await write(database, clock, "one", ERASED, "three")
    await write(database, clock, "nobody shows these", type="unknown.changed")
    await write(database, clock, "five")
    stream = feed.stream(0)
    assert await take(stream, 3) == ["one", "three", "five"]
    await stream.aclose()


async def test_a_long_absence_is_caught_up_in_full(database: Database, clock: VirtualClock, feed: LiveFeed) -> None:
    refs = [str(n) for n in range(BATCH + 5)]
    await write(database, clock, *refs)
    stream = feed.stream(0)
    assert await take(stream, len(refs)) == refs
    await stream.aclose()


async def test_a_number_that_is_still_being_written_is_waited_for(
    database: Database, clock: VirtualClock, browser: Browser
) -> None:
    await write_numbered(database, clock, 3, "third")
    for _ in range(5):
        await clock.advance(0.1)
    assert browser.heard == ["first"]
    await write_numbered(database, clock, 2, "second")
    await browser.hears("first", "second", "third")


async def test_a_number_that_never_comes_is_not_waited_for_for_ever(
    database: Database, clock: VirtualClock, browser: Browser
) -> None:
    began_at = clock.now()
    await write_numbered(database, clock, 3, "third")
    await browser.hears("first", "third")
    assert clock.now() - began_at >= GAP


async def test_a_browser_that_comes_back_names_the_last_one_it_saw(
    database: Database, clock: VirtualClock, feed: LiveFeed
) -> None:
    await write(database, clock, "one", "two")
    headers = [(b"last-event-id", b"1")]
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"after=0", "headers": headers})
    frames = event_stream(feed, request).body_iterator
    async with asyncio.timeout(5):
        frame = await anext(aiter(frames))
    assert frame == {"id": "2", "event": "call.changed", "data": '{"id": "two"}'}


async def test_a_stream_tells_only_what_may_be_seen(database: Database, clock: VirtualClock, feed: LiveFeed) -> None:
    await write(database, clock, "a call")
    await write(database, clock, "an agent", type="agent.changed")
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"after=0", "headers": []}
    response = event_stream(feed, Request(scope), may_see=lambda news: news.type == "agent.changed")
    async with asyncio.timeout(5):
        frame = await anext(aiter(response.body_iterator))
    assert '"an agent"' in str(frame)
