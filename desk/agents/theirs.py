"""Whose agent somebody is: the people they know best, and what would need another when they leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from api.tokens import Principal
from callbacks.states import OPEN
from callbacks.tables import callbacks
from crm import audit, people
from crm.audit import What
from crm.cases import as_past
from crm.familiarity import familiar_agents
from crm.schemas import Customer
from crm.tables import cases, customers, interactions
from routing.tables import agents, vetoes
from store.sql import Database

LOOKED_AT = 400  # of their latest conversations: who knows somebody well has talked with them lately
SHOWN = 8
LATELY = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Acquaintance:
    customer: Customer
    score: float
    times: int
    last_at: datetime
    chosen: bool


async def best_known(database: Database, asking: Principal, agent_id: str, now: datetime) -> list[Acquaintance]:
    """Who knows this agent best.  Written down as a search is: names are shown."""
    latest = select(interactions).where(interactions.c.agent_id == agent_id).order_by(interactions.c.started_at.desc())
    async with database.read() as conn:
        met: dict[str, list[Any]] = {}
        for row in await conn.execute(latest.limit(LOOKED_AT)):
            met.setdefault(row.customer_id, []).append(as_past(row))
        found = {who: known[0] for who, talks in met.items() if (known := familiar_agents(talks, now))}
        apart = set(await conn.scalars(select(vetoes.c.customer_id).where(vetoes.c.agent_id == agent_id)))
        ranked = sorted(found, key=lambda who: (-found[who].score, -found[who].last_at.timestamp(), who))
        loaded = await people.load(conn, [who for who in ranked if who not in apart][:SHOWN])
    await audit.seen(database, asking, What.SEARCHED, loaded, now=now)
    return [
        Acquaintance(one, found[who].score, found[who].times, found[who].last_at, one.preferred_agent == agent_id)
        for who, one in loaded.items()
    ]


@dataclass(frozen=True, slots=True)
class Hold:
    """What is in one agent's hands, in figures."""

    chosen_by: int
    stand_in_for: int
    cases: int
    promises: int
    talked_with: int  # people, in the last year

    @property
    def nothing(self) -> bool:
        return not (self.chosen_by or self.cases or self.promises)


async def held_by(database: Database, agent_id: str, now: datetime) -> Hold:
    mine, talks = customers.c, interactions.c
    with_me = (talks.agent_id == agent_id, talks.started_at >= now - LATELY)
    async with database.read() as conn:

        async def count(query: Any) -> int:
            return int(await conn.scalar(query) or 0)

        return Hold(
            chosen_by=await count(
                select(func.count()).where(mine.preferred_agent == agent_id, mine.merged_into.is_(None))
            ),
            stand_in_for=await count(select(func.count()).where(agents.c.stand_in == agent_id)),
            cases=await count(select(func.count()).where(cases.c.owner == agent_id, cases.c.state == "open")),
            promises=await count(
                select(func.count()).where(callbacks.c.agent_id == agent_id, callbacks.c.state.in_(OPEN))
            ),
            talked_with=await count(select(func.count(talks.customer_id.distinct())).where(*with_me)),
        )


async def who_knows_their_people(database: Database, agent_id: str, now: datetime) -> Mapping[str, int]:
    """With how many of the people whom they have talked with lately each colleague has talked, too."""
    talks, others = interactions.c, interactions.alias().c
    latest = (
        select(talks.customer_id).where(talks.agent_id == agent_id).order_by(talks.started_at.desc()).limit(LOOKED_AT)
    )
    theirs = latest.subquery()
    pairs = (
        select(others.agent_id, others.customer_id)
        .where(others.customer_id.in_(select(theirs.c.customer_id)), others.agent_id.is_not(None))
        .where(others.agent_id != agent_id, others.started_at >= now - LATELY)
        .distinct()
    )
    async with database.read() as conn:
        return Counter(row.agent_id for row in await conn.execute(pairs))
