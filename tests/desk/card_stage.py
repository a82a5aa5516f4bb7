"""Somebody on the line, as rows: what the card shows does not depend on how they came there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update

from ivr.tables import calls
from routing.tables import agents, reservations
from store.ids import new_id
from tests.desk.browsing import Premises

SID = "CA" + "1" * 32


async def on_the_line(
    premises: Premises, agent_id: str, customer_id: str | None, *, state: str = "accepted", **call: Any
) -> str:
    """The call's id; `state` of the agent's reservation: offered, or accepted."""
    now, call_id = premises.clock.now(), new_id("call")
    values: dict[str, Any] = {
        "id": call_id,
        "sid": SID,
        "direction": "inbound",
        "from_number": "+393331234567",
        "to_number": "+390699990000",
        "customer_id": customer_id,
        "language": "it-IT",
        "state": "talking" if state == "accepted" else "ringing",
        "agent_id": agent_id if state == "accepted" else None,
        "arrived_at": now - timedelta(seconds=40),
        "joined_at": now,
    } | call
    accepted = now if state == "accepted" else None
    async with premises.database.write() as conn:
        await conn.execute(insert(calls).values(values))
        row = {"id": new_id("rsv"), "call_id": call_id, "agent_id": agent_id, "state": state, "live": True}
        await conn.execute(insert(reservations).values(**row, made_at=now, accepted_at=accepted))
        activity = "talking" if accepted else "reserved"
        await conn.execute(update(agents).where(agents.c.id == agent_id).values(activity=activity))
    return call_id


async def after_the_talk(premises: Premises, agent_id: str) -> None:
    """They have hung up: the agent wraps up."""
    now = premises.clock.now()
    async with premises.database.write() as conn:
        mine = reservations.c.agent_id == agent_id
        await conn.execute(update(reservations).where(mine).values(live=False, state="talk_ended", ended_at=now))
        wrapping = {"activity": "wrap_up", "due_at": now + timedelta(seconds=30)}
        await conn.execute(update(agents).where(agents.c.id == agent_id).values(wrapping))
        await conn.execute(update(calls).values(state="ended", ended_at=now, outcome="agent"))
