"""The situations in the order in which a caller meets them, with what is said in each.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desk.phrases.marks import Piece, pieces
from desk.phrases.own import own_of
from desk.phrases.when import FIXED, FIXED_TITLES, FIXED_WHY, WHEN
from desk.plan.situations import GROUPED, OTHERS, SITUATIONS
from desk.words import Words

PLAIN = "_plain"  # behind the key of a situation: its twin, for somebody without a name
SLOTS: Mapping[str, str] = {  # what is filled in, in a word
    "name": "the caller",
    "agent": "the agent",
    "teammate": "another agent",
    "colleague": "the colleague",
    "who": "who joins",
    "was": "the agent before",
    "one": "one of the two",
    "other": "the other one",
    "time": "day and time",
    "estimate": "how long",
    "choices": "the keys",
    "choice": "what is offered",
    "key": "the key",
    "number": "the number",
    "topic": "the matter",
    "best": "the best time",
    "yes": "the digit for yes",
    "no": "the digit for no",
    "link": "the link",
    "code": "the code",
    "city": "the city",
}
_FIXED_NAMES: Mapping[str, str] = {key: name for names in FIXED.values() for key, name in names.items()}


@dataclass(frozen=True, slots=True)
class Row:
    """One situation in the list.  `own`: how many wordings the house has; `changed`: the draft words it anew."""

    key: str
    name: str
    when: str
    said: Sequence[Piece]
    own: int = 0
    ours: int = 0
    changed: bool = False
    twin: Row | None = None


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    rows: Sequence[Row]
    why: str = ""  # it cannot be worded differently

    @property
    def changed(self) -> bool:
        return any(row.changed or (row.twin is not None and row.twin.changed) for row in self.rows)


def name_of(key: str, words: Words) -> str:
    """What a situation is called; a twin goes by its brother's name."""
    name = SITUATIONS.get(key.removesuffix(PLAIN)) or next(
        (named[key] for named in FIXED.values() if key in named), None
    )
    return words(name) if name else key


def when_of(key: str, words: Words) -> str:
    """In a sentence; of what is fixed the part of the house it stands in."""
    brother = key.removesuffix(PLAIN)
    part = next((FIXED_TITLES[part] for part, names in FIXED.items() if key in names), "")
    return words(WHEN[brother]) if brother in WHEN else words(part) if part else ""


def twins_of(key: str, known: Mapping[str, Any]) -> tuple[str, str] | None:
    """With the name and without it, where there are both."""
    brother = key.removesuffix(PLAIN)
    return (brother, brother + PLAIN) if brother in known and brother + PLAIN in known else None


def why_fixed(key: str, known: Mapping[str, Any]) -> str | None:
    """Why nobody can word it differently, in English; None where the house may."""
    if known[key]["yours_to_word"]:
        return None
    return FIXED_WHY.get(known[key]["part"], "The words of this situation are fixed.")


@dataclass(frozen=True)
class Listing:
    """All of them in one language, as a draft words them."""

    known: Mapping[str, Any]
    language: str
    body: Any
    changed: frozenset[str]
    company: str
    words: Words

    def groups(self) -> Iterator[Group]:
        named = set(SITUATIONS)
        for title, names in GROUPED:
            rows = [self._row(key) for key in names if key in self.known]
            if rows:
                yield Group(self.words(title), rows)
        others = [key for key, one in self.known.items() if one["yours_to_word"] and not self._named(key, named)]
        if others:
            yield Group(self.words(OTHERS), [self._row(key) for key in others])
        for part, names in FIXED.items():
            rows = [self._row(key) for key in names if key in self.known]
            yield Group(self.words(FIXED_TITLES[part]), rows, self.words(FIXED_WHY[part]))

    def _named(self, key: str, named: set[str]) -> bool:
        return key in named or (key.endswith(PLAIN) and key.removesuffix(PLAIN) in named)

    def _row(self, key: str) -> Row:
        twins = twins_of(key, self.known)
        twin = self._row(twins[1]) if twins and key == twins[0] else None
        ours = ours_of(self.known, self.language, key)
        own = own_of(self.body, self.language, key)
        said = list(pieces((own or ours)[0], self._filled))
        name, when = name_of(key, self.words), when_of(key, self.words) if self.known[key]["yours_to_word"] else ""
        return Row(key, name, when, said, len(own), len(ours), key in self.changed, twin)

    @property
    def _filled(self) -> Mapping[str, str]:
        """What stands in a slot whoever calls."""
        hello = own_of(self.body, self.language, "morning") or ours_of(self.known, self.language, "morning")
        return {"hello": hello[0], "company": self.company}


def ours_of(known: Mapping[str, Any], language: str, key: str) -> list[str]:
    told = known[key]["languages"].get(language.partition("-")[0])
    return list(told["ours"]) if told else []


def texts() -> list[str]:
    names = [*SLOTS.values(), *SITUATIONS.values(), *_FIXED_NAMES.values(), *FIXED_TITLES.values()]
    sentences = [*WHEN.values(), *FIXED_WHY.values(), "The words of this situation are fixed."]
    return [*names, *sentences, *(title for title, _ in GROUPED), OTHERS]
