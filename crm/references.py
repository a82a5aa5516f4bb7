"""Resolving what others call somebody: an id of ours, or the external id that came with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, FromClause, column, func, or_, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import FieldRefused
from crm.tables import customers

agents = table("agents", column("id"), column("external_id"))  # another room's: this much is all that is read of it
AT_ONCE = 400  # references in one statement


async def customer_ids(conn: AsyncConnection, references: Iterable[str]) -> Mapping[str, str]:
    """Those that exist, by reference; of a record that was merged into another the other's."""
    return await resolve(conn, customers, references, of=func.coalesce(customers.c.merged_into, customers.c.id))


async def agent_ids(conn: AsyncConnection, references: Iterable[str]) -> Mapping[str, str]:
    return await resolve(conn, agents, references)


async def resolve(
    conn: AsyncConnection, named: FromClause, references: Iterable[str], of: ColumnElement[str] | None = None
) -> Mapping[str, str]:
    """Ids, or what `of` says of the row, by reference.  An id wins over an external id that reads the same."""
    wanted = sorted(set(references))
    by_id: dict[str, str] = {}
    by_external_id: dict[str, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        matching = or_(named.c.id.in_(part), named.c.external_id.in_(part))
        wanted_of = (named.c.id if of is None else of).label("found")
        for row in await conn.execute(select(named.c.id, named.c.external_id, wanted_of).where(matching)):
            by_id[row.id] = row.found
            by_external_id[row.external_id] = row.found
    return {name: found for name in wanted if (found := by_id.get(name) or by_external_id.get(name))}


async def one_agent(conn: AsyncConnection, field: str, reference: str | None) -> str | None:
    """The agent's id.  Raises FieldRefused."""
    if reference is None:
        return None
    found = (await agent_ids(conn, [reference])).get(reference)
    if found is None:
        raise FieldRefused(field, "There is no such agent.")
    return found


async def some_agents(conn: AsyncConnection, field: str, references: Sequence[str]) -> list[str]:
    """The agents' ids, each once, in the order given.  Raises FieldRefused."""
    found = await agent_ids(conn, references)
    for n, reference in enumerate(references):
        if reference not in found:
            raise FieldRefused(f"{field}[{n}]", "There is no such agent.")
    return list(dict.fromkeys(found[reference] for reference in references))


async def one_customer(conn: AsyncConnection, field: str, reference: str) -> str:
    """The customer's id.  Raises FieldRefused."""
    found = (await customer_ids(conn, [reference])).get(reference)
    if found is None:
        raise FieldRefused(field, "There is no such customer.")
    return found
