"""Policies to compare with: what is simple and what vendors do.

`index.py` has a hand-set index, `clairvoyant.py` one who sees the future; both have `Fifo` as their parent.

All of them treat callbacks alike, so that a difference is one of routing: a callback whose slot has come yields to live
callers until its promise is about to lapse, then goes before them.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.centre import BOOKED, EARLY_SECONDS, WAITING, AgentState, Base, Call, Centre
from bench.measures import SLOT_SECONDS

LAPSES_SOON = 120.0  # a callback goes before live callers when its promise ends within this
LOOK_AHEAD = 5  # greedy, on release: a familiar caller among the first five


class Fifo(Base):
    """The longest-idle agent takes the caller who waits longest.

    The parent of the others: they change who is chosen, not how callbacks are kept.
    """

    def arrive(self, call: Call) -> None:
        agent = self.centre.idle.get(call.own, None) if call.own is not None else None
        agent = agent or self.agent_for(call)
        if agent:
            self.centre.assign(call, agent)

    def free(self, agent: AgentState) -> None:
        call = self.call_for(agent)
        if call:
            self.centre.assign(call, agent)

    def booked(self, call: Call) -> None:
        if call.own is not None and call.slot is not None:
            self.centre.later(call, call.slot - EARLY_SECONDS)

    def due(self, call: Call) -> None:
        if call.state == BOOKED and call.own in self.centre.idle:  # dialled early: their agent happens to be ready
            self.centre.assign(call, self.centre.idle[call.own])

    def agent_for(self, call: Call) -> AgentState | None:
        """Who of the ready agents takes this call."""
        return next(self.able(call), None)

    def able(self, call: Call) -> Iterator[AgentState]:
        """Ready agents with the skill, longest idle first."""
        return (agent for agent in self.centre.idle.values() if call.skill in agent.skills)

    def call_for(self, agent: AgentState) -> Call | None:
        """Which waiting call the freed agent takes."""
        pressing = self.pressing(agent)
        if pressing:
            return pressing
        fitting = [call for call in self.centre.waiting.values() if call.skill in agent.skills]
        live = [call for call in fitting if call.live]
        return (live or fitting or [None])[0]

    def pressing(self, agent: AgentState) -> Call | None:
        """A callback whose promise is about to lapse."""
        before = self.centre.now + LAPSES_SOON
        for call in self.centre.waiting.values():
            if not call.live and call.skill in agent.skills and lapses_at(call) < before:
                return call
        return None


class LeastWaitSkills(Fifo):
    """The narrowest ready agent, so that the versatile stay free."""

    def agent_for(self, call: Call) -> AgentState | None:
        return min(self.able(call), key=lambda agent: len(agent.skills), default=None)


class Preferred(Fifo):
    """One named agent for a fixed time if on duty, then anybody: what the vendors' rules say."""

    def __init__(self, limit_seconds: float) -> None:
        self.limit = limit_seconds

    def arrive(self, call: Call) -> None:
        centre = self.centre
        wanted = call.preferred if call.own is None else call.own
        if wanted is None or not centre.agents[wanted].on_shift:
            super().arrive(call)
        elif wanted in centre.idle:
            centre.assign(call, centre.idle[wanted])
        else:
            centre.later(call, centre.now + self.limit)

    def due(self, call: Call) -> None:
        if call.state != WAITING:
            super().due(call)
        elif agent := self.agent_for(call):
            self.centre.assign(call, agent)

    def call_for(self, agent: AgentState) -> Call | None:
        first = None
        for call in self.centre.waiting.values():
            wanted = call.preferred if call.own is None else call.own
            if wanted == agent.id:
                return call  # who asks for an agent is in that agent's own queue, which goes first
            if first is None and call.skill in agent.skills and not self._held(call, wanted):
                first = call
        return self.pressing(agent) or first

    def _held(self, call: Call, wanted: int | None) -> bool:
        if wanted is None or not self.centre.agents[wanted].on_shift:
            return False
        return self.centre.now < call.at + self.limit - 1e-9


class Greedy(Fifo):
    """Any familiar agent who is ready, nobody held; on release a familiar caller among the first few."""

    def agent_for(self, call: Call) -> AgentState | None:
        known = known_and_ready(self.centre, call)
        return known or next(self.able(call), None)

    def call_for(self, agent: AgentState) -> Call | None:
        pressing = self.pressing(agent)
        if pressing:
            return pressing
        fitting = [call for call in self.centre.waiting.values() if call.skill in agent.skills and call.live]
        known = next((call for call in fitting[:LOOK_AHEAD] if agent.id in call.familiar), None)
        return known or super().call_for(agent)


def known_and_ready(centre: Centre, call: Call) -> AgentState | None:
    """The ready agent this caller knows best."""
    best: AgentState | None = None
    for agent_id, times in call.familiar.items():
        agent = centre.idle.get(agent_id)
        if agent and (best is None or times > call.familiar[best.id]):
            best = agent
    return best


def lapses_at(call: Call) -> float:
    """When a callback's promise ends."""
    if call.deadline is not None:
        return call.deadline
    return (call.slot or call.at) + SLOT_SECONDS
