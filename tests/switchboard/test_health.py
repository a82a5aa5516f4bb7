from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from sqlalchemy import make_url
from sqlalchemy.engine import URL
from starlette.applications import Starlette

from store import schema
from store.live import Live, connect
from store.sql import Database
from switchboard.health import Health

pytestmark = pytest.mark.anyio

NOBODY = "unix:///nowhere/valkey.sock"


async def ask(path: str, database_url: URL, redis_url: str) -> httpx2.Response:
    database, live = Database(database_url), Live(connect(redis_url, timeout=10), timeout=10)
    app = Starlette(routes=Health(database, live).routes)
    try:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://house") as client:
            return await client.get(path)
    finally:
        await live.close()
        await database.close()


async def test_ready_when_the_database_has_the_schema_and_redis_answers(
    empty_database_url: URL, redis_url: str
) -> None:
    schema.upgrade(empty_database_url)
    answer = await ask("/readyz", empty_database_url, redis_url)
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "missing": [], "notes": []}


async def test_without_redis_still_ready_and_it_is_noted(empty_database_url: URL) -> None:
    schema.upgrade(empty_database_url)
    answer = await ask("/readyz", empty_database_url, NOBODY)
    assert answer.status_code == 200
    assert answer.json()["notes"] == ["redis: away; calls are still routed, from SQL"]


async def test_without_a_schema_not_ready_and_told_what_to_do(empty_database_url: URL, redis_url: str) -> None:
    answer = await ask("/readyz", empty_database_url, redis_url)
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["schema: absent; run `centralino migrate`"]


async def test_without_a_database_not_ready_and_still_alive(tmp_path: Path, redis_url: str) -> None:
    away = make_url(f"sqlite+aiosqlite:///{tmp_path}/no/such/folder.db")
    answer = await ask("/readyz", away, redis_url)
    assert answer.status_code == 503
    assert answer.json()["missing"][0].startswith("database: ")
    assert (await ask("/healthz", away, NOBODY)).status_code == 200
