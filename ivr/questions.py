"""What is asked of a caller while an agent's phone rings: one thing, and only what changes or shows something."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import select

from carrier.numbering import is_withheld
from crm.cases import latest_matter
from crm.tables import texts
from ivr import consent
from ivr.machine import Place
from ivr.turn import Turn
from ivr.whereabouts import NAME, SAME, WHICH, WHY, was_asked

LATELY = timedelta(hours=1)


class Question(NamedTuple):
    key: str  # of its words
    place: Place


QUESTIONS: Mapping[str, Question] = {
    NAME: Question("ask_name", Place.RINGING_NAME),
    WHY: Question("why", Place.RINGING_WHY),
    SAME: Question("same_thing", Place.RINGING_SAME),
    "ask_recording": Question("ask_recording", Place.RINGING_CONSENT),
    "recorded": Question("recorded", Place.RINGING_CONSENT),
}


def withheld(turn: Turn) -> bool:
    return is_withheld(turn.call.from_number)


def nameless(turn: Turn) -> bool:
    """Somebody new, who could be known from now on."""
    return turn.name is None and not withheld(turn)


def asks_name(turn: Turn) -> bool:
    """Once in a call: whoever does not say it is not asked again."""
    return nameless(turn) and NAME not in was_asked(turn)


def awaits_answer(turn: Turn) -> bool:
    """They were asked for their name, or why they call, and have said nothing yet."""
    asked = was_asked(turn)
    return (NAME in asked and turn.name is None) or (bool(asked & {WHY, SAME}) and turn.call.said is None)


async def question(turn: Turn, *, again: bool = False) -> str | None:
    """Their name, or whether they may be recorded, or whether it is the same thing as last time, or why they call; None
    where it is known already.  `again`: the first time they could hardly hear it."""
    if asks_name(turn):
        return NAME
    if (about_recording := await consent.question(turn)) is not None:
        return about_recording
    if turn.call.said is not None or turn.call.case_id is not None or WHICH in was_asked(turn):
        return None
    if was_asked(turn) & {WHY, SAME} and not again:
        return None
    if await _told_before(turn) or await _wrote_lately(turn):
        return None
    person = turn.person
    if person is not None and await latest_matter(turn.conn, person.id, turn.now) is not None:
        return SAME
    return WHY


async def _told_before(turn: Turn) -> bool:
    """Of a promise they take along, with the reason for it."""
    if turn.call.callback_id is None:
        return False
    promise = await turn.rooms.promises.read(turn.conn, turn.call.callback_id)
    return promise is not None and bool(promise.reason)


async def _wrote_lately(turn: Turn) -> bool:
    """What they wrote stands on the desk."""
    if turn.person is None:
        return False
    theirs = select(texts.c.id).where(texts.c.customer_id == turn.person.id, texts.c.direction == "in")
    return await turn.conn.scalar(theirs.where(texts.c.at >= turn.now - LATELY).limit(1)) is not None
