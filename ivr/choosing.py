"""From a caller to a rung agent: the card is read, `routing` chooses, the claim settles it, the phone is rung.

The only place where a choice becomes a reservation, whoever asks: a first webhook, a key, an agent who became free.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert, select

from crm.familiarity import Familiar, familiar_agents
from crm.history import open_matters, past
from ivr import calls, legs
from ivr.lifecycle import CallState
from ivr.turn import Turn
from routing.agents import Activity, Agent
from routing.choose import Caller, Decision, Tie, choose, on_shift
from routing.explain import sentence
from routing.floor import read_floor
from routing.reservations import claim, tried_agents
from routing.tables import decisions
from store.events import emit
from store.ids import new_id


@dataclass(frozen=True, slots=True)
class Chosen:
    decision: Decision
    agent: Agent | None  # who is being rung now


async def look(turn: Turn, owner: str | None = None) -> Chosen:
    """Chooses, claims and rings; the call is ringing then.  `owner`: whose promise this is."""
    caller, _ = await caller_card(turn)
    if owner is not None:
        caller = replace(caller, preferred=owner)
    floor = await on_the_floor(turn, [*caller.ties, *caller.owners, *([caller.preferred] if caller.preferred else [])])
    tried = await tried_agents(turn.conn, turn.call.id)
    caller = replace(caller, tried=tried.declined)
    others_first = replace(caller, tried=tried.declined | tried.not_rung)
    while True:
        decision = choose(others_first, floor, turn.plan, turn.now)
        if decision.who is None and tried.not_rung:
            decision = choose(caller, floor, turn.plan, turn.now)  # nobody else: then once more those
        if decision.action != "ring":
            break
        assert decision.who is not None
        agent = decision.who.agent
        reservation = await claim(turn.conn, agent.id, turn.call.id, turn.plan, now=turn.now)
        if reservation is not None:
            await remember(turn, decision, caller)
            await turn.change(state=CallState.RINGING, familiar=decision.who.familiar)
            turn.effects += await legs.ring_agent(turn, agent, reservation)
            return Chosen(decision, agent)
        # Somebody was quicker: choose again among the others, with this one as busy as they now are.
        floor = [replace(a, activity=Activity.RESERVED, since_at=turn.now) if a.id == agent.id else a for a in floor]
    await remember(turn, decision, caller)
    return Chosen(decision, None)


async def caller_card(turn: Turn) -> tuple[Caller, Sequence[Familiar]]:
    call, person = turn.call, turn.person
    line = turn.plan.line(call.to_number if call.direction == "inbound" else call.from_number)
    familiar: Sequence[Familiar] = ()
    owners: frozenset[str] = frozenset()
    if person is not None:
        familiar = familiar_agents(await past(turn.conn, person.id), turn.now)
        matters = await open_matters(turn.conn, person.id)
        owners = frozenset(matter.agent_id for matter in matters if matter.agent_id)
    card = Caller(
        language=call.language,
        arrived_at=call.arrived_at,
        called=turn.name,
        preferred=person.preferred_agent if person else None,
        owners=owners,
        ties={one.agent_id: Tie(one.score, one.times) for one in familiar},
        skills=line.skills,
        ahead=await calls.waiting_before(turn.conn, call.arrived_at),
        choice=call.choice,
        offered=call.offered_at is not None,
    )
    return card, familiar


async def on_the_floor(turn: Turn, known: Sequence[str]) -> list[Agent]:
    house = turn.rooms.house
    return [
        agent for agent in await read_floor(turn.conn, known) if on_shift(agent, house.zone, house.country, turn.now)
    ]


async def remember(turn: Turn, decision: Decision, caller: Caller) -> None:
    agent_id = decision.who.agent.id if decision.who else None
    await store_decision(
        turn,
        decision.action,
        agent_id,
        sentence(decision, caller, turn.rooms.house.language),
        decision.reasons() | {"waited_seconds": round(caller.waited_seconds(turn.now), 1)},
    )


async def store_decision(turn: Turn, action: str, agent_id: str | None, words: str, reasons: dict[str, Any]) -> None:
    """With its reasons.  The same again is no new decision, unless it rings somebody."""
    latest = (
        await turn.conn.execute(
            select(decisions.c.action, decisions.c.agent_id)
            .where(decisions.c.call_id == turn.call.id)
            .order_by(decisions.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if action != "ring" and latest is not None and tuple(latest) == (action, agent_id):
        return
    decision_id = new_id("dec")
    await turn.conn.execute(
        insert(decisions).values(
            id=decision_id,
            call_id=turn.call.id,
            at=turn.now,
            action=action,
            agent_id=agent_id,
            sentence=words,
            reasons=reasons,
        )
    )
    await emit(turn.conn, "decision.made", decision_id, turn.now)
