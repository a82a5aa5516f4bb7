"""Two people's records become one: of two open promises for one matter the earlier stays.

One call serves both.  What the later one was about is added to the one that stays; it ends as `merged`.  When the two
are told apart that is taken out again, and the later one is promised again while its time has not passed.
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
from crm.separating import new_lines, without
from store.events import emit
from store.sql import only_one

_US = By("us", "api")


async def settle(conn: AsyncConnection, kept: str, gone: str, now: datetime) -> list[str]:
    """The promise that was merged into another, that other, and what was added to it.  Raises Problem while the one
    that would go is being kept."""
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
    return [goes.id, stays.id, *await _add(conn, stays, goes, now)]


async def unsettle(conn: AsyncConnection, settled: Sequence[str], gone: str, now: datetime) -> None:
    """Promised again, unless its time has passed or there is another one by now."""
    if not settled:
        return
    went_id, stayed_id, *added = settled
    query = select(callbacks).where(callbacks.c.id.in_((went_id, stayed_id))).order_by(callbacks.c.id)
    rows = {row.id: row for row in await conn.execute(query.with_for_update())}
    went, stayed = rows.get(went_id), rows.get(stayed_id)
    if went is None:
        return
    if stayed is not None:
        await _take_out(conn, stayed, went, added, now)
    if went.state != State.MERGED or went.promised_at + timedelta(seconds=went.window_seconds) <= now:
        return
    taken = select(callbacks.c.id).where(
        callbacks.c.customer_id == went.customer_id, callbacks.c.state.in_(OPEN), callbacks.c.case_id.is_(None)
    )
    if await conn.scalar(taken.limit(1)) is not None:
        return
    again = {"state": State.PROMISED, "due_at": first_look(went.promised_at, now)}
    await conn.execute(update(callbacks).where(callbacks.c.id == went.id).values(again))
    after = {"due_at": went.promised_at, "agent": went.agent_id, "kind": went.kind}
    await history.record(conn, went.id, What.MADE, by=_US, now=now, after=after)
    await emit(conn, "callback.changed", went.id, now)


async def _take_out(
    conn: AsyncConnection, stayed: Row[Any], went: Row[Any], added: Sequence[str], now: datetime
) -> None:
    """What it was about and the message left for it are another person's again."""
    values: dict[str, Any] = {}
    if "reason" in added:
        values["reason"] = without(stayed.reason or "", _came(went.reason or "", added)) or None
    if "recording" in added and stayed.recording_url == went.recording_url:
        values |= {"recording_url": None, "transcript": None}
    if values:
        await conn.execute(update(callbacks).where(callbacks.c.id == stayed.id).values(values))
        await emit(conn, "callback.changed", stayed.id, now)


async def _add(conn: AsyncConnection, stays: Row[Any], goes: Row[Any], now: datetime) -> list[str]:
    """Why they wanted to be called, and the message they left; which of the two."""
    added, values = [], {}
    mine, theirs = (stays.reason or "").strip(), (goes.reason or "").strip()
    if theirs and theirs not in mine and (came := new_lines(mine, theirs)).strip():
        added += ["reason", *_ours(mine, theirs)]
        values["reason"] = f"{mine}\n{came}".strip()
    if stays.recording_url is None and goes.recording_url is not None:
        added.append("recording")
        values |= {"recording_url": goes.recording_url, "transcript": goes.transcript}
    if values:
        await conn.execute(update(callbacks).where(callbacks.c.id == stays.id).values(values))
    await emit(conn, "callback.changed", stays.id, now)
    return added


def _ours(mine: str, theirs: str) -> list[str]:
    """Which lines of theirs ours had too, by number: kept in place of the words."""
    lines = {line.strip() for line in mine.split("\n")}
    return [f"ours:{n}" for n, line in enumerate(theirs.split("\n")) if line.strip() in lines]


def _came(theirs: str, added: Sequence[str]) -> str:
    return "\n".join(line for n, line in enumerate(theirs.strip().split("\n")) if f"ours:{n}" not in added)
