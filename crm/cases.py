"""Matters with a name, a state and an owner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.schemas import Case
from crm.tables import cases
from store.ids import new_id


async def open_case(conn: AsyncConnection, values: Mapping[str, Any], now: datetime) -> str:
    """From the table's columns; the id.  One may be written down when it is solved already."""
    case_id = new_id("cas")
    solved_at = now if values["state"] == "solved" else None
    await conn.execute(insert(cases).values(id=case_id, made_at=now, solved_at=solved_at, **values))
    return case_id


async def change(conn: AsyncConnection, case_id: str, values: Mapping[str, Any], now: datetime) -> bool:
    """Only what `values` names; the first solving counts.  False: there is no such case."""
    row = (await conn.execute(select(cases).where(cases.c.id == case_id).with_for_update())).one_or_none()
    if row is None:
        return False
    changes = dict(values)
    if "state" in changes and changes["state"] != row.state:
        changes["solved_at"] = now if changes["state"] == "solved" else None
    if changes:
        await conn.execute(update(cases).where(cases.c.id == case_id).values(**changes))
    return True


async def load_one(conn: AsyncConnection, case_id: str) -> Case | None:
    row = (await conn.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
    return None if row is None else shown(row)


async def all_of(conn: AsyncConnection, customer_id: str) -> list[Case]:
    rows = await conn.execute(select(cases).where(cases.c.customer_id == customer_id).order_by(cases.c.id))
    return [shown(row) for row in rows]


def shown(row: Row[Any]) -> Case:
    values = dict(row._mapping)
    return Case(customer=values.pop("customer_id"), **values)
