"""Redis: what makes it quick and may vanish.  A Redis that is away costs latency, never a fact and never an exception.

Everything kept here can be rebuilt from SQL.  Nudges only say "look again": one that is lost costs a poll.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import uuid4

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = structlog.get_logger()

TIMEOUT_SECONDS = 0.2
REST_SECONDS = 1.0
POOL_SIZE = 50
_AWAY = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError, OSError)

Answer = TypeVar("Answer")


def connect(url: str, *, timeout: float = TIMEOUT_SECONDS) -> Redis:
    """A client that gives up after 200 ms and never tries twice; text in, text out."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=POOL_SIZE,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    return Redis.from_pool(pool)


class Live:
    """Asks Redis while it answers.  After a failure it is left alone for a second, then one caller tries it again."""

    def __init__(
        self, redis: Redis, *, monotonic: Callable[[], float] = time.monotonic, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self.redis = redis
        self._monotonic, self._timeout = monotonic, timeout
        self._away = False
        self._next_try = 0.0

    async def ask(self, call: Callable[[Redis], Awaitable[Answer]]) -> Answer | None:
        """What `call` answers; None when Redis is away.  A command that Redis refuses still raises: it is a bug."""
        if self._away:
            if self._monotonic() < self._next_try:
                return None
            self._rest()  # those who come while this one tries do not wait for it
        try:
            async with asyncio.timeout(2 * self._timeout):  # connecting, greeting and asking have one limit each
                answer = await call(self.redis)
        except _AWAY as error:
            self._rest()
            if not self._away:
                log.warning("redis_away", error=type(error).__name__)
            self._away = True
            return None
        if self._away:
            log.info("redis_back")
            self._away = False
        return answer

    async def up(self) -> bool:
        return await self.ask(_ping) is True

    async def close(self) -> None:
        await self.redis.aclose()

    def _rest(self) -> None:
        self._next_try = self._monotonic() + REST_SECONDS


async def _ping(redis: Redis) -> bool:
    return bool(await redis.ping())


class Nudges:
    """ "Look again", by name, to every process.  Within this one it works without Redis as well."""

    def __init__(self, live: Live, *, channel: str = "{centralino}:nudges") -> None:
        self._live, self._channel = live, channel
        self._origin = uuid4().hex
        self._listeners: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def listen(self, name: str, callback: Callable[[], None]) -> None:
        """`callback` must only ring an alarm or the like: it is called often, and sometimes for nothing."""
        self._listeners[name].append(callback)

    async def publish(self, name: str) -> bool:
        """False when the other processes could not be told; they will see at their next poll."""
        self._call(name)
        message = f"{self._origin} {name}"

        async def send(redis: Redis) -> int:
            return int(await redis.publish(self._channel, message))

        return await self._live.ask(send) is not None

    async def run(self) -> None:
        """Hears the other processes until cancelled; comes back by itself after Redis was away.

        Waits for a socket: on a virtual clock's list of spawned work it would hold time still.
        """
        while True:
            try:
                await self._hear()
            except _AWAY:
                await asyncio.sleep(REST_SECONDS)

    async def _hear(self) -> None:
        async with self._live.redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(self._channel)
            for name in list(self._listeners):
                self._call(name)  # whatever was said while nobody could hear
            while True:
                message = await pubsub.get_message(timeout=REST_SECONDS)
                if message is None:
                    continue
                origin, _, name = str(message["data"]).partition(" ")
                if origin != self._origin:
                    self._call(name)

    def _call(self, name: str) -> None:
        for callback in self._listeners.get(name, ()):
            callback()
