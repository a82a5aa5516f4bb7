"""The rows of warm transfers: a caller whom one agent brings to another.  Each step is a conditional UPDATE.

`ringing -> consulting -> introduced -> completed`, and from each of them one of the other ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.tables import transfers
from store.ids import new_id

RINGING, CONSULTING, INTRODUCED = "ringing", "consulting", "introduced"
COMPLETED = "completed"
HANDED_ON = "handed_on"  # the agent left while the colleague's phone rang: it rings for the caller now
DECLINED, RANG_OUT, FAILED, NOBODY = "declined", "rang_out", "failed", "nobody"
LEFT = "left"  # the colleague, before it was complete
RETURNED = "returned"  # the agent has taken the caller back
CALLER_LEFT = "caller_left"


async def begin(
    conn: AsyncConnection,
    call_id: str,
    *,
    from_agent: str,
    to_agent: str,
    reservation_id: str,
    skill: str | None,
    note: str | None,
    now: datetime,
) -> Row[Any]:
    row = {
        "id": new_id("trf"),
        "call_id": call_id,
        "from_agent": from_agent,
        "to_agent": to_agent,
        "skill": skill,
        "note": note,
        "state": RINGING,
        "live": True,
        "reservation_id": reservation_id,
        "made_at": now,
    }
    return (await conn.execute(insert(transfers).values(**row).returning(*transfers.c))).one()


async def live(conn: AsyncConnection, call_id: str) -> Row[Any] | None:
    query = select(transfers).where(transfers.c.call_id == call_id, transfers.c.live)
    return (await conn.execute(query)).one_or_none()


async def change(conn: AsyncConnection, transfer_id: str, **values: Any) -> bool:
    """False: it has ended meanwhile."""
    mine = (transfers.c.id == transfer_id, transfers.c.live)
    return (await conn.execute(update(transfers).where(*mine).values(**values))).rowcount == 1


async def end(conn: AsyncConnection, transfer_id: str, state: str, now: datetime) -> bool:
    return await change(conn, transfer_id, state=state, live=False, ended_at=now)


async def newest(conn: AsyncConnection, call_ids: Sequence[str]) -> Mapping[str, Row[Any]]:
    """The last transfer of each call that has had one."""
    query = select(transfers).where(transfers.c.call_id.in_(call_ids)).order_by(transfers.c.id)
    return {row.call_id: row for row in await conn.execute(query)}
