"""What the promised calls of a day cost, as far as can be told beforehand, against what they may.

An estimate from above, by the plan's prices: the carrier's own bill comes days later.  Counted are the customer's and
the agent's legs of the calls that we make, where they lead to a telephone; a minute that has begun is a minute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    and_,
    case,
    cast,
    column,
    extract,
    func,
    literal,
    or_,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.house import House
from routing.plan import Limits, Plan
from routing.tables import agents
from store.events import emit
from store.sql import Instant, only_one
from store.tables import events

log = structlog.get_logger()

REREAD = timedelta(seconds=5)  # how old the figure may be by which a call is let go
LONGEST_CALL = timedelta(hours=4)
FREE_OF_CHARGE = ("busy", "no-answer", "failed", "canceled")  # a leg that nobody answered costs nothing
NEAR = "limit.near"

# Another room's tables: this much is read of them.
calls = table(
    "calls", *(column(name, Text) for name in ("id", "direction", "to_number")), column("arrived_at", Instant)
)
legs = table(
    "legs",
    *(column(name, Text) for name in ("call_id", "role", "agent_id", "state")),
    *(column(name, Instant) for name in ("made_at", "ended_at")),
)


def price(number: str, per_minute: Mapping[str, float]) -> float:
    """Of a minute to this number: that of the longest beginning which fits it; 0.0 where none does.  Pure."""
    fitting = [beginning for beginning in per_minute if number.startswith(beginning)]
    return per_minute[max(fitting, key=len)] if fitting else 0.0


def cost(number: str, seconds: float, per_minute: Mapping[str, float]) -> float:
    """Of a telephone that was answered, in the currency of the prices.  Pure."""
    return max(math.ceil(seconds / 60), 1) * price(number, per_minute)


def share(spent: float, limits: Limits) -> float | None:
    """Of the day's limit that is spent; None without a limit.  Pure."""
    if limits.spend_a_day is None:
        return None
    return spent / limits.spend_a_day if limits.spend_a_day else 1.0


async def spent_today(conn: AsyncConnection, plan: Plan, zone: str, *, now: datetime) -> float:
    """Since midnight in `zone`, in the currency of the plan's prices.  A leg that still rings counts as answered."""
    since, prices = day_began(now, zone), plan.limits.price_per_minute
    to_customer = and_(legs.c.role == "caller", calls.c.to_number.like("+%"))
    to_agent = and_(legs.c.role == "agent", agents.c.address.like("+%"))
    number = case((legs.c.role == "caller", calls.c.to_number), else_=agents.c.address)
    # So much of a number as its price depends on, and whole seconds: thousands of legs become few to add up.
    beginning = func.substr(number, 1, max(map(len, prices), default=0))
    seconds = _seconds(conn, legs.c.made_at, func.coalesce(legs.c.ended_at, literal(now, Instant)))
    facts = (
        select(beginning.label("beginning"), seconds.label("seconds"))
        .select_from(calls)
        .join(legs, legs.c.call_id == calls.c.id)
        .outerjoin(agents, agents.c.id == legs.c.agent_id)
        # A call that began before midnight may still cost after it; none lasts longer than the carrier allows.
        .where(calls.c.direction == "outbound", calls.c.arrived_at >= since - LONGEST_CALL)
        .where(legs.c.made_at >= since, legs.c.state.not_in(FREE_OF_CHARGE), or_(to_customer, to_agent))
    ).subquery()
    counted = select(*facts.c, func.count().label("n")).group_by(*facts.c)
    return math.fsum(row.n * cost(row.beginning, row.seconds, prices) for row in await conn.execute(counted))


def _seconds(conn: AsyncConnection, start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[int]:
    """From `start` to `end`, to the nearest whole one."""
    if conn.dialect.name == "sqlite":
        return cast(func.round((func.julianday(end) - func.julianday(start)) * 86_400.0), Integer)
    return cast(func.round(extract("epoch", end - start)), Integer)


def day_began(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(), ZoneInfo(zone)).astimezone(UTC)


def day_ends(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date() + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


class Spend:
    """The day's figure, read again when it has grown old; whoever keeps promises asks it before each call."""

    def __init__(self, house: House) -> None:
        self._zone = house.zone
        self._read_at: datetime | None = None
        self._spent = 0.0
        self._alarmed: datetime | None = None  # the day that has had its alarm

    async def share(self, conn: AsyncConnection, plan: Plan, *, now: datetime) -> float | None:
        """Of the day's limit that is spent; None without a limit, which then costs no query."""
        if plan.limits.spend_a_day is None:
            return None
        if self._read_at is None or not timedelta() <= now - self._read_at < REREAD:
            self._spent, self._read_at = await spent_today(conn, plan, self._zone, now=now), now
        return share(self._spent, plan.limits)

    async def is_over(self, conn: AsyncConnection, plan: Plan, *, now: datetime) -> bool:
        """Within a transaction: the first one to see that the day's limit is near raises the alarm."""
        found = await self.share(conn, plan, now=now)
        if found is not None and found >= plan.limits.spend_alarm_share:
            await self._alarm(conn, found, now)
        return found is not None and found >= 1.0

    async def not_before(self, conn: AsyncConnection, plan: Plan, *, now: datetime) -> datetime | None:
        """Nothing is promised before this instant: the day's money is spent.  None: nothing stands against today."""
        found = await self.share(conn, plan, now=now)
        return day_ends(now, self._zone) if found is not None and found >= 1.0 else None

    async def _alarm(self, conn: AsyncConnection, found: float, now: datetime) -> None:
        """Once a day, whichever process sees it first."""
        since = day_began(now, self._zone)
        if self._alarmed == since:
            return
        await only_one(conn, "spend alarm")
        raised = select(events.c.id).where(events.c.type == NEAR, events.c.at >= since).limit(1)
        if await conn.scalar(raised) is None:
            log.warning("spend_limit_near", share=round(found, 2))
            await emit(conn, NEAR, f"spend {since.astimezone(ZoneInfo(self._zone)).date().isoformat()}", now)
        self._alarmed = since
