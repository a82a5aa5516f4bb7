"""Is this talk recorded: what the plan says, what the person has said once for all, and what they say now.

Asked where "why are you calling?" would be asked, so that there is one question before a human; told, where everything
is recorded, before a word can be on tape.  Nobody waits for it, and whoever says nothing is not recorded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from crm import consents
from ivr import calls, dialogue
from ivr.document import Ask, Document, Join, Say, spoken_text_seconds
from ivr.lifecycle import CallState
from ivr.machine import Place
from ivr.turn import Turn
from ivr.when import agreed
from ivr.whereabouts import WHICH, before_the_question, place_of, was_asked

Form = Mapping[str, str]
YES_KEY, NO_KEY = "5", "6"  # they answer a question, as in every other one
AN_ANSWER = 3  # words: `no, grazie`; more of them are why they call
STATUS_PATH = "/twilio/voice/talk-recording"


async def question(turn: Turn) -> Literal["ask_recording", "recorded"] | None:
    """What there is to ask, or to tell, before the talk; None where nothing is, or it has been done."""
    call, way = turn.call, turn.plan.recording
    if way == "never" or call.consent is not None or _was_heard(turn):
        return None
    said = await _once_for_all(turn)
    if way == "ask":
        if WHICH in was_asked(turn):
            return None  # one question before a human; whoever was not asked is not recorded
        return "ask_recording" if said is None else None
    return None if said is False else "recorded"


def heard_at(turn: Turn, document: Document) -> dict[str, Any]:
    """To be noted of the call: when what `question` wanted will have been heard, if this document says it."""
    words = {turn.stage.say(key).text for key in ("ask_recording", "recorded")}
    for step in document:
        if isinstance(step, Ask):
            said = [one for one in step.heard if isinstance(one, Say)]
            for place, one in enumerate(said):
                if one.text in words:
                    seconds = spoken_text_seconds(tuple(said[: place + 1]))
                    return {"recording_said_at": turn.now + timedelta(seconds=seconds)}
    return {}


async def key(turn: Turn, form: Form, then: Callable[[Turn, Form], Awaitable[Document]]) -> Document:
    """A key or words before the talk.  `then`: what they mean where they are no answer to us."""
    given = _answer(turn, form)
    if given is None:
        return await then(turn, form)
    await decide(turn, given, "phone")
    said = turn.stage.say("recording_yes" if given else "recording_no")
    return (said, *await then(turn, {}))


async def decide(turn: Turn, given: bool, source: Literal["phone", "agent"]) -> None:
    """Somebody we know says it for later calls as well; anybody else for this one."""
    await turn.change(consent=given)
    if turn.person is not None:
        await consents.give(turn.conn, turn.person.id, "recording", given, source, turn.now, turn.call.sid)


async def records(turn: Turn) -> bool:
    """As things stand now; what is said later holds from then on (`recordings.py`)."""
    call, way = turn.call, turn.plan.recording
    if way == "never" or call.consent is False:
        return False
    if call.consent:
        return True
    said = await _once_for_all(turn)
    return said if said is not None else way == "always"


async def told_first(turn: Turn) -> Document | None:
    """Everything is recorded and they have not heard so yet: the agent was quicker.  Behind it comes the room."""
    said_at = turn.call.recording_said_at
    if turn.plan.recording != "always" or (said_at is not None and said_at <= turn.now) or not await records(turn):
        return None
    await calls.note(turn.conn, turn.call.id, recording_said_at=turn.now)
    stage = turn.stage
    return (Ask((stage.say("recorded"),), stage.at("/twilio/voice/key"), 1), stage.on)


async def room(turn: Turn) -> Document:
    """The caller's way into the room; recorded from the first word, or not at all."""
    recorded = await status_url(turn)
    document = dialogue.join(turn.stage, turn.call.id)
    return tuple(replace(step, recorded=recorded) if isinstance(step, Join) else step for step in document)


async def status_url(turn: Turn) -> str | None:
    """Who is told of the recording; None where there is none.  Both legs bring it along: the first one there opens the
    room."""
    return turn.rooms.url(STATUS_PATH, call=turn.call.id) if await records(turn) else None


def _answer(turn: Turn, form: Form) -> bool | None:
    """Yes or no to what they were asked or told, while it can still be said."""
    call, digits, words = turn.call, form.get("Digits", ""), form.get("SpeechResult", "")
    if not _was_heard(turn) or call.consent is not None or call.joined_at is not None:
        return None
    if call.state not in (CallState.WAITING, CallState.RINGING, CallState.TALKING):
        return None  # they are choosing something else
    if digits == NO_KEY:
        return False
    if turn.plan.recording != "ask":
        return None
    if digits == YES_KEY:
        return True
    return agreed(words, turn.stage.speaker.language) if 0 < len(words.split()) <= AN_ANSWER else None


def _was_heard(turn: Turn) -> bool:
    """By now: to its end, or so much of it that they may answer.  What was cut short before that is still to be put."""
    said_at: datetime | None = turn.notes.get("recording_said_at", turn.call.recording_said_at)
    if said_at is None:
        return False
    return said_at <= turn.now or (place_of(turn) is Place.RINGING_CONSENT and not before_the_question(turn))


async def _once_for_all(turn: Turn) -> bool | None:
    return None if turn.person is None else await consents.current(turn.conn, turn.person.id, "recording")
