from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from store import schema
from store.schema import Schema
from switchboard.tables import metadata


def tables(url: URL) -> set[str]:
    engine = create_engine(url.set(drivername="sqlite") if "sqlite" in url.drivername else url, poolclass=NullPool)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found - {"alembic_version"}


def run_sql(url: URL, statement: str) -> None:
    engine = create_engine(url.set(drivername="sqlite") if "sqlite" in url.drivername else url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_the_schema_goes_all_the_way_up_and_all_the_way_down(empty_database_url: URL) -> None:
    assert schema.compare(empty_database_url) is Schema.ABSENT
    schema.upgrade(empty_database_url)
    assert schema.is_current(empty_database_url)
    assert tables(empty_database_url) == set(metadata.tables)
    schema.downgrade(empty_database_url)
    assert schema.compare(empty_database_url) is Schema.ABSENT
    assert tables(empty_database_url) == set()


def test_the_revisions_make_exactly_the_tables_that_the_rooms_describe(empty_database_url: URL) -> None:
    schema.upgrade(empty_database_url)
    assert schema.differences(empty_database_url, metadata) == []


def test_a_column_that_nobody_wrote_a_revision_for_is_noticed(empty_database_url: URL) -> None:
    schema.upgrade(empty_database_url)
    run_sql(empty_database_url, "ALTER TABLE events ADD COLUMN forgotten TEXT")
    (change,) = schema.differences(empty_database_url, metadata)
    assert change[0] == "remove_column"


def test_the_sqlite_file_is_the_same_whether_migrated_or_made_from_the_tables(
    sqlite_url: URL, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Partial indexes and defaults as well, which Alembic's comparison passes over."""
    migrated = sqlite_url.set(database=str(tmp_path_factory.mktemp("migrated") / "centralino.db"))
    schema.upgrade(migrated)
    assert _indexes(migrated) == _indexes(sqlite_url)


def test_upgrading_again_changes_nothing(empty_database_url: URL) -> None:
    schema.upgrade(empty_database_url)
    run_sql(empty_database_url, "INSERT INTO events (at, type, ref) VALUES ('2026-01-01 00:00:00', 'x', 'y')")
    schema.upgrade(empty_database_url)
    assert schema.current(empty_database_url) == schema.head()


def test_a_schema_of_a_later_version_is_told_from_an_older_one(empty_database_url: URL) -> None:
    schema.upgrade(empty_database_url)
    run_sql(empty_database_url, "UPDATE alembic_version SET version_num = '9999'")
    assert schema.compare(empty_database_url) is Schema.NEWER


def test_four_processes_upgrading_at_once_all_succeed(empty_database_url: URL) -> None:
    code = "import sys, sqlalchemy, store.schema; store.schema.upgrade(sqlalchemy.make_url(sys.argv[1]))"
    address = empty_database_url.render_as_string(hide_password=False)
    crew = [
        subprocess.Popen([sys.executable, "-c", code, address], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    complaints = [process.communicate(timeout=60)[1] for process in crew]
    assert [process.returncode for process in crew] == [0, 0, 0, 0], complaints
    assert schema.is_current(empty_database_url)


def _indexes(url: URL) -> dict[str, str]:
    engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
        found = {row.name: " ".join(row.sql.split()) for row in rows}
    engine.dispose()
    return found
