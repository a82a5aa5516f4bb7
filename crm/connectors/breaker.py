"""Whether somebody who did not answer is asked again yet.  Pure but for what it remembers."""

from __future__ import annotations

from datetime import datetime, timedelta

FAILURES = 3  # in a row
REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=5)


class Breaker:
    """After `FAILURES` in a row nobody is asked for a while; then one, and only if that goes well everybody."""

    def __init__(self) -> None:
        self._failures = 0
        self._resting: tuple[datetime, datetime] | None = None
        self._probing = False

    def admits(self, now: datetime) -> bool:
        """Whoever is admitted must tell how it went, by `good`, `bad` or `unknown`."""
        if self._resting is None:
            return True
        since, until = self._resting
        if since <= now < until or self._probing:  # before `since`: the clock was set back, and the rest is over
            return False
        self._probing = True
        return True

    def good(self) -> None:
        self._failures, self._resting, self._probing = 0, None, False

    def bad(self, now: datetime, rest: timedelta | None = None) -> bool:
        """True if a rest begins with this; `rest`: as long as they asked for, and at once."""
        self._failures += 1
        probed, self._probing = self._probing, False
        if not probed and rest is None and self._failures < FAILURES:
            return False
        begins = self._resting is None
        self._resting = (now, now + min(max(rest or REST, REST), LONGEST_REST))
        return begins

    def unknown(self) -> None:
        """Nobody waited for the answer."""
        self._probing = False
