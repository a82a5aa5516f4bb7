"""Loading people and their past from CSV, in short commits, so that calls go on meanwhile.

Each row obeys the same rules as the API's bodies.  Loading the same file twice changes nothing: people are known
again by `external_id` and changed only where the file differs, the past is only added to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import Problem, field_errors
from crm import history, people
from crm.csvfile import BadRow, CsvFile, CsvRow, listed
from crm.numbers import read_numbers
from crm.references import agent_ids, customer_ids
from crm.schemas import CustomerFields, InteractionFields
from crm.tables import customers
from store.clock import Clock
from store.sql import Database

ROWS_IN_A_COMMIT = 250  # well below the time for which a webhook may wait for the writer
TRIES = 3  # of one commit
CUSTOMER_COLUMNS = (
    *("external_id", "name", "called", "title", "say", "language", "formal", "phones", "email"),
    *("preferred_agent", "tags", "notes"),
)
HISTORY_COLUMNS = (
    *("external_id", "customer", "agent", "channel", "started_at", "talk_seconds", "outcome"),
    *("topic", "summary"),
)
_YES = frozenset({"true", "1", "yes", "y", "si", "sì", "vero"})
_NO = frozenset({"false", "0", "no", "n", "falso"})


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the whole file that stops nothing."""

    text: str


@dataclass(frozen=True, slots=True)
class Skipped:
    line: int
    reason: str


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


Event = Notice | Skipped | Progress | Result
Fields = TypeVar("Fields", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A good row: where it stands, and the values of the columns it has."""

    line: int
    values: dict[str, Any]


Write = Callable[[AsyncConnection, Sequence[Parsed]], Awaitable[list[Skipped]]]


class BadCell(ValueError):
    """A cell that cannot be understood; the message begins with its column."""


async def import_customers(database: Database, clock: Clock, path: Path, region: str) -> AsyncIterator[Event]:
    """Raises UnusableFile before anything is loaded."""

    async def write(conn: AsyncConnection, rows: Sequence[Parsed]) -> list[Skipped]:
        return await _write_customers(conn, rows, clock)

    file = CsvFile(path, CUSTOMER_COLUMNS, ["external_id"])
    async for event in load(database, file, lambda row: _customer(row, region), write, _repeated(path)):
        yield event


async def import_history(database: Database, path: Path) -> AsyncIterator[Event]:
    """Raises UnusableFile before anything is loaded."""
    file = CsvFile(path, HISTORY_COLUMNS, ["external_id", "customer", "started_at", "outcome"])
    async for event in load(database, file, _interaction, _write_history):
        yield event


async def load(
    database: Database,
    file: CsvFile,
    parse: Callable[[CsvRow], Parsed],
    write: Write,
    repeated: Collection[str] = frozenset(),
) -> AsyncIterator[Event]:
    """`parse` raises BadCell; `write` names the rows that it could not take.

    Rows of `repeated` external ids come last and together, so that `write` sees which of them counts.
    """
    loaded = skipped = 0
    with file:
        for notice in notices(file):
            yield notice
        for batch in _batches(file, parse, repeated):
            good = [row for row in batch if isinstance(row, Parsed)]
            bad = [row for row in batch if isinstance(row, Skipped)]
            if good:
                bad += await commit(database, good, write)
            for row in sorted(bad, key=lambda row: row.line):
                yield row
            skipped += len(bad)
            loaded += len(batch) - len(bad)
            yield Progress(file.position_bytes, file.size_bytes)
    yield Result(loaded, skipped)


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


def notices(file: CsvFile) -> list[Notice]:
    if not file.unknown_columns:
        return []
    return [Notice(f"columns that are not known and were ignored: {', '.join(file.unknown_columns)}")]


def read_row(row: CsvRow | BadRow, parse: Callable[[CsvRow], Parsed]) -> Parsed | Skipped:
    if isinstance(row, BadRow):
        return Skipped(row.line, row.reason)
    try:
        return parse(row)
    except BadCell as error:
        return Skipped(row.line, str(error))


def checked(model: type[Fields], values: dict[str, Any]) -> Fields:
    """By the API's own rules.  Raises BadCell."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        field, message = field_errors(error.errors())[0]
        raise BadCell(f"{field}: {message}") from None


def filled(row: CsvRow, *columns: str) -> dict[str, Any]:
    """The cells of these columns as they are, an empty one as null."""
    return {name: row.cells[name] or None for name in columns if name in row.cells}


def _batches(
    file: CsvFile, parse: Callable[[CsvRow], Parsed], repeated: Collection[str]
) -> Iterator[list[Parsed | Skipped]]:
    batch: list[Parsed | Skipped] = []
    for rows in _together((read_row(row, parse) for row in file.rows()), repeated):
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


def _repeated(path: Path) -> frozenset[str]:
    """External ids that stand in more than one row; a pipe can be read only once and is taken in its order."""
    if not path.is_file():
        return frozenset()
    seen, twice = set[str](), set[str]()
    with CsvFile(path, ["external_id"], ["external_id"]) as file:
        for row in file.rows():
            if isinstance(row, CsvRow):
                external_id = row.cells["external_id"]
                (twice if external_id in seen else seen).add(external_id)
    return frozenset(twice)


def _customer(row: CsvRow, region: str) -> Parsed:
    _require(row, "external_id")
    values = filled(row, *(name for name in CUSTOMER_COLUMNS if name not in ("formal", "phones", "tags")))
    for name in ("phones", "tags"):
        if name in row.cells:
            values[name] = listed(row.cells[name])
    if row.cells.get("formal"):
        values["formal"] = _yes_or_no("formal", row.cells["formal"])
    clean = checked(CustomerFields, values).model_dump(exclude_unset=True)
    if "phones" in clean:
        try:
            clean["phones"] = read_numbers("phones", clean["phones"], region)
        except Problem as problem:
            raise BadCell(f"{problem.field}: {problem.detail}") from None
    return Parsed(row.line, clean)


def _interaction(row: CsvRow) -> Parsed:
    _require(row, "external_id")
    values = filled(row, *(name for name in HISTORY_COLUMNS if name not in ("channel", "talk_seconds")))
    if row.cells.get("channel"):
        values["channel"] = row.cells["channel"].lower()
    if row.cells.get("talk_seconds"):
        values["talk_seconds"] = _seconds(row.cells["talk_seconds"])
    values["outcome"] = (values["outcome"] or "").lower()
    return Parsed(row.line, checked(InteractionFields, values).model_dump())


async def _write_customers(conn: AsyncConnection, rows: Sequence[Parsed], clock: Clock) -> list[Skipped]:
    colleagues = await agent_ids(
        conn, [row.values["preferred_agent"] for row in rows if _names(row, "preferred_agent")]
    )
    known = await _known_customers(conn, {row.values["external_id"] for row in rows})
    before = await people.load(conn, list(known.values()))
    skipped: list[Skipped] = []
    last: dict[str, dict[str, Any]] = {}  # of two rows about one customer the later counts
    for row in rows:
        values = dict(row.values)
        if _names(row, "preferred_agent"):
            if values["preferred_agent"] not in colleagues:
                skipped.append(Skipped(row.line, f"preferred_agent: there is no agent {values['preferred_agent']}"))
                continue
            values["preferred_agent"] = colleagues[values["preferred_agent"]]
        last[values["external_id"]] = values
    fresh = [values for external_id, values in last.items() if external_id not in known]
    await people.add_many(conn, [{"formal": True} | values for values in fresh], clock.now())
    changes: dict[str, dict[str, Any]] = {}
    for external_id, customer_id in known.items():
        values, customer = last.get(external_id, {}), before[customer_id]
        if any(getattr(customer, name) != value for name, value in values.items()):
            changes[customer_id] = {"formal": customer.formal} | values
    await people.change_many(conn, changes, clock.now())
    return skipped


async def _write_history(conn: AsyncConnection, rows: Sequence[Parsed]) -> list[Skipped]:
    who = await customer_ids(conn, [row.values["customer"] for row in rows])
    colleagues = await agent_ids(conn, [row.values["agent"] for row in rows if _names(row, "agent")])
    known = set(await history.known_ids(conn, [row.values["external_id"] for row in rows]))
    skipped: list[Skipped] = []
    fresh: list[dict[str, Any]] = []
    for row in rows:
        values = dict(row.values)
        customer, agent = values.pop("customer"), values.pop("agent")
        if customer not in who:
            skipped.append(Skipped(row.line, f"customer: there is no customer {customer}"))
        elif agent is not None and agent not in colleagues:
            skipped.append(Skipped(row.line, f"agent: there is no agent {agent}"))
        elif values["external_id"] not in known:
            known.add(values["external_id"])
            fresh.append({**values, "customer_id": who[customer], "agent_id": colleagues.get(agent)})
    await history.record_many(conn, fresh)
    return skipped


async def _known_customers(conn: AsyncConnection, external_ids: Collection[str]) -> dict[str, str]:
    known = select(customers.c.external_id, customers.c.id).where(customers.c.external_id.in_(external_ids))
    return {row.external_id: row.id for row in await conn.execute(known)}


def _names(row: Parsed, column: str) -> bool:
    return row.values.get(column) is not None


def _require(row: CsvRow, column: str) -> None:
    if not row.cells.get(column):
        raise BadCell(f"{column}: is missing")


def _yes_or_no(column: str, cell: str) -> bool:
    word = cell.lower()
    if word not in _YES | _NO:
        raise BadCell(f"{column}: {cell!r} is neither true nor false")
    return word in _YES


def _seconds(cell: str) -> int:
    try:
        seconds = float(cell)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise BadCell(f"talk_seconds: {cell!r} is not a number of seconds")
    return round(seconds)
