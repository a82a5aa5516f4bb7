"""Who is calling, among a million: `python -m bench.identify [--people N] [--write]`.

A PostgreSQL and a SQLite with a million customers: households that share a number, people with several, a company's
switchboard with ten thousand, a conversation each.  `identify()` as the webhook asks it, and the search behind
`GET /customers?q=`, each on a connection taken for it; beside them, in the same run and in turns, the floor: one row by
its primary key.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from bench.postgres import postgres
from bench.race_audit import share
from crm.finding import find_people
from crm.identify import Household, Known, Unknown, identify
from crm.names import name_key, name_parts
from crm.tables import customers
from store.sql import Database
from switchboard.tables import metadata

RESULTS = Path(__file__).parent / "results"
GOAL_MS = 50.0
SWITCHBOARD = "+390299999999"
SYLLABLES = ("ro", "ma", "li", "ne", "co", "ta", "vi", "sa", "de", "fu", "gi", "pe", "bo", "za", "mu", "che")
LOADED = ("customers", "customer_phones", "customer_addresses", "customer_name_parts", "interactions")
Ask = Callable[[AsyncConnection, random.Random], Awaitable[None]]


def made_up(many: int, syllables: int, end: str) -> list[str]:
    """Names that do not come twice, the first of them the most frequent."""
    names = []
    for n in range(many):
        digits = [n // len(SYLLABLES) ** k % len(SYLLABLES) for k in range(syllables)]
        names.append("".join(SYLLABLES[digit] for digit in digits).capitalize() + end)
    return names


class Town:
    """The same people whoever asks, one after another: by tens, of whom four share a line, as a household does."""

    def __init__(self, people: int) -> None:
        self.people = people
        self.given, self.surnames = made_up(600, 3, "a"), made_up(30_000, 4, "ni")
        self._parts = {name: sorted(name_parts(name)) for name in (*self.given, *self.surnames)}

    def name(self, n: int) -> tuple[str, str]:
        """A few names are most people's, as everywhere."""
        first, last = (n * 2_654_435_761 % 2**32 / 2**32, n * 2_246_822_519 % 2**32 / 2**32)
        own = self.given[int(len(self.given) * first**3)]
        return own, self.surnames[int(len(self.surnames) * last**3)]

    def id(self, n: int) -> str:
        return f"cus_{n:026d}"

    def mobile(self, n: int) -> str:
        return f"+39333{n:07d}"

    def line(self, n: int) -> str:
        """Of the ten whom they belong to."""
        return f"+3906{n // 10:08d}"

    def customers(self, now: datetime) -> Iterator[tuple[Any, ...]]:
        for n in range(self.people):
            own, family = self.name(n)
            key = name_key(f"{own} {family}") if n < 3 else " ".join(sorted((*self._parts[own], *self._parts[family])))
            email = f"c{n}@example.org" if n % 3 == 0 else None
            yield self.id(n), f"C-{n}", f"{own} {family}", own, "it-IT", True, email, email, key, "[]", now, now

    def customer_phones(self, now: datetime) -> Iterator[tuple[Any, ...]]:
        for n in range(self.people):
            numbers = [self.mobile(n)] if n % 10 != 6 else []
            numbers += [self.line(n)] if n % 10 < 4 else []
            numbers += [SWITCHBOARD] if n % 100 == 5 else []
            yield from ((self.id(n), number, position) for position, number in enumerate(numbers))

    def customer_addresses(self, now: datetime) -> Iterator[tuple[Any, ...]]:
        yield from ((self.id(n), f"sip:c{n}@office.example") for n in range(0, self.people, 100))

    def customer_name_parts(self, now: datetime) -> Iterator[tuple[Any, ...]]:
        for n in range(self.people):
            for part in {part for name in self.name(n) for part in self._parts[name]}:
                yield self.id(n), part

    def interactions(self, now: datetime) -> Iterator[tuple[Any, ...]]:
        for n in range(self.people):
            at = now - timedelta(minutes=n % 500_000)
            yield f"int_{n:026d}", self.id(n), "voice", at, 120, "solved"


COLUMNS = {
    "customers": "id,external_id,name,called,language,formal,email,email_key,name_key,tags,made_at,changed_at",
    "customer_phones": "customer_id,number,position",
    "customer_addresses": "customer_id,address",
    "customer_name_parts": "customer_id,part",
    "interactions": "id,customer_id,channel,started_at,talk_seconds,outcome",
}


def fill(url: URL, town: Town) -> None:
    """The tables, then their rows, then their indexes: the other way round takes three times as long."""
    engine = create_engine(url, poolclass=NullPool)
    metadata.create_all(engine)
    indexes = [index for name in LOADED for index in metadata.tables[name].indexes]
    for index in indexes:
        index.drop(engine)
    load = _load_sqlite if url.get_backend_name() == "sqlite" else _load_postgres
    load(url, {name: getattr(town, name)(datetime.now(UTC)) for name in LOADED})
    for index in indexes:
        index.create(engine)
    tidy = (
        "ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE"
    )  # as autovacuum does on a server that runs
    with engine.connect() as conn:
        conn.execution_options(isolation_level="AUTOCOMMIT").execute(text(tidy))
    engine.dispose()


def _load_sqlite(url: URL, tables: dict[str, Iterator[tuple[Any, ...]]]) -> None:
    with sqlite3.connect(str(url.database)) as conn:
        conn.executescript("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF; PRAGMA cache_size=-400000")
        for name, rows in tables.items():
            marks = ",".join("?" * len(COLUMNS[name].split(",")))
            naive = (tuple(str(one)[:26] if isinstance(one, datetime) else one for one in row) for row in rows)
            conn.executemany(f"INSERT INTO {name} ({COLUMNS[name]}) VALUES ({marks})", naive)


def _load_postgres(url: URL, tables: dict[str, Iterator[tuple[Any, ...]]]) -> None:
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as conn:
        for name, rows in tables.items():
            with conn.cursor().copy(f"COPY {name} ({COLUMNS[name]}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def asked(town: Town) -> dict[str, Ask]:
    """What is asked, each with a check that the answer is the right one."""

    def somebody(chance: random.Random, rest: int) -> int:
        return chance.randrange(town.people // 10) * 10 + rest

    async def floor(conn: AsyncConnection, chance: random.Random) -> None:
        one = select(customers.c.id).where(customers.c.id == town.id(chance.randrange(town.people)))
        assert await conn.scalar(one)

    async def known(conn: AsyncConnection, chance: random.Random) -> None:
        n = somebody(chance, 7)
        found = await identify(conn, town.mobile(n), "IT")
        assert isinstance(found, Known)
        assert found.person.id == town.id(n)

    async def household(conn: AsyncConnection, chance: random.Random) -> None:
        found = await identify(conn, town.line(somebody(chance, 0)), "IT")
        assert isinstance(found, Household)
        assert len(found.people) == 4

    async def switchboard(conn: AsyncConnection, chance: random.Random) -> None:
        assert await identify(conn, SWITCHBOARD, "IT") == Unknown(SWITCHBOARD, shared=True)

    async def nobody(conn: AsyncConnection, chance: random.Random) -> None:
        assert isinstance(await identify(conn, f"+39347{chance.randrange(10**7):07d}", "IT"), Unknown)

    async def softphone(conn: AsyncConnection, chance: random.Random) -> None:
        n = chance.randrange(town.people // 100) * 100
        assert isinstance(await identify(conn, f"sip:C{n}@office.example;transport=tls", "IT"), Known)

    async def whole(conn: AsyncConnection, chance: random.Random) -> None:
        own, family = town.name(chance.randrange(town.people))
        assert await find_people(conn, f"{family} {own}", "IT", 50)

    async def beginnings(conn: AsyncConnection, chance: random.Random) -> None:
        own, family = town.name(chance.randrange(town.people))
        assert await find_people(conn, f"{own[:3]} {family[:5]}", "IT", 50)

    async def letters(conn: AsyncConnection, chance: random.Random) -> None:
        assert len(await find_people(conn, chance.choice(SYLLABLES), "IT", 50)) == 50

    async def frequent(conn: AsyncConnection, chance: random.Random) -> None:
        assert await find_people(conn, f"{town.given[0]} {town.surnames[chance.randrange(20)]}", "IT", 50)

    async def no_such_pair(conn: AsyncConnection, chance: random.Random) -> None:
        assert await find_people(conn, f"{town.given[0]} {town.given[1]}", "IT", 50) == []

    async def digits(conn: AsyncConnection, chance: random.Random) -> None:
        assert await find_people(conn, town.mobile(somebody(chance, 7))[3:11], "IT", 50)

    return {
        "floor: one row by its primary key": floor,
        "identify: a person": known,
        "identify: a household of four": household,
        "identify: a switchboard's number": switchboard,
        "identify: nobody": nobody,
        "identify: a SIP phone": softphone,
        "q: name and surname": whole,
        "q: beginnings of both": beginnings,
        "q: two letters": letters,
        "q: the most frequent of both": frequent,
        "q: two that many have and nobody both": no_such_pair,
        "q: a number's first digits": digits,
    }


async def measured(url: URL, town: Town, times: int) -> dict[str, list[float]]:
    """Milliseconds of each kind, all in turns, so that what else the machine does falls on all of them."""
    database, chance = Database(url), random.Random(6)
    took: dict[str, list[float]] = {name: [] for name in asked(town)}
    for _ in range(times):
        for name, ask in asked(town).items():
            began = time.perf_counter()
            async with database.read() as conn:
                await ask(conn, chance)
            took[name].append(1000 * (time.perf_counter() - began))
    await database.close()
    return took


def figures(took: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    return {
        name: {"p50 ms": share(sorted(of), 0.5), "p99 ms": share(sorted(of), 0.99), "max ms": max(of)}
        for name, of in took.items()
    }


def both(arguments: argparse.Namespace, home: Path) -> dict[str, dict[str, dict[str, float]]]:
    town = Town(arguments.people)
    found: dict[str, dict[str, dict[str, float]]] = {}

    def at(name: str, url: URL) -> None:
        began = time.perf_counter()
        fill(url, town)
        print(f"{name}: filled in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        asynchronous = url.set(drivername="sqlite+aiosqlite") if url.drivername == "sqlite" else url
        found[name] = figures(asyncio.run(measured(asynchronous, town, arguments.times)))
        print(table({name: found[name]}), file=sys.stderr, flush=True)

    with postgres(home) as url:
        at("PostgreSQL", url)
    at("SQLite", URL.create("sqlite", database=str(home / "bench.db")))
    return found


def table(found: dict[str, dict[str, dict[str, float]]]) -> str:
    columns = [f"{name} {figure}" for name in found for figure in ("p50 ms", "p99 ms", "max ms")]
    lines = ["| |" + "".join(f" {column} |" for column in columns), "|---|" + "---:|" * len(columns)]
    for row in next(iter(found.values())):
        cells = "".join(
            f" {found[name][row][figure]:.1f} |" for name in found for figure in ("p50 ms", "p99 ms", "max ms")
        )
        lines.append(f"| {row} |{cells}")
    return "\n".join(lines) + "\n"


def where() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("sqlalchemy", "psycopg"))
    load = f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}"
    return f"{platform.machine()}, {load}, Python {platform.python_version()}, {packages}"


def reached(found: dict[str, dict[str, dict[str, float]]]) -> bool:
    rows = [row for one in found.values() for name, row in one.items() if name.startswith("identify")]
    return all(row["p99 ms"] <= GOAL_MS for row in rows)


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=1_000, help="each question is asked")
    parser.add_argument("--write", action="store_true", help="into bench/results/")
    arguments = parser.parse_args(given)
    machine = where()  # before anything is made
    with tempfile.TemporaryDirectory(prefix="identify-", dir="/tmp") as home:
        Path(home).chmod(0o755)
        found = both(arguments, Path(home))
    page = f"{arguments.people:,} customers, each question {arguments.times:,} times; {machine}.\n\n{table(found)}"
    print(page)
    if arguments.write:
        notes = (RESULTS / "identify.notes.md").read_text(encoding="utf-8")
        (RESULTS / "identify.md").write_text(notes.replace("TABLE\n", page), encoding="utf-8")
        (RESULTS / "identify.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if reached(found) else 1)


if __name__ == "__main__":
    main()
