"""What is said of a wording, in words a manager understands: what is wrong or hollow, and why that matters.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from desk.words import Words

# As the API says it, as the page says it, and why; the API's values by their names.
FAULTS: Sequence[tuple[str, str, str]] = (
    (
        r"The braces do not fit together: .*",
        "A brace is open or stands alone.",
        "A slot is written with two of them, like {name}.",
    ),
    (
        r"A slot is its name in braces and nothing else\.",
        "In the braces stands something besides a name.",
        "A slot is written like {name}.",
    ),
    (
        r"Nothing is known here of (?P<what>.+)\.",
        "Not known here: %(what)s.",
        "Only the slots listed below are filled in this situation.",
    ),
    (
        r"It must say (?P<what>.+)\.",
        "Missing: %(what)s.",
        "It stands in every wording of this situation: callers rely on hearing it.",
    ),
    (
        r"A bracket stands alone.*",
        "A bracket is open or stands alone.",
        "Two ways of address are written [formal|familiar], genders <masculine|feminine|anybody>.",
    ),
    (r"It says nothing\.", "It says nothing.", "To somebody at least, this wording would be silence."),
    (
        r"It must announce (?P<what>.+)\.",
        "The key must be announced: %(what)s.",
        "It is the key that works at this point, said right behind its verb.",
    ),
    (
        r"It announces a key that does nothing here\.",
        "It announces a key that does nothing here.",
        "Whoever presses it would wait for nothing.",
    ),
    (
        r"A key is named to be pressed, not to be left alone\.",
        "A key is named so that it is not pressed.",
        "By ear, the number is what stays: people would press it.",
    ),
)
HINTS: Sequence[tuple[str, str, str]] = (
    (
        r"Filler: (?P<what>.+)\.",
        "Hollow: %(what)s.",
        "Every call centre says it, and it tells nobody anything.",
    ),
    (
        r"No time is given: (?P<what>.+)\.",
        "Soon, but when? %(what)s.",
        "A time can be relied on: say it, or leave this out.",
    ),
    (
        r"A sentence of (?P<count>\d+) words; (?P<most>\d+) can be taken in by ear\.",
        "A sentence of %(count)s words.",
        "By ear nobody can go back: after some twenty words, begin another one.",
    ),
    (
        r"More than (?P<most>\d+) options at once\.",
        "More than %(most)s choices at once.",
        "Nobody can keep more in mind while listening.",
    ),
)
_KNOWN = [(re.compile(pattern), told, why) for pattern, told, why in (*FAULTS, *HINTS)]


@dataclass(frozen=True, slots=True)
class Told:
    what: str
    why: str = ""


def told(whats: Sequence[str], words: Words) -> Iterator[Told]:
    """The API's findings in the reader's language, each once."""
    for what in dict.fromkeys(whats):
        yield _told(what, words)


def _told(what: str, words: Words) -> Told:
    for pattern, text, why in _KNOWN:
        if found := pattern.fullmatch(what):
            values = {
                name: value.replace("'", "") if name == "what" else value for name, value in found.groupdict().items()
            }
            return Told(words(text, **values), words(why))
    return Told(words.problem(what))


def texts() -> list[str]:
    return [text for _, told, why in (*FAULTS, *HINTS) for text in (told, why)]
