"""What people told us, for those who make the product: without names, and so that nobody is found by it.

A person is a pseudonym that is drawn anew for every export: two stories of one person can be told to be one person's,
and two exports cannot be laid side by side.  Of the time the month is told.
"""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from io import StringIO
from typing import Any

from sqlalchemy import Row, Text, column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.nameless import Nameless, parts
from crm.references import AT_ONCE
from crm.strangers import MARK
from crm.tables import customer_addresses, customer_phones, customers

_agents = table("agents", column("name", Text))  # another room's: this much is all that is read of it
_OTHERS = ("email", "external_id", "id")
_NAMES = ("name", "called", "given", "surname", "say")
_RUNS_IN_A_SHEET = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = ("person", "month", "tags", "words")


@dataclass(frozen=True, slots=True)
class Story:
    person: str
    month: str  # 2026-03
    tags: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Known:
    """What somebody may be found by in what they told."""

    names: tuple[str, ...]
    others: tuple[str, ...]


async def known(conn: AsyncConnection, customer_ids: Sequence[str]) -> dict[str, Known]:
    """Of each of them, with the names of those who share a number with them."""
    found: dict[str, Known] = {}
    for start in range(0, len(customer_ids), AT_ONCE):
        part = customer_ids[start : start + AT_ONCE]
        names: dict[str, list[str]] = {one: [] for one in part}
        others: dict[str, list[str]] = {one: [] for one in part}
        for row in await conn.execute(select(customers).where(customers.c.id.in_(part))):
            names[row.id] += [value for name in _NAMES if (value := getattr(row, name))]
            others[row.id] += [value for name in _OTHERS if (value := getattr(row, name))]
        for kept, value in ((customer_phones, "number"), (customer_addresses, "address")):
            for row in await conn.execute(select(kept).where(kept.c.customer_id.in_(part))):
                others[row.customer_id].append(getattr(row, value))
        for row in await conn.execute(_housemates(part)):
            names[row.customer_id] += [value for value in (row.name, row.called) if value]
        found |= {one: Known(tuple(names[one]), tuple(others[one])) for one in part}
    return found


def _housemates(customer_ids: Sequence[str]) -> Any:
    theirs, same = customer_phones.alias("theirs"), customer_phones.alias("same")
    return (
        select(theirs.c.customer_id, customers.c.name, customers.c.called)
        .join(same, same.c.number == theirs.c.number)
        .join(customers, customers.c.id == same.c.customer_id)
        .where(theirs.c.customer_id.in_(customer_ids), same.c.customer_id != theirs.c.customer_id)
    )


async def staff(conn: AsyncConnection) -> frozenset[str]:
    return parts(await conn.scalars(select(_agents.c.name)))


def nameless(
    rows: Iterable[Row[Any]],
    people: dict[str, Known],
    staff: frozenset[str],
    zone: tzinfo,
    draw: Callable[[], str] = lambda: secrets.token_hex(8),
) -> list[Story]:
    """Rows of notes, in an order that tells nothing of when within a month."""
    pseudonyms: dict[str, str] = {}
    takes_out: dict[str, Nameless] = {}
    told = []
    for row in rows:
        who = people.get(row.customer_id)
        if who is None:
            continue  # erased at this moment
        if row.customer_id not in pseudonyms:
            pseudonyms[row.customer_id] = draw()
            takes_out[row.customer_id] = Nameless.of(who.names, who.others, staff)
        without = takes_out[row.customer_id]
        tags = tuple(tag for tag in row.tags if MARK not in without(tag))
        month = row.at.astimezone(zone).strftime("%Y-%m")
        told.append(Story(pseudonyms[row.customer_id], month, tags, without(row.words)))
    return sorted(told, key=lambda story: (story.month, story.person, story.words))


def as_csv(stories: Iterable[Story]) -> str:
    """For a spreadsheet: no cell can become a formula there."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for story in stories:
        cells = (story.person, story.month, "|".join(story.tags), story.words)
        writer.writerow([harmless(cell) for cell in cells])
    return out.getvalue()


def harmless(cell: str) -> str:
    """A spreadsheet shows a text that begins with an apostrophe without it."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_RUNS_IN_A_SHEET) else cell


def as_json_lines(stories: Iterable[Story]) -> str:
    lines = (
        {"person": story.person, "month": story.month, "tags": list(story.tags), "words": story.words}
        for story in stories
    )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
