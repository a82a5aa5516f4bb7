"""The book that promises are made from, as a value: who could call, what is promised, who rings meanwhile.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from callbacks.bookings import Booked, Bookings
from callbacks.duty import Duty, Span
from routing.agents import Agent
from routing.forecast import Free, Talk, free, told_seconds, usual_talk
from routing.hours import Hours
from routing.inflow import Inflow
from routing.plan import Plan

OVERDUE = timedelta(hours=1)  # a promise open for longer is at a later attempt: it waits for nobody now


@dataclass(frozen=True, slots=True)
class Slot:
    due_at: datetime
    agent: str | None  # who will call; None: whoever is free
    latest: datetime | None = None  # as soon as somebody is free, by then at the latest; None: at `due_at`


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
class LookedUp:
    """What ledgers share that differ in whom they are for only."""

    basis: tuple[object, ...]  # what it was found from
    duty: Duty
    # Instants, windows and who is able to call: refused for want of agents.  Bookings only grow, so they stay refused.
    full: set[tuple[datetime, float | None, int]] = field(default_factory=set)


@dataclass(frozen=True)
class Ledger:
    """Everything the question depends on; `agents` are those who could make the call, `quiet` is the customer's.

    What is looked up once is kept, and shared with the ledgers made of this one by `replace`: many persons' promises
    can be placed one after another, each `book`ed before the next.
    """

    agents: Sequence[Agent]
    booked: Iterable[Booked]
    hours: Hours
    zone: str
    country: str | None
    plan: Plan
    now: datetime
    quiet: Quiet | None = None
    absences: Mapping[str, Sequence[Span]] = field(default_factory=dict)  # by agent, beside their shifts
    floor: Sequence[Agent] | None = None  # everybody who works here; None: `agents` are all
    inflow: Inflow | None = None
    waiting: int = 0  # callers who are ahead
    call_hours: Hours | None = None  # when we may ring by our own choice, by their clock; None: the choice is theirs
    awake_until: datetime | None = None  # they are with us now: so long any hour is as good to them
    looked_up: LookedUp | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.booked, Bookings):
            object.__setattr__(self, "booked", Bookings(self.booked))
        everybody = self.agents if self.floor is None else self.floor
        basis = (self.booked, everybody, self.absences, self.hours, self.plan, self.now, self.inflow, self.waiting)
        if self.looked_up is None or any(a is not b for a, b in zip(self.looked_up.basis, basis, strict=True)):
            duty = Duty(everybody, self.absences, self.zone, self.country)
            object.__setattr__(self, "looked_up", LookedUp(basis, duty))

    def book(self, at: datetime, agent: str | None) -> None:
        """One more promise takes its place."""
        self.bookings.add(at, agent)

    @property
    def bookings(self) -> Bookings:
        assert isinstance(self.booked, Bookings)
        return self.booked

    @property
    def duty(self) -> Duty:
        assert self.looked_up is not None
        return self.looked_up.duty

    @property
    def full(self) -> set[tuple[datetime, float | None, int]]:
        assert self.looked_up is not None
        return self.looked_up.full

    @cached_property
    def usual(self) -> Talk:
        """A talk of anybody's: as learnt, or as the plan says."""
        learnt = self.inflow.talk_seconds if self.inflow else None
        return Talk.of_mean(learnt) if learnt else usual_talk(self.plan)

    @cached_property
    def talk(self) -> timedelta:
        """What a call takes of an agent's time."""
        return timedelta(seconds=self.usual.mean_seconds + self.plan.wrap_up_seconds)

    @cached_property
    def window(self) -> timedelta:
        return timedelta(seconds=self.plan.service.callback_window_seconds)

    @cached_property
    def able(self) -> int:
        """Bits of those who could make the call."""
        return self.duty.bits_of(self.agents)

    @cached_property
    def frees(self) -> Mapping[str, Free | None]:
        """When each of them comes free of what they are doing now; None: not by themselves."""
        return {one.id: free(one, self.plan, self.now, one.talk or self.usual) for one in self.agents}

    @cached_property
    def line_seconds(self) -> float:
        """How long it takes until all who wait now have somebody: callers, and promises whose time has come."""
        overdue = self.bookings.between(self.now - OVERDUE, self.now)
        ahead = self.waiting + sum(one.agent is None for one in overdue)
        there, bits = self.duty.there(self.now), self.duty.bits
        frees = [found for one, found in self.frees.items() if found is not None and bits[one] & there]
        if not ahead or not frees:
            return 0.0
        return told_seconds(frees, ahead, self.plan, self.usual) or 0.0
