"""Who could keep a promise in its owner's place: at its time, or when else, and what they share with the person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.schemas import Taker
from callbacks.slots import Ledger, keepable, next_slots
from crm.familiarity import familiar_agents
from crm.history import past
from crm.identify import Person
from routing.agents import Agent, Availability
from routing.tables import agents

SAME_DAY = timedelta(hours=8)
LOOKED_FOR = 12  # of those who are not free at the time, so many are looked at for another: it means walking a day


@dataclass(frozen=True, slots=True)
class Bonds:
    """What ties agents to the person, as far as it counts here."""

    talks: Mapping[str, int]  # by agent, how often they have talked
    chosen: str | None
    stand_in: str | None  # of the promise's owner


@dataclass(frozen=True, slots=True)
class Offer:
    agent: Agent
    at: datetime | None
    in_time: bool


def offers(ledger: Ledger, wanted: datetime, owner: str | None, bonds: Bonds) -> list[Offer]:
    """Who could take it, the best first: in time before later, then who is closer to the person.  Pure."""
    wanted = max(wanted, ledger.now)
    able = [agent for agent in ledger.agents if agent.id != owner]
    free = [agent for agent in able if keepable(ledger, wanted, agent.id)]
    known = {agent.id for agent in free}
    busy = sorted((agent for agent in able if agent.id not in known), key=lambda one: _closeness(one, bonds))
    found = [Offer(agent, wanted, True) for agent in sorted(free, key=lambda one: _closeness(one, bonds))]
    later = [Offer(agent, _first(ledger, wanted, agent.id), False) for agent in busy[:LOOKED_FOR]]
    never = datetime.max.replace(tzinfo=wanted.tzinfo)
    return found + sorted(later, key=lambda offer: offer.at or never)


def _first(ledger: Ledger, wanted: datetime, agent_id: str) -> datetime | None:
    slots = next_slots(ledger, wanted, agent_id, 1, before=wanted + SAME_DAY)
    return slots[0].due_at if slots else None


def _closeness(agent: Agent, bonds: Bonds) -> tuple[bool, bool, int, bool, str]:
    return (
        agent.id != bonds.chosen,
        agent.id != bonds.stand_in,
        -bonds.talks.get(agent.id, 0),
        agent.availability is not Availability.READY,
        agent.name,
    )


async def bonds_of(conn: AsyncConnection, person: Person, owner: str | None, now: datetime) -> Bonds:
    met = {one.agent_id: one.times for one in familiar_agents(await past(conn, person.id), now)}
    stand_in = None if owner is None else await conn.scalar(select(agents.c.stand_in).where(agents.c.id == owner))
    return Bonds(met, person.preferred_agent, stand_in)


async def takers(
    conn: AsyncConnection, promise: Row[Any], person: Person, ledger: Ledger, *, now: datetime
) -> Sequence[Taker]:
    """Pairings that were declined are not among them: such agents do not stand in the ledger."""
    bonds = await bonds_of(conn, person, promise.agent_id, now)
    found = offers(ledger, promise.promised_at, promise.agent_id, bonds)
    ids = [offer.agent.id for offer in found]
    photos = dict((await conn.execute(select(agents.c.id, agents.c.photo_url).where(agents.c.id.in_(ids)))).all())
    return [
        Taker(
            agent=offer.agent.id,
            name=offer.agent.name,
            photo_url=photos.get(offer.agent.id),
            team=offer.agent.team,
            availability=offer.agent.availability.value,
            activity=offer.agent.activity.value,
            at=offer.at,
            in_time=offer.in_time,
            stand_in=offer.agent.id == bonds.stand_in,
            chosen=offer.agent.id == bonds.chosen,
            talks=bonds.talks.get(offer.agent.id, 0),
        )
        for offer in found
    ]
