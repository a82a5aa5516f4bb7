"""What happened to a case, when, and through whom: one row a step, only ever added to.  Rows go with their case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Row, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.tokens import Principal
from crm.tables import case_history, cases

CUSTOMER, US = "customer", "us"  # who did it, besides agent:ID, manager and service


class What(StrEnum):
    OPENED = "opened"
    CHANGED = "changed"  # owner, topic or title
    SOLVED = "solved"
    REOPENED = "reopened"
    CONFIRMED = "confirmed"  # the customer says that it is solved


def by_agent(agent_id: str | None) -> str:
    return US if agent_id is None else f"agent:{agent_id}"


def by_token(asking: Principal) -> str:
    return asking.role if asking.agent_id is None else by_agent(asking.agent_id)


async def record(
    conn: AsyncConnection,
    case_id: str,
    what: What,
    by: str,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """The next row.  Whoever writes it holds the case's row lock, so that no two are the next one."""
    n = select(func.coalesce(func.max(case_history.c.n), 0) + 1).where(case_history.c.case_id == case_id)
    given = {"before": bindparam("before_", type_=JSON), "after": bindparam("after_", type_=JSON)}
    row = {"case_id": case_id, "n": n.scalar_subquery(), "at": at, "what": str(what), "by": by} | given
    values = {"before_": dict(before) if before else None, "after_": dict(after) if after else None}
    await conn.execute(insert(case_history).values(row), values)


async def of_case(conn: AsyncConnection, case_id: str) -> list[Row[Any]]:
    query = select(case_history).where(case_history.c.case_id == case_id).order_by(case_history.c.n)
    return list(await conn.execute(query))


async def export(conn: AsyncConnection, customer_id: str) -> list[dict[str, Any]]:
    """An exporter of `crm.privacy`."""
    theirs = select(cases.c.id).where(cases.c.customer_id == customer_id)
    query = select(case_history).where(case_history.c.case_id.in_(theirs))
    return [
        {"case": row.case_id, "at": row.at.isoformat(), "what": row.what, "by": row.by}
        | {"before": row.before, "after": row.after}
        for row in await conn.execute(query.order_by(case_history.c.case_id, case_history.c.n))
    ]
