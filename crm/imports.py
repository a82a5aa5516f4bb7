"""Loading people and their past from CSV, in short commits, so that calls go on meanwhile.

Each row obeys the same rules as the API's bodies.  Loading the same file twice changes nothing: people are known
again by `external_id` and changed only where the file differs, the past is only added to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import Problem, field_errors
from crm import history, people
from crm.csvfile import BadRow, CsvFile, CsvRow, listed, unquoted
from crm.import_runs import new_run
from crm.intake import BadCell, Event, Parsed, Read, Skipped, load
from crm.numbers import read_addresses, read_numbers
from crm.references import agent_ids, customer_ids
from crm.schemas import Customer, CustomerFields, InteractionFields
from crm.tables import customers
from crm.vcards import CardFile, read_card
from store.clock import Clock
from store.sql import Database

CUSTOMER_COLUMNS = (
    *("external_id", "name", "given", "surname", "called", "title", "gender", "say", "language", "formal", "phones"),
    *("addresses", "email", "photo_url", "preferred_agent", "stand_ins", "time_zone", "quiet_hours", "style", "tags"),
    *("notes", "life_notes"),
)
HISTORY_COLUMNS = (
    *("external_id", "customer", "agent", "channel", "started_at", "talk_seconds", "outcome"),
    *("topic", "summary"),
)
_LISTS = ("phones", "addresses", "stand_ins", "tags")
EMPTY: Mapping[str, Any] = {"formal": True, "phones": [], "addresses": [], "stand_ins": [], "tags": []}
_YES = frozenset({"true", "1", "yes", "y", "si", "sì", "vero"})
_NO = frozenset({"false", "0", "no", "n", "falso"})
_GENDERS = {"f": "feminine", "female": "feminine", "m": "masculine", "male": "masculine"}
Fields = TypeVar("Fields", bound=BaseModel)


async def import_customers(
    database: Database, clock: Clock, path: Path, region: str, *, again: bool = False
) -> AsyncIterator[Event]:
    """Raises UnusableFile before anything is loaded."""

    async def write(conn: AsyncConnection, rows: Sequence[Parsed]) -> list[Skipped]:
        return await write_customers(conn, rows, clock)

    file = CsvFile(path, CUSTOMER_COLUMNS, ["external_id"])
    reading, run = _reading(file, lambda row: customer_row(row, region)), new_run("customers", path, region)
    async for event in load(database, clock, file, reading, write, run, again=again, repeated=_repeated(path)):
        yield event


async def import_history(database: Database, clock: Clock, path: Path, *, again: bool = False) -> AsyncIterator[Event]:
    """Raises UnusableFile before anything is loaded."""
    file = CsvFile(path, HISTORY_COLUMNS, ["external_id", "customer", "started_at", "outcome"])
    reading, run = _reading(file, history_row), new_run("history", path)
    async for event in load(database, clock, file, reading, _write_history, run, again=again):
        yield event


async def import_cards(
    database: Database, clock: Clock, path: Path, region: str, *, again: bool = False
) -> AsyncIterator[Event]:
    """People from vCards.  Raises UnusableFile before anything is loaded."""

    async def write(conn: AsyncConnection, rows: Sequence[Parsed]) -> list[Skipped]:
        return await write_customers(conn, rows, clock)

    def read(from_card: int, _: Collection[str]) -> Iterator[Parsed | Skipped]:
        before: dict[str, int] = {}
        for number, text, wrong in file.cards():
            card = card_row(number, text, wrong, region, before)
            if number >= from_card:
                yield card

    file = CardFile(path)
    async for event in load(database, clock, file, read, write, new_run("vcard", path, region), again=again):
        yield event


def card_row(number: int, text: str, wrong: str | None, region: str, before: dict[str, int]) -> Parsed | Skipped:
    """`before`: the cards that were read already, by what their people are known by; this one joins them."""
    try:
        if wrong is not None:
            raise BadCell(wrong)
        values = clean_customer(read_card(text), region)
        twin = before.setdefault(values["external_id"], number)
        if twin != number:
            raise BadCell(f"it is the same person as card {twin}")
        return Parsed(number, values, (text,))
    except BadCell as error:
        return Skipped(number, str(error), (text,))


def _reading(file: CsvFile, parse: Callable[[CsvRow], Parsed]) -> Read:
    """Rows before the line are read, for only so is it known where one begins, and not looked at."""

    def read(from_line: int, repeated: Collection[str]) -> Iterator[Parsed | Skipped]:
        for row in file.rows():
            wanted = isinstance(row, CsvRow) and row.cells["external_id"] in repeated
            if wanted or row.line >= from_line:
                yield read_row(row, parse)

    return read


def read_row(row: CsvRow | BadRow, parse: Callable[[CsvRow], Parsed]) -> Parsed | Skipped:
    if isinstance(row, BadRow):
        return Skipped(row.line, row.reason, row.raw)
    try:
        return parse(row)
    except BadCell as error:
        return Skipped(row.line, str(error), row.raw)


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


def customer_row(row: CsvRow, region: str) -> Parsed:
    _require(row, "external_id")
    row = replace(row, cells={name: unquoted(cell) for name, cell in row.cells.items()})
    values = filled(row, *(name for name in CUSTOMER_COLUMNS if name not in ("formal", *_LISTS)))
    for name in _LISTS:
        if name in row.cells:
            values[name] = listed(row.cells[name])
    if row.cells.get("formal"):
        values["formal"] = _yes_or_no("formal", row.cells["formal"])
    if row.cells.get("gender"):
        values["gender"] = _GENDERS.get(row.cells["gender"].lower(), row.cells["gender"].lower())
    return Parsed(row.line, clean_customer(values, region), row.raw)


def clean_customer(values: Mapping[str, Any], region: str) -> dict[str, Any]:
    """By the API's own rules, with numbers in E.164.  Raises BadCell."""
    clean = checked(CustomerFields, dict(values)).model_dump(exclude_unset=True)
    try:
        if "phones" in clean:
            clean["phones"] = read_numbers("phones", clean["phones"], region)
        if "addresses" in clean:
            clean["addresses"] = read_addresses("addresses", clean["addresses"])
    except Problem as problem:
        raise BadCell(f"{problem.field}: {problem.detail}") from None
    return clean


def history_row(row: CsvRow) -> Parsed:
    _require(row, "external_id")
    values = filled(row, *(name for name in HISTORY_COLUMNS if name not in ("channel", "talk_seconds")))
    if row.cells.get("channel"):
        values["channel"] = row.cells["channel"].lower()
    if row.cells.get("talk_seconds"):
        values["talk_seconds"] = _seconds(row.cells["talk_seconds"])
    values["outcome"] = (values["outcome"] or "").lower()
    return Parsed(row.line, checked(InteractionFields, values).model_dump(), row.raw)


async def write_customers(conn: AsyncConnection, rows: Sequence[Parsed], clock: Clock) -> list[Skipped]:
    colleagues = await agent_ids(conn, {name for row in rows for _, name in _colleagues(row.values)})
    skipped: list[Skipped] = []
    last: dict[str, dict[str, Any]] = {}  # of two rows about one customer the later counts
    for row in rows:
        lost = [(column, name) for column, name in _colleagues(row.values) if name not in colleagues]
        if lost:
            column, name = lost[0]
            skipped.append(Skipped(row.line, f"{column}: there is no agent {name}", row.raw))
        else:
            last[row.values["external_id"]] = _by_id(row.values, colleagues)
    known = await _known_customers(conn, last)
    before = await people.load(conn, [*known.values()])
    changes = {}
    for reference, customer_id in known.items():
        changed = _changed(before[customer_id], last[reference], reference) if customer_id in before else {}
        if changed:
            changes[customer_id] = changed
    fresh = _alike([last[name] for name in last if name not in known], lambda name, _: EMPTY.get(name))
    await people.add_many(conn, fresh, clock.now())
    whole = _alike(list(changes.values()), lambda name, n: getattr(before[list(changes)[n]], name))
    await people.change_many(conn, dict(zip(changes, whole, strict=True)), clock.now())
    return skipped


def _by_id(values: Mapping[str, Any], colleagues: Mapping[str, str]) -> dict[str, Any]:
    """With agents by their ids."""
    found = dict(values)
    if found.get("preferred_agent") is not None:
        found["preferred_agent"] = colleagues[found["preferred_agent"]]
    if found.get("stand_ins"):
        found["stand_ins"] = list(dict.fromkeys(colleagues[name] for name in found["stand_ins"]))
    return found


def _changed(customer: Customer, values: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """What the file says otherwise.  A number that was given up comes back by hand only: files are often older."""
    told = dict(values)
    if customer.external_id != reference:  # known by an id of ours: that names no new external id
        told.pop("external_id")
    if "phones" in told:
        told["phones"] = [number for number in told["phones"] if number not in customer.former_phones]
    if "addresses" in told:
        told["addresses"] = sorted(told["addresses"])
    return {name: value for name, value in told.items() if getattr(customer, name) != value}


def _alike(rows: Sequence[Mapping[str, Any]], otherwise: Callable[[str, int], Any]) -> list[dict[str, Any]]:
    """All with the same values, so that one statement writes them; what a row does not name is as it is `otherwise`."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row[name] if name in row else otherwise(name, n) for name in names} for n, row in enumerate(rows)]


async def _write_history(conn: AsyncConnection, rows: Sequence[Parsed]) -> list[Skipped]:
    who = await customer_ids(conn, [row.values["customer"] for row in rows])
    colleagues = await agent_ids(conn, [row.values["agent"] for row in rows if row.values["agent"] is not None])
    known = set(await history.known_ids(conn, [row.values["external_id"] for row in rows]))
    skipped: list[Skipped] = []
    fresh: list[dict[str, Any]] = []
    for row in rows:
        values = dict(row.values)
        customer, agent = values.pop("customer"), values.pop("agent")
        if customer not in who:
            skipped.append(Skipped(row.line, f"customer: there is no customer {customer}", row.raw))
        elif agent is not None and agent not in colleagues:
            skipped.append(Skipped(row.line, f"agent: there is no agent {agent}", row.raw))
        elif values["external_id"] not in known:
            known.add(values["external_id"])
            fresh.append({**values, "customer_id": who[customer], "agent_id": colleagues.get(agent)})
    await history.record_many(conn, fresh)
    return skipped


async def _known_customers(conn: AsyncConnection, references: Collection[str]) -> dict[str, str]:
    """By external id, else by an id of ours.

    A record that was merged into another stands for itself: what a file says of it does not change the other one.
    """
    wanted = list(references)
    columns = select(customers.c.external_id, customers.c.id)
    own = await conn.execute(columns.where(customers.c.id.in_(wanted)))
    named = await conn.execute(columns.where(customers.c.external_id.in_(wanted)))
    return {row.id: row.id for row in own} | {row.external_id: row.id for row in named}


def _colleagues(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every agent whom a row names, by column."""
    if values.get("preferred_agent") is not None:
        yield "preferred_agent", values["preferred_agent"]
    for name in values.get("stand_ins") or ():
        yield "stand_ins", name


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
