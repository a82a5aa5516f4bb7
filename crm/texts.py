"""Texts: who gets none, and what became of those that spoke of a promise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, exists, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.references import AT_ONCE
from crm.tables import consents, customer_phones, customers, text_opt_outs, texts

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


async def takes_no_texts(conn: AsyncConnection, number: str, customer_id: str | None = None) -> bool:
    """Of this number, or of the person, who may share it with others: their latest word about texts counts."""
    query = select(exists().where(text_opt_outs.c.number == number), literal(True))
    if customer_id is not None:
        said = select(consents.c.given).where(consents.c.customer_id == customer_id, consents.c.kind == "texts")
        latest = said.order_by(consents.c.at.desc(), consents.c.id.desc()).limit(1).scalar_subquery()
        query = select(exists().where(text_opt_outs.c.number == number), func.coalesce(latest, True))
    opted_out, welcome = (await conn.execute(query)).one()
    return opted_out or not welcome


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


async def own_numbers(conn: AsyncConnection, customer_id: str) -> list[str]:
    """Those of a person that are theirs still, and nobody else's."""
    own = select(customer_phones.c.number).where(customer_phones.c.customer_id == customer_id)
    numbers = list(await conn.scalars(own.where(customer_phones.c.given_up_at.is_(None))))
    return await nobody_elses(conn, numbers, besides=customer_id)


async def nobody_elses(conn: AsyncConnection, numbers: Sequence[str], *, besides: str) -> list[str]:
    """Those that stand in no other person's record; a record that was merged into another is no other person."""
    query = (
        select(customer_phones.c.number)
        .join(customers, customers.c.id == customer_phones.c.customer_id)
        .where(customer_phones.c.customer_id != besides, customers.c.merged_into.is_(None))
        .where(customer_phones.c.number.in_(numbers), customer_phones.c.given_up_at.is_(None))
    )
    shared = set(await conn.scalars(query))
    return [number for number in numbers if number not in shared]


async def forget_opt_outs(conn: AsyncConnection, numbers: Sequence[str], *, besides: str) -> None:
    """With the person `besides`; whoever else has the same number goes on having said so."""
    alone = await nobody_elses(conn, numbers, besides=besides)
    await conn.execute(delete(text_opt_outs).where(text_opt_outs.c.number.in_(alone)))
