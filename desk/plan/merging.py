"""Two managers wrote at once: the changes of one brought onto what the other has published.  Pure.

What only one of them touched is as that one wrote it; what both touched is as mine, and is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from desk.plan.paths import Path

_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Merged:
    body: Any
    both: Sequence[Path]  # places that both have changed, each in their own way


def merged(base: Any, mine: Any, theirs: Any) -> Merged:
    both: list[Path] = []
    return Merged(_merged((), base, mine, theirs, both), both)


def _merged(path: Path, base: Any, mine: Any, theirs: Any, both: list[Path]) -> Any:
    if mine in (theirs, base):
        return theirs
    if theirs == base:
        return mine
    if all(isinstance(one, dict) for one in (mine, theirs)):
        return _objects(path, base if isinstance(base, dict) else {}, mine, theirs, both)
    if path == ("rules",):
        return _rules(base, mine, theirs, both)
    both.append(path)
    return mine


def _objects(path: Path, base: Any, mine: Any, theirs: Any, both: list[Path]) -> Any:
    found = {}
    for name in dict.fromkeys([*theirs, *mine]):
        old, own, other = (one.get(name, _NOTHING) for one in (base, mine, theirs))
        one = _merged((*path, name), old, own, other, both)
        if one is not _NOTHING:
            found[name] = one
    return found


def _rules(base: Any, mine: Any, theirs: Any, both: list[Path]) -> Any:
    """By name, in their order unless only mine is another; my new ones behind the one that stands above them here."""
    named = [{rule["name"]: rule for rule in rules} for rules in (base, mine, theirs)]
    if any(len(one) != len(rules) for one, rules in zip(named, (base, mine, theirs), strict=True)):
        both.append(("rules",))  # names that stand twice: nobody can say which is which
        return mine
    old, own, other = named
    found = {}
    for name in dict.fromkeys([*other, *own]):
        three = [by.get(name, _NOTHING) for by in named]
        rule = _merged(("rules", name), three[0], three[1], three[2], both)
        if rule is not _NOTHING:
            found[name] = rule
    moved = [name for name in own if name in old] != [name for name in old if name in own]
    same_order = [name for name in other if name in old] == [name for name in old if name in other]
    order = list(own) if moved and same_order else list(other)
    for n, name in enumerate(own):
        if name not in order:
            above = next((one for one in reversed(list(own)[:n]) if one in order), None)
            order.insert(0 if above is None else order.index(above) + 1, name)
    order += [name for name in other if name not in order]
    return [found[name] for name in order if name in found]
