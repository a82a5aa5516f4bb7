"""Are times offered honestly, and how fast?  `python -m bench.slots` writes bench/results/slots.md.

A floor on a virtual clock: callers come at random, first come, first served; now and then some promises come due at
once, stand in line with the callers and go before them in the last part of their window.  What share of the last of
them is kept is held against what `callbacks.moment` says of such an instant.
"""

from __future__ import annotations

import heapq
import math
import random
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callbacks.book import Ledger
from callbacks.bookings import Booked
from callbacks.moment import LAST, RINGS, Moment
from callbacks.slots import next_slots, spoken_choices
from routing.agents import Activity, Agent, Availability
from routing.forecast import usual_talk
from routing.hours import read_hours
from routing.inflow import HOURS_OF_WEEK, Inflow
from routing.plan import Plan

RESULTS = Path(__file__).parent / "results" / "slots.md"
PLAN = Plan()
TALK, WRAP_UP = usual_talk(PLAN), PLAN.wrap_up_seconds
EACH = TALK.mean_seconds + WRAP_UP
WITHIN = PLAN.service.callback_window_seconds - RINGS.total_seconds()
APART = 6_000.0  # seconds from one lot of promises to the next: long enough to forget it
LOTS = 2_000
NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
FLOORS = [(1, 0.2), (1, 0.4), (2, 0.4), (2, 0.6), (3, 0.7), (5, 0.7), (5, 0.9), (10, 0.9), (30, 0.9), (30, 0.97)]
AT_ONCE = (1, 2, 4)


@dataclass(order=True, slots=True)
class Event:
    at: float
    n: int
    what: str
    lot: int = 0


class Simulated:
    """Agents, their callers, and lots of promises."""

    def __init__(self, agents: int, busy: float, at_once: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.idle, self.rate, self.at_once = agents, busy * agents / EACH, at_once
        self.line: deque[int | None] = deque()  # the lot of a promise; None: a caller
        self.first: deque[int] = deque()
        self.left: dict[int, int] = {}  # promises of a lot that nobody has taken
        self.events: list[Event] = []
        self.kept = 0
        self.n = 0

    def run(self, lots: int) -> float:
        """Share of lots of which the last was kept."""
        self._plan(self.chance.expovariate(self.rate), "caller")
        self._plan(5 * EACH, "due", 0)
        seen = 0
        while seen < lots:
            event = heapq.heappop(self.events)
            if event.what == "caller":
                self.line.append(None)
                self._plan(event.at + self.chance.expovariate(self.rate), "caller")
            elif event.what == "due":
                self.left[event.lot] = self.at_once
                self.line.extend([event.lot] * self.at_once)
                self._plan(event.at + WITHIN - (LAST - RINGS.total_seconds()), "last", event.lot)
                self._plan(event.at + WITHIN, "over", event.lot)
                self._plan(event.at + APART, "due", event.lot + 1)
            elif event.what == "last":
                self.first.extend([event.lot] * self.left[event.lot])
                self.line = deque(one for one in self.line if one != event.lot)
            elif event.what == "over":
                seen += 1
                self.kept += not self.left.pop(event.lot)
                self.first.clear()
            else:
                self.idle += 1
            self._serve(event.at)
        return self.kept / lots

    def _serve(self, now: float) -> None:
        while self.idle and (self.first or self.line):
            lot = self.first.popleft() if self.first else self.line.popleft()
            if lot is not None:
                self.left[lot] -= 1
            self.idle -= 1
            self._plan(now + self.chance.lognormvariate(math.log(TALK.median_seconds), TALK.sigma) + WRAP_UP, "done")

    def _plan(self, at: float, what: str, lot: int = 0) -> None:
        self.n += 1
        heapq.heappush(self.events, Event(at, self.n, what, lot))


def people(many: int, *hours: str | None) -> list[Agent]:
    return [
        Agent(
            id=f"agent{n}",
            name=f"agent {n}",
            address=f"client:{n}",
            languages=("it-IT",),
            skills={},
            stand_in=None,
            hours=hours[n % len(hours)],
            availability=Availability.READY,
            activity=Activity.IDLE,
            since_at=NOW,
            wrap_up_until=None,
            misses=0,
        )
        for n in range(many)
    ]


def ledger(agents: list[Agent], calls_an_hour: float, booked: list[Booked], opening: str) -> Ledger:
    hours, inflow = read_hours(opening, "Europe/Rome", "IT"), Inflow([calls_an_hour] * HOURS_OF_WEEK)
    return Ledger(agents, booked, hours, "Europe/Rome", "IT", PLAN, NOW, floor=agents, inflow=inflow)


def said(agents: int, busy: float, at_once: int) -> float:
    at = NOW + timedelta(hours=3)
    beside = [Booked(at, None)] * (at_once - 1)
    here = ledger(people(agents, None), busy * agents * 3600 / EACH, beside, "24/7")
    return Moment(here, at, WITHIN).chance()


def calibration() -> Iterator[str]:
    yield "| agents | load | " + " | ".join(f"{n} at once: said | kept" for n in AT_ONCE) + " |"
    yield "|---|---|" + "---|---|" * len(AT_ONCE)
    for agents, busy in FLOORS:
        cells = []
        for at_once in AT_ONCE:
            kept = Simulated(agents, busy, at_once, seed=agents * 100 + at_once).run(LOTS)
            cells += [f"{said(agents, busy, at_once):.1%}", f"{kept:.1%}"]
        yield f"| {agents} | {busy} | " + " | ".join(cells) + " |"


def speed() -> Iterator[str]:
    """Two hundred agents in eight shifts, ten thousand promises in the next fortnight."""
    shifts = ["Mo-Fr 09:00-17:00", "Mo-Fr 10:00-18:00", "Mo-Sa 08:00-14:00", "Mo-Fr 12:00-20:00", "Tu-Sa 09:00-18:00"]
    shifts += ["Mo,We,Fr 09:00-13:00", "Mo-Fr 14:00-20:00; PH off", "Sa 09:00-13:00"]
    agents, chance = people(200, *shifts), random.Random(1)
    booked = [
        Booked(NOW + timedelta(minutes=5 * chance.randrange(14 * 288)), chance.choice([None, agents[n % 200].id]))
        for n in range(10_000)
    ]
    days = [NOW + timedelta(days=n) for n in range(14)]
    breaks = {one.id: [(day + timedelta(hours=2), day + timedelta(hours=2.5)) for day in days] for one in agents}
    here = replace(ledger(agents, 700.0, booked, "Mo-Sa 08:00-20:00; PH off"), absences=breaks)
    yield "| question | found | ms of processor time | us an instant found |"
    yield "|---|---|---|---|"

    def asked(name: str, found: int, since: float) -> str:
        took = time.process_time() - since
        return f"| {name} | {found} | {took * 1e3:.2f} | {took / max(found, 1) * 1e6:.0f} |"

    questions = [
        ("the first time, nothing looked up yet", None, 1),
        ("the first time, of anybody", None, 1),
        ("all times of a fortnight, of anybody", None, 10_000),
        ("the first of an agent with one short shift a week", "agent7", 1),
        ("all of that agent", "agent7", 10_000),
    ]
    for name, whose, count in questions:
        since = time.process_time()
        yield asked(name, len(next_slots(here, NOW, whose, count)), since)
    since = time.process_time()
    yield asked("what is spoken to somebody with an agent of their own", len(spoken_choices(here, "agent0")), since)
    here = replace(here, booked=[])
    since = time.process_time()
    for _ in range(10_000):
        (slot,) = next_slots(here, NOW + timedelta(minutes=10), None, 1)
        here.book(slot.due_at, slot.agent)
    yield asked("10,000 placed one after another, each booked", 10_000, since)


def main() -> None:
    text = [
        "# Are times offered honestly?",
        "",
        "`python -m bench.slots`.  Talks of 240 s, as widely spread, and 30 s of wrap-up; a window of 300 s, of which "
        "20 s are ringing and the last 120 s go before all callers.  *load*: share of the agents' time that callers "
        "take.  *said*: the chance that the ledger gives the last of so many promises at one instant, far ahead; "
        f"*kept*: the share of {LOTS:,} such lots on a simulated floor whose last promise was.  A time is offered from "
        "90 % on.",
        "",
        *calibration(),
        "",
        "## How fast",
        "",
        "Two hundred agents in eight shifts with a break a day, 700 callers an hour, 10,000 promises in a fortnight.",
        "",
        *speed(),
        "",
    ]
    RESULTS.write_text("\n".join(text))
    print("\n".join(text))


if __name__ == "__main__":
    main()
