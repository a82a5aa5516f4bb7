"""Names across spellings: how one is found, and how alike two are.  Pure.

A name is folded: without case, accents and script (Мария, Mariya), without what merely varies from one spelling of the
same name to another (Müller and Mueller, Sarah and Sara, Stephan and Stefan, Anna and Ana).  Short forms are not
guessed: who is Beppe is told by `called`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import permutations

from anyascii import anyascii
from rapidfuzz.distance import Levenshtein

LONGEST = 200  # characters of a name that are looked at
MOST_PARTS = 12
LONGEST_PART = 40
ALIKE = 0.85  # from here on two names may be one person's


def _each(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _each(
    "dr dott dottor dottore dottssa dottoressa prof professor professore professoressa ing avv geom rag arch sig signor"
    " signore sigra signora signorina herr frau fr hr mag dipl mr mrs ms miss mx sir dame mme mlle madame monsieur sr"
    " sra srta senor senora hon rev jr junior ii iii iv phd md esq cpa qc"
)
_PARTICLES = _each(
    "de del della dello degli dei di da dal dalla dos das do du des la le lo van von der den het ten ter zu zum zur af"
    " av el al bin ibn ben bint mac mc"
)
_SPELLINGS = (  # one after another: what sounds, and is spelt, now this way and now that
    (re.compile("ae|oe|ue"), lambda found: found[0][0]),  # the umlauts of those without the letters for them
    (re.compile("ph"), lambda found: "f"),
    (re.compile("dj"), lambda found: "d"),
    (re.compile("ck|c"), lambda found: "k"),
    (re.compile("x"), lambda found: "ks"),
    (re.compile("[yj]"), lambda found: "i"),
    (re.compile("w"), lambda found: "v"),
    (re.compile("(?<=.)h"), lambda found: ""),
    (re.compile(r"(.)\1+"), lambda found: found[1]),
)
_UNVOWELLED = re.compile("[\u0590-\u07ff\ufb1d-\ufdff\ufe70-\ufeff]")  # Hebrew, Arabic: written without vowels
_NO_SPACES = re.compile("[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]")  # a syllable each, which anyascii writes large
_VOWELS = re.compile("[aeiou]+")


def name_key(name: str | None) -> str:
    """The same for all spellings and orders of a name; empty for what has no letters."""
    return " ".join(sorted(_joined(_words(name or ""))))[:LONGEST]


def name_parts(*names: str | None) -> frozenset[str]:
    """By whose beginnings somebody is found: each word, and `deluca` beside `de` and `luca` for De Luca."""
    parts: set[str] = set()
    for name in names:
        words = _words(name or "")
        parts |= {*_joined(words), *map(_spelt, words)}
    return frozenset(part[:LONGEST_PART] for part in _longest_first(parts)[:MOST_PARTS])


def search_words(text: str) -> list[list[str]]:
    """What somebody typed who looks for a name: beginnings of parts that must all be there, the longest first.

    More than one list where particles may be written together (De Luca, Deluca): any of them will do.
    """
    words = _words(text)
    ways = (
        _longest_first({word[:LONGEST_PART] for word in way})[:MOST_PARTS]
        for way in (map(_spelt, words), _joined(words))
    )
    return [list(way) for way in dict.fromkeys(map(tuple, ways)) if way]


def alike(one: str | None, other: str | None) -> float:
    """From 0 (nothing in common) to 1 (the same letters); from `ALIKE` on they may be one person's.

    All words of the shorter must be in the longer: Maria Luisa Rossi may be Maria Rossi, and Paolo Rossi is not.
    """
    ours, theirs = _words(one or ""), _words(other or "")
    if not ours or not theirs:
        return 0.0
    if _plainly(one) == _plainly(other):
        return 1.0
    written = max(_compared(form(ours), form(theirs)) for form in (_joined, _without_particles))
    if _bare(one) or _bare(other):
        written = max(written, _by_consonants(ours, theirs))
    return round(written, 2)


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


def _words(name: str) -> list[str]:
    """In a-z, in their order, without titles, unless there is nothing else."""
    words = list(_latin_words(name))
    known = [word for word in words if word not in _TITLES]
    return (known if len(known) > 1 or (known and len(words) < 3) else words)[:MOST_PARTS]


@lru_cache(maxsize=4096)
def _latin_words(name: str) -> tuple[str, ...]:
    """In a-z and digits."""
    text = "".join(_letter(sign) for sign in unicodedata.normalize("NFKC", name[:LONGEST])[:LONGEST])
    latin = anyascii(text)
    if _NO_SPACES.search(text):
        latin = re.sub("(?<=[a-z])(?=[A-Z])", " ", latin)
    return tuple(re.findall("[a-z0-9]+", re.sub("['`]", "", latin.casefold())))


def _letter(sign: str) -> str:
    """Itself, nothing where it stands within a word, or a gap."""
    kind = unicodedata.category(sign)
    if kind[0] in "LMN":
        return sign
    return "" if kind == "Cf" or sign in "'’ʼ`´\"" else " "


def _spelt(word: str) -> str:
    for spelling, plain in _SPELLINGS:
        word = spelling.sub(plain, word)
    return word


def _joined(words: Sequence[str]) -> list[str]:
    """Folded, `van der Berg` as Vanderberg: a particle belongs to the word after it."""
    joined: list[str] = []
    before = ""
    for word in words:
        if word in _PARTICLES and len(words) > 1:
            before += word
            continue
        joined.append(_spelt(before + word))
        before = ""
    return [*joined, _spelt(before)] if before else joined


def _without_particles(words: Sequence[str]) -> list[str]:
    """Folded."""
    return [_spelt(word) for word in [word for word in words if word not in _PARTICLES] or words]


def _plainly(name: str | None) -> list[str]:
    """As written, but for case, accents and order."""
    return sorted(_latin_words(name or ""))


def _bare(name: str | None) -> bool:
    return bool(_UNVOWELLED.search((name or "")[:LONGEST]))


def _compared(ours: Sequence[str], theirs: Sequence[str]) -> float:
    if sorted(ours) == sorted(theirs):
        return 0.97
    if _run_together(ours) & _run_together(theirs):
        return 0.95  # Annamaria and Anna Maria
    fewer, more = sorted((ours, theirs), key=len)
    found = _paired(fewer, more)
    whole = min(found) * 0.6 + sum(found) / len(found) * 0.4
    if len(fewer) == len(more):
        return whole
    return whole * (0.94 if len(fewer) > 1 else 0.7)  # a middle name is missing; of one word alone there is no knowing


def _paired(fewer: Sequence[str], more: Sequence[str]) -> list[float]:
    """How well each word of the shorter name fits one of the other, each used once, the best fits first."""
    fits = sorted(
        ((_fit(word, other), n, m) for n, word in enumerate(fewer) for m, other in enumerate(more)), reverse=True
    )
    taken: dict[int, float] = {}
    used: set[int] = set()
    for fit, n, m in fits:
        if n not in taken and m not in used:
            taken[n] = fit
            used.add(m)
    return list(taken.values())


def _fit(word: str, other: str) -> float:
    """Of two folded words.  One letter of eight may be a slip; in a shorter one, or at the end, it is another name."""
    if word == other:
        return 0.98
    if min(len(word), len(other)) == 1:
        return 0.8 if word[0] == other[0] else 0.0
    if _ending_apart(word, other):
        return 0.3
    slips, longest = Levenshtein.distance(word, other), max(len(word), len(other))
    if slips <= longest // 8:
        return 0.9
    return 0.7 * (1 - slips / longest)


def _ending_apart(word: str, other: str) -> bool:
    """Paolo and Paola, François and Françoise: a last vowel makes another person of it."""
    return word.rstrip("aeiou") == other.rstrip("aeiou")


def _run_together(words: Sequence[str]) -> set[str]:
    orders: Iterable[Sequence[str]] = permutations(words) if len(words) <= 4 else (words, words[::-1])
    return {_spelt("".join(order)) for order in orders}


def _by_consonants(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """For a name that came without its vowels: no more than a likelihood."""
    one, other = (sorted(_spelt(_VOWELS.sub("", word)) for word in words) for words in (ours, theirs))
    return ALIKE if one == other and sum(map(len, one)) > 3 else 0.0
