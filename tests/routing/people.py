"""Agents and callers as a test needs them: everything has a usual value, only what matters is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from routing.agents import Activity, Agent, Availability
from routing.forecast import Talk, free
from routing.plan import Plan
from routing.rules import Facts, ruled
from routing.weigh import Caller, Tie

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=ZoneInfo("Europe/Rome"))  # a Tuesday


def agent(name: str = "Anna Bianchi", *, seconds: float = 60, **more: Any) -> Agent:
    """Ready and idle for `seconds`; the id is the first name."""
    first = name.split()[0].lower()
    usual: dict[str, Any] = {
        "id": first,
        "name": name,
        "address": f"client:{first}",
        "languages": ("it-IT",),
        "skills": {},
        "stand_in": None,
        "hours": None,
        "availability": Availability.READY,
        "activity": Activity.IDLE,
        "since_at": NOW - timedelta(seconds=seconds),
        "wrap_up_until": None,
        "misses": 0,
    }
    return Agent(**usual | more)


def talking(name: str = "Anna Bianchi", *, seconds: float = 0, **more: Any) -> Agent:
    return agent(name, seconds=seconds, activity=Activity.TALKING, **more)


def wrapping_up(name: str = "Anna Bianchi", *, left: float, **more: Any) -> Agent:
    return agent(name, activity=Activity.WRAP_UP, wrap_up_until=NOW + timedelta(seconds=left), **more)


def caller(**more: Any) -> Caller:
    usual: dict[str, Any] = {"language": "it-IT", "arrived_at": NOW, "called": "Maria"}
    return Caller(**usual | more)


def knows(*names: str, score: float = 1.0, times: int = 4) -> dict[str, Tie]:
    return {name: Tie(score, times) for name in names}


def under(plan: Plan, facts: Facts) -> Plan:
    """The plan as its rules change it."""
    return ruled(plan, facts)[0]


def applied(plan: Plan, facts: Facts) -> list[str]:
    """Names of the rules that apply."""
    return list(ruled(plan, facts)[1])


def free_chance(who: Agent, plan: Plan, now: datetime, within_seconds: float, talk: Talk | None = None) -> float:
    """That the agent can take a call by then."""
    found = free(who, plan, now, talk)
    return 0.0 if found is None else found.chance(within_seconds)
