"""What a key, a word or a silence is, at the place where it comes: an input of the machine.  Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.dialogue import NEITHER_KEY, PERSON_KEYS
from ivr.machine import Input, Place
from ivr.names import answered, introduced, which_of, worth_keeping, would_rather_not
from ivr.phrases import speakable
from ivr.speech import Answer, whole_answer
from ivr.when import agreed, only_number

P, I = Place, Input  # noqa: E741

KEYS: Mapping[str, Input] = {
    "1": I.TEAMMATE,
    "2": I.CALL_BACK,
    "3": I.MESSAGE,
    "4": I.KNOWN_ONE,
    "5": I.FIRST,
    "6": I.SECOND,
    "7": I.OTHER,
    "8": I.PERSON,
    "9": I.PERSON,
    "0": I.PERSON,
}
DOUBTED = 0.5  # the recogniser's confidence, below which what it wrote may be anything
TYPED_AT = frozenset({P.WHICH_TIME, P.NUMBER, P.NUMBER_NEEDED})  # digits; of the keys only the ways out are keys
_NO_DIGITS = frozenset({I.TEAMMATE, I.MESSAGE, I.KNOWN_ONE})
# `Cinque`, in place of the key.
_SAID_AS_KEYS = frozenset({P.OFFER, P.OTHER_TIME, P.NUMBER, P.NUMBER_NEEDED, P.NUMBER_CHECK, P.WHICH})
_YES_OR_NO = frozenset({P.RINGING_SAME, P.RINGING_CONSENT})
_OF_TIMES = (_SAID_AS_KEYS - {P.WHICH}) | {P.WHICH_TIME}


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is listened to."""

    language: str
    called: Sequence[str | None] = ()  # of whom we have greeted by name
    people: Sequence[Sequence[str | None]] = ()  # of each who has this number
    keys: bool = True  # each of those has a key
    ours: Sequence[str] = ()  # of the house and the agent who is rung: whoever says these asks for them


@dataclass(frozen=True, slots=True)
class Heard:
    input: Input
    digits: str = ""
    words: str = ""
    name: str | None = None  # that they say is theirs
    one: int | None = None  # which of the people who have this number
    why: str = ""  # they call, where it was said with a name or in place of one


def hear(place: Place, form: Mapping[str, str], whom: Whom) -> Heard:
    """Of the fields of a webhook.  A key ends a recording too, and is then what they want."""
    digits, words = form.get("Digits", ""), form.get("SpeechResult", "").strip()
    if words and not digits:
        digits = _said_key(place, words, whom)
        if not digits:
            return _words(place, words, _confidence(form), whom)
    return _key(place, digits, whom) if digits else Heard(I.NOTHING)


def _said_key(place: Place, words: str, whom: Whom) -> str:
    """Empty for what is no key; at the question for one of several people only theirs are, and Otto is a name."""
    number = only_number(words, whom.language) if place in _SAID_AS_KEYS else None
    if number is None:
        return ""
    if place is not P.WHICH:
        return str(number) if 1 <= number <= 7 else "*"
    named = which_of(speakable(words, longest=200), whom.people).one is not None
    return str(number) if str(number) in PERSON_KEYS and not named else ""


def _key(place: Place, digits: str, whom: Whom) -> Heard:
    what = KEYS.get(digits, I.NO_KEY if len(digits) == 1 else I.TYPED)
    if place in TYPED_AT and what not in _NO_DIGITS:
        return Heard(I.TYPED, digits)
    if place is not P.WHICH or what is not I.PERSON:
        return Heard(what, digits)
    one = PERSON_KEYS.index(digits)
    if whom.keys and one < len(whom.people):
        return Heard(I.PERSON, digits, one=one)
    neither = whom.keys and len(whom.people) == 2 and digits == NEITHER_KEY
    return Heard(I.NOT_ME if neither else I.NO_KEY, digits)


def _words(place: Place, words: str, confidence: float, whom: Whom) -> Heard:
    if place in _OF_TIMES:
        return Heard(I.WORDS, words=words)
    if place is P.WHICH:
        return _which(words, confidence, whom)
    if place in (P.RINGING_NAME, P.WAITING_NAME):
        return _name(words, confidence, whom)
    if any(whom.called):
        who = introduced(speakable(words, longest=200), whom.called)
        if who.not_me:
            return Heard(I.NAME if who.name else I.NOT_ME, words=words, name=who.name, why=who.why)
    if place in _YES_OR_NO:
        whole = not worth_keeping(words) or whole_answer(words, whom.language) is not Answer.ELSE
        first = words if whole else words.split()[0]  # `sì` is an answer, and so is `sì, di nuovo il forno`
        if (said := agreed(first, whom.language)) or (said is False and whole):
            return Heard(I.YES if said else I.NO, words=words)
    return Heard(I.WORDS, words=words)


def _which(words: str, confidence: float, whom: Whom) -> Heard:
    which = which_of(speakable(words, longest=200), whom.people)
    if which.one is not None:
        return Heard(I.PERSON, words=words, one=which.one, why=which.why)
    if which.neither:
        return Heard(I.NOT_ME, words=words)
    if which.name and not which.several and confidence >= DOUBTED:
        return Heard(I.NAME, words=words, name=which.name, why=which.why)
    return Heard(I.UNCLEAR, words=words)


def _name(words: str, confidence: float, whom: Whom) -> Heard:
    if would_rather_not(words):
        return Heard(I.NO_NAME)
    said = answered(speakable(words, longest=200), whom.ours)
    if said.again:
        return Heard(I.AGAIN)
    if confidence < DOUBTED:
        return Heard(I.UNCLEAR)
    return Heard(I.NAME if said.name else I.WORDS, words=words, name=said.name, why=said.why)


def _confidence(form: Mapping[str, str]) -> float:
    """Of what was understood; it may be missing, and is then no reason to doubt."""
    try:
        sure = float(form.get("Confidence") or 1.0)
    except ValueError:
        return 1.0
    return sure if math.isfinite(sure) else 1.0
