"""No report goes through a whole table that grows with every call: each finds its span by an index."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import event
from sqlalchemy.engine import URL

from crm.tables import interactions, texts
from desk.lives import read_lives
from desk.relationships import read_relationships
from desk.reports import Group, Span, read_floor, read_promises, read_talking, read_told
from ivr.tables import calls
from routing.house import House
from routing.plan import Plan
from routing.tables import reservations
from store.clock import VirtualClock
from store.sql import Database
from tests.conftest import ROME

pytestmark = pytest.mark.anyio
LARGE = "|".join(table.name for table in (calls, interactions, reservations, texts))
HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")


@pytest.mark.parametrize("group", get_args(Group))
async def test_no_report_reads_a_whole_table(sqlite_url: URL, clock: VirtualClock, group: Group) -> None:
    database, now = Database(sqlite_url), clock.now()
    span = Span(now - timedelta(days=28), now, now, ROME, group)
    asked: list[tuple[str, Any]] = []
    async with database.read() as conn:
        engine = conn.sync_connection
        assert engine is not None
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        await read_relationships(conn, calls, span)
        await read_relationships(conn, calls, span, at_once=1)
        await read_floor(conn, calls, span, 20)
        await read_told(conn, calls, span)
        await read_talking(conn, span, Plan(), HOUSE)
        await read_promises(conn, span)
        await read_lives(conn, span)
        assert len(asked) > 7
        for statement, given in list(asked):
            steps = [row[-1] for row in await conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
            assert not [step for step in steps if re.match(rf"SCAN ({LARGE})\b", step)], (statement, steps)
    await database.close()
