"""A person's story in the order it happened, the latest first.

Calls, promises and voicemails are other rooms': the switchboard hands in who tells of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.schemas import TimelineItem
from crm.tables import cases, interactions, texts

Teller = Callable[[AsyncConnection, str, datetime | None, int], Awaitable[Iterable[TimelineItem]]]
"""Of one customer, what happened not after the instant (null: ever), at most so many, the latest first."""
Kind = Literal["call", "text", "voicemail", "promise", "note", "case"]
_KIND_BY_CHANNEL: dict[str, Kind] = {"voice": "call", "phone": "call", "voicemail": "voicemail", "note": "note"}
LONGEST_SUMMARY = 500


async def timeline(
    conn: AsyncConnection, customer_id: str, tellers: Sequence[Teller], after: tuple[datetime, str] | None, limit: int
) -> list[TimelineItem]:
    """At most `limit + 1` items that come after the last one seen."""
    until = after[0] if after else None
    items: list[TimelineItem] = []
    for tell in (_talks, _texts, _cases, *tellers):
        # One instant may be shared by the last item of a page and the first of the next: so many more are asked for.
        items.extend(await tell(conn, customer_id, until, limit + 50))
    items.sort(key=lambda item: (item.at, item.ref), reverse=True)
    if after is not None:
        items = [item for item in items if (item.at, item.ref) < after]
    return items[: limit + 1]


async def _talks(conn: AsyncConnection, customer_id: str, until: datetime | None, limit: int) -> list[TimelineItem]:
    at = interactions.c.started_at
    statement = select(interactions).where(interactions.c.customer_id == customer_id)
    if until is not None:
        statement = statement.where(at <= until)
    rows = await conn.execute(statement.order_by(at.desc(), interactions.c.id.desc()).limit(limit))
    return [
        TimelineItem(
            at=row.started_at,
            kind=_KIND_BY_CHANNEL.get(row.channel, "text"),
            summary=_short(row.summary or row.topic or row.outcome),
            agent=row.agent_id,
            ref=row.id,
        )
        for row in rows
    ]


async def _texts(conn: AsyncConnection, customer_id: str, until: datetime | None, limit: int) -> list[TimelineItem]:
    statement = select(texts).where(texts.c.customer_id == customer_id)
    if until is not None:
        statement = statement.where(texts.c.at <= until)
    rows = await conn.execute(statement.order_by(texts.c.at.desc(), texts.c.id.desc()).limit(limit))
    return [
        TimelineItem(at=row.at, kind="text", summary=_short(row.body), agent=None, ref=row.id, state=row.state)
        for row in rows
    ]


async def _cases(conn: AsyncConnection, customer_id: str, until: datetime | None, limit: int) -> list[TimelineItem]:
    statement = select(cases).where(cases.c.customer_id == customer_id)
    if until is not None:
        statement = statement.where(cases.c.made_at <= until)
    rows = await conn.execute(statement.order_by(cases.c.made_at.desc(), cases.c.id.desc()).limit(limit))
    return [
        TimelineItem(
            at=row.made_at,
            kind="case",
            summary=_short(row.title or row.topic or row.state),
            agent=row.owner,
            ref=row.id,
        )
        for row in rows
    ]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SUMMARY else f"{text[: LONGEST_SUMMARY - 1]}…"
