"""Agents and callers as a test needs them: everything has a usual value, only what matters is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from routing.agents import Activity, Agent, Availability
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
