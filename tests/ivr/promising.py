"""Promises made behind the door, for tests of what is written and shown about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update

from callbacks.alternatives import as_choices
from callbacks.slots import Slot
from callbacks.tables import callbacks
from callbacks.wish import Wish
from crm.tables import texts
from routing.plan import Plan
from tests.ivr.door import LINE, MARIA, Door

IN_AN_HOUR = timedelta(hours=1)


async def promised(door: Door, who: str = "Maria", after: timedelta = IN_AN_HOUR, **more: Any) -> Row[Any]:
    """`who` is promised a call from Anna."""
    usual: dict[str, Any] = {
        "customer_id": door.ids[who],
        "number": MARIA,
        "language": "it-IT",
        "kind": "scheduled",
        "due_at": door.clock.now() + after,
        "agent_id": "anna",
        "reason": "la lampada rotta",
        "from_number": LINE,
    }
    async with door.database.write() as conn:
        return (await door.rooms.promises.make(conn, Wish(**usual | more), Plan(), now=door.clock.now()))[0]


async def asked_to_choose(door: Door, promise: Row[Any], *offers: tuple[timedelta, str | None]) -> None:
    """Their agent is held up: so much later, and by whom, it might be instead."""
    slots = [Slot(promise.promised_at + later, agent) for later, agent in offers]
    values = {"choices": as_choices(slots), "risk": "owner_busy", "risk_at": door.clock.now()}
    async with door.database.write() as conn:
        await conn.execute(update(callbacks).where(callbacks.c.id == promise.id).values(**values))


async def changed(door: Door, promise: Row[Any], **values: Any) -> Row[Any]:
    statement = update(callbacks).where(callbacks.c.id == promise.id).values(**values).returning(*callbacks.c)
    async with door.database.write() as conn:
        return (await conn.execute(statement)).one()


async def as_it_is(door: Door, promise: Row[Any]) -> Row[Any]:
    async with door.database.read() as conn:
        return (await conn.execute(select(callbacks).where(callbacks.c.id == promise.id))).one()


async def kept_texts(door: Door, direction: str) -> list[Row[Any]]:
    async with door.database.read() as conn:
        query = select(texts).where(texts.c.direction == direction).order_by(texts.c.id)
        return list((await conn.execute(query)).all())
