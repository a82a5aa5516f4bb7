"""Opening hours as people write them (`Mo-Fr 09:00-18:00; PH off`), in a zone, with a country's holidays.  Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours

_UTC = ZoneInfo("UTC")  # the library wants zones that have a key
FAR = timedelta(days=31)
_REMARKS = 1000  # a change of remark (`PH off "Easter"`) is a change too, and neither opens nor closes anything


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
        """`after` itself while open, else the next opening; None when it never opens again."""
        return after if self.is_open(after) else self._next_change(after)

    def closes_at(self, at: datetime, within: timedelta = FAR) -> datetime | None:
        """When the present opening ends; None when not `within` that time.  Meaningful only while open."""
        closes = self._next_change(at, at + within)
        return None if closes is None or closes - at > within else closes

    def _next_change(self, at: datetime, end: datetime | None = None) -> datetime | None:
        """Each midnight of `00:00-24:00` is a change to the library: without an `end` the search may be long."""
        is_open = self.is_open(at)
        for _ in range(_REMARKS):
            change = self._hours.next_change(at.astimezone(_UTC))
            if change is None:
                return None
            at = change.astimezone(_UTC)
            if self.is_open(at) != is_open:
                return at
            if end is not None and at > end:
                return None
        return None


@lru_cache(maxsize=4096)
def read_hours(text: str, zone: str, country: str | None = None) -> Hours:
    """Parsed once per text.  Raises BadHours."""
    return Hours(text, zone, country)
