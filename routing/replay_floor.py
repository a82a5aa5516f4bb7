"""Agents as they would be at one moment of a replay: who is there, who is idle since when.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from routing.agents import Activity, Agent, Availability
from routing.forecast import Talk
from routing.needs import Need
from routing.plan import Plan
from routing.weigh import Caller

LONGEST_IDLE = 8  # who meet a caller's need: among so many one is as good as another to a stranger


class Floor:
    """Nobody is there until they `come`."""

    def __init__(self, agents: Iterable[Agent], wanted_an_hour: Mapping[str, float] | None = None) -> None:
        wanted = wanted_an_hour or {}
        self._agents = {
            agent.id: replace(
                agent,
                availability=Availability.READY,
                activity=Activity.IDLE,
                wrap_up_until=None,
                present=False,
                load=0.0,
                wanted_an_hour=wanted.get(agent.id, 0.0),
            )
            for agent in agents
        }
        self._idle: dict[str, None] = {}  # who is there and idle, the longest first
        self._there: set[str] = set()
        self._meeting: dict[str, dict[str, None]] = {}  # need -> who meets it, until somebody comes or goes

    def __getitem__(self, agent_id: str) -> Agent:
        return self._agents[agent_id]

    @property
    def ready(self) -> int:
        return len(self._idle)

    def come(self, agent_id: str, at: datetime) -> None:
        self._there.add(agent_id)
        self._meeting.clear()
        agent = self._agents[agent_id] = replace(self._agents[agent_id], present=True)
        if agent.activity is Activity.IDLE:
            self.become(agent_id, Activity.IDLE, at)

    def go(self, agent_id: str) -> None:
        self._there.discard(agent_id)
        self._meeting.clear()
        self._agents[agent_id] = replace(self._agents[agent_id], present=False)
        self._idle.pop(agent_id, None)

    def become(
        self,
        agent_id: str,
        activity: Activity,
        at: datetime,
        *,
        wrap_up_until: datetime | None = None,
        talk: Talk | None = None,
    ) -> None:
        agent = self._agents[agent_id]
        load = agent.load_at(at)
        self._agents[agent_id] = replace(
            agent, activity=activity, since_at=at, wrap_up_until=wrap_up_until, load=load, talk=talk
        )
        self._idle.pop(agent_id, None)
        if activity is Activity.IDLE and agent.present:
            self._idle[agent_id] = None

    def everybody(self) -> list[Agent]:
        """Who is there."""
        return [self._agents[agent_id] for agent_id in sorted(self._there)]

    def candidates(self, caller: Caller, plan: Plan, now: datetime) -> Sequence[Agent]:
        """Enough of the floor for the same choice: whoever is not any other to this caller, wherever they are, with
        the stand-ins, and the longest idle who meet their need or, when all of those are busy, one of them.  The cost
        does not grow with the floor."""
        found = {agent_id: None for agent_id in sorted(caller.known) if agent_id in self._agents}
        for agent_id in [*found]:
            stand_in = self._agents[agent_id].stand_in
            if stand_in in self._there and agent_id not in self._there:
                found[stand_in] = None
        able = self._able(Need.of(caller, plan.widened(caller.waited_seconds(now)) if plan.widen else None))
        refused = caller.vetoed
        fit = (agent_id for agent_id in self._idle if agent_id in able and agent_id not in refused)
        idle = list(islice(fit, LONGEST_IDLE))
        found.update(dict.fromkeys(idle or islice((one for one in able if one not in refused), 1)))
        return [self._agents[agent_id] for agent_id in found]

    def _able(self, need: Need) -> dict[str, None]:
        """Who is there and meets the need; a language that nobody of them speaks leaves nobody without anybody."""
        text = need.text
        if text not in self._meeting:
            able = {agent.id: None for agent in self.everybody() if need.fits(agent)}
            self._meeting[text] = able if able or need.language is None else self._able(need.any_language)
        return self._meeting[text]
