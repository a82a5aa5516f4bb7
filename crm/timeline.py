"""A person's story in the order it happened, the latest first.

Calls, promises and voicemails are other rooms': the switchboard hands in who tells of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, Text, and_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.case_history import What
from crm.schemas import TimelineItem
from crm.searching import Search
from crm.tables import case_history, cases, customer_phones, interactions, notes, texts

Kind = Literal["call", "text", "voicemail", "promise", "note", "case"]
_KIND_BY_CHANNEL: dict[str, Kind] = {"voice": "call", "phone": "call", "voicemail": "voicemail", "note": "note"}
LONGEST_SUMMARY = 500
TALKED = "talked"  # in place of how it ended, of which nobody has said anything


@dataclass(frozen=True, slots=True)
class Wanted:
    """What happened not after an instant (null: ever), at most so many; of one kind, and with these words in it."""

    until: datetime | None
    limit: int
    kind: str | None = None
    search: Search | None = None


Teller = Callable[[AsyncConnection, str, Wanted], Awaitable[Iterable[TimelineItem]]]
"""Of one customer, the latest first."""


async def timeline(
    conn: AsyncConnection,
    customer_id: str,
    tellers: Sequence[Teller],
    after: tuple[datetime, str] | None,
    limit: int,
    *,
    kind: str | None = None,
    search: Search | None = None,
) -> list[TimelineItem]:
    """At most `limit + 1` items that come after the last one seen."""
    # One instant may be shared by the last item of a page and the first of the next: so many more are asked for.
    wanted = Wanted(after[0] if after else None, limit + 50, kind, search)
    items: list[TimelineItem] = []
    for tell in (_talks, _texts, _notes, _cases, _steps, *tellers):
        items.extend(await tell(conn, customer_id, wanted))
    items.sort(key=lambda item: (item.at, item.ref), reverse=True)
    if after is not None:
        items = [item for item in items if (item.at, item.ref) < after]
    return items[: limit + 1]


async def told(
    conn: AsyncConnection,
    statement: Select[Any],
    wanted: Wanted,
    tell: Callable[[Row[Any]], TimelineItem],
    *,
    at: ColumnElement[datetime],
    key: ColumnElement[str],
    words: Sequence[ColumnElement[Any]],
    may_be: Iterable[str],
) -> list[TimelineItem]:
    """The items that are wanted of a statement's rows.

    `at` and `key` order them, `words` are the columns that are searched, `may_be` the kinds that come of it.
    """
    if wanted.kind is not None and wanted.kind not in may_be:
        return []
    if wanted.until is not None:
        statement = statement.where(at <= wanted.until)
    if wanted.search is not None:
        statement = statement.where(wanted.search.sieve(words))
    statement = statement.add_columns(at.label("told_at"), key.label("told_key"))
    statement = statement.order_by(at.desc(), key.desc()).limit(wanted.limit)
    found: list[TimelineItem] = []
    page = list(await conn.execute(statement))
    while page:
        hits = (row for row in page if _hits(row, wanted.search, words))
        found += [item for item in map(tell, hits) if wanted.kind in (None, item.kind)]
        if len(found) >= wanted.limit or len(page) < wanted.limit:
            break
        last = page[-1]
        further = or_(at < last.told_at, and_(at == last.told_at, key < last.told_key))
        page = list(await conn.execute(statement.where(further)))
    return found[: wanted.limit]


def _hits(row: Row[Any], search: Search | None, words: Sequence[ColumnElement[Any]]) -> bool:
    return search is None or search.finds(*(getattr(row, column.key or "") for column in words))


async def _talks(conn: AsyncConnection, customer_id: str, wanted: Wanted) -> list[TimelineItem]:
    return await told(
        conn,
        select(interactions).where(interactions.c.customer_id == customer_id),
        wanted,
        lambda row: TimelineItem(
            at=row.started_at,
            kind=_KIND_BY_CHANNEL.get(row.channel, "text"),
            summary=short(row.summary or row.topic or (row.outcome if row.judged else TALKED)),
            agent=row.agent_id,
            ref=row.id,
        ),
        at=interactions.c.started_at,
        key=interactions.c.id,
        words=[interactions.c.summary, interactions.c.topic],
        may_be=("call", "voicemail", "note", "text"),
    )


async def _texts(conn: AsyncConnection, customer_id: str, wanted: Wanted) -> list[TimelineItem]:
    """Those from or to a number that they share with others, and of which nobody has said whose they are, too."""
    theirs = customer_phones.c
    numbers = select(theirs.number).where(theirs.customer_id == customer_id, theirs.given_up_at.is_(None))
    shared = and_(texts.c.customer_id.is_(None), or_(texts.c.from_number.in_(numbers), texts.c.to_number.in_(numbers)))
    return await told(
        conn,
        select(texts).where(or_(texts.c.customer_id == customer_id, shared)),
        wanted,
        lambda row: TimelineItem(
            at=row.at,
            kind="text",
            summary=short(row.body),
            agent=None,
            ref=row.id,
            state=row.state,
            shared=row.customer_id is None,
        ),
        at=texts.c.at,
        key=texts.c.id,
        words=[texts.c.body],
        may_be=("text",),
    )


async def _notes(conn: AsyncConnection, customer_id: str, wanted: Wanted) -> list[TimelineItem]:
    return await told(
        conn,
        select(notes).where(notes.c.customer_id == customer_id),
        wanted,
        lambda row: TimelineItem(at=row.at, kind="note", summary=short(row.words), agent=row.agent_id, ref=row.id),
        at=notes.c.at,
        key=notes.c.id,
        words=[notes.c.words],
        may_be=("note",),
    )


async def _cases(conn: AsyncConnection, customer_id: str, wanted: Wanted) -> list[TimelineItem]:
    """Each at the moment it was opened."""
    return await told(
        conn,
        select(cases).where(cases.c.customer_id == customer_id),
        wanted,
        lambda row: TimelineItem(
            at=row.made_at,
            kind="case",
            summary=short(row.title or row.topic or row.state),
            agent=row.owner,
            ref=row.id,
            state="opened",
        ),
        at=cases.c.made_at,
        key=cases.c.id,
        words=[cases.c.title, cases.c.topic],
        may_be=("case",),
    )


async def _steps(conn: AsyncConnection, customer_id: str, wanted: Wanted) -> list[TimelineItem]:
    """When they were solved and opened again."""
    steps, told_of = case_history.c, (What.SOLVED, What.REOPENED)
    return await told(
        conn,
        select(case_history, cases.c.title, cases.c.topic, cases.c.owner)
        .join(cases, cases.c.id == steps.case_id)
        .where(cases.c.customer_id == customer_id, steps.what.in_([str(one) for one in told_of])),
        wanted,
        lambda row: TimelineItem(
            at=row.at,
            kind="case",
            summary=short(f"{row.what}: {row.title or row.topic}" if row.title or row.topic else row.what),
            agent=row.by.removeprefix("agent:") if row.by.startswith("agent:") else row.owner,
            ref=f"{row.case_id}/{row.n}",
            state=row.what,
        ),
        at=steps.at,
        key=steps.case_id + "/" + cast(steps.n, Text),
        words=[cases.c.title, cases.c.topic],
        may_be=("case",),
    )


def short(text: str) -> str:
    return text if len(text) <= LONGEST_SUMMARY else f"{text[: LONGEST_SUMMARY - 1]}…"
