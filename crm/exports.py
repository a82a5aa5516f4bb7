"""Everybody in one file, as CSV or as vCards, which `centralino import` takes back unchanged."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import people
from crm.csvfile import quoted
from crm.imports import CUSTOMER_COLUMNS
from crm.references import agents
from crm.schemas import Customer
from crm.tables import customers
from crm.vcards import write_card
from store.sql import Database

AT_ONCE = 400


async def everybody(database: Database) -> AsyncIterator[list[Customer]]:
    """In parts; a record that was merged into another is in that one.  Who comes or goes meanwhile may be missing."""
    last = ""
    while True:
        wanted = select(customers.c.id).where(customers.c.id > last, customers.c.merged_into.is_(None))
        async with database.read() as conn:
            ids = list(await conn.scalars(wanted.order_by(customers.c.id).limit(AT_ONCE)))
            found = await people.load(conn, ids)
        if not ids:
            return
        yield list(found.values())
        last = ids[-1]


async def names_of_agents(conn: AsyncConnection) -> dict[str, str]:
    """What a file calls them: their external id, else ours."""
    rows = await conn.execute(select(agents.c.id, agents.c.external_id))
    return {row.id: row.external_id or row.id for row in rows}


def header() -> str:
    return _line(CUSTOMER_COLUMNS)


def as_csv(customer: Customer, colleagues: dict[str, str]) -> str:
    """One line.  A spreadsheet takes no cell for a formula: see `crm.csvfile.quoted`."""
    values: dict[str, Any] = customer.model_dump(include=set(CUSTOMER_COLUMNS)) | {
        "external_id": customer.external_id or customer.id,
        "formal": "true" if customer.formal else "false",
        "preferred_agent": colleagues.get(customer.preferred_agent or ""),
        "stand_ins": [colleagues[agent] for agent in customer.stand_ins if agent in colleagues],
    }
    return _line(quoted(_cell(values[name])) for name in CUSTOMER_COLUMNS)


def as_card(customer: Customer, colleagues: dict[str, str]) -> str:
    return write_card(customer)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(part.replace("|", "/") for part in value)
    return "" if value is None else str(value)


def _line(cells: Iterable[str]) -> str:
    sheet = io.StringIO()
    csv.writer(sheet).writerow(cells)
    return sheet.getvalue()
