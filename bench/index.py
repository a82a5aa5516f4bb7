"""The index: a hand-set policy that weighs seconds of waiting against being known, as a mark to beat.

Greedy, plus: a short hold when a familiar agent is likely to be free in time, a bonus for familiar callers on release,
strangers kept away from agents whom many know, and agents kept ready for callers who were promised them by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bench.baselines import LAPSES_SOON, Fifo
from bench.centre import BOOKED, EARLY_SECONDS, WAITING, AgentState, Call
from bench.measures import SLOT_SECONDS
from bench.world import World


class Index(Fifo):
    """`hold` seconds at most; a familiar caller is worth `bonus` seconds of another's waiting.

    `fair`: a stranger goes to the longest-idle agent instead of the one least wanted.  `callback`: when no familiar
    agent is ready the caller is offered "your agent calls you within 15 minutes".
    """

    LIKELY = 0.15  # that a familiar agent is free within the hold
    RESERVE_SECONDS = 240.0  # before a slot promised with them, an agent takes no other call
    OPENS_SECONDS = 120.0  # before a promise of 15 minutes lapses, anybody may keep it

    def __init__(self, world: World, hold: float, bonus: float, *, fair: bool = False, callback: bool = False) -> None:
        self.hold, self.bonus, self.fair, self.callback = hold, bonus, fair, callback
        self.wanted = wanted_by_past(world)
        self.log_mean, self.log_deviation = log_fit(world.past.talks)
        self.reserved: dict[int, Call] = {}  # agent -> the slot promised with them that comes next
        self.holding: set[int] = set()  # calls that wait for a familiar agent only

    # A call comes, or is looked at again.

    def arrive(self, call: Call) -> None:
        if call.own is not None:
            self._slot_comes(call)
            return
        centre = self.centre
        known = self._known(call)
        if known:
            centre.assign(call, known)
            return
        here = [agent for a in call.familiar if (agent := centre.agents[a]).on_shift]
        if self.callback and here and centre.offer_callback(call):
            centre.later(call, centre.now + 900.0 - self.OPENS_SECONDS)
        elif call.live and self._likely(here):
            self.holding.add(call.id)
            centre.later(call, centre.now + self.hold)
        else:
            self._to_anybody(call)

    def booked(self, call: Call) -> None:
        if call.own is None or call.slot is None:
            return
        self.centre.later(call, call.slot - self.RESERVE_SECONDS)
        self.centre.later(call, call.slot - EARLY_SECONDS)
        self.centre.later(call, call.slot + SLOT_SECONDS - LAPSES_SOON / 2)

    def due(self, call: Call) -> None:
        centre = self.centre
        if call.own is None or call.slot is None:
            self.holding.discard(call.id)
            if call.state != BOOKED:  # else they took a slot meanwhile
                self._to_anybody(call)
        elif centre.now < call.slot - EARLY_SECONDS:
            self.reserved[call.own] = call
        elif centre.now <= call.slot:
            self._slot_comes(call)
        else:
            self._give_up_own(call)

    def _slot_comes(self, call: Call) -> None:
        """Dialled if their agent is ready; else it stays theirs until the promise is about to lapse."""
        assert call.own is not None
        if call.own in self.centre.idle:
            self.reserved.pop(call.own, None)
            self.centre.assign(call, self.centre.idle[call.own])
        elif not self.centre.agents[call.own].on_shift and call.id in self.centre.waiting:
            self._give_up_own(call)

    def _give_up_own(self, call: Call) -> None:
        assert call.own is not None
        if self.reserved.get(call.own) is call:
            del self.reserved[call.own]
        self._to_anybody(call)

    def _to_anybody(self, call: Call) -> None:
        agent = self._known(call) or self.agent_for(call)
        if agent:
            self.centre.assign(call, agent)

    def _known(self, call: Call) -> AgentState | None:
        return min((a for a in self.able(call) if a.id in call.familiar), key=self._wanted, default=None)

    def agent_for(self, call: Call) -> AgentState | None:
        return next(self.able(call), None) if self.fair else min(self.able(call), key=self._wanted, default=None)

    def able(self, call: Call) -> Iterator[AgentState]:
        return (agent for agent in super().able(call) if agent.id not in self.reserved)

    def _wanted(self, agent: AgentState) -> float:
        return self.wanted[agent.id]

    # An agent comes free.

    def call_for(self, agent: AgentState) -> Call | None:
        centre = self.centre
        own = self.reserved.get(agent.id)
        if own is not None and own.state not in (BOOKED, WAITING):  # somebody else dialled it before it lapsed
            del self.reserved[agent.id]
        elif own is not None:
            if own.slot is None or centre.now < own.slot - EARLY_SECONDS:
                return None
            del self.reserved[agent.id]
            return own
        pressing = self.pressing(agent) or self._lapsing(agent)
        if pressing:
            return pressing
        best, best_worth = None, -math.inf
        for call in centre.waiting.values():
            if call.skill not in agent.skills or not self._may_take(agent, call):
                continue
            worth = (centre.now - call.at if call.live else 0.0) + (self.bonus if agent.id in call.familiar else 0.0)
            if worth > best_worth:
                best, best_worth = call, worth
        for call in centre.promised.values():
            if agent.id in call.familiar and self.bonus > best_worth:
                best, best_worth = call, self.bonus
        return best

    def _may_take(self, agent: AgentState, call: Call) -> bool:
        if call.own is not None and call.own != agent.id and self.reserved.get(call.own) is call:
            return False
        return call.id not in self.holding or agent.id in call.familiar

    def _lapsing(self, agent: AgentState) -> Call | None:
        """A promise of 15 minutes that anybody may keep by now."""
        before = self.centre.now + self.OPENS_SECONDS
        for call in self.centre.promised.values():
            if call.skill in agent.skills and (call.deadline or math.inf) <= before:
                return call
        return None

    # Forecast.

    def _likely(self, here: Sequence[AgentState]) -> bool:
        nobody = 1.0
        for agent in here:
            nobody *= 1.0 - self._free_within(agent)
        return 1.0 - nobody > self.LIKELY

    def _free_within(self, agent: AgentState) -> float:
        """Chance that the present talk ends within the hold, given how long it has lasted."""
        if agent.busy_since is None or agent.id in self.reserved:
            return 0.0
        lasted = self.centre.now - agent.busy_since
        now, then = self._outlasts(lasted), self._outlasts(lasted + self.hold)
        return 1.0 - then / now if now > 0 else 1.0

    def _outlasts(self, seconds: float) -> float:
        if seconds <= 0:
            return 1.0
        return 0.5 * math.erfc((math.log(seconds) - self.log_mean) / (self.log_deviation * math.sqrt(2)))


def wanted_by_past(world: World) -> dict[int, float]:
    """How much each agent is wanted: past customers who know them, shared with whom else each of these knows."""
    wanted = dict.fromkeys((agent.id for agent in world.agents), 0.0)
    for customer in world.past.customers:
        for agent in customer.familiar:
            wanted[agent] += 1 / len(customer.familiar)
    return wanted


def log_fit(seconds: Sequence[float]) -> tuple[float, float]:
    """Mean and deviation of the logarithm."""
    logs = [math.log(value) for value in seconds]
    mean = sum(logs) / len(logs)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in logs) / len(logs))
