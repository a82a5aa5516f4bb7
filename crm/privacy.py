"""A person's right to be forgotten, in every room.

This room knows its own tables only; what other rooms keep of a person they erase by functions that the switchboard
hands in.  What goes by the customer's foreign keys is not named here; what would outlive them is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

import api.idempotency
from api.tokens import Principal
from crm import audit
from crm.audit import What
from crm.tables import audit as audit_rows
from crm.tables import customers, notes, texts
from crm.texts import own_numbers

Eraser = Callable[[AsyncConnection, str], Awaitable[None]]  # runs while the customer's rows are still there
Exporter = Callable[[AsyncConnection, str], Awaitable[list[dict[str, Any]]]]


async def erase(
    conn: AsyncConnection, customer_id: str, erasers: Sequence[Eraser], asking: Principal | str, now: datetime
) -> list[str]:
    """Everything about this person, in one transaction, with each record that was merged with theirs.

    The ids of those records, under which it is kept that they were erased, and by whom; none: there is no such
    customer.
    """
    ids = await records_of(conn, customer_id)
    await _forget(conn, ids, erasers)
    # Whatever refers to them from here on waits, and finds nobody: what came in meanwhile is looked at once more.
    locked = select(customers.c.id).where(customers.c.id.in_(ids)).order_by(customers.c.id).with_for_update()
    ids = list(await conn.scalars(locked))
    await _forget(conn, ids, erasers)
    await _forget_answers(conn, ids)
    await conn.execute(delete(customers).where(customers.c.id.in_(ids)))  # the rest goes by its foreign keys
    await audit.record_many(conn, asking, What.ERASED, ids, now=now)
    return ids


async def records_of(conn: AsyncConnection, customer_id: str) -> list[str]:
    """Whichever of a person's records is named: the one that lives, and then those that were merged into it."""
    one = select(customers.c.id, customers.c.merged_into)
    row = (await conn.execute(one.where(customers.c.id == customer_id))).one_or_none()
    seen: list[str] = []
    while row is not None and row.id not in seen:
        seen.append(row.id)
        row = (await conn.execute(one.where(customers.c.id == row.merged_into))).one_or_none()
    found, newest = seen[-1:], seen[-1:]
    while newest:
        into = select(customers.c.id).where(customers.c.merged_into.in_(newest)).order_by(customers.c.id)
        newest = [id for id in await conn.scalars(into) if id not in found]
        found += newest
    return found


async def erased_before(conn: AsyncConnection, limit: int = 20) -> list[str]:
    """Some of the people who had been erased and are there again, out of a backup, as far as that is still known."""
    erased = select(audit_rows.c.customer_id).where(
        audit_rows.c.what == literal_column("'erased'")
    )  # a literal: as the index has it
    again = select(customers.c.id).where(customers.c.id.in_(erased)).order_by(customers.c.id).limit(limit)
    return list(await conn.scalars(again))


async def _forget(conn: AsyncConnection, ids: Sequence[str], erasers: Sequence[Eraser]) -> None:
    for customer_id in ids:
        for forget in erasers:
            await forget(conn, customer_id)
        await _erase_stray_texts(conn, customer_id)


async def _forget_answers(conn: AsyncConnection, ids: Sequence[str]) -> None:
    """Answers kept for requests that are sent twice, by what each of them names of the person, and no other would."""
    query = select(customers.c.email).where(customers.c.id.in_(ids), customers.c.email.is_not(None))
    mentioned = {*ids, *await conn.scalars(query)}
    for customer_id in ids:
        mentioned.update(await own_numbers(conn, customer_id))
        mentioned.update(await conn.scalars(select(notes.c.id).where(notes.c.customer_id == customer_id)))
    await api.idempotency.forget(conn, sorted(mentioned))


async def _erase_stray_texts(conn: AsyncConnection, customer_id: str) -> None:
    """Texts to or from this person's numbers that were never joined to a record, unless a number is shared."""
    numbers = await own_numbers(conn, customer_id)
    await conn.execute(
        delete(texts).where(
            texts.c.customer_id.is_(None), or_(texts.c.from_number.in_(numbers), texts.c.to_number.in_(numbers))
        )
    )
