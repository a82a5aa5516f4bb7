"""An hour of Monday morning as it is drawn beforehand: who works and rings, what was promised, how they behave.

One seed is one morning, whatever the server makes of it; nothing here knows of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
OPENS = datetime(2026, 3, 2, 8, 30, tzinfo=ROME)  # a Monday
RINGS_ON = timedelta(minutes=30)  # callers, after the last promise is due
TALK_SECONDS, TALK_CV = 240.0, 0.9
PATIENCE_SECONDS = 420.0
BREAK = timedelta(minutes=15)

# What is promised, and how often of a hundred.
TIMED, NAMED, FOLLOW_UP, MESSAGE, AT_ONCE, SOON = "timed", "named", "follow_up", "voicemail", "asap", "soon"
KINDS = {TIMED: 30, NAMED: 28, FOLLOW_UP: 14, MESSAGE: 10, AT_ONCE: 9, SOON: 9}
LIVE = frozenset((AT_ONCE, SOON))  # asked for during the morning; the others before the weekend, or in it
# What a telephone does when the promised call comes, and how often of a hundred.
ANSWERS, SPEAKS, IN_VAIN, BUSY, MACHINE = "answers", "speaks", "no_answer", "busy", "machine"
FIRST = {ANSWERS: 71, SPEAKS: 12, IN_VAIN: 8, BUSY: 3, MACHINE: 6}
AGAIN = {ANSWERS: 70, SPEAKS: 10, IN_VAIN: 12, BUSY: 2, MACHINE: 6}
MOST_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Size:
    agents: int = 16
    promises: int = 72
    minutes: float = 60.0  # within which they are due
    inbound_an_hour: float = 84.0
    ill: int = 2
    before_minutes: float = 10.0  # from the beginning to the opening
    retry_minutes: int = 15


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent of that morning; instants."""

    name: str
    ready_at: datetime
    break_at: datetime | None
    ill_at: datetime | None  # from then on nobody sees them again
    tells: bool  # an absence is entered for who is ill
    misses: float  # share of rings that they do not hear


@dataclass(frozen=True, slots=True)
class Person:
    number: str
    talk_seconds: float
    attempts: tuple[str, ...]  # what their telephone does, ring after ring
    answer_seconds: float
    replies: str | None  # to a text that asks
    reply_seconds: float
    takes_texts: bool

    @property
    def is_fixed(self) -> bool:
        """A line at home or at work, where no text is read."""
        return self.number.startswith("+3906")


@dataclass(frozen=True, slots=True)
class Promised:
    person: Person
    kind: str
    due_at: datetime
    asked_at: datetime
    agent: int | None
    rings_at: datetime | None  # they ring us themselves


@dataclass(frozen=True, slots=True)
class Caller:
    person: Person
    at: datetime
    patience_seconds: float
    wants: str  # talk | call_back | message
    known: bool


@dataclass(frozen=True, slots=True)
class Morning:
    size: Size
    workers: tuple[Worker, ...]
    promised: tuple[Promised, ...]
    callers: tuple[Caller, ...]
    ends_at: datetime  # of the callers


def draw_morning(seed: int, size: Size) -> Morning:
    """Each part has dice of its own: the same callers ring whatever was promised."""
    last = OPENS + timedelta(minutes=size.minutes)
    ends_at = last + RINGS_ON * min(size.minutes / 60, 1.0)
    dice = Random(f"workers {seed}")
    workers = tuple(_worker(dice, n, size, last) for n in range(size.agents))
    dice = Random(f"promises {seed}")
    promised = tuple(_promised(dice, n, size) for n in range(size.promises))
    dice = Random(f"callers {seed}")
    callers: list[Caller] = []
    at = OPENS - timedelta(seconds=30)
    while (at := at + timedelta(seconds=dice.expovariate(size.inbound_an_hour / 3600))) < ends_at:
        callers.append(_caller(dice, len(callers), at))
    return Morning(size, workers, promised, tuple(callers), ends_at)


def talk_seconds(dice: Random) -> float:
    """Lognormal, as long talks are."""
    spread = math.log1p(TALK_CV**2)
    return max(dice.lognormvariate(math.log(TALK_SECONDS) - spread / 2, math.sqrt(spread)), 15.0)


def _worker(dice: Random, n: int, size: Size, last: datetime) -> Worker:
    late = timedelta(seconds=dice.expovariate(1 / 40))
    span = (last - OPENS).total_seconds()
    break_at = OPENS + timedelta(seconds=dice.uniform(0.3, 1.2) * span) if dice.random() < 0.5 else None
    ill_at = OPENS + timedelta(seconds=dice.uniform(0.15, 0.6) * span) if n < size.ill else None
    return Worker(
        name=f"Agent{n:02d}",
        ready_at=OPENS - timedelta(seconds=60) + late,
        break_at=break_at,
        ill_at=ill_at,
        tells=n % 2 == 0,
        misses=dice.choice((0.0, 0.0, 0.02, 0.06)),
    )


def _person(dice: Random, number: str) -> Person:
    never = dice.random() < 0.03
    attempts = [_of(dice, FIRST), *(_of(dice, AGAIN) for _ in range(MOST_ATTEMPTS - 1))]
    return Person(
        number=number,
        talk_seconds=talk_seconds(dice),
        attempts=(IN_VAIN,) * MOST_ATTEMPTS if never else tuple(attempts),
        answer_seconds=dice.uniform(3, 14),
        replies=dice.choice(("5", "6", "6", None, None, None)),
        reply_seconds=dice.uniform(10, 120),
        takes_texts=dice.random() > 0.02,
    )


def _promised(dice: Random, n: int, size: Size) -> Promised:
    kind = _of(dice, KINDS)
    mobile = dice.random() > 0.15
    person = _person(dice, f"+39333{2_000_000 + n}" if mobile else f"+39066{900_000 + n}")
    due_at = OPENS + timedelta(minutes=round(dice.uniform(0, size.minutes) / 5) * 5)
    asked_at = due_at - timedelta(minutes=dice.uniform(6, 20))
    if kind in LIVE:
        due_at = max(due_at, OPENS + timedelta(minutes=5))
        asked_at = max(due_at if kind == AT_ONCE else asked_at, OPENS - timedelta(minutes=5))
    rings_at = due_at - timedelta(minutes=dice.uniform(-2, 12)) if dice.random() < 0.06 else None
    whose = dice.randrange(size.agents)
    return Promised(person, kind, due_at, asked_at, whose if kind in (NAMED, FOLLOW_UP) else None, rings_at)


def _caller(dice: Random, n: int, at: datetime) -> Caller:
    return Caller(
        person=_person(dice, f"+39334{3_000_000 + n}"),
        at=at,
        patience_seconds=dice.expovariate(1 / PATIENCE_SECONDS),
        wants=_of(dice, {"talk": 82, "call_back": 13, "message": 5}),
        known=dice.random() < 0.8,
    )


def _of(dice: Random, shares: dict[str, int]) -> str:
    return dice.choices(tuple(shares), tuple(shares.values()))[0]
