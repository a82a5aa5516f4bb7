"""How a person is spoken to by name.  Pure.

After Unicode's rules for person names (LDML part 8: usage `addressing`, formality formal or informal), as far as a
profile has the parts.  The name they like to be called by comes before every rule.  Formally it is the title, else the
honorific of a known gender, with the surname; informally the given name.  Without parts, or without what a rule asks
for, the name is said as given name and surname, in the order of the language it comes from; a friend hears the given
name alone wherever the name as it was written shows which it is (`written_names.py`).  A gender is never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ivr.phrases import LONGEST_NAME, speakable
from ivr.written_names import Written, as_said

HONORIFICS: Mapping[str, Mapping[str, str]] = {
    "it": {"feminine": "signora", "masculine": "signor"},
    "en": {"feminine": "Ms", "masculine": "Mr"},
    "de": {"feminine": "Frau", "masculine": "Herr"},
    "fr": {"feminine": "Madame", "masculine": "Monsieur"},
    "es": {"feminine": "señora", "masculine": "señor"},
}
# These say what an honorific says: none is put before them.
_HONORIFIC = re.compile(
    r"(?:signor\w*|sig\.?(?:ra|na)?\.?|mr|mrs|ms|miss|mx|frau|herrn?|fr\.|hr\.|madame|monsieur|mademoiselle|mme|mlle|m\."
    r"|señor\w*|sr\.?|sra\.?|srta\.?)\b",
    re.IGNORECASE,
)
_WITH_GIVEN = re.compile(r"(?:sir|dame|don|doña|donna|d\.|dª|suor|fra|padre|sister|brother|schwester|sœur)\b\.?$", re.I)
# CLDR's nameOrderLocales, the same for all we speak: the surname of these comes first.
SURNAME_FIRST = frozenset(("hu", "ja", "ko", "vi", "yue", "zh"))
_BY_SCRIPT: Mapping[str, str] = {"HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh"}
_NO_SOUND = frozenset(("So", "Sk", "Sm", "Cn", "Co", "Cs", "Cc"))  # signs and pictures; what is typed as + stays
_PEN = re.compile('["“”„«»‟]')
_STAYS = frozenset("+&'`´’")


class Named(Protocol):
    """What a profile knows of a name."""

    @property
    def name(self) -> str | None: ...
    @property
    def called(self) -> str | None: ...
    @property
    def title(self) -> str | None: ...
    @property
    def given(self) -> str | None: ...
    @property
    def surname(self) -> str | None: ...
    @property
    def gender(self) -> str | None: ...
    @property
    def formal(self) -> bool: ...
    @property
    def language(self) -> str | None: ...
    @property
    def say(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Invented:
    """Somebody who does not exist, to try words on."""

    name: str | None = None
    called: str | None = None
    title: str | None = None
    given: str | None = None
    surname: str | None = None
    gender: str | None = None
    formal: bool = True
    language: str | None = None
    say: str | None = None


def addressed(person: Named, language: str) -> str | None:
    """The name to say in this language; None for somebody who has none that can be said."""
    return _called(person) or _by_parts(person, language.split("-")[0].lower()) or _whole(person)


def pronounceable(name: str | None) -> str | None:
    """Without what has no sound; None where nothing is left that has."""
    kept = "".join(c if c in _STAYS or unicodedata.category(c) not in _NO_SOUND else " " for c in name or "")
    clean = speakable(kept, LONGEST_NAME)
    return clean if any(unicodedata.category(c)[0] in "LN" for c in clean) else None


def respelling(person: Named, spoken: str | None) -> tuple[str, str] | None:
    """The part of the `spoken` name that the profile says how to say, and how; None where it does not fit.

    What they are called is respelt as a whole.  Where of several words only some are spoken, each word has its own.
    """
    say = speakable(person.say or "", 2 * LONGEST_NAME)
    if not say or not spoken:
        return None
    whole = _called(person) or _whole(person) or ""
    if spoken == whole:
        return (spoken, say)
    if spoken.endswith(whole):
        return (whole, say)
    own, ways = whole.split(), (sounds(say) or say).split()
    if len(own) == len(ways):
        heard = [(word, way) for word, way in zip(own, ways, strict=True) if word in spoken.split()]
        part, way = (" ".join(words) for words in zip(*heard, strict=True)) if heard else ("", "")
        return (part, f"/{way}/" if _sounds(say) else way) if part and part in spoken else None
    given = _part(person.given)
    return (given, say) if given and len(ways) == 1 and given in spoken.split() else None


def sounds(say: str) -> str | None:
    """The sounds in `/maˈriːa/` or `[maˈriːa]`, in the International Phonetic Alphabet; None for a plain respelling."""
    return say.strip()[1:-1].strip() if _sounds(say) else None


def _sounds(say: str) -> bool:
    say = say.strip()
    inside = say[1:-1].strip()
    framed = len(say) > 2 and (say[0], say[-1]) in (("/", "/"), ("[", "]"))
    return framed and all(unicodedata.category(c)[0] in "LM" or c in "ˈˌːˑ.‿ |" for c in inside) and bool(inside)


def _by_parts(person: Named, language: str) -> str | None:
    given, surname, title = _part(person.given), _part(person.surname), pronounceable(person.title)
    if not person.formal:
        return given or pronounceable(_written(person).given)
    if title and given and _WITH_GIVEN.match(title):
        return _titled(title, given)
    if surname is None:
        whole = _whole(person)
        return _titled(title, whole) if title and whole else None
    honorific = HONORIFICS.get(language, {}).get(person.gender or "")
    if title and _HONORIFIC.match(title):
        return _titled(title, surname)
    if title and language == "de" and honorific:
        return _titled(f"{honorific} {title}", surname)  # Frau Dr. Müller: in German both are said
    before = title or honorific
    return _titled(before, surname) if before else None


def _titled(title: str, name: str) -> str:
    """A title is left away sooner than that the name is cut short, and never said twice."""
    whole = name if name.casefold().startswith(f"{title} ".casefold()) else f"{title} {name}"
    return whole if len(whole) <= LONGEST_NAME else name


def _called(person: Named) -> str | None:
    """As they like it, but for what only a pen can do."""
    called = pronounceable(person.called)
    return pronounceable(_PEN.sub(" ", called).strip(" .,;")) or called if called else None


def _part(part: str | None) -> str | None:
    return pronounceable(as_said(part).whole)


def _written(person: Named) -> Written:
    return as_said(person.name, surname_first=_origin(person.name or "", person.language) in SURNAME_FIRST)


def _whole(person: Named) -> str | None:
    """As it was written; from its parts, in the order of the language it comes from."""
    if written := pronounceable(_written(person).whole):
        return written
    given, surname = person.given or "", person.surname or ""
    origin = _origin(f"{surname}{given}", person.language)
    if origin not in SURNAME_FIRST:
        return pronounceable(f"{given} {surname}")
    native = origin in ("ja", "ko", "zh", "yue") and _script(f"{surname}{given}") is not None
    return pronounceable(f"{surname}{given}" if native else f"{surname} {given}")


def _origin(name: str, language: str | None) -> str:
    """Which language a name comes from: its script tells, else the person's own language."""
    own = (language or "").split("-")[0].lower()
    script = _script(name)
    return script if script and not (script == "zh" and own in SURNAME_FIRST) else own


def _script(name: str) -> str | None:
    for character in name:
        if (found := _BY_SCRIPT.get(unicodedata.name(character, "").split(" ")[0])) is not None:
            return found
    return None
