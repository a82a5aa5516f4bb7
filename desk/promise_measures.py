"""What happened to promises between their making and their end, as figures.  Pure; `reports.py` counts.

A call back is not an abandonment, whatever becomes of it: who asked for one counts among the outcomes of the floor.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from desk.measures import Share


@dataclass(slots=True)
class LifeTally:
    """Promises of one group.  `reached`: how often each number of attempts was what it took to reach somebody."""

    moved: int = 0
    missed: int = 0
    moved_in_time: int = 0
    at_risk: int = 0
    attempts: int = 0  # in vain
    told: int = 0
    undelivered: int = 0
    reached: Counter[int] = field(default_factory=Counter)

    def add(
        self, n: int, *, moved: bool, missed: bool, at_risk: bool, attempts: int, reached: bool, texts: int, lost: int
    ) -> None:
        """`n` promises that are alike.  `attempts`: all of them; `reached`: the last one met somebody.

        `texts` spoke of each of them, `lost` of these were not delivered.
        """
        self.moved += n * moved
        self.missed += n * missed
        self.moved_in_time += n * (moved and not missed)
        self.at_risk += n * at_risk
        self.attempts += n * (attempts - reached)
        if reached:
            self.reached[attempts] += n
        self.told += n * bool(texts)
        self.undelivered += n * bool(lost)

    @property
    def reached_at_once(self) -> Share:
        """Reached by the first attempt, of those that were reached by any."""
        return Share(self.reached[1], self.reached.total())

    @property
    def mean_attempts(self) -> float | None:
        """Until somebody was reached, to two decimals; None where nobody was."""
        n = self.reached.total()
        return round(sum(attempts * times for attempts, times in self.reached.items()) / n, 2) if n else None

    @property
    def news_arrived(self) -> Share:
        """All of whose texts were delivered or are on their way, of the promises of which any text spoke."""
        return Share(self.told - self.undelivered, self.told)
