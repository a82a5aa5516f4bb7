"""`centralino export`: everybody in one file, readable by its owner alone and there as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from crm import audit, exports
from crm.audit import What
from store.clock import SystemClock
from store.sql import Database
from switchboard.settings import Settings

WRITERS = {".csv": exports.as_csv, ".vcf": exports.as_card}


async def write_customers(settings: Settings, path: Path) -> int:
    """How many.  Raises OSError."""
    database, clock, count = Database(settings.database), SystemClock(), 0
    write = WRITERS[path.suffix.lower()]
    handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            if write is exports.as_csv:
                file.write(exports.header())
            async with database.read() as conn:
                colleagues = await exports.names_of_agents(conn)
            async for some in exports.everybody(database):
                file.writelines(write(customer, colleagues) for customer in some)
                count += len(some)
        async with database.write() as conn:  # before anybody has the file: no row, no export
            kind = path.suffix[1:].lower()
            await audit.record(conn, "export", What.EXPORTED, now=clock.now(), kind=kind, customers=count)
        os.replace(unfinished, path)
    finally:
        await database.close()
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
    return count
