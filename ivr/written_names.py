"""A name as it stands in a file, made fit to be said.  Pure.

What people import was written to be found in a list: "Rossi, Maria", "JONES John, Jr. (office)", "Maria - owes us
money".  A comma says which part is the surname.  Remarks, ranks behind a name, middle initials and numbers are not what
anybody is called, and some of it is nobody's business; so they are left away, and given name and surname are said.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from ivr.heard.people.given import GIVEN

_REMARK = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]?|\{[^{}]*\}?|<[^<>]*>?")
_QUOTES = re.compile('[“”„«»‟‹›"]')
_NICKNAME = re.compile(r"""(?<!\w)(?:["“„«][^"“”„«»]+["”“»]|'[^\W\d_][^']*'|‘[^‘’]+’|‹[^‹›]+›)(?!\w)""")
_ASIDE = re.compile(
    r"\s[-–—/|]+\s.*|[;|:*#=~\\].*|(?<=\S)\s\d.*"
)  # what stands behind a dash is about them, not their name
_NUMBER = re.compile(r"\S*\d\S*\d\S*\d\S*\d\S*\d\S*")
_SUFFIX = re.compile(
    r"(?:jr|sr|junior|senior|jnr|snr|ii|iii|iv|2nd|3rd|md|phd|dds|dvm|esq|esquire|cpa|mba|msc|bsc|llb|llm|mph|rn|do|pe"
    r"|qc|kc|mp|obe|mbe|cbe|cfp|clu|lutc|usmc|ret|dott|ing|geb|née|nata)$",
    re.IGNORECASE,
)
_LONE_SUFFIX = frozenset(
    ("do", "ing", "dott", "ret", "mp", "pe", "rn", "senior", "junior")
)  # names, too: after a comma
_RANK = re.compile(
    r"(?:dr|doctor|prof|professor|rev|hon|mr|mrs|ms|miss|mx|sir|dame|lord|lady|sig|sigra|signor\w*|dott\w*|avv\w*|ing|arch"
    r"|geom|rag|frau|herrn?|hr|fr|m|mme|mlle|madame|monsieur|docteur|doctora|señora?|srta?|sra|don|doña|dipl|mag|lt|gen|col"
    r"|capt|maj|sgt|cardinal|king|queen|prince|princess|conte|contessa|fra|suor|padre|father|sister|brother)\.?$",
    re.IGNORECASE,
)
_NO_PERSON = re.compile(
    r"\b(?:s\.? ?r\.? ?l|s\.? ?p\.? ?a|s\.? ?n\.? ?c|s\.? ?a\.? ?s|s\.? ?a\.? ?r\.? ?l|gmbh|ohg"
    r"|e\.? ?v|inc|ltd|llc|plc|corp|kg|s\.? ?l)\.?$"
    r"|^(?:ditta|studio|fam(?:iglia|ilie|ille|ilia)?|company|società|firma)\b|[&+]|\s(?:and|und|et)\s",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(
    r"(?:n/?a|n\.a|unknown|sconosciut[oa]|unbekannt|inconnue?|desconocid[oa]|undefined|none|nan|anonym(?:ous|e)?"
    r"|anonim[oa]|test|prova|no name|senza nome)$|(?:cliente?|customer|kund(?:e|in)|(?:non|do not|nicht|ne pas|no)"
    r" (?:chiamare|richiamare|call|anrufen|appeler|llamar))\b",
    re.IGNORECASE,
)
_PARTICLES = (
    "de del della dello degli dei di da dal dalla la le lo el al van von der den het ten ter zu zum af bin ibn ben bint"
    " mac mc san saint st santa o y dos das do du des"
)
_JOINING, _KNOWN = (frozenset(words.split()) for words in (_PARTICLES, GIVEN))


@dataclass(frozen=True, slots=True)
class Written:
    """`given`: what is certainly, or as good as certainly, the name they were given; None where it could be either."""

    whole: str | None
    given: str | None = None


@lru_cache(maxsize=4096)
def as_said(name: str | None, *, surname_first: bool = False) -> Written:
    """`surname_first`: as is the custom where they come from."""
    text = _without_remarks(unicodedata.normalize("NFC", name or ""))
    if not text or _NOT_A_NAME.match(text):
        return Written(None)
    if _NO_PERSON.search(text):
        return Written(_edges(text) or None)
    capitals = _is_shouted(text)
    surname, words = _in_order([part for part in (one.split() for one in text.split(",")) if part], capitals)
    if surname:
        given = _first_names(_without_ranks(words))
        words = [*surname, *words] if surname_first else [*words, *surname]
    else:
        bare = _without_ranks(words)
        given = _guess(bare, surname_first or capitals) if len(bare) > 1 or bare == words else []
    return Written(_spoken(words, capitals) or None, _spoken(given, capitals) or None)


def _without_remarks(text: str) -> str:
    """Also without a nickname in inverted commas, unless there is nothing else."""
    text = _NUMBER.sub(" ", _REMARK.sub(" ", text))
    kept = _edges(_ASIDE.sub("", _NICKNAME.sub(" ", text)))
    return kept or _edges(_ASIDE.sub("", _QUOTES.sub(" ", text)))


def _edges(text: str) -> str:
    """Without the signs that a name neither begins nor ends with."""
    text = re.sub(r"^['‘](.+)['’]$", r"\1", " ".join(_QUOTES.sub(" ", text).split()))
    text = re.sub(r"^[\s.,\-–—/_!?%]+|[\s,.\-–—/_!?%]+$", "", text)
    return re.sub(r"\.{2,}", ".", text)


def _in_order(parts: list[list[str]], capitals: bool) -> tuple[list[str], list[str]]:
    """(surname, the rest) of what a comma parts; without one, or with ranks only behind it, no surname."""
    ranks = [part for part in parts[1:] if all(_is_suffix(word, behind=True, capitals=capitals) for word in part)]
    rest = [part for part in parts if not any(part is one for one in ranks)]
    surname, given = (rest[0], rest[1]) if len(rest) > 1 else ([], rest[0] if rest else [])
    surname, given = _without_suffixes(surname), _without_suffixes(given)
    return (surname, given) if given else ([], surname)


def _is_suffix(word: str, *, behind: bool = False, capitals: bool = False) -> bool:
    """`behind`: a comma, where also an unknown degree can be told from a name, unless all is in capitals."""
    bare = word.replace(".", "")
    if re.match(r"[js]\.r", word, re.IGNORECASE):
        return False  # two initials
    if behind and not capitals and bare.isascii() and bare.isalpha() and bare.isupper() and 1 < len(bare) < 6:
        return True
    return bool(_SUFFIX.match(bare)) and (behind or bare.casefold() not in _LONE_SUFFIX)


def _without_suffixes(words: list[str]) -> list[str]:
    while len(words) > 1 and _is_suffix(words[-1]):
        words = words[:-1]
    return words


def _without_ranks(words: list[str]) -> list[str]:
    while len(words) > 1 and _RANK.match(words[0]):
        words = words[1:]
    return words


def _first_names(words: list[str]) -> list[str]:
    """At most two: Maria Luisa."""
    return [word for word in words if not _is_initial(word)][:2] or words[:1]


def _guess(words: list[str], surname_first: bool) -> list[str]:
    """Of a name without a comma: the one word of it that is a first name, else the first where that is the custom."""
    if len(words) < 2:
        return words
    joined = _folded(words[-2]) in _JOINING  # Anna De Luca: what follows is no first name
    first, last = _folded(words[0]) in _KNOWN, _folded(words[-1]) in _KNOWN and not joined
    if first != last:
        return [words[0] if first else words[-1]]
    usual = len(words) == 2 or (_folded(words[1]) in _JOINING and not last)
    if not usual or surname_first or _is_initial(words[0]) or _folded(words[0]) in _JOINING:
        return []
    return words[:1] if all(_is_western(word) for word in words) else []


def _folded(word: str) -> str:
    return word.casefold().strip(".")


def _is_western(word: str) -> bool:
    letters = [letter for letter in word if letter.isalpha()]
    western = ("LATIN", "GREEK", "CYRILLIC")
    return len(letters) > 1 and all(unicodedata.name(letter, "").startswith(western) for letter in letters)


def _is_initial(word: str) -> bool:
    return bool(re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]?|[A-Z]", word))


def _is_shouted(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text)
    return text.isupper() and (len(words) > 1 or len("".join(words)) > 3)


def _spoken(words: list[str], capitals: bool) -> str:
    """Without initials in the middle: nobody is greeted by them."""
    kept = [word for n, word in enumerate(words) if not 0 < n < len(words) - 1 or not _is_initial(word)]
    text = _edges(" ".join(kept))
    return re.sub(r"[^\W\d_]{2,}", lambda found: found[0].capitalize(), text) if capitals else text
