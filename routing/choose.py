"""Caller, floor, plan, now -> what to do, with the reasons.  Pure; never claims anything.

One currency: a familiar agent is *worth* some seconds of waiting, an agent who is busy *costs* the seconds until they
are free, and the caller goes to the smallest `wait - worth`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from routing.agents import Agent
from routing.forecast import free_in_seconds, line_wait_seconds
from routing.hours import read_hours
from routing.plan import Plan

TEAMMATE, WAIT = "teammate", "wait"


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
    ties: Mapping[str, Tie] = field(default_factory=dict)
    skills: Mapping[str, int] = field(default_factory=dict)
    tried: frozenset[str] = frozenset()  # agents already rung for this call
    ahead: int = 0  # callers who have waited longer
    choice: str | None = None  # what they asked for by key: TEAMMATE or WAIT
    offered: bool = False  # a choice has been spoken already

    def waited_seconds(self, now: datetime) -> float:
        return max((now - self.arrived_at).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True)
class Weighed:
    agent: Agent
    wait_seconds: float
    worth_seconds: float
    because: tuple[str, ...]  # preferred | case_owner | familiar

    @property
    def cost_seconds(self) -> float:
        return self.wait_seconds - self.worth_seconds

    @property
    def familiar(self) -> bool:
        return bool(self.because)

    def as_reason(self) -> dict[str, Any]:
        return {
            "agent": self.agent.id,
            "name": self.agent.name,
            "wait_seconds": round(self.wait_seconds, 1),
            "worth_seconds": round(self.worth_seconds, 1),
            "because": list(self.because),
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """`action` as the API names it; `who` is the agent it is about, `teammate` a ready alternative to them."""

    action: str  # ring | wait | offer_callback
    who: Weighed | None = None
    teammate: Weighed | None = None
    estimate_seconds: float | None = None
    weighed: tuple[Weighed, ...] = ()

    def reasons(self) -> dict[str, Any]:
        return {
            "estimate_seconds": None if self.estimate_seconds is None else round(self.estimate_seconds, 1),
            "weighed": [w.as_reason() for w in self.weighed[:8]],
        }


def on_shift(agent: Agent, zone: str, country: str | None, now: datetime) -> bool:
    return agent.hours is None or read_hours(agent.hours, zone, country).is_open(now)


def fitting(caller: Caller, floor: Sequence[Agent]) -> list[Agent]:
    """Those who may take this call.  A language that nobody here speaks must not leave the caller with nobody."""
    able = [agent for agent in floor if agent.able(caller.skills)]
    return [agent for agent in able if agent.speaks(caller.language)] or able


def weigh(caller: Caller, floor: Sequence[Agent], plan: Plan, now: datetime) -> list[Weighed]:
    """The fitting agents who are here, best first; equals by longest idle."""
    waits = {agent.id: free_in_seconds(agent, plan, now) for agent in floor}
    weighed = []
    for agent in fitting(caller, [agent for agent in floor if waits[agent.id] is not None]):
        wait = waits[agent.id]
        if wait is None or agent.id in caller.tried:
            continue
        worth, because = _worth(caller, agent, plan)
        weighed.append(Weighed(agent, wait, worth, because))
    return sorted(weighed, key=lambda w: (w.cost_seconds, w.agent.since_at, w.agent.id))


def choose(caller: Caller, floor: Sequence[Agent], plan: Plan, now: datetime) -> Decision:
    """`floor`: agents on shift, each as they are at `now`; reading it is the caller's business, and so is claiming."""
    weighed = weigh(caller, floor, plan, now)
    ready = [w for w in weighed if w.agent.ready]
    if not weighed:
        return Decision("offer_callback")
    everyone = tuple(weighed)
    known = _missed(weighed)
    if known is None:
        if ready:
            return Decision("ring", ready[0], weighed=everyone)
        estimate = line_wait_seconds([w.wait_seconds for w in weighed], caller.ahead, plan)
        return Decision("wait", None, None, estimate, everyone)
    teammate = ready[0] if ready else None
    if teammate and caller.choice == TEAMMATE:
        return Decision("ring", teammate, weighed=everyone)
    if caller.choice == WAIT or known.wait_seconds <= plan.wait_unasked_seconds:
        return Decision("wait", known, teammate, known.wait_seconds, everyone)
    if not caller.offered:
        return Decision("offer_callback", known, teammate, known.wait_seconds, everyone)
    if teammate:
        return Decision("ring", teammate, weighed=everyone)
    return Decision("wait", known, None, known.wait_seconds, everyone)


def _missed(weighed: Sequence[Weighed]) -> Weighed | None:
    """The busy agent this caller would rather have than anybody who is ready, if there is one.

    Mere familiarity is not missed while somebody else familiar is ready; the agent they chose, or who holds their
    open matter, is.
    """
    best_ready = next((w for w in weighed if w.agent.ready), None)
    for w in sorted(weighed, key=lambda w: (-w.worth_seconds, w.wait_seconds)):
        if w.agent.ready or not w.familiar:
            return None
        bound = "preferred" in w.because or "case_owner" in w.because
        if bound or best_ready is None or not best_ready.familiar:
            return w
    return None


def _worth(caller: Caller, agent: Agent, plan: Plan) -> tuple[float, tuple[str, ...]]:
    worth, because = 0.0, []
    if agent.id == caller.preferred:
        worth += plan.worth.preferred_seconds
        because.append("preferred")
    if agent.id in caller.owners:
        worth += plan.worth.case_owner_seconds
        because.append("case_owner")
    tie = caller.ties.get(agent.id)
    if tie is not None and tie.score > 0:
        worth += plan.worth.familiar_seconds * tie.score
        because.append("familiar")
    return worth, tuple(because)
