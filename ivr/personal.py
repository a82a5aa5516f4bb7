"""What calls keep of a person, for whoever asks to be forgotten."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.tables import calls
from routing.tables import decisions

FORGOTTEN = "erased"


async def erase_calls(conn: AsyncConnection, customer_id: str) -> None:
    """Calls stay as figures: when, how long, which agent; nothing tells any more whose they were."""
    theirs = select(calls.c.id).where(calls.c.customer_id == customer_id)
    await conn.execute(update(decisions).where(decisions.c.call_id.in_(theirs)).values(sentence=FORGOTTEN, reasons={}))
    for column, other in ((calls.c.from_number, "inbound"), (calls.c.to_number, "outbound")):
        await conn.execute(
            update(calls)
            .where(calls.c.customer_id == customer_id, calls.c.direction == other)
            .values({column.name: FORGOTTEN})
        )
    await conn.execute(
        update(calls).where(calls.c.customer_id == customer_id).values(said=None, reply=None, recording_url=None)
    )
