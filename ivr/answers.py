"""A caller's keys, words and silences: the machine says what each means where they are, and doing.py does it.

Each function that a webhook calls runs inside a transaction that holds the call's row lock.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr import afterwards, dialogue, machine, meeting, parting
from ivr.document import Document
from ivr.doing import DONE, Answer, Form
from ivr.hearing import Heard, Whom, hear
from ivr.lifecycle import CallState, Outcome
from ivr.machine import Do, Input, Place
from ivr.names import introduced
from ivr.offers import asked_at
from ivr.picking_up import only_picks_up
from ivr.questions import nameless
from ivr.turn import Turn
from ivr.whereabouts import (
    asked_at_last,
    before_the_question,
    goes_to,
    is_at,
    not_put,
    parts,
    place_of,
)

NOTHING: Form = {}
_WISHES: Mapping[str | None, Input] = {
    "somebody": Input.TEAMMATE,
    "call_back": Input.CALL_BACK,
    "theirs": Input.KNOWN_ONE,
    "solved": Input.FIRST,
    "not_solved": Input.SECOND,
    None: Input.UNCLEAR,
}
_OTHERWISE = (Input.TEAMMATE, Input.CALL_BACK, Input.KNOWN_ONE)  # a key that ends a recording: they want something else


async def go_on(turn: Turn, form: Form, query: Form) -> Document:
    """A document ran out without a key, or we have fetched them."""
    place = not_put(turn) if before_the_question(turn) else place_of(turn)
    ran_out = place is not Place.NOBODY or query.get("told") == dialogue.NOBODY
    return await _answer(turn, place, Heard(Input.NOTHING if ran_out else Input.CHANGED), form, query)


async def key(turn: Turn, form: Form) -> Document:
    """A key or words, at any moment; what comes before a question is no answer to it."""
    place, words = place_of(turn), form.get("SpeechResult", "").strip()
    if nameless(turn) and place in machine.RING | machine.WAIT and introduced(words, ()).name:
        place = Place.RINGING_NAME if place in machine.RING else Place.WAITING_NAME  # whatever else was asked
    elif before_the_question(turn, words):
        place = not_put(turn)
        if only_picks_up(words, turn.stage.speaker.language) and not form.get("Digits"):
            return await _answer(turn, place, Heard(Input.NOTHING), form)
    return await _answer(turn, place, await _hear(turn, place, form), form)


async def who(turn: Turn, form: Form) -> Document:
    """Which of the people with this number it is."""
    return await key(turn, form)


async def slot(turn: Turn, form: Form, query: Form) -> Document:
    """The answer to an offer of times, and to what it leads to: what was asked stands in the signed address."""
    if turn.call.state != CallState.CHOOSING:
        return await go_on(turn, form, NOTHING)
    place = asked_at(turn, query)
    return await _answer(turn, place, hear(place, form, Whom(turn.stage.speaker.language)), form, query)


async def message(turn: Turn, form: Form, query: Form) -> Document:
    """A message was recorded: it becomes a promise, unless a key says that they thought better of it."""
    if turn.call.outcome == Outcome.VOICEMAIL:
        is_at(turn, Place.KEPT)
        return dialogue.message_kept(turn.stage, None)
    pressed = hear(place_of(turn), {"Digits": form.get("Digits", "")}, Whom(turn.stage.speaker.language))
    heard = pressed if pressed.input in _OTHERWISE else Heard(Input.RECORDED)
    return await _answer(turn, place_of(turn), heard, form)


async def name(turn: Turn, form: Form) -> Document:
    """Their name was recorded; the key that ended it may be one of the wait's."""
    await name_ready(turn, form)
    pressed = hear(place_of(turn), {"Digits": form.get("Digits", "")}, Whom(turn.stage.speaker.language))
    wants = (*_OTHERWISE, Input.MESSAGE)
    return await _answer(turn, place_of(turn), pressed if pressed.input in wants else Heard(Input.NAME_RECORDED), form)


async def name_ready(turn: Turn, form: Form) -> None:
    """The recording is there, also where they hung up or were joined while they spoke; told twice it is kept once."""
    url = form.get("RecordingUrl")
    if url and turn.call.name_recording_url is None and form.get("RecordingStatus", "completed") == "completed":
        await meeting.keep_name_recording(turn, url)


async def call_back(turn: Turn, form: Form) -> Document:
    """A call back was asked for while we could not promise one; now we can."""
    return await key(turn, {"Digits": dialogue.CALLBACK_KEY})


async def after(turn: Turn, form: Form) -> Document:
    """They have left the room, or it has closed."""
    document = await afterwards.after(turn, form)
    parts(turn, document)
    machine.arrived(place_of(turn), Do.PART, goes_to(turn))
    return document


async def more(turn: Turn, form: Form, query: Form) -> Document:
    """What they press or say once the talk is over."""
    if turn.call.state != CallState.TALKING:
        return await go_on(turn, form, NOTHING)
    of = query.get("of", "")
    wish = parting.understood(of, form, turn.stage.speaker.language)
    do = machine.step(asked_at_last(of), _WISHES[wish])
    document = await afterwards.more(turn, form, query)
    parts(turn, document)
    machine.arrived(asked_at_last(of), do, goes_to(turn))
    return document


async def _hear(turn: Turn, place: Place, form: Form) -> Heard:
    people = await meeting.at_this_number(turn) if place is Place.WHICH else ()
    known = meeting.called(turn.person) if turn.person and turn.name else ()
    whom = Whom(
        turn.stage.speaker.language,
        called=known,
        people=[meeting.called(one) for one in people],
        keys=turn.says_names,
        ours=await meeting.ours(turn) if place in (Place.RINGING_NAME, Place.WAITING_NAME) else (),
    )
    return hear(place, form, whom)


async def _answer(turn: Turn, place: Place, heard: Heard, form: Form, query: Form = NOTHING) -> Document:
    tries = turn.call.tries or 0
    do = machine.step(place, _by_now(turn, heard.input), tries)
    document = await DONE[do](Answer(turn, heard, form, query, do))
    turn.notes["tries"] = machine.arrived(place, do, goes_to(turn), tries)
    return document


def _by_now(turn: Turn, what: Input) -> Input:
    """Meanwhile an agent may have come, or it may all be over: then that is what counts.  A message whose news comes
    after its call has ended is a message all the same."""
    call = turn.call
    if what is Input.RECORDED and call.state == CallState.ENDED and call.outcome in (None, Outcome.ABANDONED):
        return what if place_of(turn) in machine.BEFORE else Input.OVER
    if call.state == CallState.ENDED or call.outcome in (Outcome.CALLBACK, Outcome.VOICEMAIL):
        return Input.OVER
    return Input.AGENT if call.state == CallState.TALKING else what
