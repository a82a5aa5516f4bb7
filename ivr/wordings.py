"""What a person has heard from us: which wording of a situation last, how often they called, when we last talked.

Read once for each webhook of a caller we know, in one statement; written as far as a document says something in one of
several ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import customers, interactions, wordings
from ivr.document import Ask, Document, Say
from ivr.tables import calls


@dataclass(frozen=True, slots=True)
class HeardOf:
    calls: int = 0
    talked_at: datetime | None = None  # when their latest conversation by phone began
    wordings: Mapping[str, int] = field(default_factory=dict)


async def heard_of(conn: AsyncConnection, customer_id: str) -> HeardOf:
    made = select(func.count()).select_from(calls).where(calls.c.customer_id == customers.c.id)
    talked = select(func.max(interactions.c.started_at)).where(
        interactions.c.customer_id == customers.c.id,
        interactions.c.channel == "voice",
        interactions.c.outcome != "abandoned",
    )
    rows = await conn.execute(
        select(
            made.scalar_subquery().label("made"),
            talked.scalar_subquery().label("talked_at"),
            wordings.c.situation,
            wordings.c.variant,
        )
        .select_from(customers)
        .outerjoin(wordings, wordings.c.customer_id == customers.c.id)
        .where(customers.c.id == customer_id)
    )
    found = rows.all()
    if not found:
        return HeardOf()
    told = {row.situation: row.variant for row in found if row.situation is not None}
    return HeardOf(found[0].made, found[0].talked_at, told)


def said_in(document: Document) -> Mapping[str, int]:
    """The situations of a document that have several wordings, and which of them it says."""
    return dict(says.wording for says in _says(document) if says.wording is not None)


async def remember_wordings(
    conn: AsyncConnection, customer_id: str, document: Document, before: Mapping[str, int]
) -> None:
    """So that they hear another one the next time."""
    told = sorted((key, which) for key, which in said_in(document).items() if before.get(key) != which)
    if not told:
        return
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    rows = insert(wordings).values(
        [{"customer_id": customer_id, "situation": key, "variant": which} for key, which in told]
    )
    keys = ["customer_id", "situation"]
    await conn.execute(rows.on_conflict_do_update(index_elements=keys, set_={"variant": rows.excluded.variant}))


def _says(document: Document) -> Iterator[Say]:
    for step in document:
        for heard in step.heard if isinstance(step, Ask) else (step,):
            if isinstance(heard, Say):
                yield heard
