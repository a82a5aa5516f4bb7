"""How somebody fared on the telephone lately: waits that were long, or in vain, and talks that were cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Boolean, Float, Text, column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.weariness import Troubles
from store.sql import Instant

# Another room's table: this much is all that is read of it.
_calls = table(
    "calls",
    *(column(name, Text) for name in ("id", "customer_id", "direction", "outcome", "place")),
    *(column(name, Instant) for name in ("arrived_at", "ended_at")),
    column("waited_seconds", Float),
    column("confirmed", Boolean),
)
REMEMBERED = timedelta(days=14)
MOST_CALLS = 50
CUT_OFF_WITHIN = timedelta(minutes=5)  # who rings again so soon was cut off, or something was forgotten
# Where in a call somebody is who was still there when the talk was over: nothing was cut.
_AFTER_A_TALK = frozenset(("solved", "parting", "still_open", "promised", "goodbye"))
LONG_WAIT_SECONDS, VAIN_WAIT_SECONDS = 180.0, 60.0  # for an answer; until they gave up


@dataclass(frozen=True, slots=True)
class Called:
    """One call of theirs, or of ours to them."""

    id: str
    inbound: bool
    outcome: str | None  # agent | voicemail | callback | abandoned | backup
    arrived_at: datetime
    ended_at: datetime | None
    waited_seconds: float | None
    parted: bool = False  # they were still there when the talk was over, or have said how it ended

    @property
    def was_long(self) -> bool:
        if self.outcome == "abandoned" and self.ended_at is not None:
            return (self.ended_at - self.arrived_at).total_seconds() >= VAIN_WAIT_SECONDS
        return (self.waited_seconds or 0.0) >= LONG_WAIT_SECONDS


@dataclass(frozen=True, slots=True)
class Fared:
    waits: int
    cut_offs: int  # this call's among them
    cut_off: bool  # are they calling now because of one?

    def troubles(self, broken_promises: int) -> Troubles:
        return Troubles(broken_promises, self.waits, self.cut_offs)


def fared(calls: Sequence[Called], this_call: str | None = None) -> Fared:
    """`this_call`: one they have not finished yet, whose own wait is not counted.  Pure."""
    rang = [call for call in calls if call.inbound]
    cut = {call.id for call in rang if any(_cut_off(before, call) for before in calls)}
    return Fared(
        waits=sum(call.was_long for call in rang if call.id != this_call),
        cut_offs=len(cut),
        cut_off=this_call in cut,
    )


def _cut_off(before: Called, call: Called) -> bool:
    """Did a talk of theirs end so shortly before this call, and nobody knows that it was over?"""
    if before.id == call.id or before.outcome != "agent" or before.ended_at is None or before.parted:
        return False
    return call.arrived_at - CUT_OFF_WITHIN <= before.ended_at and before.arrived_at <= call.arrived_at


async def how_they_fared(conn: AsyncConnection, customer_id: str, now: datetime, this_call: str | None = None) -> Fared:
    """In the last fortnight."""
    query = (
        select(_calls)
        .where(_calls.c.customer_id == customer_id, _calls.c.arrived_at >= now - REMEMBERED)
        .order_by(_calls.c.arrived_at.desc())
        .limit(MOST_CALLS)
    )
    rows = await conn.execute(query)
    calls = [
        Called(
            row.id,
            row.direction == "inbound",
            row.outcome,
            row.arrived_at,
            row.ended_at,
            row.waited_seconds,
            parted=row.confirmed is not None or row.place in _AFTER_A_TALK,
        )
        for row in rows
    ]
    return fared(calls, this_call)
