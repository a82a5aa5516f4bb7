"""How quickly files are loaded: `python -m bench.import_rates [--customers N] [--history N] [--write]`.

A hundred thousand customers and a million past conversations, into SQLite and into PostgreSQL, by the code of
`centralino import` without a terminal: a first time, the same file once more with nothing to change, and again after
an interruption half-way.  Beside each, in the same run and into the same database, the floor: the same finished rows by
bare `executemany` in transactions of the same size, with nothing read, checked or looked up.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, Table, create_engine, insert, make_url, select

from bench.importing import write_customers
from bench.postgres import postgres
from crm.imports import import_customers, import_history
from crm.intake import ROWS_IN_A_COMMIT, Event, Progress, Result
from crm.tables import customer_name_parts, customer_phones, customers, interactions
from routing.tables import agents
from store.clock import SystemClock
from store.sql import Database
from switchboard.tables import metadata

RESULTS = Path(__file__).parent / "results"
AGENTS = 20
BEGAN_AT = datetime(2021, 1, 4, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Measured:
    rows: int
    seconds: float

    @property
    def rate(self) -> int:
        return round(self.rows / self.seconds)


def write_history(path: Path, rows: int, people: int) -> None:
    """Always the same ones, spread over five years."""
    chance = random.Random(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            ("external_id", "customer", "agent", "channel", "started_at", "talk_seconds", "outcome", "topic", "summary")
        )
        for n in range(rows):
            at = BEGAN_AT + timedelta(seconds=n * 157_000_000 // rows)
            who, outcome = chance.randrange(people // 1000 * 1000), chance.choice(("solved", "solved", "open"))
            customer = f"C-{who if who % 1000 != 1 else 0}"  # every thousandth customer of the file is a bad row
            talk = (f"A-{n % AGENTS}", "voice", at.isoformat(), chance.randrange(600), outcome, "lamp", f"no. {n}")
            table.writerow((f"h-{n}", customer, *talk))


async def loaded(events: AsyncIterator[Event], until_bytes: float = float("inf")) -> Measured:
    began, result = time.perf_counter(), Result(0, 0)
    async for event in events:
        if isinstance(event, Result):
            result = event
        if isinstance(event, Progress) and event.read_bytes >= until_bytes:
            break
    return Measured(result.loaded + result.skipped, time.perf_counter() - began)


def one_agent(n: int) -> dict[str, Any]:
    named = {"id": f"agt_{n}", "external_id": f"A-{n}", "name": f"Agent {n}", "address": f"client:a{n}"}
    shared = {"availability": "away", "activity": "idle", "languages": [], "skills": {}}
    return named | shared | {"since_at": BEGAN_AT, "made_at": BEGAN_AT}


async def bare(database: Database, engine: Engine, tables: Sequence[Table], rows: int) -> Measured:
    """The rows that are there, written again into the emptied tables."""
    return await written(database, emptied(engine, tables), rows)


def emptied(engine: Engine, tables: Sequence[Table]) -> dict[Table, list[dict[str, Any]]]:
    """By a connection of its own: a million rows go not as quickly as our statements must end."""
    found: dict[Table, list[dict[str, Any]]] = {}
    with engine.begin() as connection:
        for table in tables:
            found[table] = [dict(row._mapping) for row in connection.execute(select(table))]
        for table in reversed(tables):
            connection.execute(table.delete())
    return found


async def written(database: Database, tables: dict[Table, list[dict[str, Any]]], rows: int) -> Measured:
    """The first table's rows, each with what belongs to it."""
    first, *others = tables
    belonging: dict[Table, dict[str, list[dict[str, Any]]]] = {table: {} for table in others}
    for table in others:
        for row in tables[table]:
            belonging[table].setdefault(row["customer_id"], []).append(row)
    began = time.perf_counter()
    for start in range(0, len(tables[first]), ROWS_IN_A_COMMIT):
        some = tables[first][start : start + ROWS_IN_A_COMMIT]
        async with database.write() as conn:
            await conn.execute(insert(first), some)
            for table in others:
                if theirs := [one for row in some for one in belonging[table].get(row["id"], ())]:
                    await conn.execute(insert(table), theirs)
    return Measured(rows, time.perf_counter() - began)


async def measure(url: URL, folder: Path, people: int, past: int) -> dict[str, Measured]:
    database, clock = Database(url), SystemClock()
    engine = create_engine(url.set(drivername="sqlite" if database.sqlite else url.drivername))
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(agents), [one_agent(n) for n in range(AGENTS)])
    files = folder / "customers.csv", folder / "history.csv"
    found: dict[str, Measured] = {}

    def importing(again: bool = False) -> tuple[AsyncIterator[Event], AsyncIterator[Event]]:
        return (
            import_customers(database, clock, files[0], "IT", again=again),
            import_history(database, clock, files[1], again=again),
        )

    for n, what in enumerate(("customers", "history")):
        half = files[n].stat().st_size / 2
        found[f"{what}, first time"] = whole = await loaded(importing()[n])
        say(found)
        found[f"{what}, the same again"] = await loaded(importing(again=True)[n])
        say(found)
        await loaded(importing(again=True)[n], half)
        found[f"{what}, the second half after an interruption"] = await loaded(importing()[n])
        say(found)
        tables = (customers, customer_phones, customer_name_parts) if what == "customers" else (interactions,)
        found[f"{what}, floor"] = await bare(database, engine, tables, whole.rows)
        say(found)
    engine.dispose()
    await database.close()
    return found


def say(found: dict[str, Measured]) -> None:
    name, one = list(found.items())[-1]
    told = f"{name:<50} {one.rows:>9,} rows {one.seconds:8.1f} s {one.rate:>8,} rows/s"
    print(f"{time.strftime('%H:%M:%S')} {told}", file=sys.stderr, flush=True)


def report(found: dict[str, dict[str, Measured]], machine: str) -> str:
    lines = ["| |" + "".join(f" {name} rows/s | of the floor |" for name in found), "|---|" + "---:|---:|" * len(found)]
    for name in next(iter(found.values())):
        cells = ""
        for one in found.values():
            floor = one[f"{name.partition(',')[0]}, floor"]
            cells += f" {one[name].rate:,} | {one[name].rate / floor.rate:.2f} |"
        lines.append(f"| {name} |{cells}")
    sizes = {name: next(one[name].rows for one in found.values()) for name in next(iter(found.values()))}
    size = f"{sizes['customers, first time']:,} customers and {sizes['history, first time']:,} past conversations"
    return f"{size}; {machine}.\n\n" + "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--history", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("SQLite", "PostgreSQL"))
    parser.add_argument("--write", action="store_true", help="into bench/results/")
    arguments = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("sqlalchemy", "psycopg", "pydantic"))
    load = f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}"
    machine = f"{platform.machine()}, {load}, Python {platform.python_version()}, {packages}"
    found: dict[str, dict[str, Measured]] = {}
    with tempfile.TemporaryDirectory(prefix="rates-", dir="/tmp") as home:
        folder = Path(home)
        folder.chmod(0o755)
        write_customers(folder / "customers.csv", arguments.customers)
        write_history(folder / "history.csv", arguments.history, arguments.customers)
        sizes = (folder, arguments.customers, arguments.history)
        if arguments.only != "PostgreSQL":
            found["SQLite"] = asyncio.run(measure(make_url(f"sqlite+aiosqlite:///{folder}/bench.db"), *sizes))
        if arguments.only != "SQLite":
            with postgres(folder) as url:
                found["PostgreSQL"] = asyncio.run(measure(url, *sizes))
    page = report(found, machine)
    print(page)
    if arguments.write:
        notes = (RESULTS / "importing.notes.md").read_text(encoding="utf-8")
        (RESULTS / "importing.md").write_text(notes.replace("TABLE\n", page), encoding="utf-8")
        shown = {place: {name: vars(one) for name, one in some.items()} for place, some in found.items()}
        (RESULTS / "importing.json").write_text(json.dumps(shown, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
