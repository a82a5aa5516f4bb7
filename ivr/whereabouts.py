"""Where in the dialogue a call is, and what it was asked: kept in its row, and written down with the reply."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from ivr.document import Ask, Document
from ivr.lifecycle import CallState, Outcome
from ivr.machine import LAST, TALK, Place
from ivr.turn import Turn

NAME, WHY, SAME = "name", "why", "same"  # questions, of which each is put once

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
