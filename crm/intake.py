"""The rows of a file, stored in short commits, so that calls go on meanwhile; an interrupted load goes on later.

How far a load is stands in the transaction of the rows themselves, one commit behind: what was stored but perhaps not
told any more is done once more, which changes nothing, for whoever writes rows knows those that are there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import import_runs
from crm.import_runs import Run
from store.clock import Clock
from store.sql import Database

ROWS_IN_A_COMMIT = 250  # well below the time for which a webhook may wait for the writer
TRIES = 3  # of one commit


@dataclass(frozen=True, slots=True)
class Begun:
    """The first event.  `from_line` is above 0 where an interrupted load goes on."""

    header: Sequence[str]  # as it was
    delimiter: str
    from_line: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the whole file that stops nothing."""

    text: str


@dataclass(frozen=True, slots=True)
class Skipped:
    line: int
    reason: str
    raw: Sequence[str] = field(default=(), compare=False)  # the row as it was


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the file is read, after each commit."""

    read_bytes: int
    of_bytes: int


@dataclass(frozen=True, slots=True)
class Result:
    """The last event.  `loaded` counts good rows, also those that were known already."""

    loaded: int
    skipped: int


Event = Begun | Notice | Skipped | Progress | Result


@dataclass(frozen=True, slots=True)
class Parsed:
    """A good row: where it stands, and the values of the columns it has."""

    line: int
    values: dict[str, Any]
    raw: Sequence[str] = field(default=(), compare=False)


class Source(Protocol):
    """A file of rows, opened by `with`.  `unit` is what its rows are counted by."""

    header: Sequence[str]
    delimiter: str
    size_bytes: int
    next_line: int  # where the row begins that is read next
    unknown_columns: list[str]
    unit: str

    @property
    def position_bytes(self) -> int: ...
    def __enter__(self) -> Any: ...
    def __exit__(self, *_: object) -> None: ...


Write = Callable[[AsyncConnection, Sequence[Parsed]], Awaitable[list[Skipped]]]
Read = Callable[[int, Collection[str]], Iterator[Parsed | Skipped]]  # from a line on, and these ids wherever they stand


class BadCell(ValueError):
    """A cell that cannot be understood; the message begins with its column."""


async def load(
    database: Database,
    clock: Clock,
    source: Source,
    read: Read,
    write: Write,
    run: Run | None,
    *,
    again: bool = False,
    repeated: Collection[str] = frozenset(),
) -> AsyncIterator[Event]:
    """`write` names the rows that it could not take.  `again`: whatever is known of an earlier load.

    Rows of `repeated` external ids come last and together, so that `write` sees which of them counts.
    """
    run, earlier = await _earlier(database, run, again)
    with source:
        yield Begun(source.header, source.delimiter, run.line if run and run.interrupted else 0)
        for notice in [*notices(source), *_of_earlier(run, source.unit)]:
            yield notice
        if earlier is not None:
            yield Result(earlier.loaded, 0)
            return
        mark = done = run or Run("", "")
        for batch in _batches(_together(read(done.line, repeated), repeated)):
            bad = [row for row in batch if isinstance(row, Skipped)]
            good = [row for row in batch if isinstance(row, Parsed)]
            if good:
                bad += await commit(database, good, _marked(write, mark if run else None, clock))
            for row in sorted(bad, key=lambda row: row.line):
                yield row
            done = replace(
                done,
                line=source.next_line,
                position_bytes=source.position_bytes,
                loaded=done.loaded + len(batch) - len(bad),
                skipped=done.skipped + len(bad),
            )
            if not any(isinstance(row, Parsed) and row.values["external_id"] in repeated for row in batch):
                mark = done  # those that come last are all done once more
            yield Progress(source.position_bytes, source.size_bytes)
    if run is not None:
        await commit(database, [], _marked(write, replace(done, done_at=clock.now()), clock))
    yield Result(done.loaded, done.skipped)


async def _earlier(database: Database, run: Run | None, again: bool) -> tuple[Run | None, Run | None]:
    """Where this load begins; and the earlier one, if that left nothing to be done."""
    if run is None or again:
        return run, None
    async with database.read() as conn:
        found = await import_runs.find(conn, run.id)
    if found is None or not (found.whole or found.interrupted):
        return run, None
    return found, found if found.whole else None


def _of_earlier(run: Run | None, unit: str) -> list[Notice]:
    if run is None:
        return []
    if run.whole and run.done_at is not None:
        when = f"{run.done_at:%Y-%m-%d %H:%M} UTC"
        return [Notice(f"this file was loaded whole on {when}, and nothing is changed; --again loads it once more")]
    if run.interrupted:
        before = f"{run.loaded} loaded and {run.skipped} skipped before it"
        return [Notice(f"an earlier load was interrupted: it goes on at {unit} {run.line}, {before}")]
    return []


def _marked(write: Write, run: Run | None, clock: Clock) -> Write:
    async def write_and_mark(conn: AsyncConnection, rows: Sequence[Parsed]) -> list[Skipped]:
        skipped = await write(conn, rows) if rows else []
        if run is not None:
            await import_runs.keep(conn, run, clock.now())
        return skipped

    return write_and_mark


async def commit(database: Database, rows: Sequence[Parsed], write: Write) -> list[Skipped]:
    """What `write` could not take.  Calls go on meanwhile: what was changed at the same moment is looked at again, and
    a store that is away for a moment costs no row."""
    for tries_left in reversed(range(TRIES)):
        try:
            async with database.write() as conn:
                return await write(conn, rows)
        except (IntegrityError, OperationalError):
            if not tries_left:
                raise
    raise AssertionError("one try returns or the last one raises")


def notices(source: Source) -> list[Notice]:
    if not source.unknown_columns:
        return []
    return [Notice(f"columns that are not known and were ignored: {', '.join(source.unknown_columns)}")]


def _batches(groups: Iterator[Sequence[Parsed | Skipped]]) -> Iterator[list[Parsed | Skipped]]:
    batch: list[Parsed | Skipped] = []
    for rows in groups:
        batch += rows
        if len(batch) >= ROWS_IN_A_COMMIT:
            yield batch
            batch = []
    if batch:
        yield batch


def _together(rows: Iterator[Parsed | Skipped], repeated: Collection[str]) -> Iterator[Sequence[Parsed | Skipped]]:
    """Each row by itself, but those of a repeated external id at the end, one id after the other."""
    held: list[Parsed] = []
    for row in rows:
        if isinstance(row, Parsed) and row.values["external_id"] in repeated:
            held.append(row)
        else:
            yield [row]
    held.sort(key=_external_id)
    for _, same in groupby(held, key=_external_id):
        yield list(same)


def _external_id(row: Parsed) -> str:
    return str(row.values["external_id"])
