"""Ledgers as a test needs them: a house in Rome, open on working days from nine to six; only what matters is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from callbacks.slots import Booked, Ledger
from routing.agents import Agent, Availability
from routing.hours import read_hours
from routing.plan import Plan

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)  # a Tuesday, ten o'clock in Rome
OFFLINE = {"availability": Availability.OFFLINE}


def ledger(*agents: Agent, booked: tuple[Booked, ...] = (), now: datetime = NOW, **more: Any) -> Ledger:
    hours = more.pop("hours", "Mo-Fr 09:00-18:00; PH off")
    zone = more.pop("zone", "Europe/Rome")
    plan = more.pop("plan", Plan())
    return Ledger(agents, booked, read_hours(hours, zone, "IT"), zone, "IT", plan, now, **more)


def rome(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    """An instant by the wall clock; in UTC, as all instants are here."""
    return datetime(2026, month, day, hour, minute, tzinfo=ROME).astimezone(UTC)


def times(slots: list[Any]) -> list[str]:
    return [f"{slot.due_at.astimezone(ROME):%d %H:%M}" for slot in slots]
