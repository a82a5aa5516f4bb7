"""The exclusive hold of one agent for one caller: claim, accept, close.

Every step is a conditional UPDATE, so that of two workers, two webhooks or a webhook and a timer exactly one acts and
the other one sees None.  The caller of these functions holds the call's row lock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.agents import MISSES, NEXT_ACTIVITY, Activity, Availability, Ended, load_after
from routing.plan import Plan
from routing.tables import agents, reservations
from store.events import emit
from store.ids import new_id

_NOT_TAKEN = (Ended.DECLINED, Ended.RANG_OUT, Ended.FAILED)
_MISSED = (Ended.NOT_RUNG, Ended.CALLER_LEFT, Ended.BROKEN)
# The carrier stops ringing by itself; this is for the case that it forgets to tell us.
RING_GRACE = timedelta(seconds=6)
# A request to ring whose outcome is unknown: if it happened, a webhook says so well within this.
DOUBT = timedelta(seconds=4)
IN_VAIN = 2


async def claim(
    conn: AsyncConnection,
    agent_id: str,
    call_id: str,
    plan: Plan,
    *,
    now: datetime,
    load: float | None = None,
    consult: bool = False,
) -> str | None:
    """The id of the new reservation, or None when somebody else was quicker: then choose again.

    `load`: how busy the agent has been, as the choice knew it; `consult`: asked by the agent who talks with the caller,
    whose own reservation stays.
    """
    free = (
        agents.c.id == agent_id,
        agents.c.availability == Availability.READY,
        agents.c.activity == Activity.IDLE,
    )
    # Whose row somebody else is at is as good as taken: of a burst of callers nobody queues for the same row.
    untouched = select(agents.c.id).where(*free).with_for_update(skip_locked=True, key_share=True)
    if (await conn.execute(untouched)).first() is None:
        return None
    taken = await conn.execute(
        update(agents)
        .where(*free)
        .values(activity=Activity.RESERVED, since_at=now, due_at=None, **({} if load is None else {"load": load}))
    )
    if taken.rowcount != 1:
        return None
    reservation_id = new_id("rsv")
    await conn.execute(
        insert(reservations).values(
            id=reservation_id,
            call_id=call_id,
            agent_id=agent_id,
            state="offered",
            live=True,
            consult=consult,
            made_at=now,
            due_at=now + timedelta(seconds=plan.ring_seconds) + RING_GRACE,
        )
    )
    await emit(conn, "agent.changed", agent_id, now)
    return reservation_id


async def accept(conn: AsyncConnection, reservation_id: str, *, now: datetime) -> Row[Any] | None:
    """The reservation, now accepted; None when it is no longer on offer (rung out, withdrawn, taken twice)."""
    row = (
        await conn.execute(
            update(reservations)
            .where(reservations.c.id == reservation_id, reservations.c.state == "offered", reservations.c.live)
            .values(state="accepted", accepted_at=now, due_at=None)
            .returning(*reservations.c)
        )
    ).one_or_none()
    if row is not None:
        await conn.execute(
            update(agents)
            .where(agents.c.id == row.agent_id)
            .values(activity=Activity.TALKING, since_at=now, misses=0, load=_busy_since(row.made_at, now))
        )
        await emit(conn, "agent.changed", row.agent_id, now)
    return row


async def doubt(conn: AsyncConnection, reservation_id: str, *, now: datetime) -> None:
    """Nobody knows whether this agent's phone rings: it is looked at soon."""
    soon = reservations.c.due_at > now + DOUBT
    await conn.execute(
        update(reservations)
        .where(reservations.c.id == reservation_id, reservations.c.state == "offered", reservations.c.live, soon)
        .values(due_at=now + DOUBT)
    )


async def rings_on(conn: AsyncConnection, reservation: Row[Any], plan: Plan, *, now: datetime) -> bool:
    """It was looked at for a doubt that is settled: the phone rings, for as long as any does."""
    until = reservation.made_at + timedelta(seconds=plan.ring_seconds) + RING_GRACE
    if until <= now:
        return False
    await conn.execute(
        update(reservations)
        .where(reservations.c.id == reservation.id, reservations.c.live)
        .values(due_at=until, lease_owner=None, lease_until=None)
    )
    return True


async def ring_again(conn: AsyncConnection, reservation_id: str, *, now: datetime, look_at: datetime) -> bool:
    """The agent's line broke: they are on offer to the same caller once more, and to nobody else.

    Whoever looks at it at `look_at` decides whether their phone can be rung.
    """
    row = (
        await conn.execute(
            update(reservations)
            .where(reservations.c.id == reservation_id, reservations.c.state == "accepted", reservations.c.live)
            .values(state="offered", due_at=look_at, lease_owner=None, lease_until=None)
            .returning(reservations.c.agent_id)
        )
    ).one_or_none()
    if row is None:
        return False
    await conn.execute(update(agents).where(agents.c.id == row.agent_id).values(activity=Activity.RESERVED))
    await emit(conn, "agent.changed", row.agent_id, now)
    return True


async def look_later(conn: AsyncConnection, reservation_id: str, look_at: datetime) -> None:
    await conn.execute(
        update(reservations)
        .where(reservations.c.id == reservation_id, reservations.c.live)
        .values(due_at=look_at, lease_owner=None, lease_until=None)
    )


async def takes_over(conn: AsyncConnection, reservation_id: str) -> None:
    """Who was asked is now the one the caller talks with, or who is rung for them.  The other's has ended before."""
    await conn.execute(update(reservations).where(reservations.c.id == reservation_id).values(consult=False))


async def talks(conn: AsyncConnection, call_id: str) -> int:
    """How many conversations this call has had so far; one that broke, and was resumed, counts once."""
    ended = (Ended.TALK_ENDED, Ended.BROKEN)
    query = select(func.count()).where(reservations.c.call_id == call_id, reservations.c.state.in_(ended))
    return await conn.scalar(query) or 0


async def live_of_call(conn: AsyncConnection, call_id: str) -> Row[Any] | None:
    """Of the agent who talks with the caller, or is rung for them."""
    return await _live(conn, call_id, consult=False)


async def consult_of_call(conn: AsyncConnection, call_id: str) -> Row[Any] | None:
    """Of the colleague whom that agent asks."""
    return await _live(conn, call_id, consult=True)


async def live_of_agent(conn: AsyncConnection, agent_id: str) -> Row[Any] | None:
    mine = select(reservations).where(reservations.c.agent_id == agent_id, reservations.c.live)
    return (await conn.execute(mine)).one_or_none()


async def _live(conn: AsyncConnection, call_id: str, *, consult: bool) -> Row[Any] | None:
    of_call = (reservations.c.call_id == call_id, reservations.c.live, reservations.c.consult.is_(consult))
    return (await conn.execute(select(reservations).where(*of_call))).one_or_none()


async def close(
    conn: AsyncConnection, reservation_id: str, why: Ended, plan: Plan, *, now: datetime, weary_level: int = 0
) -> Row[Any] | None:
    """Ends a live reservation and lets its agent go on; None when it had ended already.

    `weary_level`: of the caller they talked with, for the breather that a hard call is followed by.
    """
    row = (
        await conn.execute(
            update(reservations)
            .where(reservations.c.id == reservation_id, reservations.c.live)
            .values(state=why, live=False, ended_at=now, due_at=None)
            .returning(*reservations.c)
        )
    ).one_or_none()
    if row is not None:
        await _let_go(conn, row.agent_id, why, plan, now, weary_level)
    return row


async def _let_go(
    conn: AsyncConnection, agent_id: str, why: Ended, plan: Plan, now: datetime, weary_level: int
) -> None:
    agent = (await conn.execute(select(agents).where(agents.c.id == agent_id).with_for_update(key_share=True))).one()
    activity = NEXT_ACTIVITY.get((Activity(agent.activity), why), Activity(agent.activity))
    load = load_after(agent.load, now - agent.since_at, busy=agent.activity != Activity.IDLE)
    values: dict[str, Any] = {"activity": activity, "since_at": now, "due_at": None, "load": load}
    if activity is Activity.WRAP_UP:
        breather = plan.breather_seconds if weary_level >= plan.breather_from_level else 0
        if plan.wrap_up_seconds + breather:
            values["due_at"] = now + timedelta(seconds=plan.wrap_up_seconds + breather)
        else:
            values["activity"] = Activity.IDLE
    if why in MISSES:
        values["misses"] = agent.misses + 1
        if values["misses"] >= plan.misses_until_away and agent.availability == Availability.READY:
            values |= {"availability": Availability.AWAY, "reason": "missed rings", "misses": 0}
            values |= {"back_at": None, "set_by": None}  # nobody chose it
    await conn.execute(update(agents).where(agents.c.id == agent_id).values(values))
    await emit(conn, "agent.changed", agent_id, now)


async def never_rang(conn: AsyncConnection, agent_id: str, *, since: datetime) -> bool:
    """Of an offer that was declined from then on: it was not the agent who said no.  True: there was one."""
    declined = (reservations.c.agent_id == agent_id, reservations.c.state == Ended.DECLINED)
    late = update(reservations).where(*declined, reservations.c.ended_at >= since).values(state=Ended.NOT_RUNG)
    return bool((await conn.execute(late)).rowcount)


def _busy_since(at: datetime, now: datetime) -> ColumnElement[float]:
    """`load_after` of a row that nobody has read: it is linear in what was before."""
    fresh = load_after(0.0, now - at, busy=True)
    return agents.c.load * (1.0 - fresh) + fresh


@dataclass(frozen=True, slots=True)
class Tried:
    """Agents already chosen for a call: who did not take it, and whom the carrier could not ring.

    Among the latter also who took it and was gone before the two met: others first, then they.
    """

    declined: frozenset[str]
    not_rung: frozenset[str]


async def tried_agents(conn: AsyncConnection, call_id: str, *, since: datetime | None = None) -> Tried:
    """Withdrawn offers count against nobody; whom the carrier could not ring twice is not tried a third time.

    `since`: what ended before is forgotten; for calls that nobody waits in, and that somebody has to make.
    """
    query = select(reservations.c.agent_id, reservations.c.state).where(reservations.c.call_id == call_id)
    if since is not None:
        query = query.where(reservations.c.ended_at >= since)
    rows = (await conn.execute(query)).all()
    in_vain = Counter(row.agent_id for row in rows if row.state in _MISSED)
    declined = {row.agent_id for row in rows if row.state in _NOT_TAKEN}
    declined |= {agent_id for agent_id, times in in_vain.items() if times >= IN_VAIN}
    return Tried(frozenset(declined), frozenset(in_vain) - declined)
