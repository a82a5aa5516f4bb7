"""Resolving what others call somebody: an id of ours, or the external id that came with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import FromClause, column, or_, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import FieldRefused
from crm.tables import customers

agents = table("agents", column("id"), column("external_id"))  # another room's: this much is all that is read of it
AT_ONCE = 400  # references in one statement


async def customer_ids(conn: AsyncConnection, references: Iterable[str]) -> Mapping[str, str]:
    """Those that exist, by reference."""
    return await resolve(conn, customers, references)


async def agent_ids(conn: AsyncConnection, references: Iterable[str]) -> Mapping[str, str]:
    return await resolve(conn, agents, references)


async def resolve(conn: AsyncConnection, named: FromClause, references: Iterable[str]) -> Mapping[str, str]:
    """An id wins over an external id that reads the same."""
    wanted = sorted(set(references))
    by_id: dict[str, str] = {}
    by_external_id: dict[str, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        matching = or_(named.c.id.in_(part), named.c.external_id.in_(part))
        for row in await conn.execute(select(named.c.id, named.c.external_id).where(matching)):
            by_id[row.id] = row.id
            by_external_id[row.external_id] = row.id
    return {name: found for name in wanted if (found := by_id.get(name) or by_external_id.get(name))}


async def one_agent(conn: AsyncConnection, field: str, reference: str | None) -> str | None:
    """The agent's id.  Raises FieldRefused."""
    if reference is None:
        return None
    found = (await agent_ids(conn, [reference])).get(reference)
    if found is None:
        raise FieldRefused(field, "There is no such agent.")
    return found


async def one_customer(conn: AsyncConnection, field: str, reference: str) -> str:
    """The customer's id.  Raises FieldRefused."""
    found = (await customer_ids(conn, [reference])).get(reference)
    if found is None:
        raise FieldRefused(field, "There is no such customer.")
    return found
