"""What a running house tells of itself: how late its work is, and everything that `doctor` asks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from ivr.restored import NAME
from routing.tables import agents
from store.clock import VirtualClock
from store.live import Live, Nudges, connect
from store.sql import Database
from store.tables import heartbeats
from switchboard.examination import examine
from switchboard.settings import Settings

pytestmark = pytest.mark.anyio


async def test_what_is_late_and_who_keeps_silent_is_told(
    database: Database, clock: VirtualClock, redis_url: str, tmp_path: Path
) -> None:
    live = Live(connect(redis_url, timeout=10), timeout=10)
    url = database.url.render_as_string(hide_password=False)
    settings = Settings(_env_file=None, database_url=url, centralino_home=tmp_path)

    async def told() -> dict[str, Any]:
        found = await examine(settings, database, clock, Nudges(live))
        return {item["name"]: (item["state"], item["told"]) for item in found}

    first = await told()
    assert first["keeper"] == ("failed", "none has run yet")
    assert first["due work"] == ("ok", "nothing is late")
    assert first["redis"] == ("ok", "answers")
    assert first["signatures"][0] == "note"
    async with database.write() as conn:
        await conn.execute(insert(heartbeats).values(name=NAME, at=clock.now()))
        given = {"id": "agt_1", "name": "Anna", "address": "client:anna", "languages": ["it-IT"], "skills": {}}
        state = {"availability": "ready", "activity": "wrap_up", "since_at": clock.now(), "made_at": clock.now()}
        await conn.execute(insert(agents).values(**given, **state, due_at=clock.now() - timedelta(seconds=12)))
    second = await told()
    assert second["keeper"] == ("ok", "last seen 0 s ago")
    assert second["due work"] == ("note", "the oldest is 12 s late")
    async with database.write() as conn:
        await conn.execute(update(agents).values(due_at=None))
    await clock.advance(300)
    third = await told()
    assert third["keeper"] == ("failed", "last seen 300 s ago")
    assert third["due work"][0] == "ok"
    nowhere = Database(database.url.set(database="/nowhere/x"))
    away = await examine(settings, nowhere, clock, Nudges(live))
    assert {item["name"]: item["state"] for item in away}["database"] == "failed"
    await nowhere.close()
    await live.close()
