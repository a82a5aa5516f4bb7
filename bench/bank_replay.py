"""The bank's month as a floor that can be run under any policy, and what to measure of it.

Arrivals, customers, agents' presence and service times are the file's.  Who serves whom is the policy's, and so are
the relationships: a customer knows those agents who served them earlier *in this run*.  What the file cannot tell is
drawn once per seed, before any policy runs: how long those would have waited who were served in time, and how long
those would have talked who gave up.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from bench import bank
from bench.centre import ABANDONED, SERVED, AgentState, Call, Centre, Policy
from bench.world import Past, PastCustomer

WRAP_UP_SECONDS = 5.0  # the median from one talk's end to the next one's beginning while the next caller waited already
RELATION_SECONDS = 10.0  # a shorter talk is an agent hanging up to rest: nobody gets to know anybody
MEASURED_PRESENCE_SECONDS = 20 * 3600.0  # occupancy of who was there for less says little
BANDS = ((1, 1), (2, 3), (4, 9), (10, 10**9))
BAND_NAMES = ("1", "2-3", "4-9", "10+")


@dataclass(frozen=True, slots=True)
class Month:
    """One file's month with one seed's draws."""

    calls: tuple[Call, ...]
    agents: tuple[AgentState, ...]
    kinds: tuple[str, ...]  # the file's types; a call's skill is an index
    past: Past  # what a router has learnt from the month before, nothing without one
    counts_before: Mapping[int, Mapping[int, int]]  # customer -> agent -> earlier calls

    def run(self, policy: Policy) -> Run:
        """The month under that policy, which may have `ended(call, agent, seconds)` to learn how long talks last."""
        ties = Ties(self.counts_before, policy)
        centre = Centre(self.calls, self.agents, discount=0.0, familiarity=ties.of, served=ties.served)
        return Run(centre.run(policy), ties.earlier)


@dataclass(frozen=True, slots=True)
class Run:
    """A finished month, and how many earlier served calls each caller's customer had."""

    centre: Centre
    earlier: Mapping[int, int]


class Ties:
    """Who has served whom so far."""

    def __init__(self, before: Mapping[int, Mapping[int, int]], policy: Policy) -> None:
        self._counts: dict[int, dict[int, int]] = {customer: dict(agents) for customer, agents in before.items()}
        self._last: dict[int, int] = {customer: next(reversed(agents)) for customer, agents in before.items() if agents}
        self._learns = getattr(policy, "ended", None)
        self.earlier: dict[int, int] = {}

    def of(self, call: Call) -> Mapping[int, int]:
        """Whom the caller knows as they join; the last one is preferred."""
        if call.customer is None:
            return {}
        known = dict(self._counts.get(call.customer, {}))
        call.preferred = self._last.get(call.customer)
        self.earlier[call.id] = sum(known.values())
        return known

    def served(self, call: Call, agent: AgentState, seconds: float) -> None:
        if call.customer is not None and seconds - WRAP_UP_SECONDS >= RELATION_SECONDS:
            known = self._counts.setdefault(call.customer, {})
            known[agent.id] = known.get(agent.id, 0) + 1
            self._last[call.customer] = agent.id
        if self._learns:
            self._learns(call, agent, seconds)


def draw_month(
    calls: Sequence[bank.BankCall],
    seed: int,
    *,
    before: Sequence[bank.BankCall] = (),
    break_seconds: float = bank.BREAK_SECONDS,
) -> Month:
    """The month of that file and seed.  Two calls with the same arguments are the same month."""
    chance = Random(f"bank-month/{seed}")
    able = bank.skills(calls)
    there = bank.shifts(calls, break_seconds)
    names = sorted(set(able) | {call.agent for call in before if call.agent})
    agents = {name: number for number, name in enumerate(names)}
    kinds = tuple(sorted({call.kind for call in calls}))
    kind_numbers = {kind: number for number, kind in enumerate(kinds)}
    team = tuple(
        AgentState(agents[name], frozenset(kind_numbers[kind] for kind in able[name]), tuple(there[name]))
        for name in names
        if name in able
    )
    customers = _numbered(call.customer for call in (*before, *calls))
    patience, usual = bank.Patience(calls), bank.usual_services(calls)
    drawn = []
    for number, call in enumerate(calls):
        # Drawn for everybody, used or not: one caller's fate in the file never moves another's chance.
        own, talk = Random(chance.getrandbits(64)), chance.random()
        talks = usual.get(call.kind) or usual[""] or [60.0]
        service = call.service if call.served else talks[int(talk * len(talks))]
        borne = patience.beyond(call.waited, own) if call.served else call.waited
        customer = customers[call.customer] if call.customer else None
        work = service + WRAP_UP_SECONDS
        drawn.append(Call(number, call.at, kind_numbers[call.kind], work, borne, customer=customer))
    counts = _counts(before, agents, customers)
    latest = {customers[call.customer]: kind_numbers.get(call.kind, 0) for call in before if call.customer}
    known = tuple(
        PastCustomer(latest[who], agents_met, next(reversed(agents_met))) for who, agents_met in counts.items()
    )
    past = Past(known, tuple(call.service + WRAP_UP_SECONDS for call in before if call.served))
    return Month(tuple(drawn), team, kinds, past, counts)


def _numbered(names: Iterable[str | None]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(name for name in names if name), 1)}


def _counts(
    before: Iterable[bank.BankCall], agents: Mapping[str, int], customers: Mapping[str, int]
) -> dict[int, dict[int, int]]:
    """Customer -> agent -> calls of a finished month, the last one met being the last key."""
    counts: dict[int, dict[int, int]] = defaultdict(dict)
    for call in before:
        if call.agent and call.customer and call.service >= RELATION_SECONDS:
            known, agent = counts[customers[call.customer]], agents[call.agent]
            known[agent] = known.pop(agent, 0) + 1
    return dict(counts)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a month looked like under a policy; shares in percent, waits in seconds, spread in points."""

    familiar: float
    by_band: tuple[float, ...]
    band_calls: tuple[int, ...]
    mean_wait: float
    p95_wait: float
    abandoned: float
    strangers_wait: float
    spread: float
    occupancy: float

    def items(self) -> list[tuple[str, float]]:
        plain = [(name, float(getattr(self, name))) for name in PLAIN]
        return plain + [(f"familiar {name}", share) for name, share in zip(BAND_NAMES, self.by_band, strict=True)]


PLAIN = ("familiar", "mean_wait", "p95_wait", "abandoned", "strangers_wait", "spread", "occupancy")


def measure(run: Run) -> Figures:
    """Familiar: of the served calls of customers who had been served before, those taken by somebody who had done so.

    Waits count everybody who joined, those who gave up until they did.  Strangers: not identified, so the same callers
    under each policy.
    """
    centre = run.centre
    hits, returning = [0] * len(BANDS), [0] * len(BANDS)
    waits, strangers, abandoned = [], [], 0
    for call in centre.calls:
        wait = (call.started_at if call.state == SERVED else call.left_at) - call.at
        waits.append(wait)
        if call.customer is None:
            strangers.append(wait)
        abandoned += call.state == ABANDONED
        earlier = run.earlier.get(call.id, 0)
        if call.state == SERVED and earlier:
            band = next(number for number, (_, most) in enumerate(BANDS) if earlier <= most)
            returning[band] += 1
            hits[band] += call.agent in call.familiar
    occupancies, busy, present = [], 0.0, 0.0
    for agent in centre.agents.values():
        there = agent.busy_seconds + agent.idle_seconds
        busy, present = busy + agent.busy_seconds, present + there
        if there >= MEASURED_PRESENCE_SECONDS:
            occupancies.append(agent.busy_seconds / there)
    waits.sort()
    return Figures(
        familiar=percent(sum(hits), sum(returning)),
        by_band=tuple(percent(hit, of) for hit, of in zip(hits, returning, strict=True)),
        band_calls=tuple(returning),
        mean_wait=statistics.fmean(waits) if waits else 0.0,
        p95_wait=quantile(waits, 0.95),
        abandoned=percent(abandoned, len(waits)),
        strangers_wait=statistics.fmean(strangers) if strangers else 0.0,
        spread=100 * (quantile(sorted(occupancies), 0.9) - quantile(sorted(occupancies), 0.1)),
        occupancy=percent(busy, present),
    )


def percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0


def quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between neighbours; 0 of nothing."""
    if not ordered:
        return 0.0
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
