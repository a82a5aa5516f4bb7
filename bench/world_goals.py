"""What the project's own routing must reach in the world "familiar-v1", measured beside FIFO on the same days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.measures import Estimate

FIFO, CLAIRVOYANT = "fifo", "clairvoyant"
LOADS = (0.85, 0.92, 0.97)
BIG, SMALL = 100, 30
OF_CLAIRVOYANT = 0.75

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
    Goal("ours", (40, 33, 26), {"wait": 1.0, "aban": 0.3, "strangers": 0.5}, {}, {}),
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
            found.append(_at_least(goal, "fam", shown, floor))
        for name, limit in goal.above.items():
            allowed = 1.5 if name == "strangers" and agents <= SMALL else limit
            value = mean(paired[goal.policy], name)
            if value is not None:
                found.append(Verdict(goal.policy, f"{name} above FIFO", value, allowed, value <= allowed))
        for name, limit in goal.at_most.items():
            value = mean(shown[goal.policy], name)
            if value is not None:
                found.append(Verdict(goal.policy, name, value, limit, value <= limit))
        found += [_at_least(goal, name, shown, limit) for name, limit in goal.at_least.items()]
    return found


def _familiar_wanted(goal: Goal, agents: int, rho: float, shown: Mapping[str, Figures]) -> float | None:
    if agents >= BIG and rho in LOADS:
        return goal.familiar[LOADS.index(rho)]
    seen = mean(shown[CLAIRVOYANT], "fam") if CLAIRVOYANT in shown else None
    return OF_CLAIRVOYANT * seen if seen is not None and goal.policy == "ours" else None


def _at_least(goal: Goal, name: str, shown: Mapping[str, Figures], limit: float) -> Verdict:
    value = mean(shown[goal.policy], name)
    return Verdict(goal.policy, name, value or 0.0, limit, value is not None and value >= limit)


def mean(figures: Figures, name: str) -> float | None:
    found = figures.get(name)
    return found.mean if found else None
