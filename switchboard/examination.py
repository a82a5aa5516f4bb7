"""What `doctor` finds, asked of a running server, and what only a running house can tell: how late its work is."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.restored import NAME as KEEPER
from store.clock import Clock
from store.live import Nudges
from store.sql import Database
from store.tables import heartbeats
from switchboard import doctor
from switchboard.doctor import Finding
from switchboard.logs import mask
from switchboard.metrics import DUE_TABLES
from switchboard.settings import Settings

CHECK_SECONDS = 5.0
SLOW_MILLISECONDS = 100
LATE, TOO_LATE = timedelta(seconds=5), timedelta(seconds=30)
SILENT = timedelta(seconds=150)  # a keeper beats every minute
STATES = {"ok": "ok", "note": "note", "FAIL": "failed"}


async def examine(settings: Settings, database: Database, clock: Clock, nudges: Nudges) -> list[dict[str, Any]]:
    """All at once, since each may wait for somebody else; items as `desk.site.Site` says."""
    others = {about: check for about, check in doctor.checks_for(settings).items() if about != "redis"}
    threads = (
        asyncio.to_thread(doctor.bounded, about, check, settings, CHECK_SECONDS) for about, check in others.items()
    )
    ours, redis, theirs = await asyncio.gather(_database(database, clock), _redis(nudges), asyncio.gather(*threads))
    found = [*ours, redis, *theirs]
    return [
        {"name": one.about, "state": STATES[one.verdict], "told": mask(" ".join(one.what.split()))} for one in found
    ]


async def _redis(nudges: Nudges) -> Finding:
    """As the server itself reaches it."""
    if await nudges.publish("health"):
        return Finding("redis", "ok", "answers")
    return Finding("redis", "FAIL", "no answer; calls are still routed, from SQL")


async def _database(database: Database, clock: Clock) -> list[Finding]:
    try:
        async with asyncio.timeout(CHECK_SECONDS), database.read() as conn:
            return [await _answers(conn), await _keeper(conn, clock.now()), await _backlog(conn, clock.now())]
    except Exception as error:
        return [Finding("database", "FAIL", f"no answer ({type(error).__name__})")]


async def _answers(conn: AsyncConnection) -> Finding:
    begun = time.perf_counter()
    await conn.execute(text("SELECT 1"))
    milliseconds = round((time.perf_counter() - begun) * 1000)
    return Finding("database", "ok" if milliseconds <= SLOW_MILLISECONDS else "note", f"answers in {milliseconds} ms")


async def _keeper(conn: AsyncConnection, now: datetime) -> Finding:
    at: datetime | None = await conn.scalar(select(heartbeats.c.at).where(heartbeats.c.name == KEEPER))
    if at is None:
        return Finding("keeper", "FAIL", "none has run yet")
    silent = max(now - at, timedelta())
    return Finding("keeper", "ok" if silent <= SILENT else "FAIL", f"last seen {round(silent.total_seconds())} s ago")


async def _backlog(conn: AsyncConnection, now: datetime) -> Finding:
    late = timedelta()
    for table in DUE_TABLES:
        first = await conn.scalar(select(func.min(table.c.due_at)).where(table.c.due_at <= now))
        late = max(late, timedelta() if first is None else now - first)
    if late <= LATE:
        return Finding("due work", "ok", "nothing is late")
    seconds = round(late.total_seconds())
    return Finding("due work", "note" if late <= TOO_LATE else "FAIL", f"the oldest is {seconds} s late")
