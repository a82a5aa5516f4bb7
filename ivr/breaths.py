"""How many keys are named before somebody may answer.  Pure.

Three things can be kept in mind by ear.  What has more to offer is heard in two breaths: up to three keys, then a
silence in which to press one of them, then the rest.  Every key works during all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ivr.document import Ask, Document, Go, HangUp, Heard, Join, Quiet, Record, Ringback, Say

MOST_OPTIONS = 3
PAUSE_SECONDS = 2  # between two breaths: long enough to press a key, too short to seem the end
# What a key is announced with, in the formal and the familiar form.
PRESS: Mapping[str, str] = {
    "it": r"(?:prema|premi)",
    "en": r"press",
    "de": r"(?:drücken Sie|drück)",
    "fr": r"(?:tapez|tape)",
    "es": r"(?:pulse|pulsa)",
}


def announced(text: str, code: str) -> set[str]:
    """The keys that are named right after their verb; `{key}` is one that is not known yet."""
    return set(re.findall(rf"\b{PRESS[code]} (\{{key\}}|\d)", text, re.IGNORECASE)) if code in PRESS else set()


def named_in(heard: Sequence[Heard]) -> set[str]:
    return set[str]().union(*(announced(one.text, one.language[:2]) for one in heard if isinstance(one, Say)))


def breaths(heard: Sequence[Heard]) -> list[list[Heard]]:
    """As few as there can be with at most three keys in each."""
    found: list[list[Heard]] = [[]]
    for one in heard:
        if len(named_in([*found[-1], one])) > MOST_OPTIONS:
            found.append([])
        found[-1].append(one)
    return found


def pause_before(one: Say, heard: Sequence[Heard]) -> int:
    """Seconds of silence that it takes to name these keys behind what is `heard`."""
    return PAUSE_SECONDS if len(named_in([*heard, one])) > MOST_OPTIONS else 0


def listening(
    heard: Sequence[Heard], action: str, seconds: int, *, language: str | None = None, digits: int = 1
) -> tuple[Ask, ...]:
    """Listens during all of it, `seconds` after the last breath and a moment after each before."""
    *before, last = (tuple(breath) for breath in breaths(heard))
    pauses = (Ask(breath, action, PAUSE_SECONDS, digits, language) for breath in before)
    return (*pauses, Ask(last, action, seconds, digits, language))


def menus(document: Document) -> Iterator[set[str]]:
    """The keys that are named from one silence in which they can be pressed to the next."""
    keys: set[str] = set()
    for step in document:
        match step:
            case Say():
                keys |= named_in((step,))
            case Ask():
                yield keys | named_in(step.heard)
                keys = set() if step.seconds >= PAUSE_SECONDS else keys | named_in(step.heard)
            case Record() | Join() | Go() | HangUp():
                yield keys
                keys = set()
            case Quiet() | Ringback():
                pass  # nobody listens to a key in it


def too_many_options(document: Document) -> bool:
    """Are more keys named than can be kept in mind, before there is a moment to press one?"""
    return any(len(keys) > MOST_OPTIONS for keys in menus(document))
