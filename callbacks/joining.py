"""Two people's records become one: of two open promises for one matter the earlier stays.

One call serves both.  What the later one was about is added to the one that stays; it ends as `merged`, and is promised
again when the two are told apart while its time has not passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import Problem
from callbacks import history
from callbacks.history import By, What
from callbacks.promises import end, first_look
from callbacks.states import MOVABLE, OPEN, State
from callbacks.tables import callbacks
from store.events import emit
from store.sql import only_one

_US = By("us", "api")


async def settle(conn: AsyncConnection, kept: str, gone: str, now: datetime) -> list[str]:
    """The promises that were merged into another.  Raises Problem while the one that would go is being kept."""
    await only_one(conn, "promises")
    theirs = select(callbacks).where(callbacks.c.customer_id.in_((kept, gone)), callbacks.c.state.in_(OPEN))
    rows = await conn.execute(
        theirs.where(callbacks.c.case_id.is_(None)).order_by(callbacks.c.promised_at, callbacks.c.id).with_for_update()
    )
    bare = list(rows)
    if len(bare) < 2:
        return []
    stays = next((row for row in bare if row.state not in MOVABLE), bare[0])
    goes = next(row for row in bare if row.id != stays.id)
    if goes.state not in MOVABLE:
        raise Problem(
            409, None, "Both are being called back at this moment: when that is over.", None, callback=goes.id
        )
    await end(conn, goes, State.MERGED, What.MERGED, by=_US, now=now)
    await _add(conn, stays, goes, now)
    return [goes.id]


async def unsettle(conn: AsyncConnection, settled: Sequence[str], gone: str, now: datetime) -> None:
    """Promised again, unless its time has passed or there is another one by now; what was added to the other stays."""
    for promise_id in settled:
        row = (
            await conn.execute(
                select(callbacks)
                .where(callbacks.c.id == promise_id, callbacks.c.state == State.MERGED)
                .with_for_update()
            )
        ).one_or_none()
        if row is None or row.promised_at + timedelta(seconds=row.window_seconds) <= now:
            continue
        taken = select(callbacks.c.id).where(
            callbacks.c.customer_id == row.customer_id, callbacks.c.state.in_(OPEN), callbacks.c.case_id.is_(None)
        )
        if await conn.scalar(taken.limit(1)) is not None:
            continue
        again = {"state": State.PROMISED, "due_at": first_look(row.promised_at, now)}
        await conn.execute(update(callbacks).where(callbacks.c.id == promise_id).values(again))
        after = {"due_at": row.promised_at, "agent": row.agent_id, "kind": row.kind}
        await history.record(conn, promise_id, What.MADE, by=_US, now=now, after=after)
        await emit(conn, "callback.changed", promise_id, now)


async def _add(conn: AsyncConnection, stays: Row[Any], goes: Row[Any], now: datetime) -> None:
    """Why they wanted to be called, and the message they left."""
    reasons = dict.fromkeys(reason for row in (stays, goes) if (reason := (row.reason or "").strip()))
    values: dict[str, Any] = {"reason": "\n".join(reasons) or None}
    if stays.recording_url is None and goes.recording_url is not None:
        values |= {"recording_url": goes.recording_url, "transcript": goes.transcript}
    await conn.execute(update(callbacks).where(callbacks.c.id == stays.id).values(values))
    await emit(conn, "callback.changed", stays.id, now)
