"""The rows of calls and legs: opening, locking, changing.  Every change of a call is news.

Whoever changes a call holds its row lock, and takes it before any agent's or promise's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.promises import AGENT_LEAD
from callbacks.states import MOVABLE
from callbacks.tables import callbacks
from ivr.lifecycle import LEG_ENDS, CallState, may_become
from ivr.tables import calls, legs
from routing.queue import leaves
from store.events import emit
from store.ids import new_id

_PLACE_LOST = (CallState.TALKING, CallState.ENDED)  # whoever is being rung for keeps it


class IllegalStep(RuntimeError):
    """A call was asked to go where its table does not lead: a mistake of ours."""


async def open_call(conn: AsyncConnection, *, now: datetime, **values: Any) -> Row[Any]:
    """A new call, whose first change is its first news.  Two webhooks that open the same one break on its SID."""
    call_id = new_id("call")
    return (await conn.execute(insert(calls).values(id=call_id, arrived_at=now, **values).returning(*calls.c))).one()


async def lock_by_sid(conn: AsyncConnection, sid: str) -> Row[Any] | None:
    return await _lock(conn, select(calls).where(calls.c.sid == sid))


async def lock_by_name(conn: AsyncConnection, name: str) -> Row[Any] | None:
    return await _lock(conn, _named(name))


async def by_name(conn: AsyncConnection, name: str) -> Row[Any] | None:
    row: Row[Any] | None = (await conn.execute(_named(name))).one_or_none()
    return row


def _named(name: str) -> Select[Any]:
    """By its SID or by its own id: a call of ours has no SID before its customer is dialled."""
    return select(calls).where(or_(calls.c.sid == name, calls.c.id == name))


async def read(conn: AsyncConnection, call_id: str) -> Row[Any] | None:
    return (await conn.execute(select(calls).where(calls.c.id == call_id))).one_or_none()


async def lock(conn: AsyncConnection, call_id: str) -> Row[Any] | None:
    return await _lock(conn, select(calls).where(calls.c.id == call_id))


async def lock_by_leg(conn: AsyncConnection, leg_id: str) -> tuple[Row[Any], Row[Any]] | None:
    """The call of a leg, locked, and the leg as it then is."""
    call_id = await conn.scalar(select(legs.c.call_id).where(legs.c.id == leg_id))
    call = await lock(conn, call_id) if call_id else None
    if call is None:
        return None
    return call, (await conn.execute(select(legs).where(legs.c.id == leg_id))).one()


async def change(conn: AsyncConnection, call: Row[Any], *, now: datetime, **values: Any) -> Row[Any]:
    """The call with `values`.  Raises IllegalStep for a state its table does not lead to."""
    state = values.get("state", call.state)
    if not may_become(call.state, state):
        raise IllegalStep(f"{call.id}: {call.state} -> {state}")
    if call.need is not None and state in _PLACE_LOST:
        await leaves(conn, call.id, now=now)
    row = (await conn.execute(update(calls).where(calls.c.id == call.id).values(**values).returning(*calls.c))).one()
    await emit(conn, "call.changed", call.id, now)
    return row


async def note(conn: AsyncConnection, call_id: str, **values: Any) -> None:
    """Book-keeping that is no news."""
    await conn.execute(update(calls).where(calls.c.id == call_id).values(**values))


async def add_leg(conn: AsyncConnection, call_id: str, role: str, *, now: datetime, **values: Any) -> str:
    leg_id = new_id("leg")
    state = values.pop("state", "intended")
    await conn.execute(insert(legs).values(id=leg_id, call_id=call_id, role=role, state=state, made_at=now, **values))
    return leg_id


async def change_leg(conn: AsyncConnection, leg_id: str, **values: Any) -> None:
    await conn.execute(update(legs).where(legs.c.id == leg_id).values(**values))


async def live_leg(conn: AsyncConnection, call_id: str, role: str) -> Row[Any] | None:
    """The newest leg of this role that has not ended."""
    return next(iter(await live_legs(conn, call_id, role)), None)


async def live_legs(conn: AsyncConnection, call_id: str, *roles: str) -> Sequence[Row[Any]]:
    """Those of these roles that have not ended, the newest first."""
    query = select(legs).where(legs.c.call_id == call_id, legs.c.role.in_(roles), legs.c.state.not_in(LEG_ENDS))
    return (await conn.execute(query.order_by(legs.c.id.desc()))).all()


def is_reached(call: Row[Any]) -> bool:
    """Is the customer on the line, or were they?  One whom we call is so once they have answered as a person."""
    return call.direction == "inbound" or call.talking_at is not None


async def waiting_before(conn: AsyncConnection, arrived_at: datetime) -> int:
    """How many others have waited longer."""
    query = select(func.count()).where(calls.c.state == CallState.WAITING, calls.c.arrived_at < arrived_at)
    return await conn.scalar(query) or 0


async def promises_waiting(conn: AsyncConnection, now: datetime) -> int:
    """Promised calls for which an agent is being looked for; one whose promise has moved on is wanted by nobody."""
    query = (
        select(func.count())
        .select_from(calls)
        .join(callbacks, callbacks.c.id == calls.c.callback_id)
        .where(calls.c.state == CallState.WAITING, calls.c.direction == "outbound")
        .where(callbacks.c.state.in_(MOVABLE), callbacks.c.promised_at <= now + AGENT_LEAD)
    )
    return await conn.scalar(query) or 0


async def in_a_live_call(conn: AsyncConnection, customer_id: str, number: str, own: str | None = None) -> bool:
    """Is this person, or whoever answers this number, on the line with us right now, or about to be rung by us?

    `own`: a promised call of theirs that asks; of two that are as far the one that was opened first goes on.
    """
    rang = and_(calls.c.direction == "inbound", or_(calls.c.customer_id == customer_id, calls.c.from_number == number))
    before = calls.c.state == CallState.TALKING
    if own is not None:
        before = or_(before, and_(calls.c.state == CallState.RINGING, calls.c.id < own))
    to_them = or_(calls.c.customer_id == customer_id, calls.c.to_number == number)
    called = and_(calls.c.direction == "outbound", calls.c.id != (own or ""), to_them, before)
    query = select(calls.c.id).where(calls.c.state != CallState.ENDED, or_(rang, called))
    return (await conn.execute(query.limit(1))).first() is not None


async def dropped_just_now(conn: AsyncConnection, number: str, since: datetime) -> Row[Any] | None:
    """The same number's call that ended without anybody, after `since`."""
    query = (
        select(calls)
        .where(calls.c.from_number == number, calls.c.outcome == "abandoned", calls.c.ended_at >= since)
        .order_by(calls.c.ended_at.desc())
        .limit(1)
    )
    return (await conn.execute(query)).one_or_none()


async def said_in(conn: AsyncConnection, customer_id: str, sid: str) -> str | None:
    """What this person said, before anybody answered, in a call of theirs; null: nothing, or it is none of theirs."""
    query = select(calls.c.said).where(calls.c.sid == sid, calls.c.customer_id == customer_id)
    said: str | None = await conn.scalar(query)
    return said if said and said.strip() else None


async def _lock(conn: AsyncConnection, query: Select[Any]) -> Row[Any] | None:
    row: Row[Any] | None = (await conn.execute(query.with_for_update())).one_or_none()
    return row
