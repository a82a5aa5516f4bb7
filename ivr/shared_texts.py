"""Texts from a number that several people have: they belong to the number until somebody says who writes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.identify import Person, named_on, person_by_id
from crm.tables import texts
from ivr.letters import CALL_ME_KEY

LONGEST_NAME = 6  # words; more is no name


async def who_writes(conn: AsyncConnection, number: str, body: str, since: datetime) -> Person | None:
    """Whoever of them the text names, by the name alone; else whoever was named by the last text since then."""
    words = body.strip(" .,!?()").split()
    for n in range(len(words) if len(words) <= LONGEST_NAME else 0):  # "sono Ada": the name comes last
        person = await named_on(conn, number, " ".join(words[n:]))
        if person is not None:
            return person
    last = select(texts.c.customer_id).where(
        texts.c.from_number == number, texts.c.direction == "in", texts.c.at > since
    )
    customer_id = await conn.scalar(last.order_by(texts.c.at.desc(), texts.c.id.desc()).limit(1))
    return None if customer_id is None else await person_by_id(conn, customer_id)


async def claimed(conn: AsyncConnection, customer_id: str, number: str, since: datetime) -> bool:
    """What was written from this number since, and was nobody's, is theirs.  Was to be called among it?"""
    nobodys = (texts.c.customer_id.is_(None), texts.c.from_number == number, texts.c.direction == "in")
    mine = update(texts).where(*nobodys, texts.c.at > since).values(customer_id=customer_id).returning(texts.c.body)
    bodies = [body.strip(" .!()") for body in await conn.scalars(mine)]
    return CALL_ME_KEY in bodies
