"""A hundred thousand customers loaded while calls go on: `python -m bench.importing [--rows N] [--database-url …]`.

The real `centralino import` writes into the database of a running `centralino serve`, which is rung twice a second by
known callers; in turns with each call a bare Starlette route answers the same body.  First without an import, then
during a first one, then during a second one of the same file, which finds nothing to change.  Prints rows a second,
p50/p99 of the greeting and of that floor, and how many callers were not greeted by name (which must be none).
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp

from bench import greeting

EVERY_SECONDS, QUIET_SECONDS = 0.5, 30
AGENTS, CALLERS = 20, 200
BAD_ROW_EVERY = 1000
FIRST = ("Maria", "Paolo", "Giulia", "Zoë", "Jürgen", "Chloé", "Ana", "O’Neill", "Nguyễn")
LAST = ("Rossi", "D'Amico", "Müller", "García", "Lefèvre", "Esposito", "Smith")


@dataclass
class Heard:
    """Seconds of each answer, and callers who were not greeted by name."""

    greeting: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    unnamed: int = 0


def write_customers(path: Path, rows: int) -> None:
    """Always the same ones; every thousandth is bad.  The callers of `greeting.signed_call` are not among them."""
    chance = random.Random(rows)
    columns = (
        "external_id",
        "name",
        "called",
        "language",
        "formal",
        "phones",
        "email",
        "preferred_agent",
        "tags",
        "notes",
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        for n in range(rows):
            first, last = chance.choice(FIRST), chance.choice(LAST)
            phones = f"06 {10_000_000 + n}" + (f"|+39347{n:07d}" if n % 3 == 0 else "")
            email = "nobody" if n % BAD_ROW_EVERY == 1 else f"c{n}@example.org"
            agent = f"A-{n % AGENTS}" if n % 5 == 0 else ""
            tags, notes = chance.choice(("vip", "press|vip", "")), f"{last} rang about the lamp, no. {n}, twice"
            table.writerow((f"C-{n}", f"{first} {last}", first, "it-IT", "yes", phones, email, agent, tags, notes))


def write_floor(folder: Path) -> tuple[Path, Path]:
    """Agents, and the people who will ring."""
    agents, callers = folder / "agents.csv", folder / "callers.csv"
    lines = [f"A-{n},Agent {n},client:agent{n}" for n in range(AGENTS)]
    agents.write_text("\n".join(["external_id,name,address", *lines]))
    lines = [f"R-{n},Caller {n},+39333{1_000_000 + n:07d}" for n in range(CALLERS)]
    callers.write_text("\n".join(["external_id,called,phones", *lines]))
    return agents, callers


async def load(kind: str, path: Path, settings: dict[str, str]) -> tuple[int, str, float]:
    """Exit code, what it told on stdout, seconds."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "switchboard", "import", kind, str(path)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | settings, stdout=pipe, stderr=pipe)
    told, _ = await process.communicate()
    return process.returncode or 0, told.decode().strip(), time.perf_counter() - began


async def ring(session: aiohttp.ClientSession, n: int, heard: Heard) -> None:
    """A call that is greeted and hangs up; then the floor, with the same request."""
    body, headers = greeting.signed_call(n)
    for port, took in ((greeting.SERVER_PORT, heard.greeting), (greeting.FLOOR_PORT, heard.floor)):
        began = time.perf_counter()
        async with session.post(f"http://127.0.0.1:{port}/twilio/voice", data=body, headers=headers) as response:
            text = await response.text()
        took.append(time.perf_counter() - began)
        if took is heard.greeting and (response.status != 200 or f"Caller {n}" not in text):
            heard.unnamed += 1
    url = f"http://127.0.0.1:{greeting.SERVER_PORT}/twilio/status"
    ended = dict(parse_qsl(body)) | {"CallStatus": "completed"}
    headers = greeting.HEADERS | {"X-Twilio-Signature": greeting.VALIDATOR.compute_signature(url, ended)}
    async with session.post(url, data=urlencode(ended), headers=headers) as response:
        await response.read()


async def ringing(session: aiohttp.ClientSession, work: Awaitable[Any]) -> tuple[Any, Heard]:
    """Rings twice a second while `work` goes on, however long an answer takes."""
    heard, calls = Heard(), list[asyncio.Task[None]]()
    task = asyncio.ensure_future(work)
    while not task.done():
        calls.append(asyncio.create_task(ring(session, len(calls) % CALLERS, heard)))
        await asyncio.sleep(EVERY_SECONDS)
    await asyncio.gather(*calls)
    return task.result(), heard


def report(when: str, heard: Heard) -> None:
    figures = []
    for name, took in (("floor", heard.floor), ("greeting", heard.greeting)):
        took.sort()
        p50, p99 = statistics.median(took) * 1000, took[int(len(took) * 0.99)] * 1000
        figures.append(f"{name} p50 {p50:6.1f} p99 {p99:6.1f} ms")
    ratio = statistics.median(heard.greeting) / statistics.median(heard.floor)
    told = f"{'   '.join(figures)}   {ratio:5.1f} times the floor   not greeted by name: {heard.unnamed}"
    print(f"  {when:<17} {len(heard.greeting):4} calls   {told}", flush=True)


async def bench(folder: Path, rows: int, settings: dict[str, str]) -> bool:
    agents, callers = write_floor(folder)
    many = folder / "many.csv"
    write_customers(many, rows)
    for kind, path in (("agents", agents), ("customers", callers)):
        assert (await load(kind, path, settings))[0] == 0
    server = f"http://127.0.0.1:{greeting.SERVER_PORT}/api/v1"
    good = True
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer bench"}) as session:
        async with session.get(f"{server}/agents?limit=200") as answer:
            ids = [agent["id"] for agent in (await answer.json())["items"]]
        for agent_id in ids:
            async with session.put(f"{server}/agents/{agent_id}/presence", json={"availability": "ready"}) as answer:
                assert answer.status == 200
        await ringing(session, asyncio.sleep(5))  # everything warm
        _, quiet = await ringing(session, asyncio.sleep(QUIET_SECONDS))
        report("no import", quiet)
        good &= not quiet.unnamed
        for when in ("first import", "the same again"):
            (code, told, seconds), heard = await ringing(session, load("customers", many, settings))
            report(when, heard)
            bad = len(range(1, rows, BAD_ROW_EVERY))
            print(f"  {when:<17} {rows / seconds:6.0f} rows/s in {seconds:.1f} s: {told}, exit code {code}", flush=True)
            good &= not heard.unnamed and (code, told) == (3, f"{rows - bad} loaded, {bad} skipped")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url", help="PostgreSQL, empty; else a SQLite file")
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    where = "PostgreSQL" if arguments.database_url else "SQLite"
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {where}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name:
        folder = Path(name)
        arguments.database_url = arguments.database_url or f"sqlite:///{folder}/bench.db"
        settings = {"DATABASE_URL": arguments.database_url, "CENTRALINO_HOME": str(folder / "home")}
        good: list[bool] = []

        async def work() -> None:
            good.append(await bench(folder, arguments.rows, settings))

        asyncio.run(greeting.run(arguments, work))
    return 0 if good == [True] else 1


if __name__ == "__main__":
    sys.exit(main())
