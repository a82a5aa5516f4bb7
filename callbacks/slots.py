"""Times that can honestly be promised: opening hours, shifts, promises already made.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from routing.agents import Agent
from routing.forecast import HONEST_SHARE, free
from routing.hours import Hours, read_hours
from routing.plan import Plan

GRID = timedelta(minutes=5)
HORIZON = timedelta(days=14)
# Nearer than this, what an agent is doing now tells more than what their shift says.
NEAR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Slot:
    due_at: datetime
    agent: str | None


@dataclass(frozen=True, slots=True)
class Booked:
    """A promise already made: it will take one agent from its instant on."""

    due_at: datetime
    agent: str | None


@dataclass(frozen=True, slots=True)
class Quiet:
    """When somebody does not want to be rung, by the clock on their wall; over midnight if it ends before it starts."""

    start: time
    end: time
    zone: str

    @classmethod
    def read(cls, hours: str | None, zone: str) -> Quiet | None:
        """From `21:00-09:00`."""
        if hours is None:
            return None
        start, _, end = hours.partition("-")
        return cls(time.fromisoformat(start), time.fromisoformat(end), zone)

    def covers(self, at: datetime) -> bool:
        clock = at.astimezone(ZoneInfo(self.zone)).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything the question depends on; `agents` are those who could make the call, `quiet` is the customer's."""

    agents: Sequence[Agent]
    booked: Sequence[Booked]
    hours: Hours
    zone: str
    country: str | None
    plan: Plan
    now: datetime
    quiet: Quiet | None = None
    absences: Mapping[str, Sequence[tuple[datetime, datetime]]] = field(
        default_factory=dict
    )  # by agent, beside their shifts

    @property
    def talk(self) -> timedelta:
        return timedelta(seconds=self.plan.talk_seconds + self.plan.wrap_up_seconds)


def keepable(ledger: Ledger, at: datetime, agent: str | None) -> bool:
    """Can a call at `at` (by `agent`, when named) be kept beside the promises already made?"""
    if at < ledger.now or not ledger.hours.is_open(at) or (ledger.quiet is not None and ledger.quiet.covers(at)):
        return False
    beside = [b for b in ledger.booked if abs(b.due_at - at) < ledger.talk]
    if agent is not None:
        named = any(a.id == agent and _there(a, at, ledger) for a in ledger.agents)
        if not named or any(b.agent == agent for b in beside):
            return False
    able = (a for a in ledger.agents if _there(a, at, ledger))
    return next(islice(able, len(beside), None), None) is not None  # as many as are taken, and one more


def next_slots(ledger: Ledger, after: datetime, agent: str | None, count: int) -> list[Slot]:
    """The first `count` keepable times on the grid from `after` on, those of the next open days included."""
    found: list[Slot] = []
    if not any(agent in (None, a.id) for a in ledger.agents):
        return found  # the grid of two weeks need not be walked to see that
    for at in _grid(ledger.hours, max(after, ledger.now)):
        if len(found) == count:
            break
        if keepable(ledger, at, agent):
            found.append(Slot(at, agent))
    return found


def nearest_slots(ledger: Ledger, wanted: datetime, agent: str | None, count: int = 3) -> list[Slot]:
    """The keepable times nearest to one that cannot be kept, in the order of time."""
    later = next_slots(ledger, wanted, agent, count)
    earlier: list[Slot] = []
    at = _on_grid(wanted) - GRID
    while at >= ledger.now and wanted - at < timedelta(hours=4) and len(earlier) < count:
        if keepable(ledger, at, agent):
            earlier.append(Slot(at, agent))
        at -= GRID
    nearest = sorted(earlier + later, key=lambda slot: abs(slot.due_at - wanted))[:count]
    return sorted(nearest, key=lambda slot: slot.due_at)


def spoken_choices(ledger: Ledger, agent: str | None) -> list[Slot]:
    """What is offered by voice: the soonest two, then the first of the next opening, if they differ."""
    lead = timedelta(minutes=3)  # the time it takes to hang up and put the phone down
    soon = next_slots(ledger, ledger.now + lead, agent, 1)
    if not soon:
        return []
    first = soon[0].due_at
    choices = soon + next_slots(ledger, first + timedelta(minutes=20), agent, 1)
    a_day = timedelta(days=1)
    choices += next_slots(ledger, ledger.hours.closes_at(first, within=a_day) or first + a_day, agent, 1)
    unique = {slot.due_at: slot for slot in choices}
    return [unique[at] for at in sorted(unique)][:3]


def _there(agent: Agent, at: datetime, ledger: Ledger) -> bool:
    if agent.hours is not None and not _on_shift(agent.hours, ledger.zone, ledger.country, at):
        return False
    if any(start <= at < end for start, end in ledger.absences.get(agent.id, ())):
        return False
    if at - ledger.now > NEAR:
        return True
    found = free(agent, ledger.plan, ledger.now)
    return found is not None and found.chance((at + _slack(ledger) - ledger.now).total_seconds()) >= HONEST_SHARE


@lru_cache(maxsize=4096)
def _on_shift(hours: str, zone: str, country: str | None, at: datetime) -> bool:
    """Remembered because many agents have the same shift, and a search asks about each at every instant."""
    return read_hours(hours, zone, country).is_open(at)


def _slack(ledger: Ledger) -> timedelta:
    """A forecast is not exact: half of the window in which the promise still counts as kept."""
    return timedelta(seconds=ledger.plan.service.callback_window_seconds / 2)


def _on_grid(at: datetime) -> datetime:
    """The first grid instant not before `at`; the grid is that of the wall clock, whose zones differ by quarters."""
    past = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + GRID


def _grid(hours: Hours, after: datetime) -> Iterator[datetime]:
    at = _on_grid(after)
    end = after + HORIZON
    while at < end:
        opening = hours.next_open(at)
        if opening is None:
            return
        at = _on_grid(max(at, opening))
        if not hours.is_open(at):
            continue
        yield at
        at += GRID
