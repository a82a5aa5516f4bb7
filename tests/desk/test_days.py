"""Calls are counted on the day and in the hour of the house's own clock, also when it is put forward or back."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.measures import hour_of
from desk.reports import Span, read_floor
from ivr.tables import calls
from store.sql import Database
from tests.desk.one_by_one import day_of
from tests.routing.rows import add_call

pytestmark = pytest.mark.anyio
ZONES = ("Europe/Rome", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Asia/Beirut", "UTC")
NIGHTS = (
    "2025-10-26",
    "2025-11-02",
    "2026-02-15",
    "2026-03-08",
    "2026-03-22",
    "2026-03-29",
    "2026-04-05",
    "2026-07-01",
)


async def test_days_and_hours_are_those_of_the_house(database: Database) -> None:
    arrivals = [
        datetime.fromisoformat(f"{night}T00:00Z") + timedelta(minutes=14 + 15 * n) - timedelta(hours=16)
        for night in NIGHTS
        for n in range(120)
    ]
    async with database.write() as conn:
        for n, at in enumerate(arrivals):
            await add_call(conn, f"call_{n:04}", at)
    now = datetime(2026, 9, 1, tzinfo=UTC)
    async with database.read() as conn:
        for zone in map(ZoneInfo, ZONES):
            for start in (arrivals[0], arrivals[500], datetime(2026, 6, 30, 9, 14, tzinfo=zone)):
                here = [at for at in arrivals if at >= start]
                for group, name in (("day", day_of), ("hour", hour_of)):
                    span = Span(start, now, now, zone, group)  # type: ignore[arg-type]
                    found = await read_floor(conn, calls, span, 20)
                    counted = {key: tally.calls for key, tally in found.groups.items()}
                    assert counted == Counter(name(at, zone) for at in here), span
