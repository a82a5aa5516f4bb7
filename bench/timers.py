"""How late due work begins: `python -m bench.timers [--write]`.

A PostgreSQL with 100,000 promises for later and 10,000 that come due within five seconds; one `DueLoop`, as the keeper
runs it.  Beside it, in the same run and with as many, two floors: asyncio's own timers, which need no database, and a
bare `UPDATE ... RETURNING` on a connection of its own, again and again, in a program that does nothing else.
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
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Row, text, update
from sqlalchemy.engine import URL

from bench.postgres import postgres
from bench.race_audit import share
from callbacks.tables import callbacks
from store.clock import SystemClock
from store.due import DueLoop
from store.sql import Database
from switchboard.tables import metadata

RESULTS = Path(__file__).parent / "results"
GOAL_MS = 100.0
LEASE_SECONDS = 30  # nothing that was taken comes back while it is measured
BEFORE = timedelta(seconds=2)  # from the writing of the rows to the first that is due
PATIENCE_SECONDS = 60

ENDED: dict[str, Any] = {"state": "kept", "due_at": None, "lease_owner": None, "lease_until": None}

Measured = Callable[[Sequence[datetime]], Awaitable[list[datetime]]]

_CUSTOMERS = """
INSERT INTO customers (id, tags, made_at, changed_at)
SELECT %(name)s || n, '[]', now(), now() FROM generate_series(1, %(count)s) AS n
"""
_PROMISES = """
INSERT INTO callbacks (id, customer_id, number, promised_at, due_at, zone, window_seconds, kind, state, made_at)
SELECT %(name)s || n, %(name)s || n, '+39333' || lpad(n::text, 7, '0'), at, at, 'Europe/Rome', 300, 'scheduled',
       'promised', now()
FROM unnest(%(times)s::timestamptz[]) WITH ORDINALITY AS due (at, n)
"""
_BARE = """
UPDATE callbacks SET lease_owner = 'bare', lease_until = %(now)s + interval '60 seconds'
WHERE id = ANY(ARRAY(
    SELECT id FROM callbacks WHERE due_at <= %(now)s AND lease_until IS NULL
    ORDER BY due_at LIMIT 100 FOR UPDATE SKIP LOCKED))
RETURNING id, due_at
"""


class Stage:
    """The database and its rows for later; each measurement puts those that come due soon there."""

    def __init__(self, url: URL, arguments: argparse.Namespace) -> None:
        self.url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.due, self.spread = arguments.due, arguments.spread
        self._pending, self._dice = arguments.pending, random.Random(arguments.seed)
        self.database, self.clock = Database(url), SystemClock()

    async def set_up(self) -> None:
        async with self.database.write() as conn:
            await conn.run_sync(metadata.create_all)
        later = datetime.now(UTC) + timedelta(hours=1)
        await self._put("later", [later + timedelta(seconds=n / 10) for n in range(self._pending)])

    async def fresh(self) -> list[datetime]:
        """When each of those is due that come due soon, in order."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as conn:
            await conn.execute("DELETE FROM customers WHERE id LIKE 'soon%'")
        begin = datetime.now(UTC) + BEFORE
        times = sorted(begin + timedelta(seconds=self._dice.uniform(0, self.spread)) for _ in range(self.due))
        await self._put("soon", times)
        return times

    async def _put(self, name: str, times: Sequence[datetime]) -> None:
        """And lets the planner count them, as autovacuum does within a minute on a server that runs on."""
        values = {"name": name, "count": len(times), "times": list(times)}
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as conn:
            await conn.execute(_CUSTOMERS, values)
            await conn.execute(_PROMISES, values)
            await conn.execute("ANALYZE callbacks")

    async def asyncio_alone(self, times: Sequence[datetime]) -> list[datetime]:
        loop, begun = asyncio.get_running_loop(), list[datetime]()
        offset = loop.time() - time.time()
        for at in times:
            loop.call_at(at.timestamp() + offset, lambda: begun.append(datetime.now(UTC)))
        await asyncio.sleep(times[-1].timestamp() - time.time() + 1)
        return begun

    async def bare_update(self, times: Sequence[datetime]) -> list[datetime]:
        begun: list[datetime] = []
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as conn:
            while len(begun) < len(times):
                found = await conn.execute(_BARE, {"now": datetime.now(UTC)})
                rows = await found.fetchall()
                begun += [datetime.now(UTC)] * len(rows)
                if not rows:
                    await asyncio.sleep(0.001)
        return begun

    async def due_loop(self, times: Sequence[datetime]) -> list[datetime]:
        """Each row is handed to work that notes the instant, and stays under its lease."""
        begun: list[datetime] = []

        async def work(row: Row[Any]) -> None:
            begun.append(self.clock.now())

        return await self._looped(work, begun, len(times))

    async def with_writes(self, times: Sequence[datetime]) -> list[datetime]:
        """And each ends its row in a transaction of its own."""
        begun: list[datetime] = []

        async def work(row: Row[Any]) -> None:
            begun.append(self.clock.now())
            async with self.database.write() as conn:
                await conn.execute(
                    update(callbacks)
                    .where(callbacks.c.id == row.id)
                    .values(state="kept", due_at=None, lease_until=None)
                )

        return await self._looped(work, begun, len(times))

    async def _looped(
        self, work: Callable[[Row[Any]], Awaitable[None]], begun: list[datetime], count: int
    ) -> list[datetime]:
        lease, all_begun = timedelta(seconds=LEASE_SECONDS), asyncio.Event()

        async def counted(row: Row[Any]) -> None:
            await work(row)
            if len(begun) >= count:
                all_begun.set()

        loop = DueLoop(self.database, self.clock, callbacks, counted, owner="bench", lease=lease)
        task = self.clock.spawn(loop.run(), "due")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await all_begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len(begun) == count, "a row was handed out twice"
        return begun

    async def measured(self, how: Measured) -> dict[str, float]:
        times = await self.fresh()
        cpu = time.process_time()
        begun = await how(times)
        cpu = time.process_time() - cpu
        late = sorted(1000 * (at - due).total_seconds() for at, due in zip(sorted(begun), times, strict=True))
        return {
            "p50 ms": round(share(late, 0.5), 2),
            "p99 ms": round(share(late, 0.99), 2),
            "max ms": round(late[-1], 2),
            "own CPU s": round(cpu, 2),
        }


async def measure(url: URL, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    stage = Stage(url, arguments)
    await stage.set_up()
    ways: dict[str, Measured] = {
        "asyncio `call_at`": stage.asyncio_alone,
        "bare `UPDATE ... RETURNING`": stage.bare_update,
        "`DueLoop`": stage.due_loop,
        "`DueLoop`, each row's end written": stage.with_writes,
    }
    found = {}
    for name, how in ways.items():
        print(f"{time.strftime('%H:%M:%S')} {name}", file=sys.stderr, flush=True)
        found[name] = await stage.measured(how)
        print(found[name], file=sys.stderr, flush=True)
    async with stage.database.read() as conn:
        found["_"] = {"postgres": await conn.scalar(text("SHOW server_version"))}
    await stage.database.close()
    return found


def where(postgres_version: Any) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("sqlalchemy", "psycopg"))
    load = f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}"
    return (
        f"{platform.machine()}, {load}, Python {platform.python_version()}, PostgreSQL {postgres_version}, {packages}"
    )


def report(found: dict[str, dict[str, float]], arguments: argparse.Namespace, machine: str) -> str:
    columns = list(next(iter(found.values())))
    lines = ["| |" + "".join(f" {name} |" for name in columns), "|---|" + "---:|" * len(columns)]
    lines += [f"| {name} |" + "".join(f" {one[column]:g} |" for column in columns) for name, one in found.items()]
    size = f"{arguments.pending:,} rows for later, {arguments.due:,} due within {arguments.spread:g} s"
    return f"{size}, seed {arguments.seed}; {machine}.\n\n" + "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pending", type=int, default=100_000)
    parser.add_argument("--due", type=int, default=10_000)
    parser.add_argument("--spread", type=float, default=5.0, help="seconds within which they come due")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="into bench/results/")
    arguments = parser.parse_args()
    load = where("")  # before it is made
    with tempfile.TemporaryDirectory(prefix="timers-", dir="/tmp") as home:
        Path(home).chmod(0o755)
        with postgres(Path(home)) as url:
            found = asyncio.run(measure(url, arguments))
    machine = load.replace("PostgreSQL ", f"PostgreSQL {found.pop('_')['postgres']}")
    page = report(found, arguments, machine)
    print(page)
    if arguments.write:
        notes = (RESULTS / "timers.notes.md").read_text(encoding="utf-8")
        (RESULTS / "timers.md").write_text(notes.replace("TABLE\n", page), encoding="utf-8")
        (RESULTS / "timers.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if found["`DueLoop`"]["p99 ms"] <= GOAL_MS else 1)


if __name__ == "__main__":
    main()
