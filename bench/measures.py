"""What a finished day was like: one figure each, with its formula beside it; and many days against each other.

Shares are percent, waits seconds, spread percentage points.  None: the day had no such case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.centre import ABANDONED, EARLY_SECONDS, OWN_CALLBACK_SECONDS, SERVED, Call, Centre

SLOT_SECONDS = 300.0  # a slot's promise lasts so long after its instant
SL_SECONDS = 20.0

Day = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Measures:
    """One day under one policy."""

    fam: (
        float | None
    )  # eligible calls (live or called back) that talked with a familiar agent; hung up counts as a miss
    wait: float | None  # mean over live callers, who hung up included
    p95: float | None
    sl20: float | None  # live callers answered within 20 s / live callers
    aban: float | None  # hung up / all calls of the day
    spread: float | None  # p90 - p10 of the agents' occupancy
    strangers: float | None  # mean wait of live callers who know nobody on shift
    knowing: float | None  # mean wait of live callers who know somebody on shift
    slots: float | None  # booked slots dialled within [slot - 60 s, slot + 300 s]
    own: float | None  # of those promised with their agent, dialled in that window by that agent
    within15: float | None  # "within 15 minutes" dialled by then
    within15_own: float | None  # and by a familiar agent
    held: float | None  # kept places dialled before their deadline
    taken15: float | None  # callers who took "your agent within 15 minutes" / all calls
    occupancy: float | None  # busy / (busy + ready), all agents together


NAMES = tuple(Measures.__dataclass_fields__)


def measure(centre: Centre) -> Measures:
    """The day's figures."""
    calls = centre.calls
    live = [call for call in calls if call.live]
    waits = sorted(map(waited, live))
    shares = sorted(x for agent in centre.agents.values() if (x := agent.occupancy()) is not None)
    slots = [call for call in calls if call.slot is not None]
    own = [call for call in slots if call.own is not None]
    taken = [call for call in calls if call.promised_at is not None and call.state == SERVED]
    quarter = [call for call in taken if call.deadline == (call.promised_at or 0.0) + OWN_CALLBACK_SECONDS]
    quarter_ids = {call.id for call in quarter}
    held = [call for call in taken if call.deadline is not None and call.id not in quarter_ids]
    busy = sum(agent.busy_seconds for agent in centre.agents.values())
    ready = sum(agent.idle_seconds for agent in centre.agents.values())
    return Measures(
        fam=_share(filter(_eligible, calls), _with_familiar),
        wait=_mean(waits),
        p95=percentile(waits, 0.95),
        sl20=_share(live, lambda call: call.state == SERVED and waited(call) <= SL_SECONDS),
        aban=_share(calls, lambda call: call.state == ABANDONED),
        spread=_spread(shares),
        strangers=_mean([waited(call) for call in live if not call.eligible]),
        knowing=_mean([waited(call) for call in live if call.eligible]),
        slots=_share(slots, _in_slot),
        own=_share(own, lambda call: _in_slot(call) and call.agent == call.own),
        within15=_share(quarter, _in_time),
        within15_own=_share(quarter, lambda call: _in_time(call) and call.agent in call.familiar),
        held=_share(held, _in_time),
        taken15=100 * len(quarter) / len(calls) if calls else None,
        occupancy=100 * busy / (busy + ready) if busy + ready else None,
    )


def waited(call: Call) -> float:
    """Seconds on the line until an agent or the caller's patience ended it."""
    return (call.started_at if call.state == SERVED else call.left_at) - call.at


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which that share lies, between neighbours in proportion."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over days and its standard error (0 for a single day)."""

    mean: float
    error: float
    days: int


def estimate(values: Sequence[float | None]) -> Estimate | None:
    """Over the days that had such a case."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    mean = sum(known) / len(known)
    if len(known) == 1:
        return Estimate(mean, 0.0, 1)
    variance = sum((value - mean) ** 2 for value in known) / (len(known) - 1)
    return Estimate(mean, math.sqrt(variance / len(known)), len(known))


def over_days(days: Sequence[Day]) -> dict[str, Estimate | None]:
    """Each figure over the days."""
    return {name: estimate([day[name] for day in days]) for name in NAMES}


def against(days: Sequence[Day], others: Sequence[Day]) -> dict[str, Estimate | None]:
    """Paired differences, day by day, of the first policy to the second."""
    result: dict[str, Estimate | None] = {}
    for name in NAMES:
        pairs = ((day[name], other[name]) for day, other in zip(days, others, strict=True))
        result[name] = estimate([a - b for a, b in pairs if a is not None and b is not None])
    return result


def as_day(measures: Measures) -> dict[str, float | None]:
    """For storing and sending between processes."""
    return asdict(measures)


def _eligible(call: Call) -> bool:
    return call.eligible


def _with_familiar(call: Call) -> bool:
    return call.state == SERVED and call.agent in call.familiar and (call.live or call.answers)


def _in_slot(call: Call) -> bool:
    slot = call.slot or 0.0
    return call.state == SERVED and slot - EARLY_SECONDS - 1e-6 <= call.started_at <= slot + SLOT_SECONDS


def _in_time(call: Call) -> bool:
    return call.state == SERVED and call.deadline is not None and call.started_at <= call.deadline


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _spread(ordered: Sequence[float]) -> float | None:
    low, high = percentile(ordered, 0.1), percentile(ordered, 0.9)
    return None if low is None or high is None else 100 * (high - low)


def _share(calls: Iterable[Call], true: Callable[[Call], bool]) -> float | None:
    found = [true(call) for call in calls]
    return 100 * sum(found) / len(found) if found else None
