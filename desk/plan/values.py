"""A figure of the plan as it is typed and as it is said.  Pure.

What cannot be read as a figure stays the text it was: the plan refuses it, and it is still there to be mended.
"""

from __future__ import annotations

import re
from typing import Any

from desk.words import Words

_WHOLE = re.compile(r"-?\d{1,12}")
_DECIMAL = re.compile(r"-?\d{1,12}([.,]\d{1,9})?")
WHOLE_UNITS = frozenset({"seconds", "minutes", "days", "times", "points"})
DIGITS = 9  # of a share that is typed in percent


def typed(unit: str, value: Any) -> str:
    """As it stands in an input; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return _plain(value * 100) if unit == "percent" else _plain(value)


def read(unit: str, text: str, current: Any = None) -> Any:
    """What was typed, as the plan holds it; null where nothing is.  What still reads as `current` does is `current`."""
    text = text.strip()
    if text == typed(unit, current):
        return current
    if not text:
        return None
    if unit in WHOLE_UNITS:
        return int(text) if _WHOLE.fullmatch(text) else text
    if not _DECIMAL.fullmatch(text):
        return text
    number = float(text.replace(",", "."))
    return round(number / 100, DIGITS) if unit == "percent" else number


def told(unit: str, value: Any, words: Words) -> str:
    """As it is said: 90 s, 10 min, 50 %, 30 days."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value in (None, "") else str(value)
    match unit:
        case "seconds":
            return span(value)
        case "minutes":
            return f"{_plain(value)} min" if value % 60 or value < 60 else f"{_plain(value / 60)} h"
        case "days":
            return words.count("%(num)s day", "%(num)s days", int(value))
        case "percent":
            return f"{_plain(value * 100)} %"
        case _:
            return _plain(value)


def span(seconds: float) -> str:
    """Exactly: 90 s is not rounded to two minutes."""
    return f"{_plain(seconds / 60)} min" if seconds >= 120 and seconds % 60 == 0 else f"{_plain(seconds)} s"


def _plain(number: float) -> str:
    """Without an exponent, and without what a binary fraction adds far behind."""
    text = f"{round(number, 7):.7f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text
