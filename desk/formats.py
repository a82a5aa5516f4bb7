"""How pages write times, spans, numbers and names, in the reader's language and the house's zone.  Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent

from desk.words import Words

HUES = 12


@dataclass(frozen=True, slots=True)
class Formats:
    """Instants come as the API writes them (RFC 3339) or as datetimes; null is an empty text."""

    words: Words
    zone: str
    country: str

    def why(self, sentence: str, in_words: Mapping[str, str] | None) -> str:
        """Of a decision: as it was put in the reader's language, or as it was written down."""
        return (in_words or {}).get(self.words.language, sentence)

    def instant(self, at: str | datetime | None) -> datetime | None:
        if at is None or at == "":
            return None
        read = datetime.fromisoformat(at) if isinstance(at, str) else at
        return read.astimezone(ZoneInfo(self.zone))

    def clock(self, at: str | datetime | None) -> str:
        """14:05"""
        read = self.instant(at)
        return "" if read is None else format_time(read, "HH:mm", locale=self.words.language)

    def second(self, at: str | datetime | None) -> str:
        """14:05:09"""
        read = self.instant(at)
        return "" if read is None else format_time(read, "HH:mm:ss", locale=self.words.language)

    def day(self, at: str | datetime | date | None) -> str:
        """Thu 26 Nov"""
        read = at if isinstance(at, date) and not isinstance(at, datetime) else self.instant(at)
        return "" if read is None else format_date(read, "EEE d MMM", locale=self.words.language)

    def whole(self, at: str | datetime | None) -> str:
        """26 Nov 2026, 14:05"""
        read = self.instant(at)
        return "" if read is None else format_datetime(read, "d MMM y, HH:mm", locale=self.words.language)

    def when(self, at: str | datetime | None, now: datetime) -> str:
        """As people say it: the time alone today, "tomorrow, 09:00", else the day and the time."""
        read, today = self.instant(at), self.instant(now)
        if read is None or today is None:
            return ""
        days = (read.date() - today.date()).days
        told = {0: "", 1: self.words("tomorrow, "), -1: self.words("yesterday, ")}.get(days)
        if told is not None:
            return f"{told}{self.clock(read)}"
        return f"{self.day(read)}, {self.clock(read)}" if abs(days) < 300 else self.whole(read)

    def span(self, seconds: float | timedelta | None) -> str:
        """45 s, 7 min, 1 h 20 min"""
        if seconds is None:
            return ""
        whole = round(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
        if abs(whole) < 60:
            return f"{whole} s"
        minutes = round(whole / 60)
        return f"{minutes} min" if abs(minutes) < 60 else f"{minutes // 60} h {minutes % 60:02d} min"

    def number(self, value: float | None, digits: int = 0) -> str:
        return "" if value is None else format_decimal(round(value, digits), locale=self.words.language)

    def percent(self, share: float | None, digits: int = 0) -> str:
        """A share of 0.0 to 1.0; no data is a dash."""
        if share is None:
            return "–"
        return format_percent(round(share, digits + 2), "#,##0.#%" if digits else "#,##0%", locale=self.words.language)

    def phone(self, number: str | None) -> str:
        """In national form at home, else international; what is no number stays as it is."""
        if not number or not number.startswith("+"):
            return number or ""
        try:
            read = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return number
        at_home = phonenumbers.region_code_for_number(read) == self.country
        form = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return phonenumbers.format_number(read, form)

    def language_name(self, tag: str | None) -> str:
        from babel import Locale, UnknownLocaleError

        if not tag:
            return ""
        try:
            named = Locale.parse(tag, sep="-").get_language_name(self.words.language)
        except (UnknownLocaleError, ValueError):
            return tag
        return named or tag


def initials(name: str | None) -> str:
    parts = [part for part in (name or "").split() if part[0].isalnum()]
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def hue(name: str | None) -> int:
    """One of twelve colours, always the same for a name."""
    return hashlib.sha256((name or "").encode("utf-8", "replace")).digest()[0] % HUES
