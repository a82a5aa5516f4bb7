"""Erasing somebody: what goes is told in figures, and the name is typed, for it cannot be taken back."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import column, func, select, table
from starlette.responses import Response

from callbacks.tables import callbacks
from crm.privacy import records_of
from crm.tables import cases, consents, interactions, notes, texts
from desk.customers.profile import PLACE, person
from desk.pages import Asked
from store.sql import Database

calls = table("calls", column("id"), column("customer_id"))  # another room's: this much is all that is read of it
_COUNTED: dict[str, Any] = {
    "talks": interactions,
    "cases": cases,
    "notes": notes,
    "texts": texts,
    "promises": callbacks,
    "calls": calls,
    "consents": consents,
}


async def show(asked: Asked) -> Response:
    return await _page(asked, "", None)


async def erase(asked: Asked) -> Response:
    typed = str((await asked.form()).get("typed") or "")
    customer = await person(asked)
    if not same(typed, to_type(customer)):
        return await _page(asked, typed, asked.words("This is not what is asked for above."))
    await asked.api.delete(f"/customers/{customer['id']}")
    return asked.redirect("/console/customers?told=erased")


async def _page(asked: Asked, typed: str, error: str | None) -> Response:
    customer = await person(asked)
    counts, records = await _counted(asked.pages.database, customer["id"])
    return asked.page(
        "customers/erase.html",
        422 if error else 200,
        place=PLACE,
        customer=customer,
        called=customer["name"] or customer["called"] or asked.words("No name yet"),
        counts=counts,
        records=records,
        to_type=to_type(customer),
        typed=typed,
        error=error,
    )


def to_type(customer: dict[str, Any]) -> str:
    """What whoever erases types: the name, else a number, else the id."""
    number = customer["phones"][0] if customer["phones"] else None
    return str(customer["name"] or customer["called"] or number or customer["id"])


def same(typed: str, wanted: str) -> bool:
    """Whatever the case, the blanks and the way accents are typed.  Pure."""
    plain = [unicodedata.normalize("NFC", " ".join(text.casefold().split())) for text in (typed, wanted)]
    return plain[0] == plain[1]


async def _counted(database: Database, customer_id: str) -> tuple[dict[str, int], int]:
    """What is kept of them by kind, with that of records that were merged into theirs; and how many those are."""
    async with database.read() as conn:
        ids = await records_of(conn, customer_id)
        found = {
            name: int(await conn.scalar(select(func.count()).select_from(one).where(one.c.customer_id.in_(ids))) or 0)
            for name, one in _COUNTED.items()
        }
    return found, len(ids) - 1
