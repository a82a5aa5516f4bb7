"""When a house, a line or an agent is open over the coming year, and when one is while others are not.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from routing.hours import read_hours
from routing.house import House

YEAR = timedelta(days=366)

Span = tuple[datetime, datetime]  # from, and the end, which is no part of it


@lru_cache(maxsize=256)
def openings(hours: str, house: House, start: datetime) -> tuple[Span, ...]:
    """Of the year from `start` on, in order."""
    read, end = read_hours(hours, house.zone, house.country), start + YEAR
    found: list[Span] = []
    at: datetime | None = start
    while at is not None and (opens := read.next_open(at)) is not None and opens < end:
        closes = read.closes_at(opens, within=end - opens)
        found.append((opens, end if closes is None else min(closes, end)))
        at = closes
    return tuple(found)


def shut(spans: Sequence[Span], start: datetime) -> list[Span]:
    """What of the year from `start` on lies between them."""
    gaps, at = [], start
    for opens, closes in spans:
        if opens > at:
            gaps.append((at, opens))
        at = max(at, closes)
    return [*gaps, (at, start + YEAR)] if at < start + YEAR else gaps


def meeting(ours: Iterable[Span], theirs: Sequence[Span]) -> list[Span]:
    """When both are open; each in order and without overlaps."""
    both, n = [], 0
    for opens, closes in ours:
        while n < len(theirs) and theirs[n][1] <= opens:
            n += 1
        for other_opens, other_closes in theirs[n:]:
            if other_opens >= closes:
                break
            both.append((max(opens, other_opens), min(closes, other_closes)))
    return both


def left_over(ours: Sequence[Span], theirs: Sequence[Span], start: datetime) -> list[Span]:
    """When we are open and they are not."""
    return meeting(ours, shut(theirs, start))
