"""After a call back that did not reach its person: again, or no more?  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from routing.plan import Plan


@dataclass(frozen=True, slots=True)
class CallAgain:
    """Not before `after`; the person is told the new time by text."""

    after: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Attempts used up: the promise ends as unreachable."""


def after_attempt(n: int, plan: Plan, *, now: datetime) -> CallAgain | GiveUp:
    if n >= plan.callback_attempts:
        return GiveUp()
    return CallAgain(now + timedelta(minutes=plan.callback_retry_minutes))
