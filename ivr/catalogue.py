"""The gettext catalogues of what is said, and the small marks within a wording.  Pure, but for reading them once.

`msgid` is the situation, `msgctxt` counts its wordings.  Within a wording `[formal|familiar]` is resolved by how the
person is addressed, `<masculine|feminine|anybody>` by what is known of their gender, and `{slots}` are filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from babel import Locale
from babel.messages.pofile import read_po

LANGUAGES: Mapping[str, str] = {  # what we speak, and the region a bare language is spoken in
    "it": "it-IT",
    "en": "en-GB",
    "de": "de-DE",
    "fr": "fr-FR",
    "es": "es-ES",
}
LOCALES = Path(__file__).parent / "locales"
ONE = "#one"  # behind a situation's key: of exactly one, where the language has a form of its own for that
GENDERS: Mapping[str | None, int] = {"masculine": 0, "feminine": 1, None: 2}
_FORMS = re.compile(r"\[([^|\]]*)\|([^|\]]*)\]")
_GENDERED = re.compile(r"<([^|<>]*)\|([^|<>]*)\|([^|<>]*)>")


@dataclass(frozen=True, slots=True)
class Entry:
    """One wording where it stands."""

    key: str
    wording: str
    file: Path
    line: int

    @property
    def domain(self) -> str:
        return self.file.stem


def entries(code: str) -> Iterator[Entry]:
    """A language's wordings, those of one situation in their order."""
    for path in sorted((LOCALES / code / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=code, domain=path.stem, abort_invalid=True)
        for message in catalogue:
            line = message.lineno or 0
            if isinstance(message.id, str):
                if message.id:
                    yield Entry(message.id, str(message.string), path, line)
                continue
            one, other = tuple(message.string) if isinstance(message.string, tuple | list) else ("", "")
            yield Entry(message.id[0], str(other), path, line)
            yield Entry(f"{message.id[0]}{ONE}", str(one), path, line)


def read_catalogue(code: str) -> Mapping[str, Sequence[str]]:
    words: dict[str, list[str]] = {}
    for entry in entries(code):
        words.setdefault(entry.key, []).append(entry.wording)
    return words


def read_domains(code: str) -> Mapping[str, str]:
    """In which catalogue each situation stands."""
    return {entry.key: entry.domain for entry in entries(code)}


def exactly_one(number: str, language: str) -> bool:
    """Does this language take its singular for this figure?  (French also for 0.)"""
    return number.isdecimal() and Locale.parse(language.split("-")[0]).plural_form(int(number)) == "one"


def resolved(wording: str, *, formal: bool, gender: str | None) -> str:
    """The form of address first: a gendered part may hold one."""
    wording = _FORMS.sub(lambda m: m.group(1 if formal else 2), wording)
    return _GENDERED.sub(lambda m: m.group(1 + GENDERS.get(gender, 2)), wording)


def every_form(wording: str) -> Iterator[str]:
    """Everything this wording can become."""
    told = dict.fromkeys(resolved(wording, formal=f, gender=g) for f in (True, False) for g in GENDERS)
    yield from told


def slots(wording: str) -> set[str]:
    """Raises ValueError for braces that do not close."""
    return {name for _, name, _, _ in Formatter().parse(wording) if name is not None}


def choose_wording(count: int, *, last: int | None, turn: int) -> int:
    """Which of `count` wordings is said: the one after that which this person heard last, else by `turn`."""
    return (turn if last is None else last + 1) % count
