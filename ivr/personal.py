"""What calls keep of a person, for whoever asks to be forgotten."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callbacks
from carrier.port import Carrier
from crm.tables import customer_phones
from crm.texts import forget_opt_outs
from ivr.tables import calls
from routing.tables import decisions

FORGOTTEN = "erased"
_RECORDING = re.compile(r"RE[0-9a-f]{32}")


class Forgetting:
    """Calls stay as figures (when, how long, which agent); nothing tells any more whose they were."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    async def erase(self, conn: AsyncConnection, customer_id: str) -> None:
        """An eraser of `crm.privacy`; the recordings at Twilio go by the ledger, soon after the commit."""
        await self._erase_recordings(conn, customer_id)
        await self._erase_requests(conn, customer_id)
        theirs = select(calls.c.id).where(calls.c.customer_id == customer_id)
        await conn.execute(
            update(decisions).where(decisions.c.call_id.in_(theirs)).values(sentence=FORGOTTEN, reasons={})
        )
        for column, direction in ((calls.c.from_number, "inbound"), (calls.c.to_number, "outbound")):
            await conn.execute(
                update(calls)
                .where(calls.c.customer_id == customer_id, calls.c.direction == direction)
                .values({column.name: FORGOTTEN})
            )
        await conn.execute(
            update(calls)
            .where(calls.c.customer_id == customer_id)
            .values(said=None, reply=None, recording_url=None, call_back_to=None)
        )

    async def _erase_recordings(self, conn: AsyncConnection, customer_id: str) -> None:
        left = union(
            select(calls.c.recording_url).where(calls.c.customer_id == customer_id),
            select(callbacks.c.recording_url).where(callbacks.c.customer_id == customer_id),
        )
        for (url,) in (await conn.execute(left)).all():
            found = _RECORDING.search(url or "")
            if found:
                await self._carrier.delete_recording(conn, found.group())

    async def _erase_requests(self, conn: AsyncConnection, customer_id: str) -> None:
        used = union(
            select(customer_phones.c.number).where(customer_phones.c.customer_id == customer_id),
            select(callbacks.c.number).where(callbacks.c.customer_id == customer_id),
        )
        numbers = [number for (number,) in (await conn.execute(used)).all()]
        if numbers:
            await self._carrier.forget(conn, numbers)
            await forget_opt_outs(conn, numbers, besides=customer_id)


async def export_calls(conn: AsyncConnection, customer_id: str) -> list[dict[str, Any]]:
    """An exporter of `crm.privacy`."""
    query = select(calls).where(calls.c.customer_id == customer_id).order_by(calls.c.arrived_at)
    kept = ("sid", "direction", "from_number", "to_number", "call_back_to", "said", "outcome", "recording_url")
    return [
        {name: getattr(row, name) for name in kept} | {"started_at": row.arrived_at.isoformat()}
        for row in await conn.execute(query)
    ]
