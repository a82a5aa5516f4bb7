"""Whom an agent serves, and may therefore see whole: one statement.  Others are found by name, and opened for a reason.

Serves: is chosen by them or named in their record, has talked with them within a year, holds an open case or an open
promise, has them on the line or is asked to take them over; or is the stand-in or the successor of somebody who does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, exists, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.states import OPEN
from callbacks.tables import callbacks
from crm.tables import cases, customers, interactions
from desk.elsewhere import calls
from desk.tables import look_ups
from desk.viewer import Viewer
from routing.tables import agents, reservations
from store.ids import new_id

REMEMBERED = timedelta(days=365)  # a conversation makes somebody one's own for so long
OPEN_FOR = timedelta(hours=8)  # a record that was opened for a reason: a working day

_OPEN = tuple(str(state) for state in OPEN)
REASONS = {  # to open a record, in English, for the catalogue
    "asked_by_colleague": "A colleague has asked me to help",
    "wrote_to_us": "They have written to us",
    "came_by": "They are here in person",
    "case": "I am looking into their matter",
    "family": "Somebody of theirs has asked",
    "other": "Another reason",
}


async def may_see(conn: AsyncConnection, viewer: Viewer, customer_id: str, now: datetime) -> bool:
    """`customer_id` of a living record."""
    if viewer.manages:
        return True
    return bool(await served_of(conn, viewer, [customer_id], now))


async def served_of(conn: AsyncConnection, viewer: Viewer, customer_ids: Collection[str], now: datetime) -> set[str]:
    """Those of them whom this viewer may see whole."""
    if viewer.manages:
        return set(customer_ids)
    if not customer_ids:
        return set()
    opened = exists().where(
        look_ups.c.user_id == viewer.user_id, look_ups.c.customer_id == customers.c.id, look_ups.c.until > now
    )
    ways = [opened, *(_served_by(viewer.agent_id, now) if viewer.agent_id else ())]
    query = select(customers.c.id).where(customers.c.id.in_(customer_ids), or_(*ways))
    return set(await conn.scalars(query))


async def open_for(conn: AsyncConnection, viewer: Viewer, customer_id: str, reason: str, now: datetime) -> None:
    """`reason`: one of REASONS, and behind a colon what they wrote of it."""
    row = {"id": new_id("lup"), "user_id": viewer.user_id, "customer_id": customer_id, "reason": reason}
    await conn.execute(insert(look_ups).values(**row, at=now, until=now + OPEN_FOR))


async def export_look_ups(conn: AsyncConnection, customer_id: str) -> list[dict[str, Any]]:
    """An exporter of `crm.privacy`: when and why somebody opened a record that they do not serve; who, is ours."""
    query = select(look_ups.c.at, look_ups.c.reason).where(look_ups.c.customer_id == customer_id)
    rows = await conn.execute(query.order_by(look_ups.c.at, look_ups.c.id))
    return [{"at": row.at.isoformat(), "reason": row.reason} for row in rows]


def _served_by(agent_id: str, now: datetime) -> list[ColumnElement[bool]]:
    """Each way to serve the customer of the outer statement."""
    these, whose, since = _stands_for(agent_id), customers.c.id, now - REMEMBERED
    talk, promise, held = interactions.c, callbacks.c, reservations.c
    return [
        customers.c.preferred_agent.in_(these),
        _named_in_record(agent_id),
        exists().where(talk.customer_id == whose, talk.agent_id.in_(these), talk.started_at >= since),
        exists().where(cases.c.customer_id == whose, cases.c.state == "open", cases.c.owner.in_(these)),
        exists().where(promise.customer_id == whose, promise.state.in_(_OPEN), promise.agent_id.in_(these)),
        exists().where(calls.c.customer_id == whose, calls.c.agent_id == agent_id, calls.c.arrived_at >= since),
        exists().where(calls.c.customer_id == whose, calls.c.id == held.call_id, held.agent_id == agent_id, held.live),
    ]


def _stands_for(agent_id: str) -> Select[tuple[str]]:
    """The agent, and everybody whose stand-in or successor they are."""
    return select(agents.c.id).where(
        or_(agents.c.id == agent_id, agents.c.stand_in == agent_id, agents.c.successor == agent_id)
    )


def _named_in_record(agent_id: str) -> ColumnElement[bool]:
    """Among `stand_ins`, a list of ids."""
    return func.coalesce(cast(customers.c.stand_ins, Text), "").contains(f'"{agent_id}"', autoescape=True)
