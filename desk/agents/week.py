"""Somebody's hours as rows of a week, and as the opening-hours text that is stored.  Pure.

What people write by hand may say more than a week (`Dec 24 off`, `sunrise`): such a text is no week, and is edited as
it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MOST_SPANS = 2  # in one day: before and after the break
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d|24:00"
_RULE = re.compile(rf"([A-Za-z, -]+?)\s+(off|(?:{_CLOCK})-(?:{_CLOCK})(?:\s*,\s*(?:{_CLOCK})-(?:{_CLOCK}))*)")
_HOLIDAYS_OFF = "PH off"

Span = tuple[str, str]  # as on the clock: 09:00, 17:00


@dataclass(frozen=True, slots=True)
class Week:
    """`days`: spans by day, a day without any is free."""

    days: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    holidays_off: bool = True

    @property
    def is_empty(self) -> bool:
        return not any(self.days.values())


def read_week(text: str) -> Week | None:
    """None: it says more than a week can."""
    if text.strip() == "24/7":
        return Week(dict.fromkeys(DAYS, (("00:00", "24:00"),)), holidays_off=False)
    days: dict[str, Sequence[Span]] = {}
    holidays_off = False
    for rule in filter(None, (part.strip() for part in text.split(";"))):
        if rule == _HOLIDAYS_OFF:
            holidays_off = True
            continue
        found = _RULE.fullmatch(rule)
        named = _days(found[1]) if found else None
        if found is None or named is None:
            return None
        spans = [] if found[2] == "off" else [_span(part) for part in found[2].split(",")]
        if len(spans) > MOST_SPANS or any(end <= start for start, end in spans):
            return None  # past midnight: it belongs to two days
        days |= dict.fromkeys(named, tuple(spans))
    return Week(days, holidays_off) if days else None


def write_week(week: Week) -> str:
    """Days that follow each other and are alike stand together: `Mo-Fr 09:00-17:00; Sa 09:00-12:00; PH off`."""
    rules: list[str] = []
    n = 0
    while n < len(DAYS):
        spans = tuple(week.days.get(DAYS[n], ()))
        last = n
        while last + 1 < len(DAYS) and tuple(week.days.get(DAYS[last + 1], ())) == spans:
            last += 1
        if spans:
            named = DAYS[n] if last == n else f"{DAYS[n]}-{DAYS[last]}"
            rules.append(f"{named} {','.join(f'{start}-{end}' for start, end in spans)}")
        n = last + 1
    return "; ".join([*rules, *([_HOLIDAYS_OFF] if week.holidays_off else [])])


def _days(text: str) -> list[str] | None:
    named: list[str] = []
    for part in text.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if first not in DAYS or (dash and last not in DAYS):
            return None
        start, end = DAYS.index(first), DAYS.index(last or first)
        if end < start:
            return None
        named += DAYS[start : end + 1]
    return named


def _span(part: str) -> Span:
    start, _, end = part.strip().partition("-")
    return start, end


def from_form(given: Mapping[str, str]) -> tuple[Week, dict[str, str]]:
    """A week as typed (`Mo-0-from`, `Mo-0-to`, …), and by day what is wrong with it: `half` or `backwards`."""
    days: dict[str, Sequence[Span]] = {}
    wrong: dict[str, str] = {}
    for day in DAYS:
        spans: list[Span] = []
        for n in range(MOST_SPANS):
            start, end = (given.get(f"{day}-{n}-{edge}", "").strip() for edge in ("from", "to"))
            end = "24:00" if end == "00:00" and start else end
            if not start and not end:
                continue
            if not start or not end:
                wrong[day] = "half"
            elif end <= start or (spans and start < spans[-1][1]):
                wrong.setdefault(day, "backwards")
            spans.append((start, end))
        if spans:
            days[day] = tuple(spans)
    return Week(days, holidays_off=given.get("holidays-off") == "on"), wrong
