"""The SQL database: engine, transactions, the instant type, one MetaData for all rooms.

Two doors and no third: `write` is a transaction that may change things, `read` sees what is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import DateTime, MetaData, event, text
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BUSY_SECONDS = 2.0
WIPE_MILLISECONDS = 100
POOL_WAIT_SECONDS = 1.0
CLOSE_SECONDS = 1.0
POSTGRES_LIMITS = {  # milliseconds
    "statement_timeout": 2000,
    "lock_timeout": 1000,
    "idle_in_transaction_session_timeout": 5000,
}


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored and returned in UTC.  A naive one is refused: it would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def database_url(given: str | None, home: Path) -> URL:
    """The URL with its async driver; without one, the embedded file under `home`."""
    if not given:
        return URL.create("sqlite+aiosqlite", database=str(home / "centralino.db"))
    url = make_url(given)
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite":
        return url.set(drivername="sqlite+aiosqlite")
    return url


class News(NamedTuple):
    """A change that was committed."""

    type: str
    ref: str
    id: int


NEWS = "news"  # where a connection keeps its transaction's


class Database:
    """Connections to one database.  A write on SQLite begins IMMEDIATE: two writers queue instead of failing."""

    def __init__(self, url: URL, *, pool_size: int = 10) -> None:
        self.url = url
        self.sqlite = url.get_backend_name() == "sqlite"
        self._listeners: list[Callable[[Sequence[News]], None]] = []
        self._asking, self._idle = 0, asyncio.Event()
        self._idle.set()
        if self.sqlite:
            self._writer = _sqlite_engine(url, pool_size=1, immediate=True)
            self._reader = _sqlite_engine(url, pool_size=pool_size, immediate=False)
        else:
            self._writer = create_async_engine(
                url,
                pool_size=pool_size,
                max_overflow=pool_size,
                pool_timeout=POOL_WAIT_SECONDS,
                pool_pre_ping=True,
                hide_parameters=True,  # an error in a log must not quote the data
                connect_args={"connect_timeout": 2, "options": _postgres_options()},
            )
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    def listen(self, callback: Callable[[Sequence[News]], None]) -> None:
        """`callback` hears the news of each transaction once committed; it must only ring an alarm or the like."""
        self._listeners.append(callback)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back if it raises."""
        news: list[News] = []
        with self._asked():
            async with self._writer.begin() as connection:
                connection.info[NEWS] = news
                yield connection
        if news:
            for callback in self._listeners:
                callback(news)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Statements outside a transaction, each seeing what is committed then."""
        with self._asked():
            async with self._reader.connect() as connection:
                yield connection

    async def wipe(self) -> bool:
        """What was deleted leaves the disk, as far as that is in our hands; False: somebody reads, try again later.

        On SQLite what a page said before stands in the write-ahead log until that is emptied.
        """
        if not self.sqlite:
            return True
        async with self._reader.connect() as connection:
            # Writers wait while this waits for readers: not for long.
            await connection.exec_driver_sql(f"PRAGMA busy_timeout={WIPE_MILLISECONDS}")
            try:
                busy, *_ = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()
            finally:
                await connection.exec_driver_sql(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        return not busy

    async def close(self) -> None:
        """Lets end what is being asked, for CLOSE_SECONDS at most: a connection given back after it is never closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._idle.wait()
        await self._writer.dispose()
        if self.sqlite:
            await self._reader.dispose()

    @contextmanager
    def _asked(self) -> Iterator[None]:
        self._asking += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._asking -= 1
            if not self._asking:
                self._idle.set()


def _postgres_options() -> str:
    return " ".join(f"-c {name}={value}" for name, value in (POSTGRES_LIMITS | {"timezone": "UTC"}).items())


def _sqlite_engine(url: URL, *, pool_size: int, immediate: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        if immediate:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine.sync_engine, "invalidate")
    def let_go(connection: Any, entry: ConnectionPoolEntry, error: BaseException | None) -> None:
        # Of a statement that was cancelled rows may be left: with them SQLite keeps a connection, and its lock, beyond
        # its closing.  Whoever is cancelled a second time meanwhile is on the way out already.
        with suppress(Exception, asyncio.CancelledError):
            connection.rollback()

    return engine


async def only_one(connection: AsyncConnection, what: str) -> None:
    """Until this transaction ends nobody else is past this line for the same `what`.

    For checks over many rows, which no unique index can express.  On SQLite a write transaction is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:what))"), {"what": what})
