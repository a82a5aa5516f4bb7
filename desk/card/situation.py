"""What an agent is doing at this moment, and with whom: it decides what their card shows.

Read from SQL in two statements at most; only ids, and what tells whether the card must be drawn anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.states import MOVABLE
from callbacks.tables import callbacks
from desk.elsewhere import calls, transfers
from routing.agents import Activity
from routing.tables import agents, reservations

Mode = Literal["ringing", "talking", "asked", "wrap_up", "promise", "idle"]
BEFORE = timedelta(minutes=1)  # a promise: the card is there so long before
AHEAD = timedelta(hours=16)  # what is called "next" when nobody is there


@dataclass(frozen=True, slots=True)
class Situation:
    """`promise_id`: of mode `promise` the one that comes due, of `idle` the next one.  `look_again_at`: when the card
    will be another one without anything having happened."""

    mode: Mode
    call_id: str | None = None
    customer_id: str | None = None
    promise_id: str | None = None
    look_again_at: datetime | None = None
    more: tuple[Any, ...] = field(default=())

    @property
    def mark(self) -> str:
        """The same as long as the card would show the same."""
        told = (self.mode, self.call_id, self.customer_id, self.promise_id, self.look_again_at, *self.more)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


async def situation_of(conn: AsyncConnection, agent_id: str, now: datetime) -> Situation:
    live = (await conn.execute(_with_call(agent_id).where(reservations.c.live))).first()
    if live is not None:
        return _on_a_call(live)
    activity = await conn.scalar(select(agents.c.activity).where(agents.c.id == agent_id))
    if activity == Activity.WRAP_UP:
        query = _with_call(agent_id).where(reservations.c.accepted_at.is_not(None))
        last = (await conn.execute(query.order_by(reservations.c.id.desc()).limit(1))).first()
        if last is not None:
            return Situation("wrap_up", last.id, last.customer_id, last.callback_id)
    return await _waiting(conn, agent_id, now)


def _on_a_call(row: Row[Any]) -> Situation:
    if row.consult:
        mode: Mode = "asked"
    else:
        mode = "talking" if row.reserved == "accepted" else "ringing"
    told = (row.said, row.proved_at, row.known_by, row.name_recording_url)
    more = (*told, row.reserved, row.brought, row.on_hold_at is not None)
    return Situation(mode, row.id, row.customer_id, row.callback_id, more=more)


async def _waiting(conn: AsyncConnection, agent_id: str, now: datetime) -> Situation:
    query = (
        select(callbacks.c.id, callbacks.c.customer_id, callbacks.c.promised_at, callbacks.c.reason)
        .where(callbacks.c.agent_id == agent_id, callbacks.c.state.in_([str(s) for s in MOVABLE]))
        .where(callbacks.c.promised_at <= now + AHEAD, callbacks.c.channel == "call")
    )
    promise = (await conn.execute(query.order_by(callbacks.c.promised_at, callbacks.c.id).limit(1))).first()
    if promise is None:
        return Situation("idle")
    near = promise.promised_at - BEFORE
    if near <= now:
        more = (promise.promised_at, promise.reason)
        return Situation("promise", None, promise.customer_id, promise.id, more=more)
    return Situation("idle", None, promise.customer_id, promise.id, near, (promise.reason,))


def _with_call(agent_id: str) -> Select[Any]:
    """Reservations of this agent with their calls; `brought`: the state of a transfer that is under way."""
    brought = (
        select(transfers.c.state).where(transfers.c.call_id == calls.c.id, transfers.c.live).limit(1).scalar_subquery()
    )
    return (
        select(calls.c.id, calls.c.customer_id, calls.c.callback_id, calls.c.said, calls.c.proved_at, calls.c.known_by)
        .add_columns(
            calls.c.name_recording_url,
            calls.c.on_hold_at,
            reservations.c.state.label("reserved"),
            reservations.c.consult,
        )
        .add_columns(brought.label("brought"))
        .join_from(reservations, calls, calls.c.id == reservations.c.call_id)
        .where(reservations.c.agent_id == agent_id)
    )
