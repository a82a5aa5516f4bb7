"""A worker in a process of its own, for test_due.py: claims due jobs and writes down each one that it worked on.

Arguments: database URL, its name, seconds of lease, seconds of work, diary to append to.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, MetaData, Row, Table, Text, make_url, update

from store.clock import SystemClock
from store.due import DueLoop, due_columns
from store.sql import Database

jobs = Table("jobs", MetaData(), Column("id", Text, primary_key=True), *due_columns())


async def main(url: str, name: str, lease_seconds: float, work_seconds: float, diary: str) -> None:
    database, clock = Database(make_url(url)), SystemClock()
    file = os.open(diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(what: str, job: str) -> None:
        os.write(file, f"{what} {job} {name} {time.time()}\n".encode())

    async def work(row: Row[Any]) -> None:
        note("begun", row.id)
        await clock.sleep(work_seconds)
        async with database.write() as connection:
            mine = update(jobs).where(jobs.c.id == row.id, jobs.c.lease_owner == name)
            done = await connection.execute(mine.values(due_at=None, lease_owner=None, lease_until=None))
        if done.rowcount == 1:
            note("done", row.id)

    note("ready", "-")
    lease = timedelta(seconds=lease_seconds)
    await DueLoop(database, clock, jobs, work, owner=name, lease=lease, poll=0.05).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), sys.argv[5]))
