"""Very many promises for one minute: `python -m bench.flood --promises 10000 [--inbound 5] [--write]`.

The server's own loops and rooms in real time on a PostgreSQL, with a carrier in the same process that answers at once.
The promises are for one and the same minute, `--lead` seconds away, and callers ring meanwhile.  No more calls may be
created than the account allows, each promise is dialled in its window or made anew before that is over, and callers
are answered as if nothing were.  Anything else makes this command fail.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr
from sqlalchemy.engine import URL

from bench.flood_carrier import ACCOUNT, LINE, OURS, TOKEN, Exchange
from bench.postgres import postgres
from bench.promises_judge import share
from bench.timers import where
from routing import roster
from routing.floor import set_availability
from routing.plan import Plan, Service
from routing.plans import Plans
from store.embedded import EmbeddedValkey
from store.sql import Database
from switchboard.app import assemble, build
from switchboard.logs import configure
from switchboard.settings import Settings
from switchboard.tables import metadata

RESULTS = Path(__file__).parent / "results" / "flood.md"
LANGUAGE = "it-IT"
GOAL_MS = 500.0
LOOK_SECONDS = 2.0
AFTERWARDS = 20  # seconds that the last dials may need
ONE_MORE = 1  # call in a second: the second's ends are ours, not the pacer's

_CUSTOMERS = """
INSERT INTO customers (id, name, called, language, tags, made_at, changed_at)
SELECT 'cus_' || n, 'Maria ' || n, 'Maria', 'it-IT', '[]', now(), now() FROM generate_series(1, %(count)s) AS n
"""
_PROMISES = """
INSERT INTO callbacks (id, customer_id, number, from_number, promised_at, due_at, zone, window_seconds, kind, state,
                       made_at, made_by, made_with)
SELECT 'cb_' || n, 'cus_' || n, '+39333' || lpad(n::text, 7, '0'), %(line)s, %(at)s, %(at)s - interval '60 seconds',
       'Europe/Rome', %(window)s, 'scheduled', 'promised', now() - interval '1 day', 'service', 'api'
FROM generate_series(1, %(count)s) AS n
"""
_FOUND = """
SELECT count(*) FILTER (WHERE dialled <= %(until)s) AS dialled,
       count(*) FILTER (WHERE dialled IS NULL AND moved <= %(until)s) AS moved,
       count(*) FILTER (WHERE dialled < %(at)s) AS too_early,
       count(*) FILTER (WHERE coalesce(dialled, 'infinity') > %(until)s AND coalesce(moved, 'infinity') > %(until)s)
           AS neither,
       min(moved) AS first_moved, max(moved) AS last_moved
FROM (SELECT id, (SELECT min(at) FROM callback_attempts WHERE callback_id = id) AS dialled,
             (SELECT min(at) FROM callback_history WHERE callback_id = id AND what = 'moved') AS moved
      FROM callbacks WHERE id LIKE 'cb\\_%%' AND made_at < %(begun)s) AS each_one
"""
_LEFT = """
SELECT count(*) FROM callbacks WHERE promised_at = %(at)s AND state IN ('promised', 'due')
"""


async def flood(url: URL, redis_url: str, home: Path, given: argparse.Namespace) -> dict[str, Any]:
    exchange = Exchange(given.talk, given.patience, given.seed)
    settings = Settings.model_construct(
        centralino_home=home,
        database_url=SecretStr(url.render_as_string(hide_password=False)),
        public_url=OURS,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=SecretStr(TOKEN),
        secret_key=SecretStr("flood"),
        company_name="Officine Lume",
        default_region="IT",
        default_language=LANGUAGE,
        timezone="Europe/Rome",
        calls_per_second=given.cps,
    )
    begun = datetime.now(UTC)
    at = (begun + timedelta(seconds=given.lead)).replace(microsecond=0)
    until = at + timedelta(seconds=given.window)
    await _furnish(url, given, at)
    app = build(assemble(settings, redis_url=redis_url, network=exchange))
    exchange.http.applications[OURS] = app
    cpu, clear_after = time.process_time(), None
    async with app.router.lifespan_context(app):
        over = time.monotonic() + (until - datetime.now(UTC)).total_seconds()
        callers = asyncio.create_task(exchange.ring_in(given.inbound, over))
        ends = over + AFTERWARDS
        while time.monotonic() < ends:
            left = await _ask(url, _LEFT, {"at": at})
            print(f"{(datetime.now(UTC) - at).total_seconds():7.0f} s: {left[0]} left", file=sys.stderr, flush=True)
            if not left[0] and clear_after is None:
                clear_after = round((datetime.now(UTC) - begun).total_seconds(), 1)
                ends = min(ends, time.monotonic() + AFTERWARDS)
            await asyncio.sleep(LOOK_SECONDS)
        callers.cancel()
        with suppress(asyncio.CancelledError):
            await callers
    found = await _ask(url, _FOUND, {"at": at, "until": until, "begun": begun})
    return _figures(found, exchange, given, begun, until, clear_after) | {"CPU s": round(time.process_time() - cpu, 1)}


def _figures(
    found: Any, exchange: Exchange, given: argparse.Namespace, begun: datetime, until: datetime, clear_after: Any
) -> dict[str, Any]:
    measured, (dialled, moved, too_early, neither, first, last) = exchange.measured, found
    busiest = max((_within_a_second(measured.created, n) for n in range(len(measured.created))), default=0)
    return {
        "promises for one minute": given.promises,
        "dialled in their window": dialled,
        "made anew before it was over": moved,
        "neither": neither,
        "dialled before their time": too_early,
        "seconds from the first to the last made anew": round((last - first).total_seconds(), 1) if first else 0.0,
        "seconds until none was left": clear_after,
        "calls created": len(measured.created),
        "most in any second": busiest,
        "calls a second allowed": given.cps,
        "texts taken by the carrier": measured.texts,
        "callers": measured.rang,
        "callers joined with an agent": measured.joined,
        "webhooks of callers": len(measured.inbound),
        **{f"their p{int(part * 100)} ms": _ms(measured.inbound, part) for part in (0.5, 0.9, 0.99)},
        "other webhooks' p99 ms": _ms(measured.others, 0.99),
        "answers that were no document": measured.bad,
        "memory MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _within_a_second(created: list[float], n: int) -> int:
    end, count = created[n] + 1.0, 0
    while n + count < len(created) and created[n + count] < end:
        count += 1
    return count


def _ms(seconds: list[float], part: float) -> float | None:
    found = share(seconds, part)
    return None if found is None else round(1000 * found, 1)


async def _furnish(url: URL, given: argparse.Namespace, at: datetime) -> None:
    database, now = Database(url), datetime.now(UTC)
    plan = Plan(
        hours="24/7",
        service=Service(callback_window_seconds=given.window, call_hours="00:00-24:00"),
        talk_seconds=max(round(given.talk), 30),
        wrap_up_seconds=0,
    )
    async with database.write() as conn:
        await conn.run_sync(metadata.create_all)
        await Plans().publish(conn, plan, after=0, author="bench", note=None, now=now)
        for n in range(given.agents):
            row = {"name": f"Agent{n:03d} Rossi", "address": f"client:agent{n:03d}", "languages": [LANGUAGE]}
            agent_id = await roster.add(conn, row | {"skills": {}, "stand_in": None}, now)
            await set_availability(conn, agent_id, "ready", None, now=now)
    await database.close()
    values = {"count": given.promises, "at": at, "window": given.window, "line": LINE}
    async with await psycopg.AsyncConnection.connect(_libpq(url), autocommit=True) as conn:
        await conn.execute(_CUSTOMERS, values)
        await conn.execute(_PROMISES, values)
        await conn.execute("ANALYZE")


async def _ask(url: URL, question: str, values: dict[str, Any]) -> Any:
    async with await psycopg.AsyncConnection.connect(_libpq(url), autocommit=True) as conn:
        return await (await conn.execute(question, values)).fetchone()


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def faults(found: dict[str, Any]) -> list[str]:
    rules = {
        "some were neither dialled in time nor made anew": found["neither"] == 0,
        "some were dialled before their time": found["dialled before their time"] == 0,
        "more calls than the account allows": found["most in any second"] <= found["calls a second allowed"] + ONE_MORE,
        "callers waited for their document": (found["their p99 ms"] or 0.0) <= GOAL_MS,
        "answers that were no document": found["answers that were no document"] == 0,
    }
    return [what for what, held in rules.items() if not held]


def page(found: dict[str, Any], given: argparse.Namespace, machine: str) -> str:
    head = (
        f"{given.agents} agents, talks of {given.talk:g} s, {given.inbound:g} callers a second who wait "
        f"{given.patience:g} s, windows of {given.window} s, known {given.lead} s before; {machine}."
    )
    lines = ["| | |", "|---|---:|", *(f"| {name} | {value} |" for name, value in found.items())]
    wrong = faults(found)
    end = "Faults: " + "; ".join(wrong) + "." if wrong else "Everything is as it must be."
    return "\n".join([head, "", *lines, "", end]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--promises", type=int, default=10_000)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--cps", type=float, default=10.0, help="calls that may be created a second")
    parser.add_argument("--inbound", type=float, default=5.0, help="callers a second")
    parser.add_argument("--lead", type=int, default=240, help="seconds from the first look to the minute promised")
    parser.add_argument("--window", type=int, default=300, help="seconds")
    parser.add_argument("--talk", type=float, default=10.0, help="seconds")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="into bench/results/")
    given = parser.parse_args()
    configure("ERROR")
    machine = where("").replace("PostgreSQL , ", "PostgreSQL, ")
    with tempfile.TemporaryDirectory(prefix="flood-", dir="/tmp") as name:
        home = Path(name)
        home.chmod(0o755)
        with postgres(home) as url, EmbeddedValkey(home / "valkey") as valkey:
            found = asyncio.run(flood(url, valkey.url, home, given))
    shown = page(found, given, machine)
    print(shown)
    if given.write:
        notes = RESULTS.with_suffix(".notes.md").read_text(encoding="utf-8")
        RESULTS.write_text(notes.replace("TABLE\n", shown), encoding="utf-8")
    sys.exit(1 if faults(found) else 0)


if __name__ == "__main__":
    main()
