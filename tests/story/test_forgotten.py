"""Somebody asks to be told everything, and then to be forgotten: everywhere, also while they are on the line."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Text, cast, insert, select
from sqlalchemy.engine import make_url

from carrier.tables import effects
from crm.tables import customers, text_opt_outs, texts
from ivr.tables import calls
from simulator.phones import Phone
from store.sql import Database
from switchboard.logs import configure
from switchboard.tables import metadata
from tests.story.canary import NUMBER, OTHER_RECORD, WORD, plant, word_of
from tests.story.conftest import LINE, SOMEBODY, World

pytestmark = pytest.mark.anyio
CALLED = WORD.title()
# What is planted and not told: derived from the rest, a secret, or what we said ourselves.
NOT_TOLD = {
    ("calls", "reply"),  # the last document, kept so that a webhook sent twice is answered alike
    ("calls", "reply_key"),
    ("decisions", "reasons"),  # the sentence says it
    ("proofs", "digest"),
    ("callbacks", "risk"),  # how we keep it, not what it is about
    ("callbacks", "zone"),
    ("texts", "effect_id"),  # where it is in our own books
    ("texts", "callback_id"),
    ("texts", "sid"),
    ("callback_attempts", "result"),
    ("look_ups", "user_id"),  # whose eyes it was
}


@asynccontextmanager
async def opened(world: World) -> Any:
    database = Database(make_url(world.database))
    yield database
    await database.close()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that this process logs, at the finest level."""
    configure("DEBUG")
    heard, (handler,) = io.StringIO(), logging.getLogger().handlers
    handler.setStream(heard)  # type: ignore[attr-defined]
    yield heard
    configure("WARNING")


async def lives_with_us(world: World) -> Phone:
    """Somebody of whom everything is known, who has rung, left a message, written, and is promised a call."""
    person = {"name": f"{CALLED} Rossi", "email": f"{WORD}@example.org", "external_id": f"x-{WORD}", "say": CALLED}
    person |= {"given": CALLED, "surname": f"{CALLED}i", "title": CALLED, "notes": WORD, "style": WORD}
    person |= {"life_notes": WORD, "photo_url": f"https://example.org/{WORD}", "addresses": [f"sip:{WORD}@office.test"]}
    phone = await world.customer(CALLED, NUMBER, **person, tags=[WORD])
    paolo = await world.customer("Paolo", SOMEBODY)
    await world.talk(paolo, await world.agent("Anna Bianchi"))
    await phone.dial(LINE)
    await world.hears(phone, "prema 3")
    phone.press("3")
    await world.until(lambda: any(frame["type"] == "recording" for frame in phone.events))
    phone.record(5)
    await world.until(lambda: phone.state == "idle")
    phone.send_text(LINE, f"sono {CALLED}")
    body = {"customer": world.ids[CALLED], "reason": WORD}
    answer = await world.api.post("/callbacks", json=body, headers={"Idempotency-Key": "once"})
    assert answer.is_success, answer.text
    await world.clock.advance(5)
    return phone


async def test_all_that_is_kept_of_somebody_is_told_and_then_forgotten_everywhere(
    world: World, redis_url: str, logged: io.StringIO
) -> None:
    """Told as data and as a page; then in SQL, in its file, in Redis, in logs and at the carrier nothing is left, and
    whoever is on the line at that moment is served, by nobody's name."""
    phone = await lives_with_us(world)
    mine, now = world.ids[CALLED], world.clock.now()
    async with opened(world) as database, database.write() as conn:
        other = {"id": OTHER_RECORD, "name": f"{WORD} before", "merged_into": mine, "tags": []}
        await conn.execute(insert(customers).values(**other, made_at=now, changed_at=now))
        planted = await plant(conn, mine, world.ids["anna"], now)
        await _plant_strays(conn, now)
    whole = json.dumps(await world.get(f"/customers/{mine}/export"), ensure_ascii=False)
    untold = {(table.name, column.name) for table, column in planted if word_of(table, column) not in whole}
    assert untold == NOT_TOLD & untold
    page = await world.api.get(f"/customers/{mine}/export", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert f"{WORD} notes words" in page.text
    before = len(phone.heard)
    await phone.dial(LINE)
    await world.until(lambda: any(CALLED in (entry.text or "") for entry in phone.heard[before:]))
    assert (await world.api.delete(f"/customers/{mine}")).status_code == 204
    heard = len(phone.heard)
    await world.clock.advance(30)
    assert phone.state == "in_call"
    assert WORD not in " ".join(entry.text or "" for entry in phone.heard[heard:]).lower()
    assert await _found_in_sql(world) == []
    assert _found_on_disk(world) == []
    assert _found_in_redis(redis_url) == []
    assert world.network.recordings.all == {}
    assert not any(word in logged.getvalue().lower() for word in (WORD, NUMBER, NUMBER[1:]))
    rows = (await world.get(f"/audit?customer={mine}"))["items"]
    assert {"made", "exported", "erased"} <= {row["what"] for row in rows}
    assert rows[0]["what"] == "erased"


async def _plant_strays(conn: Any, now: Any) -> None:
    """What came from their number and was never joined to them."""
    text = {"id": "stray", "direction": "in", "from_number": NUMBER, "to_number": LINE, "body": WORD}
    await conn.execute(insert(texts).values(**text, state="received", at=now))
    call = {"id": "stray", "direction": "inbound", "from_number": NUMBER, "to_number": LINE, "said": WORD}
    await conn.execute(insert(calls).values(**call, language="it-IT", state="ended", arrived_at=now))
    asked = {"id": "stray", "kind": "create_call", "target": NUMBER, "request": {}, "priority": 1, "state": "done"}
    await conn.execute(insert(effects).values(**asked, wanted=True, tries=1, made_at=now, not_after=now))
    await conn.execute(insert(text_opt_outs).values(number=NUMBER, at=now, source="word"))


def _tells(text: str) -> bool:
    return any(word in text.lower() for word in (WORD, NUMBER[1:], NUMBER[3:]))


async def _found_in_sql(world: World) -> list[str]:
    found = []
    async with opened(world) as database, database.read() as conn:
        for table in metadata.sorted_tables:
            rows = await conn.execute(select(*(cast(column, Text).label(column.name) for column in table.c)))
            found += [f"{table.name}.{n}: {v}" for row in rows for n, v in row._mapping.items() if _tells(v or "")]
    return found


def _found_on_disk(world: World) -> list[str]:
    """SQLite's own files, which keep deleted pages unless they are told not to."""
    url = make_url(world.database)
    if url.get_backend_name() != "sqlite":
        return []
    here = Path(str(url.database))
    return [one.name for one in here.parent.glob(f"{here.name}*") if _tells(one.read_bytes().decode("latin-1"))]


def _found_in_redis(url: str) -> list[str]:
    with redis.Redis.from_url(url) as client:
        return [key.decode() for key in client.scan_iter() if _tells(f"{key!r} {_all_of(client, key)!r}")]


def _all_of(client: Any, key: bytes) -> Any:
    match client.type(key):
        case b"string":
            return client.get(key)
        case b"hash":
            return client.hgetall(key)
        case b"set":
            return client.smembers(key)
        case b"zset":
            return client.zrange(key, 0, -1)
        case b"list":
            return client.lrange(key, 0, -1)
        case b"stream":
            return client.xrange(key)
    raise AssertionError(key)
