"""Erlang-A (M/M/n+M) exactly: what a queue with impatient callers does, to check the simulated centre against.

A birth-death chain: callers come at one rate, `agents` serve, everybody who waits may leave.  Only one skill, flat
staffing and exponential talks have this exact answer; the world has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from bench.centre import ABANDONED, SERVED, AgentState, Base, Call, Centre


@dataclass(frozen=True, slots=True)
class ErlangA:
    """Long-run shares and means."""

    abandoned: float  # share of callers
    mean_wait: float  # seconds, of all callers: answered or not
    occupancy: float


def erlang_a(agents: int, rho: float, *, mean_work: float = 330.0, mean_patience: float = 420.0) -> ErlangA:
    """The chain's stationary answer.  `rho` is the offered load per agent."""
    arrival, service, leaving = rho * agents / mean_work, 1 / mean_work, 1 / mean_patience
    logs = [0.0]
    while len(logs) <= agents or logs[-1] > max(logs) - 40:  # e^-40 of the peak is beyond what a float notices
        n = len(logs)
        death = min(n, agents) * service + max(0, n - agents) * leaving
        logs.append(logs[-1] + math.log(arrival / death))
    peak = max(logs)
    weights = [math.exp(value - peak) for value in logs]
    total = sum(weights)
    queue = sum(weight * (n - agents) for n, weight in enumerate(weights) if n > agents) / total
    busy = sum(weight * min(n, agents) for n, weight in enumerate(weights)) / total
    return ErlangA(queue * leaving / arrival, queue / arrival, busy / agents)


class LongestIdle(Base):
    """First come, first served, everybody alike."""

    def arrive(self, call: Call) -> None:
        agent = next(iter(self.centre.idle.values()), None)
        if agent:
            self.centre.assign(call, agent)

    def free(self, agent: AgentState) -> None:
        call = next(iter(self.centre.waiting.values()), None)
        if call:
            self.centre.assign(call, agent)


def simulated(
    agents: int,
    rho: float,
    chance: Random,
    *,
    hours: float = 12.0,
    mean_work: float = 330.0,
    mean_patience: float = 420.0,
) -> ErlangA:
    """The same queue by the discrete-event centre: one stretch of hours after two to fill up.  One draw, not exact."""
    warm, end = 7200.0, 7200.0 + hours * 3600
    calls: list[Call] = []
    at = chance.expovariate(rho * agents / mean_work)
    while at < end:
        work, patience = chance.expovariate(1 / mean_work), chance.expovariate(1 / mean_patience)
        calls.append(Call(len(calls), at, 0, work, patience))
        at += chance.expovariate(rho * agents / mean_work)
    team = [AgentState(number, frozenset([0]), ((0.0, end + 7200),)) for number in range(agents)]
    seen = [call for call in Centre(calls, team).run(LongestIdle()).calls if call.at >= warm]
    waits = [(call.started_at if call.state == SERVED else call.left_at) - call.at for call in seen]
    lost = sum(call.state == ABANDONED for call in seen)
    busy = sum(min(end, call.left_at) - max(warm, call.started_at) for call in seen if call.state == SERVED)
    return ErlangA(lost / len(seen), sum(waits) / len(seen), busy / (agents * (end - warm)))
