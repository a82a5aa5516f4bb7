"""Who sees the whole day: a plan of who could meet whom, and a policy that follows it without holding anybody.

The plan is a linear programme: every eligible caller may go, the moment they call, to one of their familiar agents;
an agent has one talk at a time, of known length.  Its value is a bound for anybody who never holds, a loose one, for
strangers cost it nothing.  The policy is feasible: it serves all, so what it reaches is a bound from below.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.baselines import Fifo
from bench.centre import EARLY_SECONDS, WAITING, AgentState, Call
from bench.measures import SLOT_SECONDS
from bench.world import World

OWN_UNTIL = SLOT_SECONDS - 60.0  # after a slot, its call waits for the promised agent so long
LOOKED_AT = 5  # waiting callers compared when an agent comes free
KEPT_FREE_FOR = 3600.0  # an agent with a promised slot this near takes no talk that overruns it


class NeedsSolver(SystemExit):
    """scipy is not among what the project itself needs."""

    def __init__(self) -> None:
        super().__init__("The clairvoyant needs scipy: pip install -r bench/requirements.txt")


@dataclass(frozen=True, slots=True)
class Pair:
    """One talk that may be: this call with that familiar agent, from its arrival."""

    call: int
    agent: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Whom each call should go to, and the share of eligible calls (percent) the programme itself reaches."""

    agent_of: dict[int, int]
    bound: float


def pairs(world: World) -> list[Pair]:
    """All that are possible by shift and break."""
    team = {agent.id: agent for agent in world.agents}
    found = []
    for call in world.calls:
        if not call.eligible:
            continue
        for agent_id in call.familiar:
            agent = team[agent_id]
            away = any(due <= call.at < due + length for due, length in agent.breaks)
            if agent.covers(call.at) and not away:
                found.append(Pair(call.id, agent_id, call.at, call.at + call.work * (1 - world.discount)))
    return found


def plan(world: World) -> Plan:
    """The most callers with somebody they know; rounded to whole talks by the larger share."""
    possible = pairs(world)
    shares, value = _solve(possible)
    best: dict[int, tuple[float, int]] = {}
    for pair, share in zip(possible, shares, strict=True):
        if share > best.get(pair.call, (1e-6, 0))[0]:
            best[pair.call] = share, pair.agent
    eligible = sum(call.eligible for call in world.calls)
    return Plan({call: agent for call, (_, agent) in best.items()}, 100 * value / max(1, eligible))


def _solve(possible: list[Pair]) -> tuple[list[float], float]:
    try:
        from scipy.optimize import linprog
        from scipy.sparse import csr_matrix
    except ImportError as missing:
        raise NeedsSolver from missing
    rows: list[int] = []
    columns: list[int] = []
    limits = 0
    by_call: dict[int, list[int]] = {}
    for number, pair in enumerate(possible):
        by_call.setdefault(pair.call, []).append(number)
    for clique in [*by_call.values(), *overlaps(possible)]:
        if len(clique) > 1:
            rows += [limits] * len(clique)
            columns += clique
            limits += 1
    matrix = csr_matrix(([1.0] * len(rows), (rows, columns)), shape=(limits, len(possible)))
    solved = linprog([-1.0] * len(possible), A_ub=matrix, b_ub=[1.0] * limits, bounds=(0, 1), method="highs")
    return [float(share) for share in solved.x], -float(solved.fun)


def overlaps(possible: Sequence[Pair]) -> Iterator[list[int]]:
    """Per agent, the largest sets of talks that overlap at one instant: of intervals, these say everything."""
    by_agent: dict[int, list[int]] = {}
    for number in sorted(range(len(possible)), key=lambda n: possible[n].start):
        by_agent.setdefault(possible[number].agent, []).append(number)
    for numbers in by_agent.values():
        going: list[int] = []
        for number in numbers:
            start = possible[number].start
            still = [n for n in going if possible[n].end > start]
            if len(still) < len(going):
                yield going
            going = [*still, number]
        yield going


class Clairvoyant(Fifo):
    """Follows the plan; a stranger goes where the least of it is lost."""

    def __init__(self, world: World, made: Plan | None = None) -> None:
        self.plan = made or plan(world)
        self.discount = world.discount
        starts: dict[int, list[float]] = {agent.id: [] for agent in world.agents}
        self.slots: dict[int, list[float]] = {agent.id: [] for agent in world.agents}
        for call in sorted(world.calls, key=lambda call: call.at):
            if call.own is not None:
                starts[call.own].append(call.at)
                self.slots[call.own].append(call.at)
            elif call.id in self.plan.agent_of:
                starts[self.plan.agent_of[call.id]].append(call.at)
        self.starts = {agent: sorted(times) for agent, times in starts.items()}

    def arrive(self, call: Call) -> None:
        idle = self.centre.idle
        wanted = call.own if call.own is not None else self.plan.agent_of.get(call.id)
        if wanted is not None and wanted in idle:
            self.centre.assign(call, idle[wanted])
        elif call.own is None or not self.centre.agents[call.own].on_shift:
            self._to_anybody(call)

    def booked(self, call: Call) -> None:
        super().booked(call)
        if call.own is not None and call.slot is not None:
            self.centre.later(call, call.slot + OWN_UNTIL)

    def due(self, call: Call) -> None:
        super().due(call)
        if call.state == WAITING:
            self._to_anybody(call)

    def _to_anybody(self, call: Call) -> None:
        agent = self.agent_for(call)
        if agent:
            self.centre.assign(call, agent)

    def agent_for(self, call: Call) -> AgentState | None:
        known = [agent for agent in self.able(call) if agent.id in call.familiar]
        if known:
            seconds = call.work * (1 - self.discount)
            best = min(known, key=lambda agent: self._lost(agent, seconds))
            if self._lost(best, seconds)[0] <= 1:  # one caller known for another is no loss
                return best
        return min(self.able(call), key=lambda agent: self._lost(agent, call.work), default=None)

    def able(self, call: Call) -> Iterator[AgentState]:
        return (agent for agent in super().able(call) if not self._overruns(agent, call))

    def _overruns(self, agent: AgentState, call: Call) -> bool:
        """The talk would go on when the promise of another caller's slot with this agent lapses."""
        now, slots = self.centre.now, self.slots[agent.id]
        if call.own == agent.id:
            return False
        coming = bisect_left(slots, now - EARLY_SECONDS)
        if coming == len(slots) or slots[coming] > now + KEPT_FREE_FOR:
            return False
        seconds = call.work * (1 - self.discount) if agent.id in call.familiar else call.work
        return now + seconds > slots[coming] + OWN_UNTIL

    def _lost(self, agent: AgentState, seconds: float) -> tuple[int, float]:
        """Planned talks this one would displace; then how long the agent would stand ready after it."""
        now = self.centre.now
        times = self.starts[agent.id]
        first = bisect_left(times, now)
        lost = bisect_left(times, now + seconds) - first
        after = times[first + lost] if first + lost < len(times) else math.inf
        return lost, after - now - seconds

    def call_for(self, agent: AgentState) -> Call | None:
        pressing = self.pressing(agent)
        if pressing:
            return pressing
        fitting = [c for c in self.centre.waiting.values() if c.skill in agent.skills and not self._elsewhere(c, agent)]
        mine = [call for call in fitting if call.own == agent.id]
        if mine:
            return mine[0]
        fitting = [call for call in fitting if not self._overruns(agent, call)]
        choice = [c for c in fitting if agent.id in c.familiar] or [c for c in fitting if c.live] or fitting
        return min(choice[:LOOKED_AT], key=lambda call: self._lost(agent, call.work)[0], default=None)

    def _elsewhere(self, call: Call, agent: AgentState) -> bool:
        """Booked with another agent who may still keep the promise."""
        if call.own is None or call.own == agent.id or not self.centre.agents[call.own].on_shift:
            return False
        return self.centre.now < (call.slot or 0.0) + OWN_UNTIL
