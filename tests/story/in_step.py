"""`serve` in a process of its own, whose clock goes in step with the carrier's: whole stories over real sockets, with
PostgreSQL and an external Valkey, in virtual time.

Time moves only while both processes are at rest.  Whoever asks over HTTP is not at rest until the answer is there, so
that two looks at each of them, with nothing begun in between, see it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

from store.clock import VirtualClock
from switchboard import logs, serve
from switchboard.app import assemble, build
from switchboard.settings import Settings
from switchboard.stage import DEADLINE_SECONDS, POLL_SECONDS

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.story.in_step", "tests.story.warm"])
ANSWERS_WITHIN_SECONDS = 30  # real


@dataclass(frozen=True, slots=True)
class _At:
    """How it stands with a clock: how often anything was begun, and when the next thing is due."""

    rests: bool
    begun: int
    due_at: datetime | None


class _Counting(VirtualClock):
    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._begun = 0

    def _mark_busy(self) -> None:
        self._begun += 1
        super()._mark_busy()

    def at(self) -> _At:
        return _At(self._idle.is_set(), self._begun, self._next_due())


class _Led(_Counting):
    """The server's: moves when it is told to, through a pipe that is read by the event loop."""

    def __init__(self, start: datetime, pipe: Connection) -> None:
        super().__init__(start)
        self._pipe, self._listening = pipe, False

    def spawn(self, work: Any, name: str) -> asyncio.Task[Any]:
        if not self._listening:
            self._listening = True
            asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._obey)
        return super().spawn(work, name)

    def _obey(self) -> None:
        now, go_on = self._pipe.recv()
        if now is not None:
            self._now = now
        if go_on:
            self._wake_next()
        self._pipe.send(self.at())


class InStep(_Counting):
    """The test's and the carrier's: leads the server's."""

    def __init__(self, start: datetime, pipe: Connection) -> None:
        super().__init__(start)
        self._pipe = pipe

    async def _run(self, end: datetime, condition: Callable[[], bool]) -> None:
        while True:
            theirs = await self._both_rest()
            if condition():
                return
            mine, due_at = self._next_due(), theirs.due_at
            first = min((at for at in (mine, due_at) if at is not None), default=None)
            if first is None or first > end:
                self._now = end
                self._ask(end)
                return
            self._now = max(self._now, first)
            self._ask(self._now, go_on=due_at is not None and due_at <= first)
            if mine is not None and mine <= first:
                self._wake_next()

    async def _both_rest(self) -> _At:
        async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
            while True:
                await self._settle()
                before, theirs = self.at(), self._ask(None)
                await asyncio.sleep(0 if theirs.rests else 0.001)
                if theirs.rests and self._ask(None) == theirs and self.at() == before:
                    return theirs

    def _ask(self, now: datetime | None, *, go_on: bool = False) -> _At:
        self._pipe.send((now, go_on))
        if not self._pipe.poll(ANSWERS_WITHIN_SECONDS):
            raise TimeoutError("the server does not answer")
        answer: _At = self._pipe.recv()
        return answer


@contextmanager
def serving(settings: Settings, redis_url: str, start: datetime, listener: Any) -> Iterator[InStep]:
    """The server, killed at the end, and the clock that both of us have."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(settings.model_dump(), redis_url, listener, start, theirs))
    process.start()
    theirs.close()
    try:
        yield InStep(start, ours)
    finally:
        process.kill()
        process.join()
        ours.close()


def _serve(given: dict[str, Any], redis_url: str, listener: Any, start: datetime, pipe: Connection) -> None:
    logs.configure("WARNING")
    settings = Settings.model_construct(**given)
    clock = _Led(start, pipe)
    parts = assemble(settings, redis_url=redis_url, clock=clock, poll=POLL_SECONDS, deadline=DEADLINE_SECONDS)
    serve.run_server(build(parts), listener)
