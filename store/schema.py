"""The schema's version: what the database has, what this code needs, and the way from one to the other.

Works on plain connections of its own, one transaction for each change: a migration that fails leaves nothing behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import Enum
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_WAIT_SECONDS = 30
_ADVISORY_LOCK = 0x63656E7472616C69  # "centrali": one migration at a time in a database
# A migration that waits for a table makes everybody behind it wait too: calls are on the line, so it gives up first.
_POSTGRES_LIMITS = "-c lock_timeout=5000 -c timezone=UTC"


class Schema(Enum):
    """How the database's schema stands to the one this code was written for."""

    ABSENT = "absent"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"  # a revision this code has never heard of: a later version has been here


def head() -> str:
    """The revision this code needs."""
    revision = _scripts().get_current_head()
    assert revision is not None, "the wheel holds at least one revision"
    return revision


def current(url: URL) -> str | None:
    """The revision the database has; None when it has no schema of ours."""
    with _connected(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def compare(url: URL) -> Schema:
    found = current(url)
    if found is None:
        return Schema.ABSENT
    if found == head():
        return Schema.CURRENT
    known = {script.revision for script in _scripts().walk_revisions()}
    return Schema.OLDER if found in known else Schema.NEWER


def is_current(url: URL) -> bool:
    return compare(url) is Schema.CURRENT


def upgrade(url: URL, revision: str = "head") -> None:
    """Brings the schema to `revision`.  Several processes may call it at once: the later ones find nothing to do."""
    _write_ahead(url)
    with _changing(url) as connection:
        command.upgrade(_config(connection), revision)


def _write_ahead(url: URL) -> None:
    """The journal mode belongs to the file.  Two first connections that both change it can lock each other out."""
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database or ":memory:", timeout=LOCK_WAIT_SECONDS)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")


def downgrade(url: URL, revision: str = "base") -> None:
    with _changing(url) as connection:
        command.downgrade(_config(connection), revision)


def differences(url: URL, metadata: MetaData) -> list[Any]:
    """What a new revision would have to change for the database to be as the tables say; empty when nothing."""
    with _connected(url) as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def draft(url: URL, metadata: MetaData, message: str, revision: str) -> Path:
    """Writes the next revision's file from the tables, for its author to read and mend."""
    with _changing(url) as connection:
        config = _config(connection)
        config.attributes["metadata"] = metadata
        script = command.revision(config, message, autogenerate=True, rev_id=revision)
    assert not isinstance(script, list)
    assert script is not None
    return Path(script.path)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _changing(url: URL) -> Iterator[Connection]:
    """One transaction that nobody else's migration can overlap."""
    with _connected(url) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        yield connection


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 5, "options": _POSTGRES_LIMITS})
    engine = create_engine(
        url.set(drivername="sqlite"),
        poolclass=NullPool,
        connect_args={"timeout": LOCK_WAIT_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Foreign keys stay off here: a batch change drops the old table, and its children must survive that.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
