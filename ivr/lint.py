"""Are these words fit to be said?  Pure; `python -m ivr.lint` looks at our own catalogues and is run by `./check`.

A *fault* would break what callers rely on: a slot that is never filled, a key that is announced nowhere.  A manager's
wording with one is refused.  A *blemish* only makes the house sound like every other: filler, a vague "soon", a
sentence too long to be taken in by ear, more options than can be kept in mind.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from string import Formatter

from ivr.breaths import MOST_OPTIONS, PRESS, announced
from ivr.catalogue import LANGUAGES, Entry, entries, every_form, read_catalogue, read_domains, slots
from ivr.hackneyed import FILLERS, VAGUE
from ivr.phrases import LONGEST_SENTENCE, VOICES, Wordings
from routing.needs_check import Found

LEAST_WORDINGS = 3
SPOKEN_TO_CALLERS = frozenset(("openings", "calls", "parting"))  # the catalogues a manager may put own wordings for
WRITTEN = frozenset(("page", "texts"))
OPENINGS = frozenset(
    (
        *(f"{key}{twin}" for key in ("first", "greet", "again", "expected", "overdue") for twin in ("", "_plain")),
        *(f"{key}{twin}" for key in ("back", "tired", "night", "holiday") for twin in ("", "_plain")),
        *("closed_night", "closed_holiday", "long_wait", "transfer", "bad_news"),
    )
)
NOT_PRESS: Mapping[str, str] = {  # a key that is named so that it is not pressed
    "it": r"\b(?:non|mai|senza che)\s(?:\w+\s){{0,2}}{press} \d",
    "en": r"(?:\b(?:not|never|without)|n['’]t)\s(?:\w+\s){{0,2}}{press}(?:ing)? \d",
    "de": r"\b{press} \d (?:\w+ ){{0,2}}(?:nicht|nie|niemals)\b|\b(?:nicht|nie|niemals)\s(?:\w+\s){{0,2}}{press} \d",
    "fr": r"\b(?:ne|n['’]|jamais)\s?(?:\w+\s){{0,2}}{press} \d",
    "es": r"\b(?:no|nunca|jamás|sin que)\s(?:\w+\s){{0,2}}{press} \d",
}
_TIMES = frozenset(("time", "estimate", "n", "window"))
_TYPICAL: Mapping[str, str] = {  # as many words as are usual
    "name": "n n",
    "company": "c c",
    "hello": "h h",
    "time": "t t t t t",
    "estimate": "e e",
    "window": "w w",
    "link": "",
    "choices": "",  # an announcement of its own
    "choice": "",
}
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n")
_MARKS = frozenset("[]<>|")


@dataclass(frozen=True, slots=True)
class Ours:
    """A situation in one language, as our catalogue has it."""

    wordings: Sequence[str]
    domain: str

    @property
    def slots(self) -> set[str]:
        return slots(self.wordings[0])


@lru_cache
def ours(code: str) -> Mapping[str, Ours]:
    words, domains = read_catalogue(code), read_domains(code)
    return {key: Ours(wordings, domains[key]) for key, wordings in words.items()}


def may_be_reworded(key: str) -> bool:
    known = ours("it").get(key)
    return known is not None and known.domain in SPOKEN_TO_CALLERS


def faults(key: str, wording: str, code: str) -> Iterator[str]:
    """Why a manager's wording cannot be used."""
    if not may_be_reworded(key):
        yield "There is no situation of this name that has words of your own."
        return
    own = ours(code)[key]
    try:
        parts = list(Formatter().parse(wording))
    except ValueError as error:
        yield f"The braces do not fit together: {error}."
        return
    given = {name for _, name, _, _ in parts if name is not None}
    if any(spec or conversion for _, name, spec, conversion in parts if name is not None):
        yield "A slot is its name in braces and nothing else."
    if unknown := sorted(given - own.slots - {"hello", "company"}):
        yield f"Nothing is known here of {_listed(unknown)}."
    if missing := sorted(own.slots - given - {"hello", "company"}):
        yield f"It must say {_listed(missing)}."
    forms = list(every_form(wording))
    if any(_MARKS & set(form) for form in forms):
        yield "A bracket stands alone: [formal|familiar], <masculine|feminine|anybody>."
    if not all(form.strip() for form in forms):
        yield "It says nothing."
    if any(announced(form, code) != announced(one, code) for form in forms for one in every_form(own.wordings[0])):
        keys = sorted(announced(next(every_form(own.wordings[0])), code))
        yield f"It must announce {_keys(keys, code)}" if keys else "It announces a key that does nothing here."
    elif any(_negated(form, code) for form in forms):
        yield "A key is named to be pressed, not to be left alone."


def _negated(form: str, code: str) -> bool:
    return re.search(NOT_PRESS[code].format(press=PRESS[code]), form, re.IGNORECASE) is not None


def blemishes(wording: str, code: str, *, written: bool = False) -> Iterator[str]:
    """What callers do not want to hear.  `written`: to be read, where an eye can go back."""
    for form in every_form(wording):
        if found := re.search(rf"(?<!\w)(?:{FILLERS[code]})(?!\w)", form, re.IGNORECASE):
            yield f"Filler: {found[0]!r}."
        if (found := re.search(rf"(?<!\w)(?:{VAGUE[code]})(?!\w)", form, re.IGNORECASE)) and not _TIMES & slots(form):
            yield f"No time is given: {found[0]!r}."
        for sentence in () if written else _SENTENCE.split(form):
            if (count := len(_typical(sentence).split())) > LONGEST_SENTENCE:
                yield f"A sentence of {count} words; {LONGEST_SENTENCE} can be taken in by ear."
        if len(announced(form, code)) > MOST_OPTIONS:
            yield f"More than {MOST_OPTIONS} options at once."


def faults_of(phrases: Wordings) -> Iterator[Found]:
    """Why these wordings of a plan are refused, each with its place."""
    for place, key, wording, code in _each(phrases):
        if code is None:
            yield Found(place, f"We speak {_listed(sorted(LANGUAGES))}.")
        else:
            yield from (Found(place, what) for what in faults(key, wording, code))


def blemishes_of(phrases: Wordings) -> Iterator[Found]:
    for place, key, wording, code in _each(phrases):
        if code is not None and not any(faults(key, wording, code)):
            yield from (Found(place, what) for what in dict.fromkeys(blemishes(wording, code)))


def catalogue_findings() -> Iterator[str]:
    """`file:line: what`, of our own catalogues."""
    known = {code: list(entries(code)) for code in LANGUAGES}
    every = dict.fromkeys(entry.key for entry in chain(*known.values()))
    like = {entry.key: entry for entry in reversed(known["it"])}
    for code, found in known.items():
        here = {entry.key for entry in found}
        folder = found[0].file.parent
        yield from (f"{_short(folder)}: {key}: no words in this language." for key in every if key not in here)
        for key in sorted(key for key in here if len({e.domain for e in found if e.key == key}) > 1):
            yield f"{_short(folder)}: {key}: stands in two catalogues."
        for key in sorted(OPENINGS):
            if sum(entry.key == key for entry in found) < LEAST_WORDINGS:
                yield f"{_short(folder)}: {key}: fewer than {LEAST_WORDINGS} wordings."
        for entry in found:
            what = dict.fromkeys(_of_ours(entry, code, like.get(entry.key, entry)))
            yield from (f"{_short(entry.file)}:{entry.line}: {entry.key}: {one}" for one in what)


def _of_ours(entry: Entry, code: str, like: Entry) -> Iterator[str]:
    try:
        if slots(entry.wording) != slots(like.wording):
            yield f"Other slots than elsewhere: {_listed(sorted(slots(entry.wording) ^ slots(like.wording)))}."
    except ValueError as error:
        yield f"The braces do not fit together: {error}."
        return
    forms = list(every_form(entry.wording))
    if not all(form.strip() for form in forms) or any(_MARKS & set(form) for form in forms):
        yield "It says nothing, or a bracket stands alone."
    if entry.domain not in WRITTEN and any(_stray(form, code) for form in forms):
        yield "A key that does not follow its verb."
    yield from blemishes(entry.wording, code, written=entry.domain in WRITTEN)


def _stray(form: str, code: str) -> bool:
    alone = re.findall(r"\{key\}|(?<!\{)\b[1-9]\b(?! (?:minut|Minut))", form)
    return len(alone) != len(re.findall(rf"\b{PRESS[code]} (?:\{{key\}}|[1-9])", form, re.IGNORECASE))


def _each(phrases: Wordings) -> Iterator[tuple[str, str, str, str | None]]:
    for language, situations in phrases.items():
        code = language.split("-")[0]
        spoken = code if language in LANGUAGES or language in VOICES else None
        for key, wordings in situations.items():
            for n, wording in enumerate(wordings):
                yield f"phrases.{language}.{key}[{n}]", key, wording, spoken


def _typical(sentence: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: _TYPICAL.get(m[1], "x"), sentence)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{{{name}}}" if name not in LANGUAGES else name for name in names)


def _keys(keys: Sequence[str], code: str) -> str:
    verb = {"it": "prema", "en": "press", "de": "drücken Sie", "fr": "tapez", "es": "pulse"}[code]
    return ", ".join(f'"{verb} {key}"' for key in keys) + "."


def _short(path: Path) -> str:
    return str(path.relative_to(Path(__file__).parents[1]))


if __name__ == "__main__":
    told = list(catalogue_findings())
    print("\n".join(told), end="\n" if told else "")
    sys.exit(1 if told else 0)
