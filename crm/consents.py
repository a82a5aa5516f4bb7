"""What people have said yes or no to: of one kind the latest word counts, and every word is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import consents
from crm.texts import own_numbers, texts_again
from store.ids import new_id

Kind = Literal["recording", "texts", "marketing"]
Source = Literal["phone", "text", "link", "agent", "api", "import"]
KINDS: Sequence[Kind] = ("recording", "texts", "marketing")


async def current(conn: AsyncConnection, customer_id: str, kind: Kind) -> bool | None:
    """None: they were never asked, or have not said."""
    row = (await conn.execute(spoken(customer_id, kind).limit(1))).one_or_none()
    return None if row is None else bool(row.given)


async def give(
    conn: AsyncConnection,
    customer_id: str,
    kind: Kind,
    given: bool,
    source: Source,
    now: datetime,
    call_sid: str | None = None,
) -> str:
    """The id of what was written down.  A yes to texts takes back the no that was written from a number of their own.

    What the carrier says of a number stays: it would refuse our texts all the same.
    """
    word_id = new_id("con")
    said = {"kind": kind, "given": given, "at": now, "source": source, "call_sid": call_sid}
    await conn.execute(insert(consents).values(id=word_id, customer_id=customer_id, **said))
    if kind == "texts" and given:
        for number in await own_numbers(conn, customer_id):
            await texts_again(conn, number, "word")
    return word_id


def spoken(customer_id: str, kind: Kind | None = None) -> Select[Any]:
    """Every word of theirs, the latest first."""
    query = select(consents).where(consents.c.customer_id == customer_id)
    if kind is not None:
        query = query.where(consents.c.kind == kind)
    return query.order_by(consents.c.at.desc(), consents.c.id.desc())


async def latest(conn: AsyncConnection, customer_id: str) -> list[Row[Any]]:
    """Of each kind the word that counts."""
    found: dict[str, Row[Any]] = {}
    for row in await conn.execute(spoken(customer_id)):
        found.setdefault(row.kind, row)
    return [found[kind] for kind in KINDS if kind in found]


async def take_back(conn: AsyncConnection, customer_id: str, call_sid: str) -> None:
    """What was said in this call was somebody else's word."""
    await conn.execute(delete(consents).where(consents.c.customer_id == customer_id, consents.c.call_sid == call_sid))
