"""What of one record is written into another when the two become one, and taken out again when they are told apart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import people
from crm.names import name_key
from crm.tables import customers

_ALONE = (
    *("called", "title", "gender", "say", "language", "email", "photo_url", "preferred_agent", "stand_ins"),
    *("time_zone", "quiet_hours", "style"),
)
_NAMES = ("name", "given", "surname")
_PROSE = ("notes", "life_notes")
_NOTHING: Any = (None, "", [])

Filled = dict[str, dict[str, Any]]  # by field: before, after


def filling(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> Filled:
    """What the kept one says stays; what it does not say is filled.  Notes are put together, and tags too.  Pure.

    The parts of a name are filled only where the two names are one: else Rossi might become a part of Maria Bianchi.
    """
    after = {name: gone[name] for name in _ALONE if kept[name] in _NOTHING and gone[name] not in _NOTHING}
    if not _key(kept) or _key(kept) == _key(gone):
        after |= {name: gone[name] for name in _NAMES if kept[name] in _NOTHING and gone[name] not in _NOTHING}
    if kept["name"] in _NOTHING and "name" not in after and gone["name_recording_url"]:
        after |= {"name_recording_url": kept["name_recording_url"] or gone["name_recording_url"]}
    for name in _PROSE:
        if (gone[name] or "").strip() and gone[name].strip() not in (kept[name] or ""):
            after[name] = f"{kept[name].rstrip()}\n\n{gone[name]}" if (kept[name] or "").strip() else gone[name]
    tags = [*kept["tags"], *(tag for tag in gone["tags"] if tag not in kept["tags"])]
    after |= {"tags": tags} if tags != kept["tags"] else {}
    return {name: {"before": kept[name], "after": value} for name, value in after.items() if value != kept[name]}


def _key(row: Mapping[str, Any]) -> str:
    return name_key(row["name"]) or name_key(f"{row['given'] or ''} {row['surname'] or ''}")


async def fill(conn: AsyncConnection, kept: str, gone: str, now: datetime) -> Filled:
    filled = filling(await _row(conn, kept), await _row(conn, gone))
    if filled:
        await people.change(conn, kept, {name: step["after"] for name, step in filled.items()}, now)
    return filled


async def take_back(conn: AsyncConnection, kept: str, filled: Filled, now: datetime) -> None:
    """Each field as it was before, unless it was changed since; of tags only those that came over."""
    row = await _row(conn, kept)
    back = {name: step["before"] for name, step in filled.items() if row[name] == step["after"]}
    if "tags" in filled and "tags" not in back:
        came = [tag for tag in filled["tags"]["after"] if tag not in filled["tags"]["before"]]
        back["tags"] = [tag for tag in row["tags"] if tag not in came]
    if back:
        await people.change(conn, kept, back, now)


async def _row(conn: AsyncConnection, customer_id: str) -> dict[str, Any]:
    return dict((await conn.execute(select(customers).where(customers.c.id == customer_id))).one()._mapping)
