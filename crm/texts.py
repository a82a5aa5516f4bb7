"""Texts: who gets none, and what became of those that spoke of a promise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.references import AT_ONCE
from crm.tables import customer_phones, text_opt_outs, texts

# word: they wrote so; carrier: it says that they did; landline: it says that this telephone shows no texts.
Source = Literal["word", "carrier", "landline"]
Told = Literal["delivered", "sent", "queued", "failed", "undelivered", "none"]
_SHOWN: dict[str, Told] = {
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
    "undelivered": "undelivered",
}


async def no_more_texts(conn: AsyncConnection, number: str, source: Source, now: datetime) -> None:
    """From now on this number gets none; what they wrote themselves stands before what the carrier says."""
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    row = insert(text_opt_outs).values(number=number, at=now, source=source)
    if source == "word":
        await conn.execute(row.on_conflict_do_update(index_elements=["number"], set_={"at": now, "source": source}))
    else:
        await conn.execute(row.on_conflict_do_nothing())


async def texts_again(conn: AsyncConnection, number: str, *sources: Source) -> None:
    """They are welcome again; with `sources` only where nothing else forbids it."""
    gone = delete(text_opt_outs).where(text_opt_outs.c.number == number)
    await conn.execute(gone.where(text_opt_outs.c.source.in_(sources)) if sources else gone)


async def takes_no_texts(conn: AsyncConnection, number: str) -> bool:
    found = await conn.scalar(select(text_opt_outs.c.number).where(text_opt_outs.c.number == number))
    return found is not None


async def last_told(conn: AsyncConnection, promise_ids: Sequence[str]) -> dict[str, Told]:
    """For each promise, what became of the last text that spoke of it."""
    told: dict[str, Told] = dict.fromkeys(promise_ids, "none")
    for start in range(0, len(promise_ids), AT_ONCE):
        some = promise_ids[start : start + AT_ONCE]
        query = (
            select(texts.c.callback_id, texts.c.state)
            .where(texts.c.callback_id.in_(some), texts.c.direction == "out")
            .order_by(texts.c.at, texts.c.id)
        )
        for row in await conn.execute(query):
            told[row.callback_id] = _SHOWN.get(row.state, "sent")
    return told


async def forget_opt_outs(conn: AsyncConnection, numbers: Sequence[str], *, besides: str) -> None:
    """With the person `besides`; whoever else has the same number goes on having said so."""
    shared = select(customer_phones.c.number).where(customer_phones.c.customer_id != besides)
    gone = delete(text_opt_outs).where(text_opt_outs.c.number.in_(numbers), text_opt_outs.c.number.not_in(shared))
    await conn.execute(gone)
