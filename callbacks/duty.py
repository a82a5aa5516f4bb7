"""Who is at work at an instant: shifts less absences, asked for hundreds of instants.  Pure.

Agents are bits of a number, so that a set of them is counted, met and left out at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter

from routing.agents import Agent
from routing.hours import Hours, read_hours

Span = tuple[datetime, datetime]  # from, and the end, which is no part of it
AT_ONCE = timedelta(days=7)  # looked up together
FOREVER = timedelta(days=31)  # what does not close for so long is always open
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGIN = itemgetter(0)


def week_of(at: datetime) -> datetime:
    """Where what is looked up together begins."""
    return at - (at - _EPOCH) % AT_ONCE


@lru_cache(maxsize=4096)
def open_spans(hours: Hours, start: datetime) -> tuple[Span, ...]:
    """Openings that `AT_ONCE` from `start` on has a part in, in order.  Remembered, for many have the same shift."""
    found: list[Span] = []
    end = start + AT_ONCE
    at = start
    while (opens := hours.next_open(at)) is not None and opens < end:
        at = hours.closes_at(opens) or opens + FOREVER
        found.append((opens.astimezone(UTC), at.astimezone(UTC)))  # instants of one zone are compared quickly
    return tuple(found)


def span_at(hours: Hours, at: datetime) -> Span | None:
    """The opening that `at` lies in, as far as it is within its week; None while it is closed."""
    spans = open_spans(hours, week_of(at))
    place = bisect_right(spans, at, key=_BEGIN) - 1
    return spans[place] if place >= 0 and at < spans[place][1] else None


class Duty:
    """`agents` who work here, their absences beside their shifts."""

    def __init__(
        self, agents: Sequence[Agent], absences: Mapping[str, Sequence[Span]], zone: str, country: str | None
    ) -> None:
        self.agents, self.absences = agents, absences
        self.bits = {agent.id: 1 << n for n, agent in enumerate(agents)}
        self._zone, self._country = zone, country
        self._steps: dict[datetime, tuple[Sequence[datetime], Sequence[int]]] = {}

    def bits_of(self, agents: Iterable[Agent]) -> int:
        return sum(self.bits[agent.id] for agent in agents)

    def there(self, at: datetime) -> int:
        """Bits of those who are at work at `at`."""
        start = week_of(at)
        if start not in self._steps:
            self._steps[start] = self._look_up(start)
        instants, bits = self._steps[start]
        return bits[bisect_right(instants, at)]

    def shift(self, agent: Agent) -> Hours | None:
        """None: whenever the house is open."""
        return None if agent.hours is None else read_hours(agent.hours, self._zone, self._country)

    def _look_up(self, start: datetime) -> tuple[Sequence[datetime], Sequence[int]]:
        """Instants at which it changes who is there, and who is there before the first, from it on, and so forth."""
        shifts: dict[str | None, int] = {}
        for agent in self.agents:
            shifts[agent.hours] = shifts.get(agent.hours, 0) | self.bits[agent.id]
        turns: dict[datetime, tuple[int, int]] = {}  # bits of shifts that change, and of absences

        def turn(at: datetime, shift: int, absence: int) -> None:
            was = turns.get(at, (0, 0))
            turns[at] = was[0] ^ shift, was[1] ^ absence

        on = shifts.pop(None, 0)
        away = 0
        for hours, bits in shifts.items():
            for opens, closes in open_spans(read_hours(hours or "", self._zone, self._country), start):
                turn(opens, bits, 0)
                turn(closes, bits, 0)
        end = start + AT_ONCE
        for agent_id, spans in self.absences.items():
            bit = self.bits.get(agent_id, 0)
            for begins, ends in _merged(spans):
                if ends > start and begins < end:
                    turn(begins, 0, bit)
                    turn(ends, 0, bit)
        instants = sorted(turns)
        there = [on]
        for at in instants:
            shift, absence = turns[at]
            on, away = on ^ shift, away ^ absence
            there.append(on & ~away)
        return instants, there


def _merged(spans: Iterable[Span]) -> Iterable[Span]:
    """In order and apart from each other."""
    begins = ends = None
    for start, end in sorted(spans):
        if ends is None or begins is None or start > ends:
            if begins is not None and ends is not None:
                yield begins, ends
            begins, ends = start, end
        else:
            ends = max(ends, end)
    if begins is not None and ends is not None:
        yield begins, ends
