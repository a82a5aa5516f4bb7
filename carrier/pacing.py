"""How often and how soon: calls created per second over all processes, and pauses between repetitions.

The pace is one SQL row with a conditional update; nobody holds a transaction while waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.port import WAITING_CALLER
from carrier.tables import pacers

_NAME = "create_call"
_SKEW = timedelta(seconds=120)  # between two hosts' clocks; a slot further away than that is a clock's mistake

FIRST_LOOK_SECONDS = 1.0
LONGEST_LOOK_SECONDS = 10.0


class Pacer:
    def __init__(self, calls_per_second: float) -> None:
        if calls_per_second <= 0:
            raise ValueError(f"calls per second must be positive: {calls_per_second}")
        self.interval = timedelta(seconds=1 / calls_per_second)

    async def take(self, conn: AsyncConnection, now: datetime) -> bool:
        """Takes the slot for one call now, or says that it is not free yet.

        Inside a transaction it also puts everybody who creates calls in a row, until the commit.
        """
        mine = (
            update(pacers)
            .where(
                pacers.c.name == _NAME,
                or_(pacers.c.free_at <= now, pacers.c.free_at > now + self.interval + _SKEW),
            )
            .values(free_at=now + self.interval)
            .returning(pacers.c.name)
        )
        if await conn.scalar(mine):
            return True
        insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
        first = insert(pacers).values(name=_NAME, free_at=now + self.interval).on_conflict_do_nothing()
        return bool(await conn.scalar(first.returning(pacers.c.name)))

    async def free_at(self, conn: AsyncConnection, now: datetime) -> datetime:
        at: datetime | None = await conn.scalar(select(pacers.c.free_at).where(pacers.c.name == _NAME))
        return now if at is None or at > now + self.interval + _SKEW else max(at, now)


def repeat_seconds(tries: int, priority: int, chance: Callable[[], float]) -> float:
    """The pause after `tries` refusals: doubling, with jitter; short while a person waits on the line."""
    first, longest = (0.25, 2.0) if priority == WAITING_CALLER else (1.0, 60.0)
    return min(first * 2.0 ** min(tries - 1, 10), longest) * (0.5 + chance())


def look_again_seconds(age_seconds: float, proof_seconds: float) -> float:
    """The pause before the next look for an effect of unknown outcome, so that one look falls just after the proof."""
    pause = min(max(age_seconds / 2, FIRST_LOOK_SECONDS), LONGEST_LOOK_SECONDS)
    left = proof_seconds - age_seconds
    return min(pause, left) if left > 0 else LONGEST_LOOK_SECONDS
