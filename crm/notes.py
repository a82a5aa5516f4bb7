"""What was written down about a person (a note), and what they told us in their own words (a story)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.memory_schemas import Note
from crm.searching import Search, folded
from crm.tables import notes
from store.ids import new_id

AT_A_TIME = 500


async def add(
    conn: AsyncConnection,
    customer_id: str,
    *,
    kind: str,
    words: str,
    tags: Sequence[str],
    agent_id: str | None,
    call_sid: str | None,
    now: datetime,
) -> str:
    """The id."""
    note_id = new_id("note")
    row = {"customer_id": customer_id, "kind": kind, "words": words, "tags": clean(tags), "call_sid": call_sid}
    await conn.execute(insert(notes).values(id=note_id, agent_id=agent_id, at=now, **row))
    return note_id


async def change(conn: AsyncConnection, note_id: str, values: Mapping[str, Any]) -> None:
    """Its words, its tags, or both."""
    changes = dict(values)
    if "tags" in changes:
        changes["tags"] = clean(changes["tags"])
    if changes:
        await conn.execute(update(notes).where(notes.c.id == note_id).values(**changes))


async def remove(conn: AsyncConnection, note_id: str) -> None:
    await conn.execute(delete(notes).where(notes.c.id == note_id))


async def load(conn: AsyncConnection, customer_id: str, note_id: str) -> Row[Any] | None:
    query = select(notes).where(notes.c.id == note_id, notes.c.customer_id == customer_id)
    row: Row[Any] | None = (await conn.execute(query)).one_or_none()
    return row


def of_customer(customer_id: str, kind: str | None) -> Select[Any]:
    query = select(notes).where(notes.c.customer_id == customer_id)
    return query if kind is None else query.where(notes.c.kind == kind)


def stories(
    conn: AsyncConnection,
    tag: str | None,
    search: Search | None,
    start: datetime | None,
    end: datetime | None,
) -> Select[Any]:
    """Of everybody, from `start` to before `end`.  Words are sieved only: `Search.finds` says which have them."""
    query = select(notes).where(notes.c.kind == "story")
    if tag is not None:
        query = query.where(_tagged(conn, folded(tag)))
    if search is not None:
        query = query.where(search.sieve([notes.c.words]))
    if start is not None:
        query = query.where(notes.c.at >= start)
    return query if end is None else query.where(notes.c.at < end)


def tag_counts(conn: AsyncConnection, start: datetime | None, end: datetime | None, most: int) -> Select[Any]:
    """Rows of `tag` and `stories`: how many from `start` to before `end` have it; the most told of first."""
    tags, many = _tags_of(conn), func.count().label("stories")
    query = stories(conn, None, None, start, end).with_only_columns(tags.c.value.label("tag"), many)
    query = query.select_from(notes, tags).group_by(tags.c.value)
    return query.order_by(many.desc(), tags.c.value).limit(most)


def _tagged(conn: AsyncConnection, tag: str) -> Any:
    tags = _tags_of(conn)
    return exists(select(1).select_from(tags).where(tags.c.value == tag))


def _tags_of(conn: AsyncConnection) -> Any:
    """Of the note that stands before it in the statement: a row for each."""
    each = func.json_each if conn.dialect.name == "sqlite" else func.json_array_elements_text
    return each(notes.c.tags).table_valued("value", joins_implicitly=True)


def clean(tags: Sequence[str]) -> list[str]:
    """Each once, in lower case, so that one tag is one tag."""
    return [tag for tag in dict.fromkeys(folded(tag) for tag in tags) if tag]


def shown(row: Row[Any]) -> Note:
    return Note(
        id=row.id,
        customer=row.customer_id,
        kind=row.kind,
        words=row.words,
        tags=row.tags,
        agent=row.agent_id,
        call=row.call_sid,
        at=row.at,
    )
