"""A file that somebody has brought, as it would be understood; nothing of it is written.

Only its first rows are looked at: whoever brings the wrong file or the wrong columns sees it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select

from crm.csvfile import CsvFile, UnusableFile
from crm.imports import CUSTOMER_COLUMNS, HISTORY_COLUMNS, card_row, customer_row, history_row, read_row
from crm.intake import Parsed, Skipped
from crm.references import AT_ONCE, agent_ids, customer_ids
from crm.tables import customers, interactions
from crm.vcards import CardFile
from routing.imports import AGENT_COLUMNS, agent_row
from routing.tables import agents
from store.sql import Database

Kind = Literal["customers", "agents", "history", "vcard"]
KINDS: Sequence[Kind] = ("customers", "agents", "history", "vcard")
LOOKED_AT, SHOWN = 1000, 5
COLUMNS: Mapping[str, Sequence[str]] = {
    "customers": CUSTOMER_COLUMNS,
    "agents": AGENT_COLUMNS,
    "history": HISTORY_COLUMNS,
    "vcard": CUSTOMER_COLUMNS,
}
REQUIRED: Mapping[str, Sequence[str]] = {
    "customers": ("external_id",),
    "agents": ("external_id", "name", "address"),
    "history": ("external_id", "customer", "started_at", "outcome"),
}
_TABLES: Mapping[str, Any] = {"agents": agents, "history": interactions}


@dataclass(frozen=True, slots=True)
class Preview:
    """`good` and `bad` are of the rows that were looked at; `whole`: those are all there are."""

    kind: str
    unusable: str | None = None
    columns: Sequence[str] = ()
    ignored: Sequence[str] = ()
    good: Sequence[Parsed] = ()
    bad: Sequence[Skipped] = ()
    whole: bool = True
    known: int = 0  # of the good ones: they are here already, and only what differs would change

    @property
    def shown(self) -> Sequence[Parsed]:
        return self.good[:SHOWN]

    @property
    def looked_at(self) -> int:
        return len(self.good) + len(self.bad)


def guess(path: Path) -> Kind:
    """By what the file begins with."""
    with path.open("rb") as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"begin"):
        return "vcard"
    header = {cell.strip(b' "') for cell in start.splitlines()[0].replace(b";", b",").split(b",")} if start else set()
    if {b"started_at", b"outcome"} <= header:
        return "history"
    return "agents" if {b"address", b"name"} <= header and b"phones" not in header else "customers"


def read(path: Path, kind: str, region: str) -> Preview:
    """Some tenths of a second of work at most: not for the loop that answers calls."""
    try:
        return _cards(path, region) if kind == "vcard" else _rows(path, kind, region)
    except UnusableFile as error:
        return Preview(kind, unusable=str(error))


def _rows(path: Path, kind: str, region: str) -> Preview:
    parse = {
        "customers": lambda row: customer_row(row, region),
        "agents": lambda row: agent_row(row, region),
        "history": history_row,
    }[kind]
    with CsvFile(path, COLUMNS[kind], REQUIRED[kind]) as file:
        read_ones = (read_row(row, parse) for row in file.rows())
        return replace(_looked_at(kind, read_ones), columns=file.columns, ignored=file.unknown_columns)


def _cards(path: Path, region: str) -> Preview:
    before: dict[str, int] = {}
    with CardFile(path) as file:
        found = _looked_at("vcard", (card_row(*card, region, before) for card in file.cards()))
    named = {name for row in found.good for name, value in row.values.items() if value and name != "external_id"}
    return replace(found, columns=[name for name in CUSTOMER_COLUMNS if name in named])


def _looked_at(kind: str, rows: Iterator[Parsed | Skipped]) -> Preview:
    some = list(islice(rows, LOOKED_AT))
    return Preview(
        kind,
        good=[row for row in some if isinstance(row, Parsed)],
        bad=[row for row in some if isinstance(row, Skipped)],
        whole=next(rows, None) is None,
    )


@dataclass(slots=True)
class _Named:
    """Whom rows refer to, and whether they are here."""

    agents: Mapping[str, str] = field(default_factory=dict)
    customers: Mapping[str, str] = field(default_factory=dict)

    def missing(self, kind: str, row: Parsed) -> str | None:
        for column, name in _colleagues(kind, row):
            if name not in self.agents:
                return f"{column}: there is no agent {name}"
        if kind == "history" and row.values["customer"] not in self.customers:
            return f"customer: there is no customer {row.values['customer']}"
        return None


async def compared(database: Database, found: Preview) -> Preview:
    """With what is kept already: rows that name nobody are bad, and some are known."""
    if found.unusable is not None:
        return found
    async with database.read() as conn:
        here = {row.values["external_id"] for row in found.good} if found.kind == "agents" else set()
        colleagues = {name for row in found.good for _, name in _colleagues(found.kind, row)}
        named = _Named(dict(await agent_ids(conn, colleagues)) | {one: one for one in here})
        if found.kind == "history":
            named.customers = await customer_ids(conn, [row.values["customer"] for row in found.good])
        lost = [Skipped(row.line, reason, row.raw) for row in found.good if (reason := named.missing(found.kind, row))]
        lines = {row.line for row in lost}
        good = [row for row in found.good if row.line not in lines]
        external = [row.values["external_id"] for row in good if row.values.get("external_id")]
        known = await _known(conn, _TABLES.get(found.kind, customers), external)
    bad = sorted([*found.bad, *lost], key=lambda row: row.line)
    return replace(found, good=good, bad=bad, known=sum(one in known for one in external))


async def _known(conn: Any, kept: Any, external_ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(external_ids), AT_ONCE):
        part = external_ids[start : start + AT_ONCE]
        found.update(await conn.scalars(select(kept.c.external_id).where(kept.c.external_id.in_(part))))
    return found


def _colleagues(kind: str, row: Parsed) -> Iterable[tuple[str, str]]:
    """Every agent whom a row names, by column."""
    column = {"history": "agent", "agents": "stand_in"}.get(kind, "preferred_agent")
    if row.values.get(column):
        yield column, row.values[column]
    for name in row.values.get("stand_ins") or ():
        yield "stand_ins", name
