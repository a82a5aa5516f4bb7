"""Who waits: the callers' places in the queue, as facts.

A place is an instant, not a number: when they came, less what speaks for them in seconds.  Whoever has the earliest
goes first, and as time passes the order among them never changes, so that nothing is ever re-counted.  For an agent
whom a caller knows the same caller stands further ahead, by what that agent is worth to them: a wish.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    and_,
    cast,
    column,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    table,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.agents import Agent
from routing.needs import Need, read_need
from routing.tables import wishes
from routing.weigh import Caller, Tie
from store.events import emit
from store.sql import Instant

# Another room's table: this much is read and written of it.
calls = table(
    "calls",
    *(column(name, Text) for name in ("id", "state", "need")),
    *(column(name, Instant) for name in ("ranked_at", "held_until")),
    column("plan_version", Integer),
    column("card", JSON),
)
# Who is being asked what they would rather have is in the queue too, for those they know only: see `held_until`.
WAITS = and_(calls.c.state.in_(("waiting", "choosing")), calls.c.need.is_not(None))
_PLACE = (
    *(calls.c.id, calls.c.need, calls.c.ranked_at, calls.c.held_until, calls.c.plan_version),
    cast(calls.c.card, Text).label("card"),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Queued:
    """A waiting caller, as an agent finds them; `ranked_at` is their place for that agent."""

    call_id: str
    caller: Caller
    plan_version: int | None
    ranked_at: datetime
    held_until: datetime | None  # kept for somebody they know: no other agent finds them until then


@dataclass(frozen=True, slots=True)
class Place:
    """Where a caller stands for everybody, and for each agent they know."""

    call_id: str
    need: str
    ranked_at: datetime
    held_until: datetime | None
    wishes: Mapping[str, datetime]
    plan_version: int | None
    card: str  # JSON


def micros(at: datetime) -> int:
    return (at - EPOCH) // _MICROSECOND


def instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def ranked_at(caller: Caller) -> datetime:
    """Their place in the queue, to whoever does not know them."""
    return caller.arrived_at - timedelta(seconds=caller.urgency_seconds - caller.hope_seconds)


async def waits(
    conn: AsyncConnection,
    call_id: str,
    caller: Caller,
    need: Need,
    worths: Mapping[str, float],
    *,
    now: datetime,
    held_until: datetime | None = None,
) -> None:
    """The caller takes their place, or keeps it with what is now known of them.

    `worths`: agent -> seconds, for the agents who are not any other to them.  Those who have declined the caller, or
    whom they have declined, had better not be among them.  `held_until`: until then only these agents find them.
    """
    place = ranked_at(caller)
    ahead = timedelta(seconds=caller.hope_seconds)
    known = {agent: place - ahead - timedelta(seconds=worth) for agent, worth in worths.items()}
    values = {"card": as_card(caller), "need": need.text, "ranked_at": place, "held_until": held_until}
    where = calls.c.id == call_id
    was = (await conn.execute(select(*(calls.c[name] for name in values)).where(where))).one()
    had = {row.agent_id: row.ranked_at for row in await conn.execute(_wishes_of([call_id]))}
    if was._asdict() == values and had == known:
        return
    await conn.execute(update(calls).where(where).values(values))
    if had != known:
        await conn.execute(delete(wishes).where(wishes.c.call_id == call_id))
        rows = [{"call_id": call_id, "agent_id": agent, "ranked_at": at} for agent, at in known.items()]
        if rows:
            await conn.execute(insert(wishes), rows)
    await emit(conn, "queue.changed", call_id, now)


async def leaves(conn: AsyncConnection, call_id: str, *, now: datetime) -> None:
    """They have no place any more: an agent has them, or they have gone.  Twice is as good as once."""
    emptied: dict[str, Any] = {"card": null(), "need": None, "ranked_at": None, "held_until": None}
    left = await conn.execute(update(calls).where(calls.c.id == call_id, calls.c.need.is_not(None)).values(emptied))
    if left.rowcount:
        await conn.execute(delete(wishes).where(wishes.c.call_id == call_id))
        await emit(conn, "queue.changed", call_id, now)


async def queue_in_sql(conn: AsyncConnection, agent: Agent, now: datetime, k: int) -> list[Queued]:
    """The first `k` callers for this agent, each where they stand for them."""
    waiting = [calls.c.id, calls.c.plan_version, calls.c.held_until, calls.c.card]
    own = (
        select(*waiting, wishes.c.ranked_at)
        .join_from(wishes, calls, calls.c.id == wishes.c.call_id)
        .where(wishes.c.agent_id == agent.id, WAITS)
        .order_by(wishes.c.ranked_at, calls.c.id)
        .limit(k)
    )
    heads = [
        select(*waiting, calls.c.ranked_at)
        .where(calls.c.need == need, WAITS, not_held(now))
        .order_by(calls.c.ranked_at, calls.c.id)
        .limit(k)
        for need in await needs_waiting(conn)
        if read_need(need).fits(agent)
    ]
    # Each with its own limit, which only a subquery may have.
    parts: list[Select[Any]] = [select(part.subquery()) for part in (own, *heads)]
    rows = (await conn.execute(union_all(*parts))).all()
    return merged((Queued(r.id, from_card(r.card), r.plan_version, r.ranked_at, r.held_until) for r in rows), k)


async def ahead_in_sql(conn: AsyncConnection, need: Need, before: datetime, now: datetime) -> int:
    """How many stand ahead of this place and want agents of this kind."""
    rivals = [text for text in await needs_waiting(conn) if read_need(text).rivals(need)]
    query = select(func.count()).select_from(calls)
    return (
        await conn.scalar(query.where(calls.c.need.in_(rivals), WAITS, not_held(now), calls.c.ranked_at < before)) or 0
    )


async def needs_waiting(conn: AsyncConnection, *where: ColumnElement[bool]) -> Sequence[str]:
    """The needs of those who wait, found by a step each rather than by reading them all."""
    least = select(func.min(calls.c.need).label("need")).where(WAITS, *where)
    steps = least.cte("steps", recursive=True)
    after = least.where(calls.c.need > steps.c.need).correlate(steps).scalar_subquery()
    steps = steps.union_all(select(after).where(steps.c.need.is_not(None)))
    return (await conn.execute(select(steps.c.need).where(steps.c.need.is_not(None)))).scalars().all()


async def places(conn: AsyncConnection, call_ids: Sequence[str]) -> dict[str, Place]:
    """Of those who wait; whoever does not is left out."""
    query = select(*_PLACE).where(calls.c.id.in_(call_ids), WAITS)
    return await _with_wishes(conn, (await conn.execute(query)).all())


async def everybody_waiting(conn: AsyncConnection) -> Sequence[str]:
    """Their calls."""
    return (await conn.execute(select(calls.c.id).where(WAITS))).scalars().all()


async def _with_wishes(conn: AsyncConnection, rows: Sequence[Row[Any]]) -> dict[str, Place]:
    wished: dict[str, dict[str, datetime]] = {row.id: {} for row in rows}
    if rows:
        for wish in await conn.execute(_wishes_of(list(wished))):
            wished[wish.call_id][wish.agent_id] = wish.ranked_at
    return {r.id: Place(r.id, r.need, r.ranked_at, r.held_until, wished[r.id], r.plan_version, r.card) for r in rows}


def not_held(now: datetime) -> ColumnElement[bool]:
    return or_(calls.c.held_until.is_(None), calls.c.held_until <= now)


def _wishes_of(call_ids: Sequence[str]) -> Select[Any]:
    return select(wishes).where(wishes.c.call_id.in_(call_ids))


def as_card(caller: Caller) -> dict[str, Any]:
    """A caller as JSON, as far as an agent's side asks; what is as usual is left out.

    Their name, who is ahead and how long they were held are looked up anew when they are put through.
    """
    card: dict[str, Any] = {
        "language": caller.language,
        "arrived_at": micros(caller.arrived_at),
        "preferred": caller.preferred,
        "owners": sorted(caller.owners),
        "kept": caller.kept,
        "stand_ins": sorted(caller.stand_ins),
        "ties": {agent: [tie.score, tie.times] for agent, tie in caller.ties.items()},
        "vetoed": sorted(caller.vetoed),
        "skills": dict(caller.skills),
        "teams": sorted(caller.teams),
        "tried": sorted(caller.tried),
        "urgent": dict(caller.urgent),
        "hope": round(caller.hope_seconds, 1),
        "choice": caller.choice,
        "offered": caller.offered,
    }
    return {name: value for name, value in card.items() if value}


def from_card(card: Mapping[str, Any]) -> Caller:
    def names(field: str) -> frozenset[str]:
        return frozenset(card.get(field, ()))

    return Caller(
        language=card["language"],
        arrived_at=instant(card["arrived_at"]),
        preferred=card.get("preferred"),
        owners=names("owners"),
        kept=card.get("kept"),
        stand_ins=names("stand_ins"),
        ties={agent: Tie(score, times) for agent, (score, times) in card.get("ties", {}).items()},
        vetoed=names("vetoed"),
        skills=card.get("skills", {}),
        teams=names("teams"),
        tried=names("tried"),
        urgent=card.get("urgent", {}),
        hope_seconds=card.get("hope", 0.0),
        choice=card.get("choice"),
        offered=card.get("offered", False),
    )


def merged(found: Iterable[Queued], k: int) -> list[Queued]:
    """Each caller once, where they stand best."""
    best: dict[str, Queued] = {}
    for one in found:
        if one.call_id not in best or one.ranked_at < best[one.call_id].ranked_at:
            best[one.call_id] = one
    return sorted(best.values(), key=lambda one: (one.ranked_at, one.call_id))[:k]
