"""Desks: browser windows that say every few seconds that they are still there.

Of an agent's desks one is the telephone.  A presence chosen at a desk ends when the last desk of that agent is gone,
and is back when the same one is; what was chosen through the API holds without any.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.elsewhere import calls
from desk.tables import desks
from routing.agents import Activity, Availability
from routing.floor import set_availability
from routing.reservations import never_rang
from routing.tables import agents, reservations
from store.sql import Database

BEAT_SECONDS = 4  # so often a desk says that it is there
RUNG_WITHIN = timedelta(seconds=12)  # a telephone that has been silent for longer is not worth ringing
GONE_AFTER = timedelta(seconds=15)
FAREWELL = timedelta(seconds=3)  # a window that says goodbye may only be loading itself anew
SAYS_NO = timedelta(seconds=1)  # so long before its farewell it says no to what rings
BACK_WITHIN = timedelta(minutes=2)
GONE = "desk gone"  # the reason that agents are offline for, when it was not they who chose it

Refusal = Literal["elsewhere", "busy"]


@dataclass(frozen=True, slots=True)
class Beat:
    """`phone`: it wants to be the telephone; `registered`: the carrier can ring it; `take`: from another window."""

    desk_id: str
    user_id: str
    agent_id: str | None
    phone: bool = False
    registered: bool = False
    take: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """`refused` elsewhere: another window is the telephone; busy: and is needed, somebody is on its line."""

    phone: bool
    refused: Refusal | None = None
    restored: bool = False


class NotTheirs(LookupError):
    """This desk is somebody else's."""


async def beat(database: Database, given: Beat, *, now: datetime) -> Told:
    """A desk is there.  Mostly nothing has changed, and one statement says so.  Raises NotTheirs."""
    same = (
        *_own(given),
        desks.c.agent_id.is_not_distinct_from(given.agent_id),
        desks.c.is_phone == given.phone,
        desks.c.seen_at > now - RUNG_WITHIN,
        ~exists().where(agents.c.id == given.agent_id, *_WITHDRAWN),
    )
    async with database.write() as conn:
        quick = update(desks).where(*same).values(seen_at=now, registered=given.registered)
        if not given.take and (await conn.execute(quick)).rowcount:
            return Told(given.phone)
        return await _changed(conn, given, now)


async def _changed(conn: AsyncConnection, given: Beat, now: datetime) -> Told:
    agent = await _lock(conn, given.agent_id)
    mine = (await conn.execute(select(desks).where(desks.c.id == given.desk_id))).one_or_none()
    if mine is not None and mine.user_id != given.user_id:
        raise NotTheirs(given.desk_id)
    refused = await _refusal(conn, given, agent, now) if given.phone and agent is not None else None
    phone = given.phone and refused is None and agent is not None
    if phone:
        others = (desks.c.agent_id == given.agent_id, desks.c.id != given.desk_id, desks.c.is_phone)
        await conn.execute(update(desks).where(*others).values(is_phone=False, registered=False))
    values: dict[str, Any] = {"agent_id": given.agent_id, "is_phone": phone, "seen_at": now}
    values["registered"] = phone and given.registered
    if mine is None:
        await conn.execute(insert(desks).values(id=given.desk_id, user_id=given.user_id, opened_at=now, **values))
    else:
        await conn.execute(update(desks).where(desks.c.id == given.desk_id).values(values))
    restored = phone and given.registered and await _restore(conn, agent, mine, now)
    return Told(phone, refused, restored)


async def _refusal(conn: AsyncConnection, given: Beat, agent: Row[Any], now: datetime) -> Refusal | None:
    """Whoever is silent has lost the telephone; who is asked for it on purpose gives it, unless somebody is on it."""
    there = (desks.c.is_phone, desks.c.seen_at > now - RUNG_WITHIN, desks.c.id != given.desk_id)
    if not await conn.scalar(select(exists().where(desks.c.agent_id == given.agent_id, *there))):
        return None
    if not given.take:
        return "elsewhere"
    return "busy" if agent.activity in (Activity.RESERVED, Activity.TALKING) else None


async def _restore(conn: AsyncConnection, agent: Row[Any] | None, mine: Row[Any] | None, now: datetime) -> bool:
    """Ready again, if they were until their desk was lost a moment ago, and this window was open then."""
    if agent is None or mine is None or agent.reason != GONE or agent.availability != Availability.OFFLINE:
        return False
    lost_at = mine.seen_at
    if agent.set_by != mine.id:
        lost = await conn.scalar(select(desks.c.seen_at).where(desks.c.id == agent.set_by))
        if lost is None or mine.opened_at > lost:
            return False
        lost_at = lost
    if now - lost_at > BACK_WITHIN:
        return False
    ready = Availability.READY
    await set_availability(conn, agent.id, ready, None, now=now, set_by=mine.id, ends_wrap_up=False)
    return True


async def leave(database: Database, desk_id: str, user_id: str, *, now: datetime) -> str | None:
    """The window is being closed, or loaded anew: it is gone in a moment, and cannot be rung from now on.

    What rings there goes on to somebody else at once; returns their id if it does.  On its way out a window says no to
    what rings there: we may have heard that before this, and their agent did not mean it.
    """
    own = (desks.c.id == desk_id, desks.c.user_id == user_id)
    async with database.write() as conn:
        row = (await conn.execute(select(desks).where(*own))).one_or_none()
        if row is None:
            return None
        agent = await _lock(conn, row.agent_id)
        left = {"registered": False, "seen_at": min(row.seen_at, now - (GONE_AFTER - FAREWELL))}
        await conn.execute(update(desks).where(*own).values(left))
        if agent is None or not row.is_phone:
            return None
        hardly = now - SAYS_NO
        if not await _rings(conn, agent.id) and not await never_rang(conn, agent.id, since=hardly):
            return None
        await set_availability(conn, agent.id, Availability.OFFLINE, GONE, now=now, set_by=desk_id)
        return str(agent.id)


async def sign_off(conn: AsyncConnection, user_id: str, agent_id: str, *, now: datetime) -> None:
    """They have signed out everywhere: nobody rings them in vain, and no desk of theirs brings that back."""
    agent = await _lock(conn, agent_id)
    theirs = (await conn.scalars(delete(desks).where(desks.c.user_id == user_id).returning(desks.c.id))).all()
    if agent is not None and agent.availability != Availability.OFFLINE and agent.set_by in theirs:
        await set_availability(conn, agent_id, Availability.OFFLINE, None, now=now)


async def _rings(conn: AsyncConnection, agent_id: str) -> bool:
    """For the first time: one who is rung again after their line broke keeps their caller for a while."""
    offered = (reservations.c.agent_id == agent_id, reservations.c.live, reservations.c.state == "offered")
    for_them = calls.c.dropped_agent.is_distinct_from(agent_id)
    query = select(reservations.c.id).join(calls, calls.c.id == reservations.c.call_id).where(*offered, for_them)
    return await conn.scalar(query.limit(1)) is not None


async def has_desk(conn: AsyncConnection, agent_id: str, *, now: datetime) -> bool:
    """Does a window of ours answer for this agent?

    While they talk it is enough that they have had one: a line that broke may have taken the window with it.  Else it
    has to be there and registered, so that it can be rung.
    """
    had = (desks.c.agent_id == agent_id, desks.c.is_phone, desks.c.seen_at > now - BACK_WITHIN)
    there = (desks.c.registered, desks.c.seen_at > now - RUNG_WITHIN)
    talks = exists().where(agents.c.id == agent_id, agents.c.activity == Activity.TALKING)
    query = select(exists().where(*had), exists().where(*had, *there), select(talks).scalar_subquery())
    had_one, can_ring, talking = (await conn.execute(query)).one()
    return bool(had_one if talking else can_ring)


def _own(given: Beat) -> tuple[ColumnElement[bool], ...]:
    return desks.c.id == given.desk_id, desks.c.user_id == given.user_id


_WITHDRAWN = (agents.c.availability == Availability.OFFLINE, agents.c.reason == GONE)


async def _lock(conn: AsyncConnection, agent_id: str | None) -> Row[Any] | None:
    """Of two windows that want the telephone at the same moment one is second."""
    if agent_id is None:
        return None
    query = select(agents).where(agents.c.id == agent_id).with_for_update(key_share=True)
    return (await conn.execute(query)).one_or_none()


async def forget(conn: AsyncConnection, *, before: datetime) -> None:
    await conn.execute(delete(desks).where(desks.c.seen_at < before))
