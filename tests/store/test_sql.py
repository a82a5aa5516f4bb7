from __future__ import annotations

import asyncio
import gc
import warnings
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

import store.sql
from api.tables import tokens
from store.sql import POSTGRES_LIMITS, Database, database_url
from store.tables import events

pytestmark = pytest.mark.anyio

NOON_IN_ROME = datetime(2026, 7, 1, 12, 0, tzinfo=ZoneInfo("Europe/Rome"))


def event(at: datetime = NOON_IN_ROME) -> dict[str, object]:
    return {"at": at, "type": "call.changed", "ref": "CA1"}


async def test_an_instant_comes_back_aware_and_in_utc(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(events).values(event()))
    async with database.read() as connection:
        at = await connection.scalar(select(events.c.at))
    assert at == NOON_IN_ROME
    assert at.tzinfo is UTC


async def test_instants_are_compared_as_instants_not_as_texts(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(events).values(event()))
    just_before = datetime(2026, 7, 1, 9, 59, 59, 999999, tzinfo=UTC)
    async with database.read() as connection:
        assert await connection.scalar(select(events.c.id).where(events.c.at > just_before)) is not None
        assert await connection.scalar(select(events.c.id).where(events.c.at < just_before)) is None


async def test_a_naive_instant_is_refused(database: Database) -> None:
    async with database.write() as connection:
        with pytest.raises(StatementError, match="an instant needs a zone"):
            await connection.execute(insert(events).values(event(datetime(2026, 7, 1, 12, 0))))


async def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"):
        async with database.write() as connection:
            await connection.execute(insert(events).values(event()))
            raise RuntimeError("changed my mind")
    async with database.read() as connection:
        assert await connection.scalar(select(events.c.id)) is None


async def test_a_read_does_not_see_what_is_not_committed(database: Database) -> None:
    async with database.write() as writing:
        await writing.execute(insert(events).values(event()))
        async with database.read() as reading:
            assert await reading.scalar(select(events.c.id)) is None


async def test_fifteen_writers_who_read_first_queue_and_none_fails(database: Database) -> None:
    async def count_up() -> None:
        async with database.write() as connection:
            seen = await connection.scalar(text("SELECT count(*) FROM events"))
            await connection.execute(insert(events).values({**event(), "ref": str(seen)}))

    await asyncio.gather(*(count_up() for _ in range(15)))
    async with database.read() as connection:
        refs = (await connection.scalars(select(events.c.ref))).all()
    assert len(refs) == 15
    if database.sqlite:
        assert sorted(map(int, refs)) == list(range(15)), "a writer must see all that were before it"


async def test_two_processes_of_one_sqlite_file_queue_as_well(sqlite_url: URL) -> None:
    one, other = Database(sqlite_url), Database(sqlite_url)
    async with one.write() as connection:
        await connection.execute(insert(events).values(event()))
        waiting = asyncio.create_task(_insert(other))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await waiting
    await one.close()
    await other.close()


async def test_a_writer_that_never_ends_holds_others_up_for_two_seconds_at_most(
    sqlite_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.sql, "BUSY_SECONDS", 2.0)
    one, other = Database(sqlite_url), Database(sqlite_url)
    loop = asyncio.get_running_loop()
    async with one.write():
        began = loop.time()
        with pytest.raises(DBAPIError, match="locked"):
            await _insert(other)
        assert loop.time() - began < 2.0 + 3
    await one.close()
    await other.close()


async def test_a_statement_that_is_cancelled_leaves_no_lock_behind(
    sqlite_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it looks for its first row; more would follow, which nobody fetches."""
    monkeypatch.setattr(store.sql, "BUSY_SECONDS", 1.0)
    database = Database(sqlite_url)
    counted = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n WHERE x > 1000000"

    async def looks() -> None:
        async with database.write() as connection:
            await connection.execute(text(counted))

    looking = asyncio.create_task(looks())
    await asyncio.sleep(0.05)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    await _insert(database)
    await database.close()


async def test_postgres_ends_a_statement_that_takes_too_long(
    postgres_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(POSTGRES_LIMITS, "statement_timeout", 200)
    database = Database(postgres_url)
    async with database.read() as connection:
        with pytest.raises(DBAPIError, match="statement timeout"):
            await connection.execute(text("SELECT pg_sleep(5)"))
    await database.close()


async def test_a_database_is_closed_behind_the_last_who_asks(sqlite_url: URL) -> None:
    """Else their connection is nobody's, and stays open: a server that ends while somebody asks."""
    database, released = Database(sqlite_url), asyncio.Event()

    async def asks() -> None:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
            await released.wait()

    asking = asyncio.create_task(asks())
    closing = asyncio.create_task(database.close())
    done, _ = await asyncio.wait({closing}, timeout=0.1)
    assert not done
    released.set()
    await asyncio.gather(asking, closing)
    del asks, asking, closing
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
    assert [str(one.message) for one in heard] == []


async def test_foreign_keys_and_unique_indexes_hold(database: Database) -> None:
    row = {"id": "tok_1", "name": "n", "role": "manager", "digest": "d", "made_at": NOON_IN_ROME}
    async with database.write() as connection:
        await connection.execute(insert(tokens).values(row))
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(insert(tokens).values({**row, "id": "tok_2"}))
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(
                text("INSERT INTO customer_phones (customer_id, number, position) VALUES ('nobody', '+39', 0)")
            )


async def test_deleted_text_is_wiped_from_the_sqlite_file(sqlite_url: URL) -> None:
    database = Database(sqlite_url)
    async with database.write() as connection:
        await connection.execute(insert(events).values({**event(), "ref": "a canary sings"}))
    async with database.write() as connection:
        await connection.execute(events.delete())
        assert await connection.scalar(text("PRAGMA secure_delete")) == 1
    await database.close()
    assert sqlite_url.database is not None
    assert b"a canary sings" not in Path(sqlite_url.database).read_bytes()


async def _insert(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(events).values(event()))


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        (None, "sqlite+aiosqlite"),
        ("sqlite:////var/lib/centralino.db", "sqlite+aiosqlite"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgres://u:p@h/d", "postgresql+psycopg"),
    ],
)
def test_a_plain_url_gets_the_driver_we_use(given: str | None, driver: str, tmp_path: Path) -> None:
    assert database_url(given, tmp_path).drivername == driver
