"""An agent leaves, or is to: the people who chose them, their open cases and their promises become their successor's.

All of it in one transaction, or nothing: nobody is left whose person is not there any more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.tokens import Principal
from crm import audit, cases
from crm.audit import What
from crm.case_history import by_token
from crm.tables import cases as cases_table
from crm.tables import customers

Promised = Callable[[AsyncConnection, str, str, Principal, datetime], Awaitable[int]]


async def nothing_promised(
    conn: AsyncConnection, agent_id: str, successor: str, asking: Principal, now: datetime
) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Handed:
    """How many there were of each."""

    customers: int
    cases: int
    promises: int


async def hand_over(
    conn: AsyncConnection, agent_id: str, successor: str, promised: Promised, *, asking: Principal, now: datetime
) -> Handed:
    """`promised`: hands over what was promised, of which this room knows nothing."""
    chose = update(customers).where(customers.c.preferred_agent == agent_id).values(preferred_agent=successor)
    theirs = (await conn.execute(chose)).rowcount
    held = select(cases_table.c.id).where(cases_table.c.owner == agent_id, cases_table.c.state == "open")
    open_cases = (await conn.scalars(held.order_by(cases_table.c.id))).all()
    for case_id in open_cases:
        await cases.change(conn, case_id, {"owner": successor}, now, by_token(asking))
    promises = await promised(conn, agent_id, successor, asking, now)
    handed = Handed(theirs, len(open_cases), promises)
    counts: dict[str, Any] = {"customers": handed.customers, "cases": handed.cases, "promises": handed.promises}
    await audit.record(conn, asking, What.HANDED_OVER, now=now, agent=agent_id, successor=successor, **counts)
    return handed
