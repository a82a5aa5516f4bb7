"""Eight keepers, 10,000 promises due at once, processes that stand still for longer than their lease: how often is each
person dialled?  `python -m bench.keepers [--write]`.

Real: the processes, PostgreSQL, `DueLoop`, `Keeper` with all its steps and checks, the attempts, and the ledger row by
which the carrier is asked to call.  Instead of telephones: whoever is rung answers, which this program tells the
database as the carrier's webhook would; and what stands in the ledger is counted and not sent.  The second run
leaves out what `Keeper` looks at under the promise's lock, and trusts in leases.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.engine import URL

from bench.postgres import postgres
from callbacks.keeping import agent_is_there
from callbacks.states import State
from callbacks.tables import callback_attempts, callbacks
from carrier.tables import effects
from store.clock import Clock, SystemClock
from store.sql import Database
from switchboard.tables import metadata

RESULTS = Path(__file__).parent / "results"
LINE = "+390699990000"
AT_ONCE = 200  # telephones that are answered in one transaction
PATIENCE_SECONDS = 3600  # a machine may have other things to do
TENTH = 10  # so few are enough to see what goes wrong
BEYOND = (0.5, 4.0)
ROOT = Path(__file__).parent.parent

_PEOPLE = """
INSERT INTO customers (id, tags, made_at, changed_at)
SELECT 'cus' || n, '[]', now(), now() FROM generate_series(1, :count) AS n
"""
_PROMISES = """
INSERT INTO callbacks (id, customer_id, number, from_number, promised_at, due_at, zone, window_seconds, kind, state,
                       made_at)
SELECT 'cb' || n, 'cus' || n, '+39333' || lpad(n::text, 7, '0'), :line, :at, :at, 'Europe/Rome', 3600, 'scheduled',
       'promised', :at
FROM generate_series(1, :count) AS n
"""


@dataclass
class Result:
    name: str
    promises: int
    seconds: float = 0.0
    pauses: int = 0
    longest_pause: float = 0.0
    worked: Counter[str] = field(default_factory=Counter)  # how the pieces of work went
    dials: int = 0
    dialled: int = 0  # promises
    attempts: int = 0

    @property
    def twice(self) -> int:
        return self.dials - self.dialled

    @property
    def lost(self) -> int:
        return self.promises - self.dialled

    @property
    def right(self) -> bool:
        return self.twice == self.lost == 0 and self.attempts == self.dials

    def figures(self) -> dict[str, Any]:
        return {
            "promises": self.promises,
            "dials": self.dials,
            "dialled twice": self.twice,
            "never dialled": self.lost,
            "attempts written down": self.attempts,
            "pauses beyond the lease": self.pauses,
            "the longest s": round(self.longest_pause, 1),
            "pieces of work": self.worked.total(),
            "of these failed": self.worked.total() - self.worked["worked"],
            "seconds": round(self.seconds, 1),
        }


class Crew:
    """The keepers' processes, of which some stand still."""

    def __init__(self, url: URL, count: int, *, lease: float, leases_only: bool) -> None:
        self._url, self._count, self.lease, self._leases_only = url, count, lease, leases_only
        self._processes: list[asyncio.subprocess.Process] = []
        self._readers: list[asyncio.Task[None]] = []
        self.worked: Counter[str] = Counter()

    async def hire(self) -> None:
        url = self._url.render_as_string(hide_password=False)
        options = ["--database", url, "--lease", str(self.lease), *(["--leases-only"] if self._leases_only else [])]
        for n in range(self._count):
            command = (sys.executable, "-m", "bench.keepers_worker", *options, "--keeper", f"keeper{n}")
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
            self._processes.append(process)
            self._readers.append(asyncio.create_task(self._read(process)))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self.worked[line.decode().strip()] += 1

    async def stand_still(self, which: int, seconds: float) -> None:
        process = self._processes[which]
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            process.send_signal(signal.SIGCONT)

    async def dismiss(self) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*(process.wait() for process in self._processes), *self._readers)


async def stage(database: Database, count: int) -> None:
    async with database.write() as conn:
        await conn.execute(text("SET LOCAL statement_timeout = 0"))
        await conn.execute(text(_PEOPLE), {"count": count})
        await conn.execute(text(_PROMISES), {"count": count, "line": LINE, "at": datetime.now(UTC)})


async def agents_answer(database: Database, clock: Clock, every: float = 0.05) -> None:
    """As the carrier's webhooks tell it: each agent who is rung has joined."""
    ringing = select(callbacks).where(callbacks.c.state == State.RINGING_AGENT, callbacks.c.due_at.is_(None))
    while True:
        async with database.write() as conn:
            rung = (await conn.execute(ringing.limit(AT_ONCE).with_for_update(skip_locked=True))).all()
            for promise in rung:
                await agent_is_there(conn, promise, now=clock.now())
        if not rung:
            await clock.sleep(every)


@asynccontextmanager
async def beside(*work: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def pauses(crew: Crew, keepers: int, result: Result, dice: random.Random, beyond: tuple[float, float]) -> None:
    """One after the other stands still for longer than its lease, up to half of them at once."""
    still: dict[int, asyncio.Task[None]] = {}
    try:
        while True:
            await asyncio.sleep(dice.uniform(0.2, 1.0) * crew.lease)
            still = {which: task for which, task in still.items() if not task.done()}
            moving = [which for which in range(keepers) if which not in still]
            if 2 * len(still) < keepers:
                seconds = crew.lease + dice.uniform(*beyond)
                which = dice.choice(moving)
                still[which] = asyncio.create_task(crew.stand_still(which, seconds))
                result.pauses, result.longest_pause = result.pauses + 1, max(result.longest_pause, seconds)
    finally:
        await asyncio.gather(*still.values())


async def all_dialled(database: Database, patience: float) -> None:
    open_ones = select(func.count()).where(callbacks.c.state.not_in((State.RINGING_CUSTOMER,)))
    async with asyncio.timeout(patience):
        while True:
            async with database.read() as conn:
                if not await conn.scalar(open_ones):
                    return
            await asyncio.sleep(0.2)


async def count(database: Database, result: Result) -> None:
    made = effects.c.kind == "create_call"
    async with database.read() as conn:
        result.dials = await conn.scalar(select(func.count()).where(made)) or 0
        result.dialled = await conn.scalar(select(func.count(effects.c.target.distinct())).where(made)) or 0
        result.attempts = await conn.scalar(select(func.count()).select_from(callback_attempts)) or 0


async def race(
    name: str,
    url: URL,
    promises: int,
    keepers: int,
    *,
    lease: float,
    seed: int,
    leases_only: bool = False,
    beyond: tuple[float, float] = BEYOND,
    patience: float = PATIENCE_SECONDS,
) -> Result:
    """Over a database with all tables and no rows.  `beyond`: seconds by which a pause is longer than the lease."""
    result, database = Result(name, promises), Database(url)
    crew = Crew(url, keepers, lease=lease, leases_only=leases_only)
    try:
        await stage(database, promises)
        await crew.hire()
        began = time.monotonic()
        async with beside(agents_answer(database, SystemClock())):
            async with beside(pauses(crew, keepers, result, random.Random(seed), beyond)):
                await all_dialled(database, patience)
                result.seconds = time.monotonic() - began
            await asyncio.sleep(lease + 1)  # all have woken, and what they still held in hand has been done
        await count(database, result)
    finally:
        await crew.dismiss()
        await database.close()
    result.worked = crew.worked
    return result


def where(server: str) -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL {server}"
    return f"{machine}, " + ", ".join(f"{name} {version(name)}" for name in ("sqlalchemy", "psycopg"))


def report(results: Sequence[Result], machine: str, arguments: argparse.Namespace) -> str:
    columns = [result.figures() for result in results]
    lines = ["| |" + "".join(f" {result.name} |" for result in results), "|---|" + "---:|" * len(results)]
    lines += [f"| {what} |" + "".join(f" {one[what]:g} |" for one in columns) for what in columns[0]]
    setting = f"{arguments.keepers} keepers, a lease of {arguments.lease:g} s, seed {arguments.seed}; {machine}.\n\n"
    return setting + "\n".join(lines) + "\n"


def run(name: str, size: int, arguments: argparse.Namespace, *, leases_only: bool) -> tuple[Result, str]:
    async def both(url: URL) -> tuple[Result, str]:
        database = Database(url)
        async with database.write() as conn:
            await conn.run_sync(metadata.create_all)
            server = str(await conn.scalar(text("SHOW server_version")))
        await database.close()
        crew, lease, seed = arguments.keepers, arguments.lease, arguments.seed
        return await race(name, url, size, crew, lease=lease, seed=seed, leases_only=leases_only), server

    with tempfile.TemporaryDirectory(prefix="keepers-", dir="/tmp") as home:
        Path(home).chmod(0o755)
        with postgres(Path(home)) as url:
            return asyncio.run(both(url))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--promises", type=int, default=10_000)
    parser.add_argument("--keepers", type=int, default=8)
    parser.add_argument("--lease", type=float, default=3.0, help="seconds; 15 in service")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--leases-only", action="store_true", help="without looking at the promise under its lock")
    parser.add_argument("--write", action="store_true", help="both, into bench/results/")
    arguments = parser.parse_args()
    runs = {"as it is": arguments.leases_only} | ({"leases only": True} if arguments.write else {})
    results = []
    for name, leases_only in runs.items():
        size = arguments.promises // (TENTH if len(runs) > 1 and leases_only else 1)
        result, server = run(name, size, arguments, leases_only=leases_only)
        results.append(result)
        print(json.dumps(result.figures() | {"failed": result.worked}, indent=1), file=sys.stderr, flush=True)
    page = report(results, where(server), arguments)
    print(page)
    if arguments.write:
        notes = (RESULTS / "keepers.notes.md").read_text(encoding="utf-8")
        (RESULTS / "keepers.md").write_text(notes.replace("TABLE\n", page), encoding="utf-8")
        found = [{"run": one.name, **one.figures(), "work": one.worked} for one in results]
        (RESULTS / "keepers.json").write_text(json.dumps({"runs": found}, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if results[0].right else 1)


if __name__ == "__main__":
    main()
