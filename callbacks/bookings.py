"""Promises already made, in the order of time, so that those beside an instant are found without reading all.  Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Booked:
    """A promise already made: it will take one agent from its instant on."""

    due_at: datetime
    agent: str | None


class Bookings:
    """They may be added to, one after another."""

    def __init__(self, booked: Iterable[Booked] = ()) -> None:
        self._all = sorted(booked, key=lambda one: one.due_at)
        self._due = [one.due_at for one in self._all]
        self._of: dict[str, list[datetime]] = {}
        for one in self._all:
            if one.agent is not None:
                self._of.setdefault(one.agent, []).append(one.due_at)

    def __iter__(self) -> Iterator[Booked]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, due_at: datetime, agent: str | None) -> None:
        place = bisect_right(self._due, due_at)
        self._all.insert(place, Booked(due_at, agent))
        self._due.insert(place, due_at)
        if agent is not None:
            insort(self._of.setdefault(agent, []), due_at)

    def beside(self, at: datetime, within: timedelta) -> Sequence[Booked]:
        """Those less than `within` before or after."""
        first = bisect_right(self._due, at - within)
        return self._all[first : bisect_left(self._due, at + within, lo=first)]

    def between(self, start: datetime, end: datetime) -> Sequence[Booked]:
        """Those due from `start` to before `end`."""
        first = bisect_left(self._due, start)
        return self._all[first : bisect_left(self._due, end, lo=first)]

    def count(self, start: datetime, end: datetime) -> int:
        """How many are due from `start` to before `end`."""
        first = bisect_left(self._due, start)
        return bisect_left(self._due, end, lo=first) - first

    def count_of(self, agent: str, start: datetime, end: datetime) -> int:
        """How many of one agent are."""
        theirs = self._of.get(agent, ())
        return bisect_left(theirs, end) - bisect_left(theirs, start)

    def by_agent(self, start: datetime, end: datetime) -> Mapping[str, int]:
        """How many each agent has due from `start` to before `end`; who has none is left out."""
        return Counter(one.agent for one in self.between(start, end) if one.agent is not None)

    def taken(self, agent: str, at: datetime, within: timedelta) -> bool:
        """Has the agent promised something less than `within` before or after?"""
        theirs = self._of.get(agent, ())
        place = bisect_right(theirs, at - within)
        return place < len(theirs) and theirs[place] < at + within
