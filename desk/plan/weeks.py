"""Opening hours as rows of a form: weekdays from-to, public holidays, single dates; and back as text.  Pure.

Only what such rows can say is read; a text that says more stays a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ALWAYS = "24/7"
LEAP_YEAR = 2028  # so that 29 February has a date

Times = tuple[tuple[str, str], ...]  # from and to, as 09:00; midnight is 00:00
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d|24:00"
_TIMES = re.compile(rf"(?:{_CLOCK})-(?:{_CLOCK})(?:,(?:{_CLOCK})-(?:{_CLOCK}))*")
_DAY = rf"(?:{'|'.join(DAYS)})"
_WEEKDAYS = re.compile(rf"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*")
_MONTH = "|".join(MONTHS)
_DATES = re.compile(rf"(?:(\d{{4}}) )?({_MONTH}) (\d\d?)(?:-(?:(?:(\d{{4}}) )?({_MONTH}) )?(\d\d?))?")
_TYPED = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True)
class Row:
    """Open on these weekdays (0 is Monday) from-to."""

    days: tuple[int, ...]
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class Dates:
    """From the first to the last day; `yearly`: the years do not count.  Without times: closed."""

    first: date
    last: date
    yearly: bool
    times: Times = ()


@dataclass(frozen=True, slots=True)
class Week:
    rows: tuple[Row, ...] = ()
    holidays: Times | None = None  # None: like other days; without times: closed
    dates: tuple[Dates, ...] = ()
    always: bool = False

    @property
    def closed_days(self) -> tuple[int, ...]:
        return tuple(day for day in range(7) if all(day not in row.days for row in self.rows))


def week_of(text: str | None) -> Week | None:
    """None for what rows cannot say."""
    if not isinstance(text, str):
        return None
    if text.strip() == ALWAYS:
        return Week(always=True)
    days: dict[int, Times] = {}
    week, stage = Week(), 0
    for rule in (part.strip() for part in text.split(";")):
        selector, _, times = rule.rpartition(" ") if " " in rule else ("", "", rule)
        read = () if times in ("off", "closed") else _times(times)
        if read is None:
            return None
        if selector == "PH":
            if stage > 1:
                return None
            week, stage = replace(week, holidays=read), 1
        elif not selector or _WEEKDAYS.fullmatch(selector):
            if stage:
                return None  # a weekday's rule behind the holidays' would outdo it
            days |= dict.fromkeys(_weekdays(selector), read)
        else:
            found = _dates(selector, read)
            if found is None:
                return None
            week, stage = replace(week, dates=(*week.dates, found)), 2
    return replace(week, rows=_rows(days))


def text_of(week: Week) -> str:
    """As opening-hours text."""
    if week.always:
        return ALWAYS
    days: dict[int, list[tuple[str, str]]] = {}
    for row in week.rows:
        for day in row.days:
            days.setdefault(day, []).append((row.opens, row.closes))
    kinds: dict[Times, list[int]] = {}
    for day in sorted(days):
        kinds.setdefault(tuple(sorted(set(days[day]))), []).append(day)
    rules = [f"{_selector(named)} {_written(times)}".strip() for times, named in kinds.items()] or ["off"]
    if week.holidays is not None:
        rules.append(f"PH {_written(week.holidays)}")
    rules += [f"{_span(one)} {_written(one.times)}" for one in week.dates]
    return "; ".join(rules)


def is_clock(text: str) -> bool:
    return _TYPED.fullmatch(text) is not None


def in_a_row(days: Sequence[int]) -> list[tuple[int, int]]:
    """Weekdays as stretches: 0-4, 6-6."""
    found: list[tuple[int, int]] = []
    for day in sorted(days):
        if found and found[-1][1] == day - 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _times(text: str) -> Times | None:
    if not _TIMES.fullmatch(text):
        return None
    pairs = (one.replace("24:00", "00:00").split("-") for one in text.split(","))
    return tuple((opens, closes) for opens, closes in pairs)


def _written(times: Times) -> str:
    return ",".join(f"{opens}-{'24:00' if closes == '00:00' else closes}" for opens, closes in times) or "off"


def _weekdays(selector: str) -> Iterable[int]:
    if not selector:
        return range(7)
    named: list[int] = []
    for part in selector.split(","):
        first, _, last = part.partition("-")
        start, end = DAYS.index(first), DAYS.index(last or first)
        named += [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]
    return named


def _rows(days: dict[int, Times]) -> tuple[Row, ...]:
    """One for each from-to, with all its days; by the first of them."""
    named: dict[tuple[str, str], list[int]] = {}
    for day in sorted(days):
        for opens, closes in days[day]:
            named.setdefault((opens, closes), []).append(day)
    rows = [Row(tuple(dict.fromkeys(of)), opens, closes) for (opens, closes), of in named.items()]
    return tuple(sorted(rows, key=lambda row: (row.days, row.opens, row.closes)))


def _selector(days: Sequence[int]) -> str:
    if len(days) == 7:
        return ""
    return ",".join(DAYS[a] if a == b else f"{DAYS[a]}-{DAYS[b]}" for a, b in in_a_row(days))


def _dates(selector: str, times: Times) -> Dates | None:
    found = _DATES.fullmatch(selector)
    if found is None:
        return None
    year, month, day, last_year, last_month, last_day = found.groups()
    if last_year and not year:
        return None
    try:
        first = date(int(year or LEAP_YEAR), MONTHS.index(month) + 1, int(day))
        last = date(int(last_year or first.year), MONTHS.index(last_month or month) + 1, int(last_day or day))
        if last < first and not year:
            last = last.replace(year=first.year + 1)
    except ValueError:
        return None
    return None if last < first else Dates(first, last, year is None, times)


def _span(dates: Dates) -> str:
    year = "" if dates.yearly else f"{dates.first.year} "
    first = f"{year}{MONTHS[dates.first.month - 1]} {dates.first.day:02d}"
    if dates.last == dates.first:
        return first
    year = "" if dates.yearly else f"{dates.last.year} "
    return f"{first}-{year}{MONTHS[dates.last.month - 1]} {dates.last.day:02d}"


def yearly(first: date, last: date) -> tuple[date, date]:
    """The same days of no particular year, as `week_of` reads them.  Raises ValueError for more than a year."""
    start = first.replace(year=LEAP_YEAR)
    if (last - first).days >= 365:
        raise ValueError("more than a year")
    return start, last.replace(year=LEAP_YEAR + (last.year > first.year))
