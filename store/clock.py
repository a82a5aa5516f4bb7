"""The time, handed in: real in production, wound by hand in tests and simulations.

Work that waits for time or for news waits through the clock, never through asyncio directly, so that a
virtual clock knows when everybody is waiting and may jump to the next moment at which something happens.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol


class Alarm(Protocol):
    """Wakes whoever waits; a ring with nobody waiting is kept for the next one who does."""

    def ring(self) -> None: ...

    async def wait(self, timeout: float | None = None) -> bool:
        """True when rung, False when `timeout` seconds passed first."""
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    def alarm(self) -> Alarm: ...

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Background work that the clock keeps alive and, when virtual, waits for."""
        ...


class _RealAlarm:
    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout: float | None = None) -> bool:
        try:
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class SystemClock:
    """The machine's own clock."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def alarm(self) -> Alarm:
        return _RealAlarm()

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _VirtualAlarm:
    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._rung = False
        self._waiting: asyncio.Future[bool] | None = None

    def ring(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._clock._wake(self._waiting, True)
        else:
            self._rung = True

    async def wait(self, timeout: float | None = None) -> bool:
        if self._rung:
            self._rung = False
            return True
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            return await self._clock._park(self._waiting, timeout)
        finally:
            self._waiting = None


class VirtualClock:
    """Time that stands still until `advance` or `run_until`, then jumps from event to event.

    It jumps only while all spawned work is parked in `sleep` or an alarm; work that waits for a database or a
    socket holds time still.  One alarm serves one waiter.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)  # goes on only forwards; what is shown may be `_off` from it
        self._off = timedelta()
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._timers: list[tuple[datetime, int, asyncio.Future[bool]]] = []
        self._order = itertools.count()
        self._tasks: set[asyncio.Task[Any]] = set()

    def now(self) -> datetime:
        return self._now + self._off

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock, forth or back: no time passes, and who sleeps wakes after as long as before."""
        self._off += timedelta(seconds=seconds)

    def alarm(self) -> Alarm:
        return _VirtualAlarm(self)

    async def sleep(self, seconds: float) -> None:
        await self._park(asyncio.get_running_loop().create_future(), max(seconds, 0.0))

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        self._mark_busy()
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass, with everything that happens in them."""
        await self._run(self._now + timedelta(seconds=seconds), lambda: False)

    async def run_until(self, condition: Callable[[], bool], limit: float = 600.0) -> None:
        """Let time pass until `condition` holds.  Raises TimeoutError after `limit` virtual seconds."""
        end = self._now + timedelta(seconds=limit)
        await self._run(end, condition)
        if not condition():
            raise TimeoutError(f"not so within {limit:g} virtual seconds")

    async def _run(self, end: datetime, condition: Callable[[], bool]) -> None:
        while True:
            await self._settle()
            if condition():
                return
            due_at = self._next_due()
            if due_at is None or due_at > end:
                self._now = end
                return
            self._now = max(self._now, due_at)
            self._wake_next()

    def _next_due(self) -> datetime | None:
        while self._timers and self._timers[0][2].done():
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def _wake_next(self) -> None:
        self._wake(heapq.heappop(self._timers)[2], False)

    async def _settle(self) -> None:
        while True:
            async with asyncio.timeout(30):  # real seconds: work that never parks is a fault in a test
                await self._idle.wait()
            await asyncio.sleep(0)
            if self._idle.is_set():
                return

    async def _park(self, future: asyncio.Future[bool], timeout: float | None) -> bool:
        if timeout is not None:
            due = self._now + timedelta(seconds=timeout)
            heapq.heappush(self._timers, (due, next(self._order), future))
        self._mark_free()
        try:
            return await future
        except asyncio.CancelledError:
            if not future.done() or future.cancelled():
                self._mark_busy()  # nobody woke us: take back what parking gave away
            raise

    def _wake(self, future: asyncio.Future[bool], rung: bool) -> None:
        self._mark_busy()
        future.set_result(rung)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._mark_free()

    def _mark_busy(self) -> None:
        self._busy += 1
        self._idle.clear()

    def _mark_free(self) -> None:
        self._busy -= 1
        if self._busy <= 0:
            self._idle.set()
