"""Opening hours as people write them (`Mo-Fr 09:00-18:00; PH off`), in a zone, with a country's holidays.  Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours

_UTC = ZoneInfo("UTC")  # the library wants zones that have a key
MONTH, FAR = timedelta(days=31), timedelta(days=2000)


class BadHours(ValueError):
    """The text is not opening hours; the message says where it stops making sense."""


class Hours:
    """One opening-hours text.  Raises BadHours when it cannot be read."""

    def __init__(self, text: str, zone: str, country: str | None = None) -> None:
        self.text, self.zone = text, ZoneInfo(zone)
        try:
            self._hours = OpeningHours(text, timezone=self.zone, country=country)
        except Exception as error:
            raise BadHours(str(error).strip().replace("\n", " ")) from error

    def is_open(self, at: datetime) -> bool:
        return bool(self._hours.is_open(at.astimezone(_UTC)))

    def next_open(self, after: datetime) -> datetime | None:
        """`after` itself while open, else the next opening; None when there is none within five years."""
        return after if self.is_open(after) else self._next_change(after)

    def closes_at(self, at: datetime, within: timedelta = MONTH) -> datetime | None:
        """When the present opening ends; None when not `within` that time.  Meaningful only while open."""
        return self._next_change(at, within)

    def _next_change(self, at: datetime, within: timedelta = FAR) -> datetime | None:
        """A change of remark (`PH off "Easter"`) is none: it neither opens nor closes anything."""
        is_open, at = self.is_open(at), at.astimezone(_UTC)
        for starts_at, _, _, _ in self._hours.intervals(at, at + within):
            starts_at = starts_at.astimezone(_UTC)
            if starts_at > at and self.is_open(starts_at) != is_open:
                return starts_at
        return None


@lru_cache(maxsize=4096)
def read_hours(text: str, zone: str, country: str | None = None) -> Hours:
    """Parsed once per text.  Raises BadHours."""
    return Hours(text, zone, country)
