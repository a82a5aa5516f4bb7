"""How likely a promise is to be kept: somebody must come free inside its window.  Pure; all times are seconds.

A promise that comes due stands in line with the callers, and in the last part of its window goes before them.  So it
is kept if the line is over before that part, or else if anybody comes free in it.  Callers ring at a known rate; for a
moment far ahead that is all there is to know, for a near one it is known besides what each agent does now.

Held against a simulated floor: `python -m bench.slots`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from routing.forecast import Talk

ROOT2 = math.sqrt(2)


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


@lru_cache(maxsize=4096)
def waits_longer(agents: int, load: float, talk: Talk, wrap_up: float, than: float) -> float:
    """Chance that whoever comes at such a time stands in line for longer.

    `load`: agents whom the callers keep busy.  Erlang's C, with the exponential tail that the spread of the work's
    length gives it (Lee and Longton 1959).
    """
    if load <= 0.0:
        return 0.0
    if load >= agents:
        return 1.0
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    waits = blocked / (1.0 - load / agents * (1.0 - blocked))
    whole = talk.mean_seconds + wrap_up
    spread = talk.mean_seconds**2 * math.expm1(talk.sigma**2) / whole**2  # variance over the mean squared
    return waits * math.exp(-2.0 * (agents - load) * than / (whole * (1.0 + spread)))


def settled(busy: float, each: float, after: float) -> float:
    """How far a floor on which somebody is idle has come `after` so long to what is usual with so many callers.

    `busy`: the share of the agents' time that these take; `each`: what one call takes.
    """
    if after <= 0.0:
        return 0.0
    return 1.0 if busy >= 1.0 else -math.expm1(-after / (each * (1.0 - busy)))


@lru_cache(maxsize=4096)
def held_up(talk: Talk, wrap_up: float, part: float, others: int, protection: float) -> float:
    """Chance that an agent whom callers keep busy all the time is not free `part` after their own promise is due.

    They are given no call that is so likely to last until then that waiting for one of the `others` is better (see
    `routing.choose`), so that only those hold them up that began earlier.  `protection`: what it is worth in the plan.
    """
    since = part
    if others:
        wait = (talk.mean_seconds + wrap_up) / math.sqrt(others)
        if wait < protection:
            since = max(since, wrap_up + talk.remaining(0.0, 1.0 - wait / protection))
    return 1.0 - freed(talk, wrap_up, since)


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
