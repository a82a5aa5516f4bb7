from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Row, Table, Text, insert, select, update

from store.clock import SystemClock, VirtualClock
from store.due import LONGEST_LEASE, DueLoop, claim, due_columns
from store.sql import Database

pytestmark = pytest.mark.anyio

private = MetaData()
jobs = Table("jobs", private, Column("id", Text, primary_key=True), *due_columns())
LEASE = timedelta(seconds=15)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Database]:
    """With a table of jobs beside the rooms' own."""
    async with database.write() as connection:
        await connection.run_sync(private.create_all)
    yield database
    async with database.write() as connection:
        await connection.run_sync(private.drop_all)


async def put(store: Database, due: dict[str, datetime]) -> None:
    async with store.write() as connection:
        await connection.execute(insert(jobs), [{"id": name, "due_at": at} for name, at in due.items()])


async def take(store: Database, now: datetime, owner: str = "me", limit: int = 10) -> list[str]:
    async with store.write() as connection:
        rows = await claim(connection, jobs, owner=owner, now=now, lease=LEASE, limit=limit)
    return [row.id for row in rows]


async def test_only_what_is_due_is_taken_and_the_oldest_first(store: Database, clock: VirtualClock) -> None:
    now = clock.now()
    await put(store, {"b": now - timedelta(seconds=1), "a": now - timedelta(seconds=9), "later": now + LEASE})
    assert await take(store, now) == ["a", "b"]
    assert await take(store, now + LEASE + timedelta(seconds=1), limit=1) == ["a"]


async def test_a_row_under_lease_is_its_owners_until_the_lease_ends(store: Database, clock: VirtualClock) -> None:
    now = clock.now()
    await put(store, {"a": now})
    assert await take(store, now, "one") == ["a"]
    assert await take(store, now + LEASE, "other") == []
    assert await take(store, now + LEASE + timedelta(milliseconds=1), "other") == ["a"]


async def test_twenty_workers_who_claim_at_once_share_two_hundred_rows(store: Database, clock: VirtualClock) -> None:
    now = clock.now()
    await put(store, {f"job{number:03}": now for number in range(200)})

    async def until_empty(owner: str) -> list[str]:
        taken: list[str] = []
        while more := await take(store, now, owner):
            taken += more
        return taken

    shares = await asyncio.gather(*(until_empty(f"worker{number}") for number in range(20)))
    counted = Counter(name for share in shares for name in share)
    assert len(counted) == 200
    assert set(counted.values()) == {1}


async def test_a_lease_of_a_clock_that_has_been_set_back_holds_nobody_up(store: Database, clock: VirtualClock) -> None:
    now = clock.now()
    await put(store, {"a": now})
    assert await take(store, now + timedelta(hours=1), "one") == ["a"]
    assert await take(store, now, "other") == ["a"]


async def test_no_lease_is_so_long_that_it_looks_like_one_of_a_wrong_clock(
    store: Database, clock: VirtualClock
) -> None:
    with pytest.raises(ValueError, match="wrong clock"):
        async with store.write() as connection:
            await claim(connection, jobs, owner="me", now=clock.now(), lease=LONGEST_LEASE + timedelta(seconds=1))


class Worker:
    """A due loop with a diary of what it worked on, and when."""

    def __init__(
        self, store: Database, clock: VirtualClock, *, fail_first: bool = False, seconds: float = 0, **more: Any
    ) -> None:
        self._store, self._clock, self._fail, self._seconds = store, clock, fail_first, seconds
        self._began = clock.now()
        self.diary: list[tuple[str, float]] = []
        self.loop = DueLoop(store, clock, jobs, self._work, owner="worker", lease=LEASE, **({"poll": 30} | more))
        self._task = clock.spawn(self.loop.run(), "worker")

    async def _work(self, row: Row[Any]) -> None:
        self.diary.append((row.id, (self._clock.now() - self._began).total_seconds()))
        if self._fail:
            self._fail = False
            raise RuntimeError("the first one fails")
        if self._seconds:
            await self._clock.sleep(self._seconds)
        async with self._store.write() as connection:
            await connection.execute(update(jobs).where(jobs.c.id == row.id).values(due_at=None, lease_until=None))

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_a_loop_works_each_row_at_its_second_and_once(store: Database, clock: VirtualClock) -> None:
    now = clock.now()
    await put(store, {"a": now + timedelta(seconds=3), "b": now + timedelta(seconds=20), "c": now + timedelta(hours=1)})
    worker = Worker(store, clock)
    await clock.advance(120)
    assert [(name, round(at)) for name, at in worker.diary] == [("a", 3), ("b", 20)]
    await worker.stop()


async def test_a_nudge_wakes_the_loop_before_its_poll(store: Database, clock: VirtualClock) -> None:
    worker = Worker(store, clock)
    await clock.advance(1)
    await put(store, {"a": clock.now()})
    await clock.advance(1)
    assert worker.diary == []
    worker.loop.nudge()
    await clock.advance(0.001)
    assert [name for name, _ in worker.diary] == ["a"]
    await worker.stop()


async def test_work_that_failed_comes_back_when_its_lease_has_run_out(store: Database, clock: VirtualClock) -> None:
    await put(store, {"a": clock.now()})
    worker = Worker(store, clock, fail_first=True)
    await clock.advance(120)
    (first, second) = worker.diary
    assert first == ("a", 0.0)
    assert second[0] == "a"
    assert second[1] > LEASE.total_seconds()
    await worker.stop()


async def test_of_a_burst_only_so_many_are_in_hand_at_once(store: Database, clock: VirtualClock) -> None:
    await put(store, {f"job{number}": clock.now() for number in range(10)})
    worker = Worker(store, clock, seconds=5, limit=4)
    await clock.advance(4)
    assert len(worker.diary) == 4
    await clock.advance(60)
    assert [round(at) for _, at in worker.diary] == [0] * 4 + [5] * 4 + [10] * 2
    assert len({name for name, _ in worker.diary}) == 10
    await worker.stop()


async def test_what_is_in_hand_is_worked_on_a_few_at_once_and_not_after_its_lease(
    store: Database, clock: VirtualClock
) -> None:
    await put(store, {f"job{number}": clock.now() for number in range(8)})
    worker = Worker(store, clock, seconds=6, limit=8, at_once=2)
    await clock.advance(17)
    assert [round(at) for _, at in worker.diary] == [0, 0, 6, 6, 12, 12]  # at 18 the lease is over
    await clock.advance(60)
    assert len({name for name, _ in worker.diary}) == len(worker.diary) == 8
    await worker.stop()


async def test_what_is_held_is_left_to_others_until_it_is_let_go(store: Database, clock: VirtualClock) -> None:
    held = True
    await put(store, {"a": clock.now()})
    worker = Worker(store, clock, poll=1, held=lambda: held)
    await clock.advance(20)
    assert worker.diary == []
    assert await take(store, clock.now(), "other") == ["a"]
    held = False
    await clock.advance(LEASE.total_seconds() + 2)
    assert [name for name, _ in worker.diary] == ["a"]
    await worker.stop()


class PausedClock(VirtualClock):
    """The process stands still between the claim of a row and the work on it, once, for longer than the lease."""

    paused = False

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        if name == "due-jobs" and not self.paused:
            self.paused = True
            self.jump(LEASE.total_seconds() + 1)
        return super().spawn(work, name)


async def test_a_row_whose_lease_ran_out_before_the_work_began_is_left_alone(
    store: Database, clock: VirtualClock
) -> None:
    clock = PausedClock(clock.now())
    await put(store, {"a": clock.now()})
    worker = Worker(store, clock)
    worker.loop._held = lambda: clock.paused  # it does not claim it again itself
    await clock.advance(60)
    assert clock.paused
    assert worker.diary == []
    assert await take(store, clock.now(), "other") == ["a"]
    await worker.stop()


@pytest.mark.parametrize("seconds", [120, -120, 3600, -3600])
async def test_when_the_clock_is_set_nothing_is_lost_and_nothing_is_worked_twice(
    store: Database, clock: VirtualClock, seconds: float
) -> None:
    """One is in hand at that moment, one waits, and one is due much later: each by the time that is shown."""
    due, poll = {"a": 1, "b": 60, "c": 4000}, 60
    await put(store, {name: clock.now() + timedelta(seconds=after) for name, after in due.items()})
    worker = Worker(store, clock, seconds=5, poll=poll)
    await clock.advance(3)
    clock.jump(seconds)
    await clock.advance(8000)
    assert [name for name, _ in worker.diary] == ["a", "b", "c"]
    assert all(due[name] <= at <= max(due[name], 3 + seconds) + poll for name, at in worker.diary)
    await worker.stop()


async def test_a_loop_outlives_a_database_that_is_away(tmp_path: Path) -> None:
    from sqlalchemy import make_url

    database, clock = Database(make_url(f"sqlite+aiosqlite:///{tmp_path}/away.db")), SystemClock()
    worked = clock.alarm()

    async def work(row: Row[Any]) -> None:
        worked.ring()

    task = clock.spawn(DueLoop(database, clock, jobs, work, owner="w", poll=0.01).run(), "loop")
    await clock.sleep(0.05)
    assert not task.done()
    async with database.write() as connection:
        await connection.run_sync(private.create_all)
    await put(database, {"a": clock.now()})
    assert await worked.wait(5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await database.close()


@dataclass(frozen=True)
class Note:
    what: str
    job: str
    who: str
    at: float


class Crew:
    """Worker processes that share a diary."""

    def __init__(self, store: Database, diary: Path, root: Path) -> None:
        self._url, self._diary, self._root = store.url.render_as_string(hide_password=False), diary, root
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    async def hire(self, name: str, *, lease: float, work: float) -> None:
        arguments = [self._url, name, str(lease), str(work), str(self._diary)]
        self._processes[name] = subprocess.Popen(
            [sys.executable, "-m", "tests.store.due_worker", *arguments], cwd=self._root
        )
        await self.until(lambda notes: any(note.what == "ready" and note.who == name for note in notes))

    def send(self, name: str, number: signal.Signals) -> None:
        self._processes[name].send_signal(number)

    def notes(self) -> list[Note]:
        if not self._diary.exists():
            return []
        lines = (line.split() for line in self._diary.read_text().splitlines())
        return [Note(what, job, who, float(at)) for what, job, who, at in lines]

    async def until(self, condition: Callable[[list[Note]], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition(self.notes()):
                await asyncio.sleep(0.02)

    def dismiss(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()


@contextmanager
def crew_of(store: Database, diary: Path, root: Path) -> Iterator[Crew]:
    crew = Crew(store, diary, root)
    try:
        yield crew
    finally:
        crew.dismiss()


async def test_of_two_worker_processes_one_is_killed_and_every_job_is_done_once(
    store: Database, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    lease = 1.5
    with crew_of(store, tmp_path / "diary", pytestconfig.rootpath) as crew:
        await crew.hire("mortal", lease=lease, work=60)
        await crew.hire("other", lease=lease, work=0.01)
        crew.send("other", signal.SIGSTOP)
        await put(store, {f"early{number}": SystemClock().now() for number in range(4)})
        await crew.until(lambda notes: sum(note.what == "begun" for note in notes) == 4)
        crew.send("mortal", signal.SIGKILL)
        await put(store, {f"late{number}": SystemClock().now() for number in range(8)})
        crew.send("other", signal.SIGCONT)
        await crew.until(lambda notes: sum(note.what == "done" for note in notes) >= 12)
    notes = crew.notes()
    done = Counter(note.job for note in notes if note.what == "done")
    begun = Counter(note.job for note in notes if note.what == "begun")
    left_by_the_dead = {note.job: note.at for note in notes if note.what == "begun" and note.who == "mortal"}
    assert set(done.values()) == {1}
    assert len(done) == 12
    assert {job for job, times in begun.items() if times > 1} == set(left_by_the_dead)
    for note in notes:
        if note.what == "begun" and note.who == "other" and note.job in left_by_the_dead:
            assert note.at >= left_by_the_dead[note.job] + lease - 0.2, "taken before the lease had run out"
    async with store.read() as connection:
        assert (await connection.scalars(select(jobs.c.id).where(jobs.c.due_at.is_not(None)))).all() == []
