"""When will this agent be free?  Pure.

Talks of a call centre spread about as widely as their mean (docs/decisions/0003): a talk that
has lasted longer than usual is not about to end, so what remains never falls below a third of a usual talk.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from routing.agents import Activity, Agent, Availability
from routing.plan import Plan

_LEAST_SHARE = 1 / 3


def free_in_seconds(agent: Agent, plan: Plan, now: datetime) -> float | None:
    """Seconds until the agent can take a call, 0 when ready; None for one who is not coming back by himself."""
    if agent.availability is not Availability.READY:
        return None
    elapsed = (now - agent.since_at).total_seconds()
    if agent.activity is Activity.IDLE:
        return 0.0
    if agent.activity is Activity.WRAP_UP:
        return max((agent.wrap_up_until - now).total_seconds(), 1.0) if agent.wrap_up_until else 1.0
    usual = float(plan.talk_seconds)
    if agent.activity is Activity.RESERVED:
        return usual + plan.wrap_up_seconds
    return max(usual - elapsed, usual * _LEAST_SHARE) + plan.wrap_up_seconds


def line_wait_seconds(frees: Sequence[float], ahead: int, plan: Plan) -> float | None:
    """Wait of a caller with `ahead` others before them, given when each fitting agent gets free; None with nobody."""
    if not frees:
        return None
    turn = plan.talk_seconds + plan.wrap_up_seconds
    return sorted(frees)[ahead % len(frees)] + (ahead // len(frees)) * turn


def spoken_seconds(seconds: float) -> int:
    """An estimate as it is said, rounded up: in tens up to a minute and a half, then in whole minutes."""
    if seconds <= 90:
        return max(math.ceil(seconds / 10) * 10, 10)
    return math.ceil(seconds / 60) * 60
