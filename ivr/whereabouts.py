"""Where in the dialogue a call is, and what it was asked: kept in its row, and written down with the reply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from ivr import dialogue
from ivr.document import Ask, Document, Heard, Quiet, Record, Ringback, Say, spoken_text_seconds
from ivr.lifecycle import CallState, Outcome
from ivr.machine import LAST, RING, TALK, WAIT, Place
from ivr.turn import Turn

NAME, WHY, SAME = "name", "why", "same"  # questions, of which each is put once
WHICH = "which"  # of the people who share a number they are
BEGUN = timedelta(seconds=0.5)  # so much earlier than we reckon a question may have begun
SURE = timedelta(seconds=1)  # so much of a question they must have heard whose answer holds for ever
TO_ANSWER = timedelta(seconds=4)  # from the end of a question, before what listens to the answer may be taken away
TONE_SECONDS = 1  # before a recording

# Whoever is here again after a talk, or after a room that stayed empty, is where their call is.
_AFTER_A_TALK: Mapping[str, Place] = {
    CallState.GREETING: Place.ARRIVING,
    CallState.CHOOSING: Place.CHOOSING,
    CallState.WAITING: Place.WAITING,
    CallState.RINGING: Place.RINGING,
}
_ASKED_AT_LAST = {"solved": Place.SOLVED, "mine": Place.PARTING, "open": Place.STILL_OPEN}


def asked_at_last(of: str) -> Place:
    return _ASKED_AT_LAST.get(of, Place.PARTING)


def place_of(turn: Turn) -> Place:
    """The document that they have heard, or are hearing."""
    place = Place(turn.call.place) if turn.call.place else Place.ARRIVING
    over = turn.call.outcome in (Outcome.CALLBACK, Outcome.VOICEMAIL)
    return place if over or place not in TALK | LAST else _AFTER_A_TALK.get(turn.call.state, place)


def is_at(turn: Turn, place: Place) -> None:
    """The document of this turn."""
    turn.notes["place"] = place.value


def parts(turn: Turn, document: Document) -> None:
    """The talk is over, and this is what they hear of it, unless they are somewhere else already."""
    asked = next((step.action for step in document if isinstance(step, Ask)), None)
    of = parse_qs(urlsplit(asked or "").query).get("of", [""])[0]
    place = Place.GOODBYE if asked is None else asked_at_last(of)
    turn.notes.setdefault("place", place.value)


def goes_to(turn: Turn) -> Place:
    """Where the document of this turn has them be; where they were, if it does not say."""
    return Place(turn.notes.get("place", place_of(turn)))


def was_asked(turn: Turn) -> frozenset[str]:
    kept: str = turn.notes.get("asked", turn.call.asked) or ""
    return frozenset(kept.split())


def asks(turn: Turn, *questions: str) -> None:
    turn.notes["asked"] = " ".join(sorted(was_asked(turn) | set(questions)))


def not_asked(turn: Turn, question: str) -> None:
    """As if it had not been: it is to be asked again."""
    turn.notes["asked"] = " ".join(sorted(was_asked(turn) - {question}))


def question_put(turn: Turn, question: str, document: Document, *keys: str, **slots: str) -> None:
    """`question` is asked in this document of the turn, in the words of one of `keys`; an answer to it is one only from
    when they begin."""
    asks(turn, question)
    words, at = {turn.stage.say(key, **slots).text for key in keys}, turn.now
    for one in _in_order(document):
        begins, at = at, at + timedelta(seconds=_seconds(one))
        if isinstance(one, Say) and one.text in words:
            turn.notes |= {"question_at": begins, "hears_until": at + TO_ANSWER}


def put_earlier(turn: Turn, seconds: float) -> None:
    """What comes before the question has become shorter."""
    for name in ("question_at", "hears_until"):
        if name in turn.notes:
            turn.notes[name] -= timedelta(seconds=seconds)


def _in_order(document: Document) -> Iterator[Heard]:
    for step in document:
        if isinstance(step, Ask):
            yield from step.heard
            yield Quiet(step.seconds)
        elif isinstance(step, Say | Ringback | Quiet):
            yield step


def _seconds(one: Heard) -> float:
    match one:
        case Say():
            return spoken_text_seconds((one,))
        case Ringback(times=times):
            return dialogue.RING_SECONDS * times
        case Quiet(seconds):
            return seconds


def records_until(turn: Turn, document: Document) -> None:
    """A recording of at most a few seconds begins behind the words of this document."""
    record = next(step for step in document if isinstance(step, Record))
    seconds = spoken_text_seconds(document) + TONE_SECONDS + record.longest_seconds + 1
    turn.notes["hears_until"] = turn.now + timedelta(seconds=seconds)


def before_the_question(turn: Turn, words: str = "") -> bool:
    """What comes now began before the question of the document they hear: it cannot be its answer.

    We only reckon when a question begins: in doubt a name or a reason is heard, and nothing that has consequences is.
    `words`: what they said, which took its time.
    """
    asked_at: datetime | None = turn.call.question_at
    began = turn.now - timedelta(seconds=dialogue.speech_seconds(words) if words else 0)
    if asked_at is None:
        return False
    return began < (asked_at + SURE if place_of(turn) in _FOR_EVER else asked_at - BEGUN)


def not_put(turn: Turn) -> Place:
    """They have interrupted us before the question, or we them: it is still to be put.  Where they are without it."""
    turn.unasked = True
    place = place_of(turn)
    asked = _QUESTION_AT.get(place)
    if asked:
        not_asked(turn, asked)
    if place is Place.RINGING_CONSENT:
        turn.notes["recording_said_at"] = None
    if place in RING:
        return Place.RINGING
    return Place.WAITING if place in WAIT else place


_FOR_EVER = frozenset({Place.RINGING_CONSENT, Place.RINGING_SAME})  # a consent; a matter that is taken up again
_QUESTION_AT: Mapping[Place, str] = {
    Place.RINGING_NAME: NAME,
    Place.WAITING_NAME: NAME,
    Place.RINGING_WHY: WHY,
    Place.RINGING_SAME: SAME,
}
