"""A person's right to be forgotten and to be told everything.

This room knows its own tables only; what other rooms keep of a person they erase and export by functions that the
switchboard hands in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

import api.idempotency
from crm import cases, history, people
from crm.schemas import Export, Text
from crm.tables import customer_phones, customers, texts

Eraser = Callable[[AsyncConnection, str], Awaitable[None]]  # runs while the customer's rows are still there
Exporter = Callable[[AsyncConnection, str], Awaitable[list[dict[str, Any]]]]


async def erase(conn: AsyncConnection, customer_id: str, erasers: Sequence[Eraser]) -> bool:
    """Everything about this person, in one transaction.  False: there is no such customer."""
    if not await people.exists(conn, customer_id):
        return False
    for forget in erasers:
        await forget(conn, customer_id)
    await _erase_stray_texts(conn, customer_id)
    await api.idempotency.forget(conn, customer_id)
    await conn.execute(delete(customers).where(customers.c.id == customer_id))  # the rest goes by its foreign keys
    return True


async def export(
    conn: AsyncConnection, customer_id: str, exporters: Mapping[str, Exporter], now: datetime
) -> Export | None:
    customer = await people.load_one(conn, customer_id)
    if customer is None:
        return None
    rows = await conn.execute(select(texts).where(texts.c.customer_id == customer_id).order_by(texts.c.at))
    return Export(
        exported_at=now,
        customer=customer,
        interactions=await history.all_of(conn, customer_id),
        cases=await cases.all_of(conn, customer_id),
        texts=[Text.model_validate(row) for row in rows],
        more={kind: await tell(conn, customer_id) for kind, tell in exporters.items()},
    )


async def _erase_stray_texts(conn: AsyncConnection, customer_id: str) -> None:
    """Texts to or from this person's numbers that were never joined to a record, unless a number is shared."""
    theirs = select(customer_phones.c.number).where(customer_phones.c.customer_id == customer_id)
    shared = select(customer_phones.c.number).where(customer_phones.c.customer_id != customer_id)
    alone = theirs.where(customer_phones.c.number.not_in(shared))
    numbers = list(await conn.scalars(alone))
    await conn.execute(
        delete(texts).where(
            texts.c.customer_id.is_(None), or_(texts.c.from_number.in_(numbers), texts.c.to_number.in_(numbers))
        )
    )
