"""Who is here: reading agents as the choice needs them, and changing what they chose for themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.agents import Activity, Agent, Availability
from routing.tables import agents, reservations
from store.events import emit

# Enough of the longest idle to find one with the language and skills; more would make the cost grow with the floor.
LONGEST_IDLE = 200


class UnknownAgent(LookupError):
    """There is no agent with this id."""


def agent_from(row: Row[Any]) -> Agent:
    return Agent(
        id=row.id,
        name=row.name,
        address=row.address,
        languages=tuple(row.languages),
        skills=row.skills,
        stand_in=row.stand_in,
        hours=row.hours,
        availability=Availability(row.availability),
        activity=Activity(row.activity),
        since_at=row.since_at,
        wrap_up_until=row.due_at if row.activity == Activity.WRAP_UP else None,
        misses=row.misses,
    )


async def read_floor(conn: AsyncConnection, familiar: Iterable[str] = ()) -> Sequence[Agent]:
    """The agents who know this caller, wherever they are, and the longest idle or soonest free of the rest."""
    idle_first = case((agents.c.activity == Activity.IDLE, 0), else_=1)
    present = (
        select(agents.c.id)
        .where(agents.c.availability == Availability.READY)
        .order_by(idle_first, agents.c.since_at)
        .limit(LONGEST_IDLE)
    )
    rows = await conn.execute(select(agents).where(or_(agents.c.id.in_(present), agents.c.id.in_(list(familiar)))))
    return [agent_from(row) for row in rows]


async def everybody(conn: AsyncConnection) -> Sequence[Agent]:
    return [agent_from(row) for row in await conn.execute(select(agents))]


async def agent(conn: AsyncConnection, agent_id: str) -> Agent:
    """Raises UnknownAgent."""
    row = (await conn.execute(select(agents).where(agents.c.id == agent_id))).one_or_none()
    if row is None:
        raise UnknownAgent(agent_id)
    return agent_from(row)


async def set_availability(
    conn: AsyncConnection, agent_id: str, availability: str, reason: str | None, *, now: datetime
) -> None:
    """What the agent chose.  Ready ends a wrap-up; nothing here ends a talk.  Raises UnknownAgent."""
    if availability != Availability.READY:  # if their phone rings, it is somebody else's turn now
        offered = (reservations.c.agent_id == agent_id, reservations.c.live, reservations.c.state == "offered")
        await conn.execute(update(reservations).where(*offered).values(due_at=now))
    row = (await conn.execute(select(agents).where(agents.c.id == agent_id).with_for_update())).one_or_none()
    if row is None:
        raise UnknownAgent(agent_id)
    values: dict[str, Any] = {"availability": Availability(availability), "reason": reason, "misses": 0}
    if availability == Availability.READY:
        if row.activity == Activity.WRAP_UP:
            values |= {"activity": Activity.IDLE, "due_at": None, "since_at": now}
        elif row.activity == Activity.IDLE and row.availability != Availability.READY:
            values["since_at"] = now  # the longest idle is the one who has been *ready* longest
    await conn.execute(update(agents).where(agents.c.id == agent_id).values(values))
    await emit(conn, "agent.changed", agent_id, now)


async def end_wrap_up(conn: AsyncConnection, agent_id: str, *, now: datetime) -> bool:
    """The wrap-up's time has come; False when the agent ended it first."""
    ended = await conn.execute(
        update(agents)
        .where(agents.c.id == agent_id, agents.c.activity == Activity.WRAP_UP, agents.c.due_at <= now)
        .values(activity=Activity.IDLE, since_at=now, due_at=None, lease_owner=None, lease_until=None)
    )
    if ended.rowcount:
        await emit(conn, "agent.changed", agent_id, now)
    return bool(ended.rowcount)
