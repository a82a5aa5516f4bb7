"""Agents as they would be at one moment of a replay: who is there, who is idle since when.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from routing.agents import Activity, Agent, Availability
from routing.choose import Caller, fitting

LONGEST_IDLE = 4  # who fit a caller: the first is the one to ring, the others may have become idle at the same moment


class Floor:
    """Nobody is there until they `come`."""

    def __init__(self, agents: Iterable[Agent]) -> None:
        self._agents = {
            agent.id: replace(agent, availability=Availability.READY, activity=Activity.IDLE, wrap_up_until=None)
            for agent in agents
        }
        self._there: set[str] = set()
        self._idle: dict[str, None] = {}  # who is there and idle, the longest first
        self._fitting: dict[object, dict[str, None]] = {}  # until somebody comes or goes

    @property
    def anybody_free(self) -> bool:
        return bool(self._idle)

    def come(self, agent_id: str, at: datetime) -> None:
        self._there.add(agent_id)
        self._fitting.clear()
        if self._agents[agent_id].activity is Activity.IDLE:
            self.become(agent_id, Activity.IDLE, at)

    def go(self, agent_id: str) -> None:
        self._there.discard(agent_id)
        self._fitting.clear()
        self._idle.pop(agent_id, None)

    def become(self, agent_id: str, activity: Activity, at: datetime, wrap_up_until: datetime | None = None) -> None:
        agent = replace(self._agents[agent_id], activity=activity, since_at=at, wrap_up_until=wrap_up_until)
        self._agents[agent_id] = agent
        self._idle.pop(agent_id, None)
        if activity is Activity.IDLE and agent_id in self._there:
            self._idle[agent_id] = None

    def everybody(self) -> list[Agent]:
        """Who is there."""
        return [self._agents[agent_id] for agent_id in sorted(self._there)]

    def candidates(self, caller: Caller, known: Iterable[str]) -> Sequence[Agent]:
        """Enough of `everybody` for the same choice: who knows this caller, and the longest idle who may take the
        call or, when all of those are busy, one of them.  The cost does not grow with the floor."""
        able = self._able(caller)
        found = dict.fromkeys(agent_id for agent_id in known if agent_id in self._there)
        idle = list(islice((agent_id for agent_id in self._idle if agent_id in able), LONGEST_IDLE))
        found.update(dict.fromkeys(idle or islice(able, 1)))
        return [self._agents[agent_id] for agent_id in found]

    def _able(self, caller: Caller) -> dict[str, None]:
        key = (caller.language, tuple(sorted(caller.skills.items())))
        if key not in self._fitting:
            self._fitting[key] = dict.fromkeys(agent.id for agent in fitting(caller, self.everybody()))
        return self._fitting[key]
