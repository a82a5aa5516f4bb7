"""What is said, word by word, and what we know of those words in any of the languages we speak.  Pure.

People speak their own language whatever the line's is, so all of them are looked in at once; a word that is a name in
one and something else in another is not taken for a name, which costs a recording and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from itertools import pairwise

from ivr.heard.people.given import GIVEN

LANGUAGES = ("it", "en", "de", "fr", "es")
LONGEST_SAID = 400  # characters that are looked at
_BREAKS = ",;:!?…"
_WITHIN = "'’`´ʼ·.-‐\u200c\u200d"  # beside letters, within a name


@dataclass(frozen=True, slots=True)
class Word:
    text: str  # as it was written, without what stands around it
    plain: str  # in small letters and without accents
    ends: bool = False  # a comma, or the end of a sentence, stands behind it


Words = Sequence[Word]


def each(words: str) -> frozenset[str]:
    return frozenset(words.split())


def words_of(said: str) -> tuple[Word, ...]:
    return tuple(_words(unicodedata.normalize("NFC", said[:LONGEST_SAID]).replace("’", "'")))


def text_of(words: Words) -> str:
    """With the commas that were there."""
    return " ".join(f"{word.text}," if word.ends else word.text for word in words).rstrip(", ")


@cache
def plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.replace("’", "'").replace("ß", "ss")).casefold()
    return "".join(sign for sign in folded if not unicodedata.combining(sign))


def _words(said: str) -> Iterable[Word]:
    pieces = re.sub(rf"([{_BREAKS}])", r"\1 ", said).split()
    for piece, after in pairwise([*pieces, ""]):
        text = piece.strip('"“”«»¿¡*_').rstrip(_BREAKS)
        dot = text.endswith(".")
        initial = dot and len(text.strip(".")) == 1  # `John A. Doe` is one name
        text = text if initial else text.strip(".-")
        ends = piece[-1] in _BREAKS or (dot and not initial and len(text) > 3) or after in ("-", "–", "—")
        if any(unicodedata.category(sign)[0] in "LNMS" for sign in text):
            yield Word(text, plain(text).rstrip("."), ends)


class Phrases:
    """Phrases of any number of words."""

    def __init__(self, *phrases: str) -> None:
        each = [one for several in phrases for one in several.split("|") if one]
        self.all = frozenset(tuple(plain(word) for word in one.split()) for one in each)
        self.longest = max(map(len, self.all), default=0)

    def at_start(self, words: Words) -> int:
        """Of how many words the longest is that they begin with."""
        lengths = range(min(self.longest, len(words)), 0, -1)
        return next((n for n in lengths if tuple(word.plain for word in words[:n]) in self.all), 0)

    def is_all(self, words: Words) -> bool:
        return bool(words) and tuple(word.plain for word in words) in self.all

    def anywhere(self, words: Words) -> tuple[int, int] | None:
        """Where the first one stands, and its length."""
        found = ((n, self.at_start(words[n:])) for n in range(len(words)))
        return next(((n, length) for n, length in found if length), None)


class Speech:
    """The words of people, of all languages."""

    def __init__(self) -> None:
        heard = [import_module(f"ivr.heard.people.{code}") for code in LANGUAGES]

        def phrases(*names: str) -> Phrases:
            return Phrases(*(getattr(one, name) for one in heard for name in names))

        def single(*names: str) -> frozenset[str]:
            return frozenset(plain(w) for one in heard for name in names for w in getattr(one, name).split())

        self.openings = phrases("GREETINGS", "ASSENTS")
        self.refusals, self.polite = phrases("REFUSALS"), phrases("POLITE")
        self.sure, self.weak, self.partner = phrases("SURE"), phrases("WEAK"), phrases("PARTNER")
        self.titles = phrases("TITLES")
        self.denials, self.not_me, self.neither = phrases("NOT"), phrases("NOT_ME"), phrases("NEITHER")
        self.seeks, self.absent, self.again = phrases("SEEKS"), phrases("ABSENT"), phrases("AGAIN")
        self.wrong, self.no_longer, self.behalf = phrases("WRONG"), phrases("NO_LONGER"), phrases("BEHALF")
        self.their, self.me = single("THEIR"), single("ME")
        self.who, self.of = single("WHO"), single("OF")
        self.relations, self.matters = single("RELATIONS"), single("MATTERS")
        self.given = frozenset(plain(name) for name in GIVEN.split())
        self.grammar = single("GRAMMAR") - self.given
        self.common = (single("COMMON", "NUMBERS") | _numbers()) - self.given
        self.ordinals: dict[str, int] = {}
        for one in heard:
            for place, several in enumerate(one.ORDINALS.split("|")):
                self.ordinals |= {plain(word): place for word in several.split()}


def _numbers() -> frozenset[str]:
    """`Quarantadue`, `forty-two`, and the words of `forty two`; Otto is a German's first name."""
    said = [number for code in LANGUAGES for number in import_module(f"ivr.heard.{code}").NUMBERS]
    return frozenset(plain(one) for number in said for one in (*number.split(), number.replace(" ", "-"))) - {"otto"}


@cache
def speech() -> Speech:
    return Speech()


class Answer(Enum):
    """To a question that has a yes and a no."""

    YES = "yes"
    NO = "no"
    UNSURE = "neither"
    ELSE = "no whole answer that we know"


def whole_answer(said: str, language: str) -> Answer:
    """Of those whose single words would mislead; thanks may stand behind it."""
    words, (polite, known) = words_of(said), _answers(language.split("-")[0])
    for end in range(len(words), 0, -1):
        if end < len(words) and not polite.is_all(words[end:]):
            continue
        for answer, phrases in known:
            if phrases.is_all(words[:end]):
                return answer
    return Answer.ELSE


@cache
def _answers(code: str) -> tuple[Phrases, tuple[tuple[Answer, Phrases], ...]]:
    heard = import_module(f"ivr.heard.people.{code}")
    each = ((Answer.YES, heard.YES), (Answer.NO, heard.NO), (Answer.UNSURE, heard.UNSURE))
    return Phrases(heard.POLITE), tuple((answer, Phrases(several)) for answer, several in each)


PARTICLES = each(
    "de di del della dello dei degli da dal dalla d von van der den zu zur zum la le lo du dos do das des y e i el al"
    " bin ben ibn abd abu mac mc st saint san santa ter ten vom"
)
_LEADING = each("de di del della da dal von van la le lo du el al ben abu mac mc st san saint santa ter")
_ELIDED = re.compile(r"^(?:l|un|all|dell|dall|nell|sull|qu|c|j|s|n|m|t)'")


def name_like(word: Word) -> bool:
    """Of letters, and none that stands in no name."""
    known, plainly = speech(), _ELIDED.sub("", word.plain)
    if not all(unicodedata.category(sign)[0] in "LM" or sign in _WITHIN for sign in word.text):
        return False
    if not any(unicodedata.category(sign)[0] == "L" for sign in word.text) or len(word.text) > 40:
        return False
    return not {word.plain, plainly} & (known.grammar | known.relations | known.matters)


def common(word: Word) -> bool:
    return bool({word.plain, _ELIDED.sub("", word.plain)} & speech().common)


def given(word: Word) -> bool:
    """A first name, or two in one: Hans-Peter, Anna-Maria."""
    return all(part in speech().given for part in word.plain.split("-"))


def leads(word: Word) -> bool:
    """A particle that a name may begin with: De Luca, van Dyck."""
    return word.plain in _LEADING
