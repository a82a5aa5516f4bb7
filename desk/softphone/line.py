"""The call in an agent's hands, as their telephone shows it: what stands in the tables, read at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import customers
from desk.elsewhere import calls, supervisions, transfers
from routing.tables import agents, reservations

Mode = Literal["ringing", "promise", "asked", "reconnecting", "connecting", "talking", "consulted", "ending"]


@dataclass(frozen=True, slots=True)
class Line:
    """`who` is null for somebody whom nobody knows; `by` the colleague who asks, or who is asked.

    ringing: a caller; promise: their own, and the customer is rung once they answer; asked: by a colleague;
    reconnecting: their line broke; connecting: they have answered, the other one is not there yet; consulted: they
    speak with the colleague who asked.
    """

    call_id: str
    mode: Mode
    since_at: datetime
    customer_id: str | None
    who: str | None
    held_at: datetime | None = None
    by: str | None = None
    transfer: str | None = None  # ringing | consulting | introduced
    listeners: Sequence[tuple[str, str]] = ()  # name and mode of each manager who is in it


async def in_hand(conn: AsyncConnection, agent_id: str) -> Line | None:
    """What an agent is rung for, or talks in; null: nothing."""
    query = (
        select(reservations.c.id, reservations.c.state, reservations.c.consult, reservations.c.made_at)
        .add_columns(reservations.c.accepted_at, reservations.c.agent_id)
        .add_columns(calls.c.id.label("call_id"), calls.c.state.label("call_state"), calls.c.direction)
        .add_columns(
            calls.c.on_hold_at, calls.c.agent_ends_at, calls.c.dropped_agent, calls.c.dropped_at, calls.c.joined_at
        )
        .add_columns(calls.c.customer_id, customers.c.name, customers.c.called)
        .join(calls, calls.c.id == reservations.c.call_id)
        .outerjoin(customers, customers.c.id == calls.c.customer_id)
        .where(reservations.c.agent_id == agent_id, reservations.c.live)
    )
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    asked = (
        select(transfers.c.state, agents.c.name)
        .join(agents, agents.c.id == (transfers.c.from_agent if row.consult else transfers.c.to_agent))
        .where(transfers.c.call_id == row.call_id, transfers.c.live)
    )
    transfer = (await conn.execute(asked)).one_or_none()
    heard = select(supervisions.c.name, supervisions.c.mode).where(
        supervisions.c.call_id == row.call_id, supervisions.c.ended_at.is_(None), supervisions.c.joined_at.is_not(None)
    )
    listeners = [(one.name, one.mode) for one in await conn.execute(heard.order_by(supervisions.c.id))]
    mode = _mode(row)
    return Line(
        call_id=row.call_id,
        mode=mode,
        since_at=row.joined_at if mode == "talking" else row.accepted_at or row.made_at,  # the talk outlives a line
        customer_id=row.customer_id,
        who=row.name or row.called,
        held_at=row.on_hold_at,
        by=transfer.name if transfer else None,
        transfer=transfer.state if transfer else None,
        listeners=listeners,
    )


def _mode(row: Row[Any]) -> Mode:
    if row.state == "offered":
        if row.consult:
            return "asked"
        if row.dropped_at is not None and row.dropped_agent == row.agent_id:
            return "reconnecting"
        return "promise" if row.direction == "outbound" else "ringing"
    if row.consult:
        return "consulted"
    if row.agent_ends_at is not None:
        return "ending"
    return "talking" if row.call_state == "talking" and row.joined_at is not None else "connecting"
