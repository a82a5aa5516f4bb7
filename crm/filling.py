"""What of one record is written into another when the two become one, and taken out again when they are told apart.

Kept for that is only what came, never what the other said before: the words of a third person may stand there, who is
told apart and erased on another day.  A line that both had is none that came.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import people
from crm.names import name_key
from crm.separating import new_lines, same_lines, without
from crm.tables import customers, merges

_ALONE = (
    *("called", "title", "gender", "say", "language", "email", "photo_url", "preferred_agent", "stand_ins"),
    *("time_zone", "quiet_hours", "style"),
)
_NAMES = ("name", "given", "surname")
_PROSE = ("notes", "life_notes")
_WORDS = (*_PROSE, "style")  # into which somebody may have written since
_NOTHING: Any = (None, "", [])

Came = dict[str, Any]  # by field: what the kept record had not said; of prose and tags that which was added


def coming(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> Came:
    """What the kept one says stays; what it does not say is filled.  Notes are put together, and tags too.  Pure.

    The parts of a name are filled only where the two names are one: else Rossi might become a part of Maria Bianchi.
    """
    came: Came = {name: gone[name] for name in _ALONE if kept[name] in _NOTHING and gone[name] not in _NOTHING}
    if not _key(kept) or _key(kept) == _key(gone):
        came |= {name: gone[name] for name in _NAMES if kept[name] in _NOTHING and gone[name] not in _NOTHING}
    recorded = "name_recording_url"
    if kept["name"] in _NOTHING and "name" not in came and gone[recorded] and not kept[recorded]:
        came[recorded] = gone[recorded]
    for name in _PROSE:
        if (gone[name] or "").strip() and gone[name].strip() not in (kept[name] or ""):
            lines = new_lines(kept[name] or "", gone[name])
            came |= {name: lines} if lines.strip() else {}
    tags = [tag for tag in gone["tags"] if tag not in kept["tags"]]
    return came | ({"tags": tags} if tags else {})


def together(kept: Mapping[str, Any], came: Came) -> dict[str, Any]:
    """The fields of the kept one with what came.  Pure."""
    values = dict(came)
    for name in _PROSE:
        if name in came and (kept[name] or "").strip():
            values[name] = f"{kept[name].rstrip()}\n\n{came[name]}"
    if "tags" in came:
        values["tags"] = [*kept["tags"], *came["tags"]]
    return values


def apart(kept: Mapping[str, Any], came: Came) -> dict[str, Any]:
    """The fields of the kept one without what came; a line that somebody has written or edited since stays.  Pure."""
    values: dict[str, Any] = {}
    for name, value in came.items():
        if name in _WORDS:
            values[name] = without(kept[name] or "", value) or None
        elif name == "tags":
            values[name] = [tag for tag in kept["tags"] if tag not in value]
        elif kept[name] == value:
            values[name] = None
    return {name: value for name, value in values.items() if value != kept[name]}


def _key(row: Mapping[str, Any]) -> str:
    return name_key(row["name"]) or name_key(f"{row['given'] or ''} {row['surname'] or ''}")


async def fill(conn: AsyncConnection, kept: str, gone: str, now: datetime) -> Came:
    into = await _row(conn, kept)
    came = coming(into, await _row(conn, gone))
    if came:
        await people.change(conn, kept, together(into, came), now)
    return came


async def take_back(conn: AsyncConnection, kept: str, came: Came, now: datetime) -> None:
    """What came goes.  Of whoever else is one with the kept record still, what they say of it too comes instead."""
    values = apart(await _row(conn, kept), came)
    if not values:
        return
    await people.change(conn, kept, values, now)
    others = select(merges).where(merges.c.kept_id == kept, merges.c.undone_at.is_(None))
    for merge in await conn.execute(others.order_by(merges.c.at, merges.c.id)):
        into = await _row(conn, kept)
        more = _instead(coming(into, await _row(conn, merge.gone_id)), came, merge.moved["filled"])
        if more:
            await people.change(conn, kept, together(into, more), now)
            moved = merge.moved | {"filled": _added(merge.moved["filled"], more)}
            await conn.execute(update(merges).where(merges.c.id == merge.id).values(moved=moved))


def _instead(could: Came, went: Came, gave: Came) -> Came:
    """Of what a third could give: what has just gone.  What they gave already, and somebody took out, stays out."""
    fields = {name: value for name, value in could.items() if name in went and name != "tags" and name not in gave}
    for name in _PROSE:
        if name in could and name in went and name in gave:
            lines = without(same_lines(could[name], went[name]), gave[name])
            fields |= {name: lines} if lines.strip() else {}
    tags = [tag for tag in could.get("tags", ()) if tag in went.get("tags", ())]
    return fields | ({"tags": tags} if tags else {})


def _added(gave: Came, more: Came) -> Came:
    prose = {name: f"{gave[name]}\n{more[name]}" for name in _PROSE if name in gave and name in more}
    return gave | more | prose | ({"tags": [*gave.get("tags", ()), *more["tags"]]} if "tags" in more else {})


async def _row(conn: AsyncConnection, customer_id: str) -> dict[str, Any]:
    return dict((await conn.execute(select(customers).where(customers.c.id == customer_id))).one()._mapping)
