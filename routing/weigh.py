"""What each agent is to this caller, in one currency: seconds of waiting.  Pure.

An agent's *cost* is the wait for them, less what it is *worth* to have them rather than a stranger, plus what taking
this call *keeps from others*: regulars who would ask for them meanwhile, a promise that comes due, a colleague who
is less busy.  docs/routing.md tells it to a manager, docs/routing-engine.md gives the formulas.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from routing.agents import Agent
from routing.forecast import free_in_seconds, usual_talk
from routing.plan import Plan, Wider

# Of the regulars who ring while their agent talks with somebody else, how many would have been put through to them.
_MISSED_SHARE = 0.7
# Beyond what the plan allows, so many points more of load outweigh all that an agent's regulars are worth.
_HARD_POINTS = 5.0
NOT_WIDER = Wider()


@dataclass(frozen=True, slots=True)
class Tie:
    """What binds an agent to this caller: 0.0 to 1.0 of familiarity, from `times` conversations."""

    score: float
    times: int


@dataclass(frozen=True, slots=True)
class Caller:
    """What choosing needs to know of the person on the line."""

    language: str
    arrived_at: datetime
    called: str | None = None
    preferred: str | None = None
    owners: frozenset[str] = frozenset()  # agents who hold an open matter of theirs
    kept: str | None = None  # who keeps them until it is solved, since they were transferred too often
    stand_ins: frozenset[str] = frozenset()  # agents named in their record: who knows them too
    ties: Mapping[str, Tie] = field(default_factory=dict)
    vetoed: frozenset[str] = frozenset()  # pairings that one of the two has declined
    skills: Mapping[str, int] = field(default_factory=dict)
    teams: frozenset[str] = frozenset()  # none: whichever
    tried: frozenset[str] = frozenset()  # agents already rung for this call
    urgent: Mapping[str, int] = field(default_factory=dict)  # why -> seconds: repeated, broken_promise, ...
    ahead: int = 0  # callers who have waited longer
    patience_seconds: float | None = None  # how long callers bear to wait on average, where it is known
    choice: str | None = None  # what they asked for by key: TEAMMATE or WAIT
    offered: bool = False  # a choice has been spoken already
    held_seconds: float = 0.0  # how long they have been kept from somebody free, unasked
    hope_seconds: float = 0.0  # what waiting on for somebody they know is worth: see choose.hope_seconds

    def waited_seconds(self, now: datetime) -> float:
        return max((now - self.arrived_at).total_seconds(), 0.0)

    @property
    def urgency_seconds(self) -> int:
        return sum(self.urgent.values())

    @property
    def known(self) -> frozenset[str]:
        """Every agent who is not any other to them."""
        return frozenset(self.ties) | self.bound | self.stand_ins

    @property
    def bound(self) -> frozenset[str]:
        """Whom they chose, who holds their open matter and who keeps them."""
        return self.owners | {agent_id for agent_id in (self.preferred, self.kept) if agent_id}


@dataclass(frozen=True, slots=True)
class Weighed:
    agent: Agent
    wait_seconds: float
    worth_seconds: float
    because: tuple[str, ...]  # kept | preferred | case_owner | familiar | rule | stand_in | skill
    spare: Mapping[str, float] = field(default_factory=dict)  # kept from others by this call: _spare, _promise

    @property
    def spare_seconds(self) -> float:
        return sum(self.spare.values())

    @property
    def cost_seconds(self) -> float:
        return self.wait_seconds - self.worth_seconds + self.spare_seconds

    @property
    def familiar(self) -> bool:
        return not _FAMILIAR.isdisjoint(self.because)

    @property
    def known(self) -> bool:
        """Not any other: so of two who cost the same they are the one."""
        return not _KNOWN.isdisjoint(self.because)

    @property
    def bound(self) -> bool:
        """Chosen by the caller, the holder of their open matter, or who keeps them."""
        return not _BOUND.isdisjoint(self.because)

    def as_reason(self) -> dict[str, Any]:
        return {
            "agent": self.agent.id,
            "name": self.agent.name,
            "wait_seconds": round(self.wait_seconds, 1),
            "worth_seconds": round(self.worth_seconds, 1),
            "because": list(self.because),
            "spare": {why: round(seconds, 1) for why, seconds in self.spare.items()},
        }


_BOUND = frozenset({"kept", "preferred", "case_owner"})
_FAMILIAR = _BOUND | {"familiar"}
_KNOWN = _FAMILIAR | {"stand_in", "rule"}


def fitting(caller: Caller, floor: Iterable[Agent], plan: Plan, now: datetime) -> list[Agent]:
    """Those who may take this call, after as long a wait.  Skills are hard needs until the plan widens them; a language
    that nobody here speaks must not leave the caller with nobody, once the plan has no more to say."""
    wider = plan.widened(caller.waited_seconds(now)) if plan.widen else NOT_WIDER
    skills, teams = caller.skills, frozenset() if wider.any_team else caller.teams
    if wider.lower_skills_by:
        skills = {skill: max(level - wider.lower_skills_by, min(level, 1)) for skill, level in skills.items()}
    able = [agent for agent in floor if agent.able(skills) and (not teams or agent.team in teams)]
    if wider.any_language:
        return able
    speaking = [agent for agent in able if agent.speaks(caller.language)]
    return speaking if speaking or steps_to_come(caller, plan, now) else able


def steps_to_come(caller: Caller, plan: Plan, now: datetime) -> bool:
    """Will the rules still allow somebody else?  As long as they do, the language yields as they say."""
    waited = caller.waited_seconds(now)
    return any(step.after_seconds > waited for step in plan.widen)


def weigh(caller: Caller, floor: Sequence[Agent], plan: Plan, now: datetime) -> list[Weighed]:
    """The fitting agents who are here, best first; equals by longest idle.

    `floor`: agents as they are at `now`; among them may be some who are not here, for the sake of their stand-ins.
    """
    waits = {agent.id: free_in_seconds(agent, plan, now) for agent in floor}
    stand_ins = _stand_ins(caller, floor, waits)
    may_come = [a for a in floor if waits[a.id] is not None and a.id not in caller.vetoed]
    here = fitting(caller, may_come, plan, now)
    rested = min((agent.load_at(now) for agent in here if agent.ready), default=0.0)
    weighed = []
    for agent in here:
        if agent.id in caller.tried:
            continue
        worth, because = _worth(caller, agent, plan, stand_ins)
        wait = waits[agent.id] or 0.0
        spare = _spare(agent, plan, now, rested, None if _KNOWN.isdisjoint(because) else worth)
        promise = _promise(agent, plan, now, wait)
        weighed.append(Weighed(agent, wait, worth, because, spare | promise))
    return sorted(weighed, key=lambda w: (w.cost_seconds, not w.known, w.agent.since_at, w.agent.id))


def worth_seconds(caller: Caller, agent: Agent, plan: Plan) -> float:
    """What it is worth to this caller to have this agent rather than a stranger."""
    return _worth(caller, agent, plan, caller.stand_ins)[0]


def worth_of(caller: Caller, agent_id: str, plan: Plan) -> float:
    """The same of an agent of whom only the id is known: what binds the two, without spare skill."""
    stand_in = plan.worth.stand_in_seconds if agent_id in caller.stand_ins else 0
    return stand_in + sum(_bonds(caller, agent_id, plan).values())


def _stand_ins(caller: Caller, floor: Iterable[Agent], waits: Mapping[str, float | None]) -> frozenset[str]:
    """Of agents who are not here: their own; and always those whom the caller's record names, since they know them."""
    absent = (agent for agent in floor if agent.id in caller.bound and waits[agent.id] is None)
    return caller.stand_ins.union(agent.stand_in for agent in absent if agent.stand_in)


def _worth(caller: Caller, agent: Agent, plan: Plan, stand_ins: frozenset[str]) -> tuple[float, tuple[str, ...]]:
    bonds = _bonds(caller, agent.id, plan)
    if agent.id in stand_ins:
        bonds["stand_in"] = plan.worth.stand_in_seconds
    spare = sum(agent.skills.get(skill, 0) - level for skill, level in caller.skills.items()) if caller.skills else 0
    if spare > 0 and plan.worth.skill_level_seconds:
        bonds["skill"] = spare * plan.worth.skill_level_seconds
    return sum(bonds.values()), tuple(bonds)


def _bonds(caller: Caller, agent_id: str, plan: Plan) -> dict[str, float]:
    """Why this agent is not any other to them -> seconds."""
    bonds: dict[str, float] = {}
    if agent_id == caller.kept:
        bonds["kept"] = plan.worth.kept_seconds
    if agent_id == caller.preferred:
        bonds["preferred"] = plan.worth.preferred_seconds
    if agent_id in caller.owners:
        bonds["case_owner"] = plan.worth.case_owner_seconds
    tie = caller.ties.get(agent_id)
    if tie is not None and tie.score > 0:
        bonds["familiar"] = plan.worth.familiar_seconds * tie.score
    if agent_id in plan.worth.agents:
        bonds["rule"] = plan.worth.agents[agent_id]
    return bonds


def _spare(agent: Agent, plan: Plan, now: datetime, rested: float, worth: float | None) -> dict[str, float]:
    """What is kept from others if this agent takes the call: wanted | load -> seconds.

    `worth`: to this caller; None to a stranger.  However much an agent is asked for, somebody they know is never passed
    on to a stranger for that.  In whole seconds: less is no reason to pass anybody over.
    """
    spare: dict[str, float] = {}
    if plan.load.spare_wanted and agent.wanted_an_hour:
        busy = plan.talk_seconds + plan.wrap_up_seconds
        missed = 1.0 - math.exp(-agent.wanted_an_hour * _MISSED_SHARE * busy / 3600)
        wanted = plan.worth.familiar_seconds * missed
        spare["wanted"] = round(wanted) if worth is None else min(round(wanted), worth)
    if worth is None:
        drift = (agent.load_at(now) - rested) * 100 - plan.load.spread_points
        spare["load"] = round(plan.worth.familiar_seconds * drift / _HARD_POINTS) if drift > 0 else 0.0
    return {why: seconds for why, seconds in spare.items() if seconds}


def _promise(agent: Agent, plan: Plan, now: datetime, wait: float) -> dict[str, float]:
    """What it costs that a call which begins in `wait` seconds, or its wrap-up, may still last when the agent's next
    promise is no longer kept for them; a promise that is due already counts until then."""
    if agent.promised_at is None:
        return {}
    left = (agent.promised_at - now).total_seconds() + plan.service.owner_wait_seconds - plan.wrap_up_seconds - wait
    talk = agent.talk or usual_talk(plan)
    seconds = round(plan.protect_promise_seconds * (1.0 - talk.chance_over_by(0.0, left)))
    return {"promise": seconds} if seconds else {}
