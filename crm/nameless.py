"""What somebody told, without the names in it: for who wants to know what people need, and not who they are.  Pure.

Names are taken out in every spelling we can think of: another case, other accents, another script, a genitive or a
diminutive at the end, a slip of the pen, letter by letter.  So are numbers of more than four digits (telephones,
customer numbers, dates), the same read out as words, and whatever holds an @.  People and places that are on no record
of ours are told by what stands around them (`strangers.py`).  When in doubt it goes: a story that lost a harmless word
still tells its story.  A surname alone in German, or one that is written small, can stay: whoever passes stories on
reads them first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from crm.names import name_parts
from crm.strangers import MARK, without_strangers

MOST_DIGITS = 4  # a year, a price: more may be a number by which somebody is found
_WITH_AT = re.compile(r"\S{0,100}@\S{0,100}|\b(?:sip|sips|client|tel|mailto|https?|www)[:.]\S+", re.IGNORECASE)
_DIGITS = re.compile(r"\+?\d(?:[\s().,:/\-–]{0,3}\d)*")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[^\W\d])\w{5,}\b")  # letters and digits in one: IT60X054, CRM17a
_SPELT = re.compile(r"\b[^\W\d_](?:[\s.,\-–]{1,3}[^\W\d_]\b){2,}")  # m-a-r-i-a
_CHUNK = re.compile(r"[^\W_](?:[\w'’ʼ`´.\-‐‑·]*[^\W_])?")
_WORD = re.compile(r"[^\W_]+")
_DENSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]")  # no blanks
_PARTICLES = (
    "de del della dello degli dei di da dal dalla d dos das do du des la le lo el al van von der den het ten ter zu zum"
    " zur af av bin ibn ben bint mac mc"
)
_READ_OUT = (
    "zero uno due tre quattro cinque sei sette otto nove oh one two three four five six seven eight nine null eins"
    " zwei zwo drei vier fünf sechs sieben acht neun zéro un deux trois quatre cinq sept huit neuf cero dos cuatro"
    " cinco siete ocho nueve doppio double"
)
_AFTER = 4  # letters that a language may put behind a name: Nowak, Nowakowej


@dataclass(frozen=True)
class Nameless:
    """Takes out what somebody is called and reached by."""

    words: frozenset[str]  # folded, and so are these
    staff: frozenset[str]  # of others: only as they are written
    whole: frozenset[str]  # a name's words in one
    dense: frozenset[str]  # names, and signs of them, of scripts without blanks
    literal: tuple[str, ...]  # taken out wherever they stand

    @classmethod
    def of(
        cls, names: Iterable[str | None], others: Iterable[str | None] = (), staff: frozenset[str] = frozenset()
    ) -> Nameless:
        """`names`: whole, as written down; `others`: addresses, numbers, ids; `staff`: `parts` of our own people's."""
        written = [_plain(name) for name in names if name and name.strip()]
        words = parts(written)
        whole = {"".join(sorted_parts) for name in written for sorted_parts in _orders(name)}
        dense = {sign for name in written for run in _dense_runs(name) for sign in (run, *_signs(run))}
        literal = {_plain(one).casefold() for one in others if one and len(one.strip()) > 1}
        literal |= {name.casefold() for name in written if len(name) > 1}
        ordered = tuple(sorted(literal, key=lambda one: (-len(one), one)))
        return cls(words, staff, frozenset(one for one in whole if len(one) > 3), frozenset(dense), ordered)

    def __call__(self, words: str) -> str:
        text = _plain(words)
        for one in self.literal:
            text = _without(text, one)
        text = without_strangers(text)
        for pattern in (_WITH_AT, _CODE):
            text = pattern.sub(MARK, text)
        text = _DIGITS.sub(_long_number, text)
        text = _SPELT.sub(MARK, text)
        for sign in sorted(self.dense, key=len, reverse=True):
            text = text.replace(sign, MARK)
        text = _CHUNK.sub(lambda found: self._chunk(found.group()), text)
        return _joined(_without_read_out(text))

    def _chunk(self, chunk: str) -> str:
        """A word, or several that a hyphen or an apostrophe holds together."""
        joined = "".join(_WORD.findall(chunk))
        if joined != chunk and (self.whole & _folded(joined) or self._is_name(joined)):
            return MARK
        return _WORD.sub(lambda found: MARK if self._is_name(found.group()) else found.group(), chunk)

    def _is_name(self, word: str) -> bool:
        folded = _folded(word)
        if folded & self.words or folded & self.whole or folded & self.staff:
            return True
        small = word.islower()
        return any(_may_be(one, name, small) for one in folded for name in self.words)


def without_names(words: str, names: Iterable[str | None], others: Iterable[str | None] = ()) -> str:
    return Nameless.of(names, others)(words)


def _may_be(word: str, name: str, small: bool) -> bool:
    """Both folded: a name with something behind it, with another ending, or mistyped.

    Speech recognition and people in a hurry write names small: then only what a genitive or a plural adds counts.
    """
    if len(name) < 4:
        return len(name) == 3 and not small and word.startswith(name) and len(word) == 4
    if abs(len(word) - len(name)) > _AFTER:
        return False
    if word.startswith(name) and (not small or len(word) - len(name) <= 2 or len(name) > 5):
        return True
    if small and len(name) < 6:
        return False
    stem = len(name) - (1 if len(name) < 6 else 2)
    if word.startswith(name[:stem]) and abs(len(word) - len(name)) <= 2:
        return True
    slips = 1 if len(name) < 8 else 2
    return Levenshtein.distance(word, name, score_cutoff=slips) <= slips


_PARTICLES_ALONE = frozenset(_PARTICLES.split())
_READ_OUT_WORDS = frozenset(_READ_OUT.split())
_RUN = re.compile(rf"\[…\](?:[\s.'’\-–]{{0,3}}(?:\b(?:{'|'.join(_PARTICLES_ALONE)})\b)?[\s.'’\-–]{{0,3}}\[…\])+")


def parts(names: Iterable[str | None]) -> frozenset[str]:
    """The words of these names, folded; `de` of De Luca is none, and `deluca` is one."""
    found = {part for name in names if name for word in (name, *_WORD.findall(name)) for part in _folded(word)}
    return frozenset(part for part in found if len(part) > 1 and part not in _PARTICLES_ALONE)


def _plain(text: str) -> str:
    """In one spelling of accents, and without signs that nobody sees."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in text if unicodedata.category(sign) not in ("Cf", "Co", "Cs"))


@lru_cache(maxsize=65_536)
def _folded(word: str) -> frozenset[str]:
    return name_parts(word)


def _orders(name: str) -> Iterator[list[str]]:
    """A name's words as they may be written in one: mariarossi, rossimaria."""
    words = [word for found in _WORD.findall(name) for word in sorted(_folded(found))[:1]]
    yield words
    yield words[::-1]
    yield [word for found in ["".join(_WORD.findall(name))] for word in sorted(_folded(found))[:1]]


def _dense_runs(name: str) -> Iterator[str]:
    for found in _WORD.findall(name):
        if _DENSE.search(found):
            yield found


def _signs(run: str) -> Iterator[str]:
    """Of Chinese names each sign, of other scripts without blanks each two."""
    for n, sign in enumerate(run):
        if "\u2e80" <= sign <= "\u9fff" and not "\u3040" <= sign <= "\u30ff":
            yield sign
        elif n + 1 < len(run):
            yield run[n : n + 2]


def _without(text: str, one: str) -> str:
    """What stands for itself only, unless it is long enough to be nothing else."""
    pattern = re.escape(one) if len(one) > 5 else rf"(?<!\w){re.escape(one)}(?!\w)"
    return re.sub(pattern, MARK, text, flags=re.IGNORECASE)


def _long_number(found: re.Match[str]) -> str:
    digits = sum(sign.isdigit() for sign in found.group())
    return MARK if digits > MOST_DIGITS else found.group()


def _without_read_out(text: str) -> str:
    """Four or more digits said one after another."""
    out: list[str] = []
    run: list[str] = []
    for piece in re.split(r"(\s+|[.,;:!?])", text):
        if not piece or (run and not piece.strip(" \t,.-")):
            (run if run else out).append(piece)
        elif piece.casefold() in _READ_OUT_WORDS or (piece.isdigit() and len(piece) <= 2):
            run.append(piece)
        else:
            out += _as_read(run)
            run = []
            out.append(piece)
    return "".join(out + _as_read(run))


def _as_read(run: Collection[str]) -> list[str]:
    pieces = list(run)
    if sum(bool(piece.strip(" \t,.-")) for piece in pieces) < MOST_DIGITS:
        return pieces
    tail: list[str] = []
    while pieces and not pieces[-1].strip(" \t,.-"):
        tail.insert(0, pieces.pop())
    return [MARK, *tail]


def _joined(text: str) -> str:
    """One mark for a name of several words."""
    return _RUN.sub(MARK, text)
