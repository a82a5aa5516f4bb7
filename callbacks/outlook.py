"""Which promises of the next minutes will probably not be kept, and why.  Pure.

Two things may fail.  The agent who promised may not be free: then somebody else can still call at the time.  And there
may be too few agents, or too little of the account's rate, for all that is promised at once: then some must be told
another time while there is time to tell them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from statistics import NormalDist

from routing.agents import Agent, Availability
from routing.forecast import free, usual_talk
from routing.plan import Plan
from routing.weigh import Caller, fitting

AHEAD = timedelta(minutes=15)  # further away, too much can still change
AWAY_FROM = timedelta(minutes=3)  # who is on a break so long before may well be back in time
RINGS = timedelta(seconds=20)  # until both telephones are answered
LEGS = 2  # calls created for each promise
BREAK = timedelta(minutes=15)
LATE_TO_WORK = timedelta(minutes=5)  # who is not there so long after their shift began is looked for no longer
IN_TIME = 0.95  # of those whose shift begins, are there then
MOST_TO_CALLERS = 0.75  # of those who become free, however many ring
LIKELY = 0.5  # less than this, and it is said to the customer
HOPELESS = 0.25  # less than this, and they had better be told another time at once
NORMAL = NormalDist()

OWNER_AWAY, OWNER_BUSY, NOBODY_FREE, RATE = "owner_away", "owner_busy", "nobody_free", "rate"
OF_OWNER = frozenset({OWNER_AWAY, OWNER_BUSY})


@dataclass(frozen=True, slots=True)
class Due:
    """A promise that has not been begun."""

    id: str
    promised_at: datetime
    latest: datetime
    agent: str | None
    language: str
    line: str
    absent: bool = False  # their agent will be away then, as was written down


@dataclass(frozen=True, slots=True)
class Risk:
    why: str
    chance: float  # of being kept as it was promised, 0.0 to 1.0


@dataclass(frozen=True, slots=True)
class Floor:
    """`agents` with their presence and the length of their talks; `waiting`: callers on the line; `inflow`: an hour;
    `comes`: when those will be there, by id, whose day has not begun."""

    agents: Sequence[Agent]
    waiting: int
    inflow: float
    calls_per_second: float
    now: datetime
    comes: Mapping[str, datetime] = field(default_factory=dict)


def outlook(dues: Sequence[Due], floor: Floor, plan: Plan) -> Mapping[str, Risk]:
    """Of those at risk; the others are likely to be kept."""
    risks: dict[str, Risk] = {}
    known = {agent.id: agent for agent in floor.agents}
    for due in dues:
        risk = _of_owner(due, known, plan, floor)
        if risk is not None:
            risks[due.id] = risk
    soon = (due for due in dues if due.promised_at <= floor.now + AHEAD)
    in_order = sorted(soon, key=lambda due: (due.latest, due.id))
    for (language, line), group in groupby(sorted(in_order, key=_kind), key=_kind):
        able = _able(floor, language, line, plan)
        risks |= _too_few(list(group), able, floor, plan)
    for n, due in enumerate(in_order):
        asked_at = floor.now + timedelta(seconds=LEGS * n / floor.calls_per_second)
        if asked_at > due.latest - RINGS:
            risks[due.id] = Risk(RATE, 0.0)
    return risks


def _kind(due: Due) -> tuple[str, str]:
    return due.language, due.line


def _able(floor: Floor, language: str, line: str, plan: Plan) -> list[Agent]:
    of_line, now = plan.line(line), floor.now
    caller = Caller(language=language, arrived_at=now, skills=of_line.skills, teams=frozenset(of_line.teams))
    return [agent for agent in fitting(caller, floor.agents, plan, now) if agent.present or agent.id in floor.comes]


def _of_owner(due: Due, known: Mapping[str, Agent], plan: Plan, floor: Floor) -> Risk | None:
    """Will the agent who promised be free while the call waits for them?"""
    now = floor.now
    if due.agent is None:
        return None
    if due.absent:
        return Risk(OWNER_AWAY, 0.0)
    if due.promised_at > now + AHEAD or floor.comes.get(due.agent, due.latest) < due.latest:
        return None
    agent = known.get(due.agent)
    away = agent is None or not agent.present or agent.availability is not Availability.READY
    if away or agent is None:
        gone = agent is None or not agent.present or agent.availability is Availability.OFFLINE
        near = due.promised_at - now <= AWAY_FROM
        return Risk(OWNER_AWAY, 0.0) if gone or near else None
    found = free(agent, plan, now)
    until = due.promised_at + timedelta(seconds=plan.service.owner_wait_seconds)
    chance = 0.0 if found is None else found.chance((min(until, due.latest) - now).total_seconds())
    return Risk(OWNER_BUSY, chance) if chance < plan.service.callback_confidence else None


def _too_few(group: Sequence[Due], able: Sequence[Agent], floor: Floor, plan: Plan) -> dict[str, Risk]:
    """Each promise needs an agent who becomes free in time, and so does each one before it."""
    risks = {}
    frees: dict[float, Count] = {}  # thousands may be due at the same time
    for n, due in enumerate(group):
        seconds = max((due.latest - RINGS - floor.now).total_seconds(), 0.0)
        if seconds not in frees:
            frees[seconds] = expected_free(able, seconds, plan, floor)
        chance = frees[seconds].at_least(n + 1)
        if chance < plan.service.callback_confidence:
            risks[due.id] = Risk(NOBODY_FREE, chance)
    return risks


@dataclass(frozen=True, slots=True)
class Count:
    """How often something will happen: a mean and a variance."""

    mean: float
    variance: float

    def at_least(self, times: int) -> float:
        """Chance of so many, taken as normal."""
        short = times - 0.5 - self.mean
        return NORMAL.cdf(-short / math.sqrt(self.variance)) if self.variance > 0 else float(short <= 0)


def expected_free(able: Sequence[Agent], seconds: float, plan: Plan, floor: Floor) -> Count:
    """How many times one of these agents becomes free for a promise within `seconds`.

    Who is free now counts once, who talks by the chance to have finished; from then on each takes one call after the
    other.  Callers on the line take their part of that, but not all: in the last part of its window a promise is first.
    """
    mean = variance = 0.0
    for agent in able:
        chance, after = _back(agent, seconds, plan, floor)
        busy_seconds = (agent.talk or usual_talk(plan)).mean_seconds + plan.wrap_up_seconds
        again = chance * max(seconds - after - busy_seconds / 2, 0.0) / busy_seconds
        mean += chance + again
        variance += chance * (1 - chance) + again
    before_last = max(seconds - plan.service.callback_window_seconds / 2, 0.0)
    callers = min(floor.waiting + floor.inflow / 3600 * before_last, mean * MOST_TO_CALLERS)
    return Count(mean - callers, variance + callers)


def _back(agent: Agent, seconds: float, plan: Plan, floor: Floor) -> tuple[float, float]:
    """Chance that they can take a call by then, and after how many seconds.  Who is on a break comes back."""
    found = free(agent, plan, floor.now)
    if found is None and agent.id in floor.comes:
        after = (floor.comes[agent.id] - floor.now).total_seconds()
        return (IN_TIME if after < seconds else 0.0), min(after, seconds)
    if found is not None:
        return found.chance(seconds), found.mean_seconds
    if agent.present and agent.availability is Availability.AWAY:
        return min(seconds / BREAK.total_seconds(), 1.0), min(seconds, BREAK.total_seconds())
    return 0.0, seconds
