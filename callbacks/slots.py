"""Times that can honestly be promised: opening hours, shifts, promises already made, and who rings meanwhile.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callbacks.book import OVERDUE, Ledger, Quiet, Slot
from callbacks.bookings import Booked
from callbacks.duty import AT_ONCE, Span, open_spans, span_at, week_of
from callbacks.moment import NEAR, RINGS, Moment, keepable, may_ring, place
from routing.forecast import told_seconds
from routing.openings import meeting

__all__ = [
    "GRID",
    "HORIZON",
    "NEAR",
    "Booked",
    "Ledger",
    "Quiet",
    "Slot",
    "day_choices",
    "keepable",
    "nearest_slots",
    "next_slots",
    "place",
    "soonest",
    "spoken_choices",
]

GRID = timedelta(minutes=5)
HORIZON = timedelta(days=14)
HANGING_UP = timedelta(minutes=3)  # and putting the phone down
APART = timedelta(minutes=20)  # two times that make a choice
WORTH_ANOTHER = timedelta(minutes=10)  # so much sooner, and another than their own agent is offered too
LONGEST_WAIT = timedelta(hours=1)  # what is later than that is no more as soon as possible
NOON = time(13)


def next_slots(
    ledger: Ledger, after: datetime, agent: str | None, count: int, before: datetime | None = None
) -> list[Slot]:
    """The first `count` keepable times on the grid from `after` on (and before `before`), those of the next open days
    included."""
    found: list[Slot] = []
    if count < 1 or not any(agent in (None, a.id) for a in ledger.agents):
        return found  # the grid of two weeks need not be walked to see that
    for at in _grid(ledger, max(after, ledger.now), agent):
        if before is not None and at >= before:
            break
        slot = place(ledger, at, agent)
        if slot is not None:
            found.append(slot)
            if len(found) == count:
                break
    return found


def nearest_slots(ledger: Ledger, wanted: datetime, agent: str | None, count: int = 3) -> list[Slot]:
    """The keepable times nearest to one that cannot be kept, in the order of time."""
    later = next_slots(ledger, wanted, agent, count)
    earlier: list[Slot] = []
    at = _on_grid(wanted) - GRID
    while at >= ledger.now and wanted - at < timedelta(hours=4) and len(earlier) < count:
        slot = place(ledger, at, agent)
        if slot is not None:
            earlier.append(slot)
        at -= GRID
    nearest = sorted(earlier + later, key=lambda slot: abs(slot.due_at - wanted))[:count]
    return sorted(nearest, key=lambda slot: slot.due_at)


def soonest(ledger: Ledger, agent: str | None) -> Slot | None:
    """As soon as possible: now, with the time by which it will be at the latest, while somebody is at work who could
    call within the hour; else the first time that can be kept.  None if there is none within two weeks."""
    latest = _latest(ledger, agent)
    if latest is not None:
        return Slot(ledger.now, agent, latest)
    return next(iter(next_slots(ledger, ledger.now, agent, 1)), None)


def day_choices(ledger: Ledger, day: date, agent: str | None, zone: str | None = None) -> list[Slot]:
    """Two times of a day, one before and one after one o'clock if there are.  `zone`: whose day; the house's."""
    clock = ZoneInfo(zone or ledger.zone)
    start, noon = datetime.combine(day, time(), clock), datetime.combine(day, NOON, clock)
    end = datetime.combine(day + timedelta(days=1), time(), clock)
    start = max(start, ledger.now + HANGING_UP)
    first = next_slots(ledger, start, agent, 1, before=end)
    if not first:
        return []
    another = first[0].due_at + APART
    second = next_slots(ledger, max(noon, another), agent, 1, before=end)
    return first + (second or next_slots(ledger, another, agent, 1, before=end))


def spoken_choices(ledger: Ledger, own: str | None) -> list[Slot]:
    """At most two that are offered by voice, in the order of time.

    With an agent of their own: their first time, and with it either somebody who can call well before that or their
    next time.  Else as soon as possible, and a time after it.
    """
    start = ledger.now + HANGING_UP
    mine = next_slots(ledger, start, own, 1) if own is not None else []
    if mine:
        sooner = _sooner(ledger, mine[0])
        if sooner is not None:
            return [sooner, *mine]
        return mine + next_slots(ledger, mine[0].due_at + APART, own, 1)
    now = soonest(ledger, None)
    if now is not None and now.latest is not None:
        return [now, *next_slots(ledger, max(ledger.now + APART, now.latest + WORTH_ANOTHER), None, 1)]
    first = next_slots(ledger, start, None, 1)
    return first + next_slots(ledger, first[0].due_at + APART, None, 1) if first else []


def _sooner(ledger: Ledger, mine: Slot) -> Slot | None:
    """Somebody who can call so much before that it is worth a choice: named where it is one person's."""
    until = mine.due_at - WORTH_ANOTHER
    now = soonest(ledger, None)
    if now is not None and now.latest is not None and now.latest <= until:
        return now
    first = next_slots(ledger, ledger.now + HANGING_UP, None, 1, before=until + GRID)
    if not first or first[0].due_at > until:
        return None
    moment = Moment(ledger, first[0].due_at, ledger.window.total_seconds() - RINGS.total_seconds())
    named = next((one.id for one in moment.by_preference() if keepable(ledger, first[0].due_at, one.id)), None)
    return Slot(first[0].due_at, named)


def _latest(ledger: Ledger, agent: str | None) -> datetime | None:
    """By when somebody (or `agent`) who is at work will have called; None where that cannot be said, or is too late."""
    now, opening = ledger.now, span_at(ledger.hours, ledger.now)
    if opening is None or not may_ring(ledger, now):
        return None
    bits, there, bookings = ledger.duty.bits, ledger.duty.there(now), ledger.bookings
    here = [one.id for one in ledger.agents if bits[one.id] & there and agent in (None, one.id)]
    if agent is None:
        here = [one for one in here if not bookings.taken(one, now, ledger.talk)]
        ahead = ledger.waiting + sum(one.agent is None for one in bookings.between(now - OVERDUE, now + ledger.window))
    else:
        ahead = bookings.count_of(agent, now - OVERDUE, now + ledger.window)
    frees = [found for one in here if (found := ledger.frees[one]) is not None]
    estimate = told_seconds(frees, ahead, ledger.plan, ledger.usual)
    if estimate is None:
        return None
    if estimate == 0.0:
        return min(now + ledger.window, opening[1]) if now + RINGS <= opening[1] else None
    latest = _on_grid(now + max(timedelta(seconds=2 * estimate), ledger.window))
    in_time = latest <= min(now + LONGEST_WAIT, opening[1])
    return latest if in_time and may_ring(ledger, latest - RINGS) else None


def _on_grid(at: datetime) -> datetime:
    """The first grid instant not before `at`; the grid is that of the wall clock, whose zones differ by quarters."""
    past = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at if not past else at - past + GRID


def _grid(ledger: Ledger, after: datetime, agent: str | None) -> Iterator[datetime]:
    """Instants of two weeks at which the house is open, and `agent` on shift."""
    after = after.astimezone(UTC)
    end, week = after + HORIZON, week_of(after)
    shifts = [ledger.duty.shift(one) for one in ledger.agents if one.id == agent]
    while week < end:
        spans: Sequence[Span] = open_spans(ledger.hours, week)
        for shift in shifts:
            spans = spans if shift is None else meeting(spans, open_spans(shift, week))
        for opens, closes in spans:
            at = _on_grid(max(opens, after))
            while at < min(closes, week + AT_ONCE, end):
                yield at
                at += GRID
        week += AT_ONCE
