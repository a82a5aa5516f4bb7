"""When will this agent be free, and what may a caller be told of it?  Pure.

The length of a talk is lognormal (docs/decisions/0008): what remains of one depends on how long it has lasted, and a
talk that has lasted longer than usual is not about to end.  All forecasts are chances or quantiles, never a promise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from statistics import NormalDist

from routing.agents import Activity, Agent, Availability
from routing.plan import Plan

HONEST_SHARE = 0.8  # of the callers who are told a wait, at least so many wait no longer
USUAL_SIGMA = math.sqrt(math.log(2))  # as widely spread as the mean: what is usual where nothing was learnt
FAR = 30.0  # standard deviations from which on the normal tail is its own asymptote
ROOT2, ROOT_TAU = math.sqrt(2), math.sqrt(2 * math.pi)
NORMAL = NormalDist()
PRECISION = 0.01
LONGEST_SECONDS = 86_400.0  # no forecast looks further


@dataclass(frozen=True, slots=True)
class Talk:
    """How long a talk lasts: lognormal, by its median and the standard deviation of its logarithm."""

    median_seconds: float
    sigma: float = USUAL_SIGMA

    @classmethod
    def of_mean(cls, mean_seconds: float, sigma: float = USUAL_SIGMA) -> Talk:
        return cls(mean_seconds * math.exp(-sigma * sigma / 2), sigma)

    @property
    def mean_seconds(self) -> float:
        return self.median_seconds * math.exp(self.sigma * self.sigma / 2)

    def chance_over_by(self, elapsed: float, within: float) -> float:
        """Chance, 0.0 to 1.0, that a talk that has lasted `elapsed` seconds is over `within` more."""
        return -math.expm1(-self.hazard_until(elapsed, within)) if within > 0 else 0.0

    def hazard_until(self, elapsed: float, within: float) -> float:
        """Endings to expect `within` seconds of one that goes on and on: the hazard, summed up."""
        if within <= 0:
            return 0.0
        return max(_log_tail(self._deviations(elapsed)) - _log_tail(self._deviations(elapsed + within)), 0.0)

    def hazard(self, elapsed: float) -> float:
        """Endings a second, of a talk that has lasted `elapsed` seconds."""
        if elapsed <= 0:
            return 0.0
        z = self._deviations(elapsed)
        density = math.exp(-z * z / 2 - _log_tail(z)) / ROOT_TAU
        return density / (self.sigma * elapsed)

    def remaining(self, elapsed: float, share: float = 0.5) -> float:
        """Seconds within which `share` of the talks that have lasted `elapsed` are over."""
        if share <= 0:
            return 0.0
        left = math.log1p(-min(share, 1 - 1e-9))
        log_tail = (_log_tail(self._deviations(elapsed)) if elapsed > 0 else 0.0) + left
        if log_tail < -600:  # beyond what the inverse can tell the hazard hardly changes any more
            return -left / self.hazard(elapsed)
        z = -NORMAL.inv_cdf(math.exp(log_tail))
        return max(self.median_seconds * math.exp(self.sigma * z) - max(elapsed, 0.0), 0.0)

    def mean_remaining(self, elapsed: float) -> float:
        if elapsed <= 0:
            return self.mean_seconds
        z = self._deviations(elapsed)
        if z > FAR:
            return 1 / self.hazard(elapsed)
        share = math.exp(_log_tail(z - self.sigma) - _log_tail(z))
        return max(self.mean_seconds * share - elapsed, 0.0)

    def _deviations(self, seconds: float) -> float:
        return (math.log(seconds) - math.log(self.median_seconds)) / self.sigma if seconds > 0 else -FAR


@dataclass(frozen=True, slots=True)
class Free:
    """When an agent comes free: `after_seconds` from now for certain, or so long after the talk they are in."""

    after_seconds: float
    talk: Talk | None = None
    elapsed_seconds: float = 0.0

    def chance(self, within_seconds: float) -> float:
        """Chance, 0.0 to 1.0, of being free by then."""
        if self.talk is None:
            return 1.0 if self.after_seconds <= within_seconds else 0.0
        return self.talk.chance_over_by(self.elapsed_seconds, within_seconds - self.after_seconds)

    def seconds(self, share: float = 0.5) -> float:
        """Within how many seconds `share` of such agents are free; by default the median."""
        remaining = 0.0 if self.talk is None else self.talk.remaining(self.elapsed_seconds, share)
        return self.after_seconds + remaining

    @property
    def mean_seconds(self) -> float:
        return self.after_seconds + (0.0 if self.talk is None else self.talk.mean_remaining(self.elapsed_seconds))


def usual_talk(plan: Plan) -> Talk:
    """A talk where there is no past to learn from."""
    return _of_mean(plan.talk_seconds)


def free(agent: Agent, plan: Plan, now: datetime, talk: Talk | None = None) -> Free | None:
    """When the agent can take a call; None for one who is not coming back by himself.

    `talk`: what is known of the length of the one they are in, if it is not the agent's own.  Who is being rung is
    taken to answer now.
    """
    if not agent.present or agent.availability is not Availability.READY:
        return None
    if agent.activity is Activity.IDLE:
        return Free(0.0)
    if agent.activity is Activity.WRAP_UP:
        return Free(max((agent.wrap_up_until - now).total_seconds(), 1.0) if agent.wrap_up_until else 1.0)
    lasted = max((now - agent.since_at).total_seconds(), 0.0) if agent.activity is Activity.TALKING else 0.0
    return Free(float(plan.wrap_up_seconds), talk or agent.talk or usual_talk(plan), lasted)


def free_in_seconds(agent: Agent, plan: Plan, now: datetime, talk: Talk | None = None) -> float | None:
    """Median seconds until the agent can take a call, 0 when ready; None for one who is not coming back by himself."""
    found = free(agent, plan, now, talk)
    return None if found is None else found.seconds()


def first_free_seconds(
    frees: Sequence[Free],
    ahead: int,
    plan: Plan,
    share: float = 0.5,
    talk: Talk | None = None,
    patience_seconds: float | None = None,
    crowd: float = 1.0,
) -> float | None:
    """Seconds within which `share` of callers with `ahead` others before them get an agent; None with nobody.

    Agents come free independently of each other, again and again.  Exact for the first in line; behind others the
    number of times that somebody comes free is taken as normal.  `talk`: what is known of the talks to come.
    `patience_seconds`: how long callers bear to wait on average, where it is known; some of those ahead will have
    given up.  `crowd`: for each of `frees` there are so many agents, of whom they are a sample.
    """
    if not frees:
        return None
    line = _Line(frees, ahead, share, float(plan.wrap_up_seconds), talk or usual_talk(plan), patience_seconds, crowd)
    if line.served(0.0):
        return 0.0
    lower, upper = 0.0, 60.0
    while not line.served(upper) and upper < LONGEST_SECONDS:
        lower, upper = upper, upper * 2
    while upper - lower > max(1.0, upper * PRECISION):
        middle = (lower + upper) / 2
        if line.served(middle):
            upper = middle
        else:
            lower = middle
    return upper


def told_seconds(
    frees: Sequence[Free],
    ahead: int,
    plan: Plan,
    talk: Talk | None = None,
    patience_seconds: float | None = None,
    crowd: float = 1.0,
) -> float | None:
    """What a caller with `ahead` others before them may honestly be told; None with nobody."""
    return first_free_seconds(frees, ahead, plan, HONEST_SHARE, talk, patience_seconds, crowd)


def spoken_seconds(seconds: float) -> int:
    """An estimate as it is said, rounded up: in tens up to a minute and a half, then in whole minutes."""
    if seconds <= 90:
        return max(math.ceil(seconds / 10) * 10, 10)
    return math.ceil(seconds / 60) * 60


class _Line:
    """The agents a caller waits for, those before them, and how sure it has to be that it is their turn."""

    def __init__(
        self,
        frees: Sequence[Free],
        ahead: int,
        share: float,
        wrap_up: float,
        fresh: Talk,
        patience: float | None,
        crowd: float,
    ) -> None:
        self.frees, self.ahead, self.patience, self.crowd = frees, ahead, patience, crowd
        self.turn, self.soonest = fresh.mean_seconds + wrap_up, fresh.median_seconds / 4 + wrap_up
        self.means = [one.mean_seconds for one in frees] if ahead else []
        self.sure = NORMAL.inv_cdf(share)
        self.doubt = 1 - share

    def served(self, within: float) -> bool:
        """Is it likely enough by then that as many have come free as there are places?"""
        if self.ahead == 0:  # it takes but one
            return math.prod(1 - one.chance(within) for one in self.frees) ** self.crowd <= self.doubt
        count = spread = self._given_up(within)
        for one, mean in zip(self.frees, self.means, strict=True):
            first, again = self._turns(one, mean, within)
            count += (first + again) * self.crowd
            spread += (first * (1 - first) + again) * self.crowd
        return count - (self.ahead + 0.5) >= self.sure * math.sqrt(spread)

    def _turns(self, one: Free, mean: float, within: float) -> tuple[float, float]:
        """Chance that the agent has come free by then, and how often they will have once more, having taken a call."""
        first = one.chance(within)
        if not first:
            return 0.0, 0.0
        since_free = within - mean
        if one.talk is not None and within < 4 * mean:  # by Simpson's rule over the chance
            since_free = max(within * (4 * one.chance(within / 2) + first) / 6, since_free)
        return first, max(since_free - self.soonest * first, 0.0) / self.turn

    def _given_up(self, within: float) -> float:
        """How many of those ahead; the line moves evenly, so that the first has not long to bear it."""
        if self.patience is None or within <= 0:
            return 0.0
        borne = within / self.patience
        return self.ahead * (1 + math.expm1(-borne) / borne)


@lru_cache(maxsize=64)
def _of_mean(seconds: int) -> Talk:
    return Talk.of_mean(seconds)


def _log_tail(z: float) -> float:
    """Logarithm of the chance of lying more than `z` standard deviations above the mean."""
    if z < FAR:
        return math.log(math.erfc(z / ROOT2) / 2)
    return -z * z / 2 - math.log(z * ROOT_TAU) + math.log1p(-1 / (z * z))
