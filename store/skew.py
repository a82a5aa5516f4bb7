"""How far this process's clock is from the database's, by which all processes can be compared.

A clock that is wrong would call people at the wrong time, so nothing is begun by it.  Calls that come are answered by
any clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from sqlalchemy import text

from store.clock import Clock
from store.sql import Database

log = structlog.get_logger()

EVERY_SECONDS, AGAIN_SECONDS = 30.0, 1.0
MOST_SECONDS = 5.0

Ask = Callable[[], Awaitable[datetime]]


def clock_of(database: Database) -> Ask | None:
    """Reads the database's clock; None where that is this machine's own."""
    if database.sqlite:
        return None

    async def ask() -> datetime:
        async with database.read() as connection:
            at: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return at

    return ask


class Skew:
    """A keeper's loop.  `held` until both clocks have been compared, and while they are too far apart.

    `right` is told when they have come together again.
    """

    def __init__(self, clock: Clock, ask: Ask, *, right: Callable[[], None] = lambda: None) -> None:
        self._clock, self._ask, self._right = clock, ask, right
        self._held, self._compared = True, False

    def held(self) -> bool:
        return self._held

    async def run(self) -> None:
        while True:
            try:
                await self.compare()
                pause = EVERY_SECONDS
            except Exception as error:
                # While the store is away there is nothing to begin; the last comparison holds.
                log.info("clocks_not_compared", error=type(error).__name__)
                pause = AGAIN_SECONDS
            await self._clock.sleep(pause)

    async def compare(self) -> None:
        """What the answer's way may have cost is in favour of the clock."""
        before = self._clock.now()
        theirs = await self._ask()
        way = self._clock.now() - before
        seconds = (before + way / 2 - theirs).total_seconds()
        wrong = abs(seconds) - abs(way.total_seconds()) / 2 > MOST_SECONDS
        was_held, first = self._held, not self._compared
        self._held, self._compared = wrong, True
        if wrong and (first or not was_held):
            log.error("clock_wrong", seconds=round(seconds, 1), most=MOST_SECONDS)
        elif was_held and not wrong:
            if not first:
                log.warning("clock_right_again", seconds=round(seconds, 1))
            self._right()
