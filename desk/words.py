"""What pages say, in the language of who reads them.

The English text is its own key: `_("Sign in")` in a template, `words("Sign in")` in Python.  Every file under
`locales/it/LC_MESSAGES/` holds the Italian of some pages; a text may stand in one of them only.  Texts with values name
them: `_("Hello %(name)s", name=…)`, and those that count are `ngettext("%(num)s call", "%(num)s calls", n)`.

What the JSON API refuses is said in English; `problem` finds its Italian, values and all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent / "locales"
LEAST_SAID = 8  # characters that are no value: a pattern with fewer would fit nearly any sentence
SPOKEN = ("it", "en")  # the first of them is for who asks for neither


class Words:
    """One language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._one, self._many = _catalogue(language)
        # What says most is tried first: "%(url)s answers" would also fit a sentence that says more.
        told_with_values = sorted((told for told in self._one if "%(" in told), key=_said, reverse=True)
        self._patterns = [(_pattern(told), self._one[told]) for told in told_with_values if _said(told) >= LEAST_SAID]

    def __call__(self, text: str, **values: Any) -> str:
        said = self._one.get(text, text)
        return said % values if values else said

    def gettext(self, text: str) -> str:
        return self._one.get(text, text)

    def ngettext(self, one: str, many: str, n: int) -> str:
        forms = self._many.get(one)
        if forms is None:
            return one if n == 1 else many
        return forms[0 if n == 1 else 1]

    def count(self, one: str, many: str, n: int, **values: Any) -> str:
        return self.ngettext(one, many, n) % {"num": n, **values}

    def problem(self, told: str) -> str:
        """A sentence of the API, in this language if its catalogue knows the sentence or its pattern."""
        if told in self._one or self.language == "en":
            return self.gettext(told)
        for pattern, said in self._patterns:
            found = pattern.fullmatch(told)
            if found is not None:
                return said % found.groupdict()
        return told


@lru_cache
def words_in(language: str) -> Words:
    return Words(language)


def chosen(own: str | None, accept_language: str | None, house: str) -> str:
    """The language of a page: their own choice, else the first that the browser asks for and we speak, else ours."""
    for wanted in (own, *_asked_for(accept_language or ""), house):
        code = (wanted or "").partition("-")[0].lower()
        if code in SPOKEN:
            return code
    return SPOKEN[0]


def _asked_for(header: str) -> list[str]:
    """By descending `q`; what cannot be read counts as 0."""
    weighed = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, rest = part.strip().partition(";")
        found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", rest) if rest else None
        weight = float(found.group(1)) if found else 0.0 if rest else 1.0
        if weight:
            weighed.append((-weight, place, tag))
    return [tag for _, _, tag in sorted(weighed)]


def _catalogue(language: str) -> tuple[Mapping[str, str], Mapping[str, tuple[str, str]]]:
    one: dict[str, str] = {}
    many: dict[str, tuple[str, str]] = {}
    for path in sorted((LOCALES / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language, domain=path.stem, abort_invalid=True)
        for message in catalogue:
            if not message.id or not message.string:
                continue
            if isinstance(message.id, str):
                one[message.id] = str(message.string)
            else:
                forms = tuple(message.string)
                many[message.id[0]] = (str(forms[0]), str(forms[-1]))
    return one, many


def _said(told: str) -> int:
    """How much a text says by itself."""
    return len(re.sub(r"%\(\w+\)s", "", told))


def _pattern(told: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", told)
    return re.compile("".join(f"(?P<{part}>.+)" if n % 2 else re.escape(part) for n, part in enumerate(parts)))
