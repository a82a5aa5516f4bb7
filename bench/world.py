"""The world "familiar-v1": a twelve-hour day of an invented centre, drawn from a seed and a load.

It ranks policies; its absolute rates are no forecast.  Nothing here knows any policy: agents, calls, callbacks booked
before the day, and the past a router would have learnt from, all from one stream of chance per (seed, load).
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from bench.centre import AgentState, Call, Centre, Policy, QueueOffer

OPENS, CLOSES = 8 * 3600.0, 20 * 3600.0
STAYS = 900.0  # who closes the house stays so long for those still waiting or promised
STEP = 1800.0
SHIFT_HOURS = (8, 8, 8, 9, 10, 11, 12, 12)
MIX = (0.40, 0.35, 0.25)
PRIMARY = (0,) * 8 + (1,) * 7 + (2,) * 5
MEAN_WORK, CV_WORK = 330.0, 1.0
MEAN_PATIENCE = 420.0
UNKNOWN_SHARE, MEAN_CONTACTS, MET_AGAIN = 0.35, 3.0, 0.45
LEFT_SHARE, OFF_SHARE = 0.12, 2 / 7
NAMED_SHARE = 0.15  # prefer the agent they saw most, not the last one
BOOKED_SHARE, GRID = 0.06, 900.0
FIRST_SLOT, LAST_SLOT = 8.5 * 3600, 19.5 * 3600
ACCEPT, SLOT_TAKERS, NO_ANSWER = 0.375, 0.30, 0.07
PAST_CUSTOMERS, PAST_TALKS = 6000, 20000

WORK_SIGMA = math.sqrt(math.log(1 + CV_WORK**2))
WORK_MU = math.log(MEAN_WORK) - WORK_SIGMA**2 / 2


@dataclass(frozen=True, slots=True)
class PastCustomer:
    """Somebody of the customer base as the house knew it before this day: what they called for, whom they met."""

    skill: int
    familiar: Mapping[int, int]
    preferred: int | None


@dataclass(frozen=True, slots=True)
class Past:
    """What a router could have learnt before the day, independent of the day's own calls."""

    customers: tuple[PastCustomer, ...]
    talks: tuple[float, ...]  # seconds of talk and wrap-up with strangers


@dataclass(frozen=True, slots=True)
class World:
    """One drawn day."""

    seed: int
    rho: float
    agents: tuple[AgentState, ...]
    calls: tuple[Call, ...]
    past: Past
    discount: float = 0.10  # of the work with an agent who knows the caller

    def run(self, policy: Policy) -> Centre:
        """The day under that policy; the finished centre."""
        return Centre(self.calls, self.agents, discount=self.discount, offer=QueueOffer(), closes_at=CLOSES).run(policy)


class Familiarity:
    """Draws whom a caller has met: by tenure among those with the skill, some of whom have left or are off today."""

    def __init__(self, chance: Random, agents: Sequence[AgentState]) -> None:
        self._chance = chance
        self._strangers = itertools.count(
            -1, -1
        )  # people met who are not here today; nobody meets one of them twice but by choice
        self._by_skill: list[tuple[list[int], list[float]]] = []
        for skill in range(len(MIX)):
            able = [agent for agent in agents if skill in agent.skills]
            self._by_skill.append(([a.id for a in able], list(itertools.accumulate(a.tenure for a in able))))

    def draw(self, skill: int) -> tuple[dict[int, int], int | None]:
        """Contacts per agent of today's, and the preferred one if here today."""
        chance = self._chance
        if chance.random() < UNKNOWN_SHARE:
            return {}, None
        met: list[int] = []
        for _ in range(_geometric(chance, MEAN_CONTACTS)):
            met.append(chance.choice(met) if met and chance.random() < MET_AGAIN else self._somebody(skill))
        counts: dict[int, int] = {}
        for agent in met:
            counts[agent] = counts.get(agent, 0) + 1
        preferred = max(counts, key=counts.__getitem__) if chance.random() < NAMED_SHARE else met[-1]
        here = {agent: times for agent, times in counts.items() if agent >= 0}
        return here, preferred if preferred >= 0 else None

    def _somebody(self, skill: int) -> int:
        chance = self._chance
        if chance.random() < LEFT_SHARE or chance.random() < OFF_SHARE:
            return next(self._strangers)
        ids, cumulated = self._by_skill[skill]
        return ids[min(bisect.bisect(cumulated, chance.random() * cumulated[-1]), len(ids) - 1)]


def draw_world(
    seed: int, rho: float, agents: int = 100, *, discount: float = 0.10, forecast_error: float = 0.06
) -> World:
    """The day of that seed and load.  Two calls with the same arguments are the same day; no discount moves a draw."""
    chance = Random(f"familiar-v1/{seed}/{rho:.4f}/{agents}")
    team = tuple(_team(chance, agents))
    familiarity = Familiarity(chance, team)
    taken: set[tuple[int, float]] = set()
    calls: list[Call] = []
    for number, at in enumerate(_arrivals(chance, team, rho, forecast_error)):
        calls.append(_call(chance, familiarity, team, taken, number, at))
    customers = []
    for _ in range(PAST_CUSTOMERS):
        skill = _skill(chance)
        customers.append(PastCustomer(skill, *familiarity.draw(skill)))
    talks = tuple(chance.lognormvariate(WORK_MU, WORK_SIGMA) for _ in range(PAST_TALKS))
    return World(seed, rho, team, tuple(calls), Past(tuple(customers), talks), discount)


def _team(chance: Random, size: int) -> Iterator[AgentState]:
    primaries = [PRIMARY[n % len(PRIMARY)] for n in range(size)]
    breadths = [3 if n % 5 == 0 else 2 if n % 5 < 3 else 1 for n in range(size)]
    starts = [SHIFT_HOURS[n % len(SHIFT_HOURS)] * 3600.0 for n in range(size)]
    chance.shuffle(primaries)
    chance.shuffle(breadths)
    for number in range(size):
        start = starts[number]
        others = [skill for skill in range(len(MIX)) if skill != primaries[number]]
        chance.shuffle(others)
        skills = frozenset([primaries[number], *others[: breadths[number] - 1]])
        end = start + 8 * 3600
        breaks = (
            (start + 2 * 3600 + chance.uniform(-1800, 1800), 900.0),
            (start + 4 * 3600 + chance.uniform(-2700, 2700), 1800.0),
            (start + 6 * 3600 + chance.uniform(-1800, 1800), 900.0),
        )
        shifts = ((start, end + STAYS if end >= CLOSES else end),)
        yield AgentState(number, skills, shifts, breaks, chance.lognormvariate(0.0, 0.8))


def _arrivals(chance: Random, team: Sequence[AgentState], rho: float, error: float) -> Iterator[float]:
    """Poisson per half hour, at the load times those planned at work, off by an error that drifts."""
    drift = chance.gauss(0.0, error)
    at = OPENS
    while at < CLOSES:
        rate = rho * staff_planned(team, at, at + STEP) / MEAN_WORK * math.exp(drift)
        moment = at + chance.expovariate(rate)
        while moment < at + STEP:
            yield moment
            moment += chance.expovariate(rate)
        drift = 0.7 * drift + chance.gauss(0.0, error * math.sqrt(1 - 0.7**2))
        at += STEP


def staff_planned(team: Sequence[AgentState], start: float, end: float) -> float:
    """Mean number of agents on shift and not on a planned break between the two instants."""
    total = 0.0
    for agent in team:
        for begins, ends in agent.shifts:
            total += max(0.0, min(end, ends) - max(start, begins))
        for due, length in agent.breaks:
            total -= max(0.0, min(end, due + length) - max(start, due))
    return total / (end - start)


def _call(
    chance: Random,
    familiarity: Familiarity,
    team: Sequence[AgentState],
    taken: set[tuple[int, float]],
    number: int,
    at: float,
) -> Call:
    skill = _skill(chance)
    work = chance.lognormvariate(WORK_MU, WORK_SIGMA)
    patience = chance.expovariate(1 / MEAN_PATIENCE)
    familiar, preferred = familiarity.draw(skill)
    # Drawn for everybody, used or not, so that one caller's choice never moves another's chance.
    booked, with_own = chance.random() < BOOKED_SHARE, chance.random() < 0.5
    answers, accepts = chance.random() >= NO_ANSWER, chance.random() < ACCEPT
    slot_after = chance.uniform(3600.0, 4 * 3600.0) if chance.random() < SLOT_TAKERS else None
    slot, own = None, None
    if booked:
        at = slot = min(max(round(at / GRID) * GRID, FIRST_SLOT), LAST_SLOT)
        there = [
            a for a in familiar if (a, slot) not in taken and _on_duty(team[a], slot - 300, slot + 600)
        ]  # nobody is promised to two at once
        if there and with_own:
            own = preferred if preferred in there else max(there, key=lambda a: (familiar[a], -a))
            taken.add((own, slot))
    eligible = any(team[agent].covers(at) for agent in familiar)
    return Call(
        number, at, skill, work, patience, familiar, preferred, None, eligible, slot, own, answers, accepts, slot_after
    )  # fmt: skip


def _on_duty(agent: AgentState, start: float, end: float) -> bool:
    """Planned at work all that time: on shift and not on a break."""
    if not (agent.covers(start) and agent.covers(end)):
        return False
    return all(due + length <= start or due >= end for due, length in agent.breaks)


def _skill(chance: Random) -> int:
    draw = chance.random()
    return 0 if draw < MIX[0] else 1 if draw < MIX[0] + MIX[1] else 2


def _geometric(chance: Random, mean: float) -> int:
    """1, 2, 3, ... with that mean."""
    return 1 + int(math.log(1.0 - chance.random()) / math.log(1.0 - 1.0 / mean))
