"""Callers in a line who are told how long they will wait, once, on joining; part of `bench.forecasts`.

A bank's agents, callers and talks on a virtual clock, first come, first served.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.bank import DAY, BankCall, Patience
from routing.forecast import Free, Talk, first_free_seconds, spoken_seconds, told_seconds
from routing.plan import Plan
from routing.talk_times import TalkTimes

SEED = 4
TELLING = ("`told_seconds`: 8 of 10", "the same, as if nobody gave up", "the median", "the rule of decision 3")


@dataclass(frozen=True, slots=True)
class Told:
    """A caller who waited: what they were told on joining, and when their turn came, had they hung up or not."""

    day: int
    ahead: int
    seconds: float
    waited: float
    answered: bool

    @property
    def kept(self) -> bool:
        return self.waited <= self.seconds


def hour(at: float) -> int:
    return int(at % DAY // 3600)


@dataclass(frozen=True, slots=True)
class Joined:
    """A caller in the queue, with what they were told, in the order of `TELLING`."""

    call: BankCall
    ahead: int
    told: tuple[float, ...]


class Hall:
    """A bank's agents and its queue on a virtual clock: first come, first served, by the agent who is idle longest."""

    def __init__(self, plan: Plan, times: TalkTimes | None, patience: float | None) -> None:
        self.plan, self.times = plan, times  # times None: the plan's figure is all that is known
        self.patience = patience
        self.here: set[str] = set()
        self.idle: dict[str, None] = {}
        self.talking: dict[str, tuple[float, Talk]] = {}
        self.wrapping: dict[str, float] = {}
        self.queue: dict[int, Joined] = {}
        self.gone: list[Joined] = []  # hung up, and their turn has not come
        self.waits: list[tuple[Told, ...]] = []

    def comes(self, agent: str) -> None:
        self.here.add(agent)
        if agent not in self.talking and agent not in self.wrapping:
            self.idle[agent] = None

    def goes(self, agent: str) -> None:
        self.here.discard(agent)
        self.idle.pop(agent, None)

    def joins(self, call: BankCall, now: float) -> None:
        told = () if self.idle or not self.here else self.tell(now)
        self.queue[call.row] = Joined(call, len(self.queue), told)

    def leaves(self, row: int, now: float) -> None:
        gone = self.queue.pop(row, None)
        if gone is not None and gone.told:
            self.gone.append(gone)

    def next_talk(self, now: float) -> tuple[str, BankCall] | None:
        """The head of the queue is put through, if somebody is idle."""
        if not self.idle:
            return None
        self.settle(now, next(iter(self.queue.values())).call.at if self.queue else math.inf)
        if not self.queue:
            return None
        agent, row = next(iter(self.idle)), next(iter(self.queue))
        del self.idle[agent]
        first = self.queue.pop(row)
        self.note(first, now, answered=True)
        known = self.times.of(agent, first.call.kind, hour(now)) if self.times else None
        self.talking[agent] = now, known or Talk.of_mean(self.plan.talk_seconds)
        return agent, first.call

    def settle(self, now: float, before: float) -> None:
        """Those who hung up and had joined before the one who is next: it would be their turn."""
        for one in self.gone:
            if one.call.at < before:
                self.note(one, now, answered=False)
        self.gone = [one for one in self.gone if one.call.at >= before]

    def tell(self, now: float) -> tuple[float, ...]:
        wrap_up, ahead = float(self.plan.wrap_up_seconds), len(self.queue)
        frees = [Free(wrap_up, talk, now - since) for a, (since, talk) in self.talking.items() if a in self.here]
        frees += [Free(until - now) for a, until in self.wrapping.items() if a in self.here]
        fresh = self.times.of(None, None, hour(now)) if self.times else None
        honest = told_seconds(frees, ahead, self.plan, fresh, self.patience)
        stubborn = told_seconds(frees, ahead, self.plan, fresh)
        median = first_free_seconds(frees, ahead, self.plan, 0.5, fresh, self.patience)
        before = by_decision_3(frees, ahead, self.plan)
        return tuple(float(spoken_seconds(one or 0.0)) for one in (honest, stubborn, median, before))

    def note(self, one: Joined, now: float, *, answered: bool) -> None:
        waited, day = now - one.call.at, int(one.call.at // DAY)
        if one.told:
            self.waits.append(tuple(Told(day, one.ahead, told, waited, answered) for told in one.told))


def run(
    calls: Sequence[BankCall],
    there: dict[str, list[tuple[float, float]]],
    plan: Plan,
    times: TalkTimes | None,
    mean: float | None = None,
) -> list[tuple[Told, ...]]:
    """Those who had to wait, each with what they were told by every way of `TELLING`."""
    chance, patience, order = random.Random(SEED), Patience(calls), itertools.count()
    services = [call.service for call in calls if call.served]
    hall = Hall(plan, times, mean)
    events: list[tuple[float, int, str, object]] = [(call.at, next(order), "joins", call) for call in calls]
    for agent, spans in there.items():
        events += [(begin, next(order), "comes", agent) for begin, _ in spans]
        events += [(end, next(order), "goes", agent) for _, end in spans]
    heapq.heapify(events)
    while events:
        now, _, what, who = heapq.heappop(events)
        if isinstance(who, BankCall):
            hall.joins(who, now)
            borne = patience.beyond(who.waited, chance) if who.served else who.waited
            heapq.heappush(events, (now + borne, next(order), "leaves", who.row))
        elif isinstance(who, int):
            hall.leaves(who, now)
        else:
            assert isinstance(who, str)
            if what == "hangs up":
                del hall.talking[who]
                hall.wrapping[who] = now + plan.wrap_up_seconds
                heapq.heappush(events, (hall.wrapping[who], next(order), "is done", who))
            elif what == "is done":
                del hall.wrapping[who]
                if who in hall.here:
                    hall.idle[who] = None
            else:
                (hall.comes if what == "comes" else hall.goes)(who)
        while (pair := hall.next_talk(now)) is not None:
            agent, call = pair
            lasts = call.service if call.served else chance.choice(services)
            heapq.heappush(events, (now + lasts, next(order), "hangs up", agent))
    return hall.waits


def by_decision_3(frees: Sequence[Free], ahead: int, plan: Plan) -> float | None:
    """The usual length less what has passed, at least a third of it; then whole turns."""
    if not frees:
        return None
    usual = float(plan.talk_seconds)
    left = [0.0 if one.talk is None else max(usual - one.elapsed_seconds, usual / 3) for one in frees]
    waits = sorted(one.after_seconds + rest for one, rest in zip(frees, left, strict=True))
    return waits[ahead % len(waits)] + (ahead // len(waits)) * (usual + plan.wrap_up_seconds)


def overstated(waits: Sequence[Told]) -> float:
    """Median of what was said beyond what was waited; negative where too little was said."""
    return statistics.median(one.seconds - one.waited for one in waits)
