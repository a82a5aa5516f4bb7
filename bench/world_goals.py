"""What the project's own routing must reach in the world "familiar-v1", measured beside FIFO on the same days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.measures import Estimate

FIFO, CLAIRVOYANT = "fifo", "clairvoyant"
OURS, UNPROTECTED = "ours", "ours-unprotected"  # the same, but nobody is kept for a promise
LOADS = (0.85, 0.92, 0.97)
BIG, SMALL = 100, 30
OF_CLAIRVOYANT = 0.75
OWN = (95.0, 95.0, 93.0)  # per load: slots promised with one's own agent and kept by that agent
SLOTS, SLOTS_OF_FEW = 99.5, 99.0  # kept by anybody; with few agents, at the highest load
PROTECTION_SECONDS = 1.0  # of live callers' mean wait, for it at most

Figures = Mapping[str, Estimate | None]


@dataclass(frozen=True, slots=True)
class Goal:
    """For one of our policies, per load: a familiar rate, and how far each other figure may be above FIFO's."""

    policy: str
    familiar: tuple[float, float, float]
    above: Mapping[str, float]
    at_most: Mapping[str, float]
    at_least: Mapping[str, float]


GOALS = (
    Goal(OURS, (40, 33, 26), {"wait": 1.0, "aban": 0.3, "strangers": 0.5}, {}, {}),
    Goal("ours-even", (33, 27, 22), {"wait": 1.0, "aban": 0.3, "strangers": 0.5}, {"spread": 20.0}, {}),
    Goal("ours-callback", (60, 54, 49), {"wait": 0.0, "aban": 0.0, "strangers": 0.5}, {}, {"within15": 99.5}),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One goal at one load: what was asked and what came out."""

    policy: str
    what: str
    value: float
    limit: float
    met: bool


def verdicts(agents: int, rho: float, shown: Mapping[str, Figures], paired: Mapping[str, Figures]) -> list[Verdict]:
    """For those of our policies that ran.  With few agents the familiar rate is held against the clairvoyant's."""
    found: list[Verdict] = []
    for goal in GOALS:
        if goal.policy not in shown:
            continue
        floor = _familiar_wanted(goal, agents, rho, shown)
        if floor is not None:
            found.append(_at_least(goal.policy, "fam", shown, floor))
        for name, limit in goal.above.items():
            allowed = 1.5 if name == "strangers" and agents <= SMALL else limit
            value = mean(paired[goal.policy], name)
            if value is not None:
                found.append(Verdict(goal.policy, f"{name} above FIFO", value, allowed, value <= allowed))
        for name, limit in goal.at_most.items():
            value = mean(shown[goal.policy], name)
            if value is not None:
                found.append(Verdict(goal.policy, name, value, limit, value <= limit))
        found += [_at_least(goal.policy, name, shown, limit) for name, limit in goal.at_least.items()]
    return found + _promises(agents, rho, shown)


def _promises(agents: int, rho: float, shown: Mapping[str, Figures]) -> list[Verdict]:
    """Those booked for a time; the price of keeping them is against the same engine without their protection."""
    if OURS not in shown:
        return []
    if agents < BIG or rho not in LOADS:
        few = agents <= SMALL and rho == LOADS[-1]
        return [_at_least(OURS, "slots", shown, SLOTS_OF_FEW)] if few else []
    found = [_at_least(OURS, "own", shown, OWN[LOADS.index(rho)]), _at_least(OURS, "slots", shown, SLOTS)]
    before, after = (mean(shown[name], "wait") if name in shown else None for name in (UNPROTECTED, OURS))
    if before is not None and after is not None:
        more = after - before  # the same days: the mean of the paired differences
        found.append(Verdict(OURS, "wait for promises", more, PROTECTION_SECONDS, more <= PROTECTION_SECONDS))
    return found


def _familiar_wanted(goal: Goal, agents: int, rho: float, shown: Mapping[str, Figures]) -> float | None:
    if agents >= BIG and rho in LOADS:
        return goal.familiar[LOADS.index(rho)]
    seen = mean(shown[CLAIRVOYANT], "fam") if CLAIRVOYANT in shown else None
    return OF_CLAIRVOYANT * seen if seen is not None and goal.policy == OURS else None


def _at_least(policy: str, name: str, shown: Mapping[str, Figures], limit: float) -> Verdict:
    value = mean(shown[policy], name)
    return Verdict(policy, name, value or 0.0, limit, value is not None and value >= limit)


def mean(figures: Figures, name: str) -> float | None:
    found = figures.get(name)
    return found.mean if found else None
