"""Who is here, as facts: reading agents as the choice needs them, and changing what they chose for themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Row, Text, and_, cast, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.agents import Activity, Agent, Availability, load_after
from routing.needs import Need, read_need
from routing.queue import WAITS, Queued, ahead_in_sql, calls, needs_waiting, not_held, queue_in_sql
from routing.tables import agents, reservations, wishes
from store.events import emit


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
        team=row.team,
        load=row.load,
        wanted_an_hour=row.wanted_an_hour,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom agents are looked for."""

    need: Need
    known: frozenset[str]  # agents who are not any other to them
    bound: frozenset[str]  # whose stand-ins are wanted too
    before: datetime  # their place in the queue
    now: datetime
    k: int
    few: int  # where no more are idle or busy than this, they are all of interest
    busy: bool = False  # those who are idle will not do

    def heads(self, many: int) -> int:
        return self.few if many <= self.few else self.k


@dataclass(frozen=True, slots=True)
class Found:
    """`heads`: the longest idle who meet the need; if nobody is, or they will not do, the longest busy, and only
    then is counted who is busy and who stands ahead."""

    idle: int  # who meet the need
    busy: int
    ahead: int  # callers with an earlier place who want agents of this kind
    known: Sequence[Agent]  # with the stand-ins, wherever they are
    heads: Sequence[Agent]


class Unanswered(Exception):
    """The index cannot be trusted, or is away: ask SQL."""


class Source(Protocol):
    """Who can tell.  Lists are in order: longest idle or busy first, then by id."""

    async def look(self, asked: Asked) -> Found: ...

    async def heads(self, need: Need, *, idle: bool, skip: int, k: int) -> Sequence[Agent]: ...

    async def queue(self, agent: Agent, now: datetime, k: int) -> Sequence[Queued]: ...

    async def ripe(self, now: datetime, after: Agent | None, k: int) -> Sequence[Agent]:
        """Who is idle while somebody waits whom they could take, or who knows them."""
        ...


_HERE = agents.c.availability == Availability.READY
_IDLE = agents.c.activity == Activity.IDLE


class FloorInSql:
    """The floor as one connection sees it."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def look(self, asked: Asked) -> Found:
        stand_ins = select(agents.c.stand_in).where(agents.c.id.in_(asked.bound))
        known = await self._agents(or_(agents.c.id.in_(asked.known), agents.c.id.in_(stand_ins)))
        idle = await self._count(asked.need, _IDLE)
        if idle and not asked.busy:
            heads = await self.heads(asked.need, idle=True, skip=0, k=asked.heads(idle))
            return Found(idle, 0, 0, known, heads)
        busy = await self._count(asked.need, ~_IDLE)
        ahead = await ahead_in_sql(self._conn, asked.need, asked.before, asked.now)
        heads = await self.heads(asked.need, idle=False, skip=0, k=asked.heads(busy))
        return Found(idle, busy, ahead, known, heads)

    async def heads(self, need: Need, *, idle: bool, skip: int, k: int) -> Sequence[Agent]:
        return await self._agents(_HERE, _IDLE if idle else ~_IDLE, *meeting(need), skip=skip, k=k)

    async def queue(self, agent: Agent, now: datetime, k: int) -> Sequence[Queued]:
        return await queue_in_sql(self._conn, agent, now, k)

    async def ripe(self, now: datetime, after: Agent | None, k: int) -> Sequence[Agent]:
        waiting = await needs_waiting(self._conn, not_held(now))
        wished = exists().where(wishes.c.agent_id == agents.c.id, wishes.c.call_id == calls.c.id, WAITS)
        ripe = or_(wished, *(and_(*meeting(read_need(need))) for need in waiting))
        behind = () if after is None else (tuple_(agents.c.since_at, agents.c.id) > (after.since_at, after.id),)
        return await self._agents(_HERE, _IDLE, ripe, *behind, k=k)

    async def _count(self, need: Need, *where: ColumnElement[bool]) -> int:
        return await self._conn.scalar(select(func.count(agents.c.id)).where(_HERE, *where, *meeting(need))) or 0

    async def _agents(self, *where: ColumnElement[bool], skip: int = 0, k: int | None = None) -> Sequence[Agent]:
        query = select(agents).where(*where).order_by(agents.c.since_at, agents.c.id).offset(skip).limit(k)
        return [agent_from(row) for row in await self._conn.execute(query)]


def meeting(need: Need) -> list[ColumnElement[bool]]:
    """`Need.fits` as conditions on agents."""
    where: list[ColumnElement[bool]] = [agents.c.skills[skill].as_integer() >= n for skill, n in need.skills.items()]
    if need.teams:
        where.append(agents.c.team.in_(need.teams))
    if need.language is not None:
        spoken, word = func.lower(cast(agents.c.languages, Text)), json.dumps(need.language)
        alone, regional = (spoken.contains(text, autoescape=True) for text in (word, f"{word[:-1]}-"))
        where.append(or_(alone, regional))
    return where or [_HERE]


async def count_ready(conn: AsyncConnection) -> int:
    """How many agents are ready and idle, on whatever shift."""
    return await conn.scalar(select(func.count()).select_from(agents).where(_HERE, _IDLE)) or 0


async def count_at_work(conn: AsyncConnection) -> int:
    """Who takes calls, whatever they are doing now."""
    query = select(func.count()).where(agents.c.availability == Availability.READY)
    return await conn.scalar(query) or 0


async def count_busy(conn: AsyncConnection, need: Need) -> int:
    """How many who would do are ready but not idle."""
    query = select(func.count()).select_from(agents).where(_HERE, ~_IDLE, *meeting(need))
    return await conn.scalar(query) or 0


async def everybody(conn: AsyncConnection) -> Sequence[Agent]:
    return [agent_from(row) for row in await conn.execute(select(agents))]


async def agent(conn: AsyncConnection, agent_id: str) -> Agent:
    """Raises UnknownAgent."""
    row = (await conn.execute(select(agents).where(agents.c.id == agent_id))).one_or_none()
    if row is None:
        raise UnknownAgent(agent_id)
    return agent_from(row)


async def name_of(conn: AsyncConnection, agent_id: str | None, otherwise: str) -> str:
    """What callers hear of an agent; of one who has left, `otherwise`."""
    try:
        return (await agent(conn, agent_id or "")).first_name
    except UnknownAgent:
        return otherwise


async def set_availability(
    conn: AsyncConnection,
    agent_id: str,
    availability: str,
    reason: str | None,
    *,
    now: datetime,
    back_at: datetime | None = None,
    set_by: str | None = None,
    ends_wrap_up: bool = True,
) -> None:
    """What the agent chose.  Ready ends a wrap-up, if they say so themselves; nothing here ends a talk.  Raises
    UnknownAgent.

    `back_at`: when somebody who is away means to be ready again (coming_back.py); `set_by`: the desk that chose it, and
    with which it ends.
    """
    if availability != Availability.READY:  # if their phone rings, it is somebody else's turn now
        offered = (reservations.c.agent_id == agent_id, reservations.c.live, reservations.c.state == "offered")
        await conn.execute(update(reservations).where(*offered).values(due_at=now))
    row = (
        await conn.execute(select(agents).where(agents.c.id == agent_id).with_for_update(key_share=True))
    ).one_or_none()
    if row is None:
        raise UnknownAgent(agent_id)
    values: dict[str, Any] = {"availability": Availability(availability), "reason": reason, "misses": 0}
    values |= {"back_at": back_at, "set_by": set_by}
    if availability == Availability.READY:
        if row.activity == Activity.WRAP_UP and ends_wrap_up:
            load = load_after(row.load, now - row.since_at, busy=True)
            values |= {"activity": Activity.IDLE, "due_at": None, "since_at": now, "load": load}
        elif row.activity == Activity.IDLE and row.availability != Availability.READY:
            # The longest idle is the one who has been *ready* longest.
            values |= {"since_at": now, "load": load_after(row.load, now - row.since_at, busy=False)}
    await conn.execute(update(agents).where(agents.c.id == agent_id).values(values))
    await emit(conn, "agent.changed", agent_id, now)


async def make_idle(conn: AsyncConnection, agent_id: str, *, now: datetime) -> bool:
    """By hand, of an agent whom no reservation holds; False when they are idle already."""
    busy = (agents.c.id == agent_id, agents.c.activity != Activity.IDLE)
    idle = {"activity": Activity.IDLE, "since_at": now, "due_at": None, "lease_owner": None, "lease_until": None}
    if (await conn.execute(update(agents).where(*busy).values(idle))).rowcount != 1:
        return False
    await emit(conn, "agent.changed", agent_id, now)
    return True


async def end_wrap_up(conn: AsyncConnection, agent_id: str, *, now: datetime, early: bool = False) -> bool:
    """The wrap-up's time has come, or (`early`) they have done with it; False where there is none to end."""
    over = (
        agents.c.id == agent_id,
        agents.c.activity == Activity.WRAP_UP,
        *(() if early else (agents.c.due_at <= now,)),
    )
    row = (
        await conn.execute(select(agents.c.load, agents.c.since_at).where(*over).with_for_update(key_share=True))
    ).one_or_none()
    if row is None:
        return False
    load = load_after(row.load, now - row.since_at, busy=True)
    idle = {"activity": Activity.IDLE, "since_at": now, "due_at": None, "load": load}
    await conn.execute(update(agents).where(*over).values(idle | {"lease_owner": None, "lease_until": None}))
    await emit(conn, "agent.changed", agent_id, now)
    return True
