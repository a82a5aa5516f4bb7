"""How far a file was loaded, so that a load that was interrupted goes on where it stopped.

A file is known by its content: a row that is mended makes it another file.  No name and no cell of it is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import import_runs


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that begin before `line` are stored, and those of them that are bad have been told."""

    id: str
    kind: str
    line: int = 0
    position_bytes: int = 0
    loaded: int = 0
    skipped: int = 0
    done_at: datetime | None = None

    @property
    def whole(self) -> bool:
        """Nothing is left to be done, not even for a row that could not be taken then."""
        return self.done_at is not None and not self.skipped

    @property
    def interrupted(self) -> bool:
        return self.done_at is None and self.line > 0


def new_run(kind: str, path: Path, *meaning: str) -> Run | None:
    """`meaning`: what else decides how its cells are read.  None for a pipe, which can be read only once."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # whoever reads its rows says so
        return None
    return Run("/".join((kind, *meaning, digest)), kind)


async def find(conn: AsyncConnection, run_id: str) -> Run | None:
    """None also if another file was loaded since: that may have changed the same people."""
    last = select(import_runs).order_by(import_runs.c.changed_at.desc(), import_runs.c.id.desc()).limit(1)
    row = (await conn.execute(last)).one_or_none()
    if row is None or row.id != run_id:
        return None
    return Run(row.id, row.kind, row.line, row.position_bytes, row.loaded, row.skipped, row.done_at)


async def keep(conn: AsyncConnection, run: Run, now: datetime) -> None:
    """In the transaction that stores the rows themselves."""
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    values = asdict(run) | {"changed_at": now}
    known = {name: value for name, value in values.items() if name not in ("id", "kind")}
    await conn.execute(insert(import_runs).values(**values).on_conflict_do_update(index_elements=["id"], set_=known))
