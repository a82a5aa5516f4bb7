"""The same person here and in another house's system."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import people
from crm.connectors.port import Found
from crm.tables import connector_links, customer_phones, customers


async def remote_id_of(conn: AsyncConnection, connector: str, customer_id: str) -> str | None:
    mine = (connector_links.c.customer_id == customer_id, connector_links.c.connector == connector)
    found: str | None = await conn.scalar(select(connector_links.c.remote_id).where(*mine))
    return found


async def customer_of(conn: AsyncConnection, connector: str, remote_id: str) -> str | None:
    """Whoever that is today: a record merged into another one is that one."""
    kept = func.coalesce(customers.c.merged_into, customers.c.id)
    found: str | None = await conn.scalar(
        select(kept)
        .join(connector_links, connector_links.c.customer_id == customers.c.id)
        .where(connector_links.c.connector == connector, connector_links.c.remote_id == remote_id)
    )
    return found


async def link(conn: AsyncConnection, connector: str, customer_id: str, remote_id: str, now: datetime) -> bool:
    """False: one of the two is linked already."""
    adding = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    row = {"customer_id": customer_id, "connector": connector, "remote_id": remote_id, "at": now}
    added = adding(connector_links).values(row).on_conflict_do_nothing().returning(connector_links.c.customer_id)
    return await conn.scalar(added) is not None


async def introduce(conn: AsyncConnection, connector: str, number: str, found: Found, now: datetime) -> bool:
    """Somebody whom they know by this number, and nobody here: a new record, or one more number of an old one.

    False if that changes nothing: it was said here that the number is theirs no longer.  Two who do this at once meet
    on the unique link, and IntegrityError is raised: the second try finds what the first one wrote.
    """
    known = await customer_of(conn, connector, found.remote_id)
    if known is not None:
        return await _one_more_number(conn, known, number)
    given = {
        "name": found.name,
        "given": found.given,
        "surname": found.surname,
        "called": found.called,
        "language": found.language,
        "email": found.email,
    }
    customer_id = await people.add(
        conn, {name: value for name, value in given.items() if value} | {"phones": [number]}, now
    )
    row = {"customer_id": customer_id, "connector": connector, "remote_id": found.remote_id, "at": now}
    await conn.execute(insert(connector_links).values(row))
    return True


async def _one_more_number(conn: AsyncConnection, customer_id: str, number: str) -> bool:
    rows = await conn.execute(
        select(customer_phones.c.number, customer_phones.c.position).where(customer_phones.c.customer_id == customer_id)
    )
    places = {row.number: row.position for row in rows}
    if number in places:
        return False
    row = {"customer_id": customer_id, "number": number, "position": max(places.values(), default=-1) + 1}
    await conn.execute(insert(customer_phones).values(row))
    return True
