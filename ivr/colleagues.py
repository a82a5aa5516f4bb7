"""Whom an agent could bring a caller to: who fits, by the same weighing that routes calls, and what they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crm.familiarity import Acquainted, acquainted
from crm.history import past
from crm.memory_words import why_familiar
from ivr.choosing import caller_card
from ivr.turn import Turn
from routing.agents import Agent, Availability
from routing.floor import everybody
from routing.reservations import tried_agents
from routing.tables import agents
from routing.vetoes import vetoed_by
from routing.weigh import Weighed, weigh

MOST = 50
_HOLDS = {"it": "Segue una sua pratica aperta.", "en": "Holds an open matter of theirs."}
_HERE = (Availability.READY, Availability.AWAY, Availability.OFFLINE)


@dataclass(frozen=True, slots=True)
class Colleague:
    """`familiar`: a sentence of what binds them to this customer; `free`: they could be rung now."""

    agent: Agent
    familiar: str | None
    chosen: bool
    free: bool
    free_in_seconds: float | None  # None: they are not coming back by themselves
    reason: str | None
    photo_url: str | None
    back_at: datetime | None


async def listed(turn: Turn, *, skill: str | None, q: str | None, language: str) -> list[Colleague]:
    """The best first; behind them who is not here, by name.  `q`: part of a name, a skill or a team."""
    found = await _weighed(turn, skill)
    known, holding = await _acquainted(turn), {w.agent.id for w in found if "case_owner" in w.because}
    waits = {w.agent.id: w.wait_seconds for w in found}
    away = {a.id: a for a in await _others(turn, skill) if a.id not in waits}
    behind = sorted(away.values(), key=lambda a: (_HERE.index(a.availability), a.name))
    in_order = [a for a in (*(w.agent for w in found), *behind) if _matches(a, q)][:MOST]
    rows = await _rows(turn, [a.id for a in in_order])
    preferred = turn.person.preferred_agent if turn.person else None
    return [
        Colleague(
            agent=a,
            familiar=_sentence(known.get(a.id), a.id in holding, language, turn.rooms.house.zone),
            chosen=a.id == preferred,
            free=a.ready,
            free_in_seconds=None if a.id not in waits else round(waits[a.id], 1),
            reason=rows[a.id][0],
            photo_url=rows[a.id][1],
            back_at=rows[a.id][2],
        )
        for a in in_order
        if a.id in rows
    ]


async def free_with(turn: Turn, skill: str) -> list[Agent]:
    """Who has this skill and could be rung now, the best first; nobody who has not taken this call before."""
    tried = await tried_agents(turn.conn, turn.call.id)
    return [w.agent for w in await _weighed(turn, skill) if w.agent.ready and w.agent.id not in tried.declined]


async def vetoed(turn: Turn) -> frozenset[str]:
    """Pairings that one of the two has declined."""
    return frozenset() if turn.person is None else await vetoed_by(turn.conn, turn.person.id)


async def _weighed(turn: Turn, skill: str | None) -> list[Weighed]:
    card, _ = await caller_card(turn, only_reads=True)
    caller = replace(card.caller, skills={skill: 1} if skill else {}, teams=frozenset())
    floor = [replace(a, talk=turn.rooms.learning.talk(a.id)) for a in await _others(turn, skill)]
    return weigh(caller, floor, card.plan, turn.now)


async def _others(turn: Turn, skill: str | None) -> list[Agent]:
    """Everybody but the one who talks with the caller, and whom the two would not be put together with."""
    no = {turn.call.agent_id, *await vetoed(turn)}
    return [a for a in await everybody(turn.conn) if a.id not in no and (not skill or a.skills.get(skill, 0) > 0)]


async def _acquainted(turn: Turn) -> Mapping[str, Acquainted]:
    person = turn.person
    if person is None:
        return {}
    known = acquainted(
        await past(turn.conn, person.id), turn.now, chosen=person.preferred_agent, stand_ins=tuple(person.stand_ins)
    )
    return {one.agent_id: one for one in known}


async def _rows(turn: Turn, ids: Sequence[str]) -> dict[str, tuple[str | None, str | None, datetime | None]]:
    query = select(agents.c.id, agents.c.reason, agents.c.photo_url, agents.c.back_at).where(agents.c.id.in_(ids))
    return {row.id: (row.reason, row.photo_url, row.back_at) for row in await turn.conn.execute(query)}


def _sentence(known: Acquainted | None, holds: bool, language: str, zone: str) -> str | None:
    if holds:
        return _HOLDS["it" if language.lower().startswith("it") else "en"]
    if known is None or not known.reasons:
        return None
    return why_familiar(known.reasons[0], language, ZoneInfo(zone))


def _matches(agent: Agent, q: str | None) -> bool:
    wanted = (q or "").strip().casefold()
    return not wanted or any(wanted in text.casefold() for text in (agent.name, agent.team or "", *agent.skills))
