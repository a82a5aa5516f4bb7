"""How likely a promise is to be kept: somebody must come free inside its window.  Pure; all times are seconds.

Callers ring at a known rate and take the agents' time, so that at a moment far ahead each agent is busy with the
chance `busy`.  Who is busy then is met somewhere in the middle of a call, and is done within the window with the
chance `freed`.  For a moment near, what each agent does now is known, and the more is known the nearer it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from routing.forecast import Talk

ROOT2 = math.sqrt(2)
# Of the agents who are kept free for a promise of their own, these are still in a talk when it has come, however they
# were kept: talks that went on for longer than was likely.  (At full load; see bench/results/routing_world.md.)
OVERRUN = 0.07
FULLY_PROTECTED = 300.0  # what the plan's protection has to be worth for that


def busy_share(calls_an_hour: float, each: float, agents: int) -> float:
    """What share of the agents' time the callers take, 0.0 to 1.0."""
    return min(calls_an_hour * each / 3600 / agents, 1.0) if agents else 1.0


@lru_cache(maxsize=4096)
def freed(talk: Talk, wrap_up: float, within: float) -> float:
    """Chance that somebody who is found in a talk, or in the wrap-up after it, is done `within` so long.

    What is left of a thing that is met at random is spread by the tail of its whole length (renewal theory).
    """
    if within <= 0:
        return 0.0
    whole = talk.mean_seconds + wrap_up
    return (min(within, wrap_up) + talk.mean_seconds * _met(talk, within - wrap_up)) / whole


def _met(talk: Talk, within: float) -> float:
    """The same of the talk alone: the integral of the tail from 0 to `within`, over the mean; closed for lognormals."""
    if within <= 0:
        return 0.0
    z = math.log(within / talk.median_seconds) / talk.sigma
    return within * _above(z) / talk.mean_seconds + _above(talk.sigma - z)


def busy_again(busy: float, each: float, after: float) -> float:
    """Chance that somebody idle now is in a call `after` so long; far ahead `busy`, and the sooner so the busier."""
    if busy >= 1.0:
        return 1.0 if after > 0 else 0.0
    return -busy * math.expm1(-max(after, 0.0) / (each * (1.0 - busy)))


def not_overrun(busy: float, protection: float, freed_in_time: float) -> float:
    """Chance that an agent who is kept free for a promise of their own is free when it comes.

    `protection`: what that is worth in the plan.  Without any they are as busy then as everybody.
    """
    kept_free = min(protection / FULLY_PROTECTED, 1.0)
    doubt = min(kept_free * OVERRUN + (1.0 - kept_free) * (1.0 - freed_in_time), 1.0 - freed_in_time)
    return 1.0 - busy * doubt


def at_least(count: int, chances: Sequence[float]) -> float:
    """Chance that of independent agents, each free with their own chance, so many are."""
    count -= sum(chance >= 1.0 for chance in chances)
    unsure = [chance for chance in chances if 0.0 < chance < 1.0]
    if count <= 0:
        return 1.0
    if count > len(unsure):
        return 0.0
    if count == 1:
        return 1.0 - math.prod(1.0 - chance for chance in unsure)
    fewer = [1.0] + [0.0] * (count - 1)  # chance of exactly so many, and less than `count`
    for chance in unsure:
        for n in range(count - 1, 0, -1):
            fewer[n] += chance * (fewer[n - 1] - fewer[n])
        fewer[0] *= 1.0 - chance
    return max(1.0 - sum(fewer), 0.0)


@lru_cache(maxsize=4096)
def at_least_alike(count: int, of: int, chance: float) -> float:
    """The same for `of` agents with one chance."""
    if count <= 0 or (chance >= 1.0 and count <= of):
        return 1.0
    if count > of or chance <= 0.0:
        return 0.0
    odds, unlikely = math.log(chance), math.log1p(-chance)
    ways = math.lgamma(of + 1)
    return sum(
        math.exp(ways - math.lgamma(n + 1) - math.lgamma(of - n + 1) + n * odds + (of - n) * unlikely)
        for n in range(count, of + 1)
    )


def _above(z: float) -> float:
    """Chance of lying more than `z` standard deviations above the mean."""
    return math.erfc(z / ROOT2) / 2
