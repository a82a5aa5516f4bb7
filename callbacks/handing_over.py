"""An agent leaves: what they have promised is their successor's from now on, at the time it was promised for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.tokens import Principal
from callbacks import history
from callbacks.history import By
from callbacks.promises import Promises
from callbacks.states import MOVABLE
from callbacks.tables import callbacks
from crm.case_history import by_token
from store.events import emit


async def hand_over(
    promises: Promises, conn: AsyncConnection, agent_id: str, successor: str, *, by: By, now: datetime
) -> int:
    """How many.  Whoever was told a name is told the new one; whether the successor has time for all of them is looked
    at like any promise at risk."""
    theirs = select(callbacks).where(callbacks.c.agent_id == agent_id, callbacks.c.state.in_(MOVABLE))
    rows = (await conn.execute(theirs.order_by(callbacks.c.id).with_for_update())).all()
    for promise in rows:
        values = {"agent_id": successor, "lease_owner": None, "lease_until": None}
        mine = update(callbacks).where(callbacks.c.id == promise.id).values(values)
        moved = (await conn.execute(mine.returning(*callbacks.c))).one()
        await history.record_change(conn, promise, moved, by=by, now=now)
        await emit(conn, "callback.changed", promise.id, now)
        if promises.teller is not None and promise.channel == "call":
            await promises.teller(conn, moved, "text_taken", promise)
    return len(rows)


def handing_promises(
    promises: Promises,
) -> Callable[[AsyncConnection, str, str, Principal, datetime], Awaitable[int]]:
    """The same as the room of the agents, which knows no promises, asks for it."""

    async def promised(conn: AsyncConnection, agent_id: str, successor: str, asking: Principal, now: datetime) -> int:
        by = By(by_token(asking), "api")
        return await hand_over(promises, conn, agent_id, successor, by=by, now=now)

    return promised
