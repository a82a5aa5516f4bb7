"""What the bank's month is compared with: usual rules of routing, and one who knows how long each talk will last."""

from __future__ import annotations

from itertools import islice

from bench.centre import AgentState, Base, Call, Centre

NAMED_SECONDS = 30.0
GREEDY_DEPTH = 5


class LongestIdle(Base):
    """FIFO: the caller who waits longest, the agent who is idle longest."""

    def arrive(self, call: Call) -> None:
        to_longest_idle(self.centre, call)

    def free(self, agent: AgentState) -> None:
        for call in self.centre.waiting.values():
            if call.skill in agent.skills:
                self.centre.assign(call, agent)
                return


class NamedAgent(Base):
    """Their last agent for 30 seconds, if on duty; then anybody.  The vendors' rule."""

    def begin(self, centre: Centre) -> None:
        super().begin(centre)
        self._held: set[int] = set()

    def arrive(self, call: Call) -> None:
        agent = None if call.preferred is None else self.centre.agents.get(call.preferred)
        if agent is None or call.skill not in agent.skills or not on_duty(self.centre, agent):
            to_longest_idle(self.centre, call)
        elif agent.id in self.centre.idle:
            self.centre.assign(call, agent)
        else:
            self._held.add(call.id)
            self.centre.later(call, self.centre.now + NAMED_SECONDS)

    def due(self, call: Call) -> None:
        self._held.discard(call.id)
        to_longest_idle(self.centre, call)

    def free(self, agent: AgentState) -> None:
        for call in self.centre.waiting.values():
            if call.skill in agent.skills and (call.id not in self._held or call.preferred == agent.id):
                self.centre.assign(call, agent)
                return


class AnyFamiliar(Base):
    """Any familiar agent who is idle now, nobody held; who gets free takes a familiar caller among the first five."""

    def arrive(self, call: Call) -> None:
        for agent in self.centre.idle.values():
            if agent.id in call.familiar and call.skill in agent.skills:
                self.centre.assign(call, agent)
                return
        to_longest_idle(self.centre, call)

    def free(self, agent: AgentState) -> None:
        able = (call for call in self.centre.waiting.values() if call.skill in agent.skills)
        front = list(islice(able, GREEDY_DEPTH))
        if front:
            self.centre.assign(next((call for call in front if agent.id in call.familiar), front[0]), agent)


class Clairvoyant(Base):
    """Knows how long each talk will last, and so when each agent will be free; not who is going to call.

    A caller goes to a familiar agent who is idle; else waits for the first familiar one to be free within
    `hold_seconds`; else goes to the idle agent whom callers want least, the less busy rather.  An agent set free takes
    whom they were kept for, then whoever waits longest, familiarity being worth `WORTH` seconds.  With `short_first` a
    second of talk counts as so much less waiting, which no caller would find fair, but spares waiting for all.
    Solving the assignment of all waiting callers to all openings at each event did no better within the same limits.
    """

    WORTH = 120.0
    FORGET = 0.999  # a call: how soon being wanted is forgotten

    def __init__(self, hold_seconds: float, load: float = 30.0, short_first: float = 0.0) -> None:
        self.hold_seconds = hold_seconds
        self.load = load  # how many callers' wanting counts as much as being busy all day
        self.short_first = short_first

    def begin(self, centre: Centre) -> None:
        super().begin(centre)
        self._wanted = dict.fromkeys(centre.agents, 0.0)
        self._kept: dict[int, Call] = {}  # agent -> for whom
        self._waits_for: dict[int, AgentState] = {}  # call -> for whom

    def arrive(self, call: Call) -> None:
        centre = self.centre
        familiar = [centre.agents[agent] for agent in call.familiar if agent in centre.agents]
        familiar = [agent for agent in familiar if call.skill in agent.skills and on_duty(centre, agent)]
        for agent_id in self._wanted:
            self._wanted[agent_id] *= self.FORGET
        for agent in familiar:
            self._wanted[agent.id] += 1 / len(familiar)
        idle = [agent for agent in familiar if agent.id in centre.idle]
        if idle:
            self._give(call, min(idle, key=self._cost))
            return
        soon = [(self._free_in(agent), agent.id) for agent in familiar if agent.id not in self._kept]
        least, first = min(soon, default=(float("inf"), -1))
        if least <= self.hold_seconds:
            self._kept[first], self._waits_for[call.id] = call, centre.agents[first]
            return
        able = [agent for agent in centre.idle.values() if call.skill in agent.skills]
        if able:
            self._give(call, min(able, key=self._cost))

    def gone(self, call: Call) -> None:
        agent = self._waits_for.pop(call.id, None)
        if agent is not None:
            del self._kept[agent.id]

    def free(self, agent: AgentState) -> None:
        call = self._kept.get(agent.id)
        if call is None:
            able = (call for call in self.centre.waiting.values() if self._may_take(agent, call))
            call = max(able, key=lambda call: self._claim(agent, call), default=None)
        if call is not None:
            self._give(call, agent)

    def _give(self, call: Call, agent: AgentState) -> None:
        self.gone(call)
        self.centre.assign(call, agent)

    def _may_take(self, agent: AgentState, call: Call) -> bool:
        return call.skill in agent.skills and (call.id not in self._waits_for or agent.id in call.familiar)

    def _claim(self, agent: AgentState, call: Call) -> float:
        """Seconds of waiting that speak for this caller; less when one of theirs is about to be free."""
        claim = self.centre.now - call.at - self.short_first * call.work
        if agent.id in call.familiar:
            return claim + self.WORTH
        theirs = (self.centre.agents[other] for other in call.familiar if other in self.centre.agents)
        soonest = min(
            (self._free_in(other) for other in theirs if call.skill in other.skills and other.id not in self._kept),
            default=self.hold_seconds,
        )
        return claim - self.WORTH * max(0.0, 1 - soonest / max(1.0, self.hold_seconds))

    def _free_in(self, agent: AgentState) -> float:
        """Seconds until the agent is free; never, if their shift is over by then or they are not talking."""
        if agent.call is None or agent.busy_since is None or not agent.on_shift:
            return float("inf")
        ends = agent.busy_since + agent.call.work
        return ends - self.centre.now if agent.shift_end(self.centre.now) > ends else float("inf")

    def _cost(self, agent: AgentState) -> float:
        return self._wanted[agent.id] + self.load * (agent.busy_seconds + 3600) / (
            agent.busy_seconds + agent.idle_seconds + 5000
        )


def on_duty(centre: Centre, agent: AgentState) -> bool:
    """Idle, or talking and still on shift."""
    return agent.id in centre.idle or (agent.call is not None and agent.on_shift)


def to_longest_idle(centre: Centre, call: Call) -> None:
    for agent in centre.idle.values():
        if call.skill in agent.skills:
            centre.assign(call, agent)
            return
