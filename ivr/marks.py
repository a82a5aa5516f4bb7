"""What was said of a day and an hour -> marks that are the same in every language.  Pure.

A line of marks, a space between them: `d1 at n10 y half` of "domani alle dieci e mezza".  `n10` a number, `c10:30` a
time as a clock shows it (`k10:30` without the colon), `d1` so many days from now, `w3` a Thursday, `o3` the third,
`m11` November, `3/11` a date; the others are named after what they mean.  Words that mean nothing here are left out,
those we do not know are `?`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

LONGEST_SAID = 200  # characters: nobody needs more for a day and an hour
UNKNOWN = "?"
_WRITTEN = re.compile(
    r"(?P<clock>\d{1,2}(?:\s?h\s?|:)\d{2})(?!\d)"
    r"|(?P<date>\d{1,2}/\d{1,2})(?![\d/])"
    r"|(?P<dots>\d{1,2}[.,]\d{2})(?!\d)"
    r"|(?P<ordinal>\d{1,2})(?:st|nd|rd|th|º|ª|°)\b"
    r"|(?P<number>\d+)"
    r"|(?P<word>[^\W\d_]+)"
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    phrases: Mapping[tuple[str, ...], str]
    bare: Mapping[tuple[str, ...], str]  # the same without accents, for those who write without
    longest: int


def marks(said: str, language: str) -> str:
    """`language` is one we speak, `it-IT`."""
    code = language.split("-")[0]
    return " ".join(_marks(_pieces(said, code), _vocabulary(code)))


def _pieces(said: str, code: str) -> Iterator[str]:
    """Words, and marks for what is written in figures (which begin with a space)."""
    text = unicodedata.normalize("NFKC", said[:LONGEST_SAID]).casefold()
    for found in _WRITTEN.finditer(text):
        what, written = found.lastgroup, found[0]
        if what == "word":
            yield written
        elif what == "date" or (what == "dots" and code == "de" and not text[found.end() :].lstrip().startswith("uhr")):
            yield " " + re.sub(r"[.,]", "/", written)
        elif what in ("clock", "dots"):
            hour, minute = re.findall(r"\d+", written)
            yield f" c{hour}:{minute}"
        elif what == "ordinal":
            yield f" o{found['ordinal']}"
        elif len(written) in (3, 4):
            yield f" k{written[:-2]}:{written[-2:]}"
        else:
            yield f" n{int(written)}" if len(written) < 3 else UNKNOWN


def _marks(pieces: Iterator[str], known: Vocabulary) -> Iterator[str]:
    rest = list(pieces)
    while rest:
        if rest[0].startswith(" "):
            yield rest.pop(0).strip()
            continue
        length, mark = _longest(rest, known)
        del rest[:length]
        if mark:
            yield mark


def _longest(rest: list[str], known: Vocabulary) -> tuple[int, str]:
    for length in range(min(known.longest, len(rest)), 0, -1):
        words = tuple(rest[:length])
        mark = known.phrases.get(words)
        if mark is None:
            mark = known.bare.get(tuple(_bare(word) for word in words))
        if mark is not None:
            return length, mark
    return 1, UNKNOWN


@cache
def _vocabulary(code: str) -> Vocabulary:
    heard = import_module(f"ivr.heard.{code}")
    phrases = {phrase: f"n{n}" for phrase, n in heard.NUMBERS.items()}
    for mark, several in heard.MARKS.items():
        phrases |= dict.fromkeys(several.split("|"), mark)
    known = {tuple(phrase.casefold().split()): mark for phrase, mark in phrases.items()}
    # A letter alone means something else without its accent: `à` is not `a`.
    bare = {tuple(map(_bare, words)): mark for words, mark in known.items() if len("".join(words)) > 1}
    return Vocabulary(known, bare, max(map(len, known)))


def _bare(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
