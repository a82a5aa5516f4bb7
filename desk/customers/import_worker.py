"""Loads one file in a process of its own, so that reading it never keeps a caller waiting; run by `importing.py`.

It is told on its standard input where the file and the database are, as JSON.  How far it is stands in the job's
folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import structlog
from sqlalchemy.engine import make_url

from api.tokens import Principal
from crm import audit, imports, intake
from crm.audit import What
from crm.csvfile import UnusableFile
from desk.customers.import_jobs import Job, State, as_line
from routing.imports import import_agents
from store.clock import Clock, SystemClock
from store.faults import told
from store.sql import Database

log = structlog.get_logger()

BEAT_SECONDS = 2.0
TOLD_EVERY_SECONDS = 0.25
NICER = 5  # callers come first
MOST_NOTICES = 20


async def work(order: Mapping[str, Any]) -> State:
    """What it ended with.  Whatever ends it early: what was stored is stored, and the same file goes on from there."""
    job, clock = Job(Path(order["folder"])), SystemClock()
    database = Database(make_url(order["database_url"]))
    state = job.state()
    try:
        state = await _load(job, state, _events(database, clock, job, state.kind, order), database)
        if not state.known_whole:
            who = Principal(*order["principal"])
            counts: dict[str, Any] = {"loaded": state.loaded, "skipped": state.skipped}
            async with database.write() as conn:
                await audit.record(conn, who, What.IMPORTED, now=clock.now(), kind=state.kind, **counts)
    except UnusableFile as error:
        state = replace(job.state(), phase="failed", problem=str(error))
    except Exception as error:
        log.error("import_broke", job=job.id, **told(error))
        state = replace(job.state(), phase="failed", problem="it broke")
    finally:
        await database.close()
    job.write(state)
    if state.phase == "done" and not state.known_whole:
        with suppress(OSError):
            job.file.unlink()
    return state


def _events(
    database: Database, clock: Clock, job: Job, kind: str, order: Mapping[str, Any]
) -> AsyncIterator[intake.Event]:
    path, region, again = job.file, str(order["region"]), bool(order["again"])
    if kind == "agents":
        return import_agents(database, clock, path, region, str(order["language"]))
    if kind == "history":
        return imports.import_history(database, clock, path, again=again)
    load = imports.import_cards if kind == "vcard" else imports.import_customers
    return load(database, clock, path, region, again=again)


async def _load(job: Job, state: State, events: AsyncIterator[intake.Event], database: Database) -> State:
    told_at, stored, skipped = 0.0, False, 0
    bad: TextIO | None = None
    try:
        async for event in events:
            match event:
                case intake.Begun(header, delimiter, from_line):
                    bad = job.bad.open("a" if from_line else "w", encoding="ascii")
                    state = replace(state, header=list(header), delimiter=delimiter)
                case intake.Notice(text):
                    state = replace(state, notices=[*state.notices, text][-MOST_NOTICES:])
                case intake.Skipped():
                    assert bad is not None
                    bad.write(as_line(event))
                    skipped += 1
                case intake.Progress(read_bytes, of_bytes):
                    stored = True
                    if bad is not None:
                        bad.flush()
                    state = replace(state, read_bytes=read_bytes, size_bytes=of_bytes, skipped=skipped)
                case intake.Result(loaded, all_skipped):
                    whole = not stored and loaded > 0
                    state = replace(state, phase="done", loaded=loaded, skipped=all_skipped, known_whole=whole)
            if state.phase == "loading" and time.monotonic() - told_at >= TOLD_EVERY_SECONDS:
                told_at = time.monotonic()
                job.write(state)
    finally:
        if bad is not None:
            bad.close()
    return state


def _beats(job: Job) -> None:
    while True:
        with suppress(OSError):
            job.beat()
        time.sleep(BEAT_SECONDS)


def main() -> None:
    order = json.load(sys.stdin)
    os.nice(NICER)
    threading.Thread(target=_beats, args=(Job(Path(order["folder"])),), daemon=True).start()
    asyncio.run(work(order))


if __name__ == "__main__":
    main()
