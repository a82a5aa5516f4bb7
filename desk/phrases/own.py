"""The house's own wordings of one situation: as they are typed, changed in their order, and put into a plan.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from desk.plan.paths import GONE, at, put

MOST = 12  # wordings of one situation: more, nobody can keep apart
LONGEST = 600
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]+")


def cleaned(typed: str) -> str:
    """On one line, without what no eye sees."""
    return " ".join(_UNSEEN.sub(" ", typed).split())


def acted(typed: Sequence[str], do: str, begin: str = "") -> tuple[list[str], int | None]:
    """`add`, `up:1`, `down:1` or `drop:1` done to what is typed, and the place where one goes on writing.

    `begin`: what an added one begins as.  What cannot be done changes nothing.
    """
    act, _, of = do.partition(":")
    n = int(of) if of.isascii() and of.isdigit() and len(of) < 4 else -1
    held = list(typed)
    if act == "add":
        if len(held) >= MOST:
            return held, None
        return [*held, begin], len(held)
    if not 0 <= n < len(held):
        return held, None
    one = held.pop(n)
    if act == "drop":
        return held, min(n, len(held) - 1) if held else None
    to = n + (-1 if act == "up" else 1 if act == "down" else 0)
    to = min(max(to, 0), len(held))
    held.insert(to, one)
    return held, to


def own_of(body: Any, language: str, key: str) -> list[str]:
    found = at(body, ("phrases", language, key), [])
    return [str(one) for one in found] if isinstance(found, list) else []


def with_own(body: Any, language: str, key: str, wordings: Sequence[str]) -> Any:
    """The plan with these; without any, ours are heard again."""
    kept = [one for one in wordings if one]
    if kept:
        return put(body, ("phrases", language, key), kept)
    without = put(body, ("phrases", language, key), GONE) if at(body, ("phrases", language)) else body
    held = at(without, ("phrases", language))
    return put(without, ("phrases", language), GONE) if held == {} else without


def changed(before: Any, after: Any) -> list[tuple[str, str]]:
    """Language and situation of what is worded differently."""
    was, now = at(before, ("phrases",), {}), at(after, ("phrases",), {})
    languages = dict.fromkeys([*was, *now])
    return [
        (language, key)
        for language in languages
        for key in dict.fromkeys([*was.get(language, {}), *now.get(language, {})])
        if was.get(language, {}).get(key) != now.get(language, {}).get(key)
    ]
