"""The time on somebody's wall and the instant it means.  Pure.

A promise is kept when the clock on the wall shows what was spoken, so the spoken time is what is kept beside it: should
a country change its clocks meanwhile, the instant moves and the time on the wall does not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def wall_of(at: datetime, zone: str) -> str:
    """`2026-03-29T09:30`: what the clock shows at `at`, to the minute.  Raises ZoneInfoNotFoundError."""
    return _shown(at, ZoneInfo(zone)).isoformat(timespec="minutes")


def instant_of(wall: str, zone: str) -> datetime:
    """When the clock shows `wall`, in UTC: of a doubled time the first, for a time that is left out the next there is.

    Raises ValueError for what is no local date and time, ZoneInfoNotFoundError.
    """
    local, tz = datetime.fromisoformat(wall), ZoneInfo(zone)
    if local.tzinfo is not None:
        raise ValueError(f"not the time on a wall: {wall!r}")
    while _shown(_first(local, tz), tz) != local:
        local = local.replace(second=0, microsecond=0) + MINUTE  # a gap is an hour, once in history a day
    return _first(local, tz)


def as_spoken(at: datetime, wall: str, zone: str) -> datetime:
    """`at` while the clock still shows `wall` then, else when it will: the zone's rules have changed since.

    Keeps the seconds, and the second one of a doubled hour, which `wall` does not tell.
    """
    return at if wall_of(at, zone) == wall else instant_of(wall, zone)


def _first(local: datetime, tz: ZoneInfo) -> datetime:
    return local.replace(tzinfo=tz, fold=0).astimezone(UTC)


def _shown(at: datetime, tz: ZoneInfo) -> datetime:
    return at.astimezone(tz).replace(tzinfo=None, fold=0)
