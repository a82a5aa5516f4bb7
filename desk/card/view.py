"""What the API knows of a person, a call and a promise, as the card shows it: short sentences, the weightiest first.

Pure: it reads answers of the API as they are, and words in the language of who looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.formats import Formats
from desk.words import Words

Answer = Mapping[str, Any]
Names = Mapping[str, str]  # of agents, by id

STATES_KEPT, STATES_BROKEN = ("kept",), ("broken",)
MOST_CASES, MOST_PROMISES, MOST_REASONS = 4, 3, 3


@dataclass(frozen=True, slots=True)
class Identity:
    """How far we know who it is, and what that allows.  `kind`: the badge's colour."""

    label: str
    kind: str
    allows: str
    may_prove: bool
    hint: str | None  # what the carrier says of the number


@dataclass(frozen=True, slots=True)
class Weary:
    level: int  # 0 to 3
    label: str
    kind: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """What this agent and the person share; `others`: who else knows them."""

    sentences: tuple[str, ...]
    chosen: bool
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matter:
    id: str
    title: str
    owner: str | None
    mine: bool
    since: str
    reopened: int
    linked: bool


@dataclass(frozen=True, slots=True)
class Promised:
    id: str
    due_at: str
    when: str
    late: bool
    what: str
    owner: str | None
    mine: bool
    risk: str | None
    movable: bool


@dataclass(frozen=True, slots=True)
class Person:
    """One person as somebody sees them who is about to speak with them."""

    id: str
    name: str | None
    photo: str | None
    say: str | None
    recording: str | None  # their name, said by themselves
    addressed: tuple[str, ...]
    style: str | None
    life: str | None
    notes: str | None
    tags: tuple[str, ...]
    weary: Weary
    together: Together
    matters: tuple[Matter, ...]
    more_matters: int
    promises: tuple[Promised, ...]
    kept: int
    broken: int
    story: str | None
    story_at: str | None


def person(
    words: Words,
    f: Formats,
    now: datetime,
    *,
    known: Answer,
    me: str | None,
    names: Names,
    linked: str | None = None,
) -> Person:
    """`known`: see gather.py.  `linked`: the case that the call is about."""
    who, story = known["customer"], next(iter(known["stories"]), None)
    matters = open_matters(words, f, now, known["cases"], me, names, linked)
    counts = known["promise_counts"]
    return Person(
        id=who["id"],
        name=who["name"] or who["called"],
        photo=who["photo_url"],
        say=who["say"],
        recording=who["name_recording_url"],
        addressed=addressed(words, f, who),
        style=who["style"],
        life=who["life_notes"],
        notes=who["notes"],
        tags=tuple(who["tags"]),
        weary=weary(words, known["weariness"]),
        together=together(words, f, known["familiar"], me, names),
        matters=tuple(matters[:MOST_CASES]),
        more_matters=max(0, len(matters) - MOST_CASES),
        promises=tuple(promised(words, f, now, one, me, names) for one in known["promises"][:MOST_PROMISES]),
        kept=sum(counts.get(state, 0) for state in STATES_KEPT),
        broken=sum(counts.get(state, 0) for state in STATES_BROKEN),
        story=story["words"] if story else None,
        story_at=story["at"] if story else None,
    )


def addressed(words: Words, f: Formats, who: Answer) -> tuple[str, ...]:
    """How to speak to them: what to call them, title, formally or not, in which language."""
    told = []
    if who["called"] and who["called"] != who["name"]:
        told.append(words("call them %(called)s", called=who["called"]))
    if who["title"]:
        told.append(who["title"])
    told.append(words("formally") if who["formal"] else words("informally"))
    if who["language"]:
        told.append(f.language_name(who["language"]))
    return tuple(told)


_WEARY_LABELS = ("", "A little tired of us", "Tired of us", "Very tired of us")
_WEARY_KINDS = ("good", "calm", "warn", "bad")


def weary(words: Words, told: Answer) -> Weary:
    level = max(0, min(3, int(told["level"])))
    reasons = tuple(weary_reason(words, one) for one in told["reasons"][:MOST_REASONS])
    return Weary(level, words(_WEARY_LABELS[level]) if level else "", _WEARY_KINDS[level], reasons)


def weary_reason(words: Words, reason: Answer) -> str:
    """In the language of who looks; one that is new to us as the API says it."""
    n, topic = reason["times"], reason["topic"] or ""
    match reason["kind"]:
        case "transferred":
            return words.count("passed on once in a month", "passed on %(num)s times in a month", n)
        case "repeated":
            told = ("has told us of it %(num)s time: %(topic)s", "has told us of it %(num)s times: %(topic)s")
            return words.count(*told, n, topic=topic)
        case "open":
            return words.count("one matter is still open", "%(num)s matters are still open", n)
        case "unsolved":
            return words.count("said once that it was not solved", "said %(num)s times that it was not solved", n)
        case "broken_promise":
            return words.count("we broke a promise lately", "we broke %(num)s promises lately", n)
        case "waited":
            return words.count("waited long once lately", "waited long %(num)s times lately", n)
        case "cut_off":
            return words.count("was cut off once", "was cut off %(num)s times", n)
    return str(reason["sentence"])


_BETWEEN = {
    "confirmed": "You solved something for them, by their own account.",
    "unsolved": "They said that something you did was not solved.",
    "open": "You left something open with them.",
}


def together(words: Words, f: Formats, familiar: Sequence[Answer], me: str | None, names: Names) -> Together:
    mine = next((one for one in familiar if one["agent"] == me), None)
    sentences = []
    if mine is not None and mine["chosen"]:
        sentences.append(words("You are their person."))
    if mine is not None and mine["times"]:
        told = words.count("You have talked once", "You have talked %(num)s times", mine["times"])
        last = words("the last time on %(day)s", day=f.day(mine["last_at"])) if mine["last_at"] else ""
        sentences.append(f"{told}, {last}." if last else f"{told}.")
        kinds = {one["kind"] for one in mine["reasons"]}
        sentences += [words(told) for kind, told in _BETWEEN.items() if kind in kinds]
    if mine is None:
        sentences.append(words("You have not talked yet."))
    others = [
        _knows(words, names[one["agent"]], one)
        for one in familiar
        if one["agent"] != me and one["agent"] in names and (one["times"] or one["chosen"])
    ]
    return Together(tuple(sentences), bool(mine and mine["chosen"]), tuple(others[:2]))


def _knows(words: Words, name: str, one: Answer) -> str:
    if one["chosen"]:
        return words("%(name)s is their person.", name=name)
    once, often = "%(name)s has talked with them once.", "%(name)s has talked with them %(num)s times."
    return words.count(once, often, one["times"], name=name)


_IDENTITIES: Mapping[str, tuple[str, str, str]] = {
    "unknown": ("Not known", "warn", "Ask kindly for the name. Speak of nobody's matters."),
    "withheld": ("Number withheld", "warn", "Ask kindly for the name. Speak of nobody's matters."),
    "number": ("Known by the number alone", "warn", "Before anything that matters, make sure that it is they."),
    "name": ("Said their name", "calm", "Before you change anything that matters, send them a code."),
    "verified": ("Verified by a code", "good", "It is they: you may speak of everything that is theirs."),
}


def identity(words: Words, call: Answer) -> Identity:
    """Of an outbound call nobody needs to prove anything: we rang them."""
    if call["direction"] == "outbound":
        allows = words("You are ringing their number. Make sure that it is they who answer.")
        return Identity(words("We ring them"), "calm", allows, False, None)
    label, kind, allows = _IDENTITIES.get(call["identity"], _IDENTITIES["unknown"])
    hint = None
    if call["attestation"] == "failed":
        hint = words("The carrier says that the number may be forged.")
    elif call["forwarded_from"]:
        hint = words("The call was forwarded: the number is not the caller's own.")
    return Identity(words(label), kind, words(allows), call["identity"] in ("number", "name"), hint)


def open_matters(
    words: Words, f: Formats, now: datetime, cases: Sequence[Answer], me: str | None, names: Names, linked: str | None
) -> list[Matter]:
    """The call's own first, then one's own, then the latest."""
    shown = [
        Matter(
            id=one["id"],
            title=one["title"] or one["topic"] or words("A matter without a title"),
            owner=names.get(one["owner"] or ""),
            mine=one["owner"] is not None and one["owner"] == me,
            since=f.day(one["made_at"]),
            reopened=one["reopened"],
            linked=one["id"] == linked,
        )
        for one in reversed(cases)
        if one["state"] == "open" or one["id"] == linked
    ]
    return sorted(shown, key=lambda one: (not one.linked, not one.mine))


_KINDS = {
    "asap": "A call back",
    "scheduled": "A call",
    "follow_up": "A call to ask whether it is well",
    "voicemail": "An answer to their message",
}
_RISKS = {
    "owner_busy": "might not be free in time",
    "owner_away": "is away then",
    "nobody_free": "nobody is free then",
    "rate": "too many calls at that minute",
    "quiet": "in their quiet hours",
    "spend": "the day's limit is near",
    "number_a_day": "called too often today",
}


def promised(words: Words, f: Formats, now: datetime, one: Answer, me: str | None, names: Names) -> Promised:
    kind = "A text to ask whether it is well" if one["channel"] == "text" else _KINDS[one["kind"]]
    latest = f.instant(one["latest"])
    return Promised(
        id=one["id"],
        due_at=one["due_at"],
        when=f.when(one["due_at"], now),
        late=latest is not None and latest < now,
        what=one["reason"] or words(kind),
        owner=names.get(one["agent"] or ""),
        mine=one["agent"] is not None and one["agent"] == me,
        risk=words(_RISKS.get(one["risk"], "might not be kept")) if one["risk"] else None,
        movable=one["state"] in ("promised", "due"),
    )
