"""What the ids in lists mean to people: users, agents, tokens and customers by name."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.tables import tokens
from crm.tables import customers
from desk.tables import users
from routing.tables import agents

_BY_PREFIX: dict[str, Table] = {"usr": users, "agt": agents, "tok": tokens, "cus": customers}


async def named(conn: AsyncConnection, ids: Iterable[str | None]) -> dict[str, str]:
    """Of whom something is known still; the others are missing."""
    wanted: dict[str, list[str]] = {}
    for one in ids:
        prefix = (one or "").partition("_")[0]
        if one and prefix in _BY_PREFIX:
            wanted.setdefault(prefix, []).append(one)
    found: dict[str, str] = {}
    for prefix, some in wanted.items():
        table = _BY_PREFIX[prefix]
        rows = await conn.execute(select(table.c.id, table.c.name).where(table.c.id.in_(some)))
        found.update({row.id: row.name for row in rows if row.name})
    return found
