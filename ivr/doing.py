"""What is done about what callers press and say: a function for each word of the machine (`machine.Do`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from crm.cases import latest_matter, same_again
from ivr import consent, dialogue, journey, meeting
from ivr.document import Document, Say
from ivr.hearing import Heard
from ivr.journey import choice_in, closed_words, heard_at, proceed, release, rings_and_asks, wait, welcome, which_of_you
from ivr.lifecycle import CallState
from ivr.machine import Do, Input, Place
from ivr.offers import leave_message, offer_call_back, take_message, take_slot
from ivr.questions import QUESTIONS, asks_name, question
from ivr.turn import Turn
from ivr.whereabouts import (
    NAME,
    WHY,
    asks,
    is_at,
    not_asked,
    records_until,
)
from routing.choose import TEAMMATE, WAIT

Form = Mapping[str, str]
NOTHING: Form = {}
BY_CUSTOMER = "customer"
LONGEST_SAID = 1000


class Answer:
    """What came, and what it means: the functions below do it."""

    __slots__ = ("do", "form", "heard", "query", "turn")

    def __init__(self, turn: Turn, heard: Heard, form: Form, query: Form, do: Do) -> None:
        self.turn, self.heard, self.form, self.query, self.do = turn, heard, form, query, do


# Who they are


async def _meet(it: Answer) -> Document:
    people = await meeting.at_this_number(it.turn)
    if it.heard.one is None or it.heard.one >= len(people):
        return await _none_of_them(it)
    await meeting.meet(it.turn, people[it.heard.one])
    await _note_reason(it)
    return await welcome(it.turn)


async def _new_person(it: Answer) -> Document:
    assert it.heard.name is not None
    await meeting.learn_name(it.turn, it.heard.name)
    await _note_reason(it)
    return await welcome(it.turn, greeted=True, said=_thanks(it.turn, it.heard.name))


async def _none_of_them(it: Answer) -> Document:
    """Whoever says so is asked for their name; whoever says nothing is not asked again."""
    if it.heard.input in (Input.NOT_ME, Input.NO):
        return await welcome(it.turn, greeted=True, said=it.turn.stage.say("all_right"))
    asks(it.turn, NAME)
    return await welcome(it.turn, greeted=True)


async def _ask_again(it: Answer) -> Document:
    return which_of_you(it.turn, await meeting.at_this_number(it.turn), again=True)


async def _ask_name(it: Answer) -> Document:
    """They have not understood the question."""
    not_asked(it.turn, NAME)
    return await _go_on_with(it, it.turn.stage.say("sorry"), NAME)


async def _take_name(it: Answer) -> Document:
    turn, said = it.turn, it.heard.name
    assert said is not None
    await meeting.learn_name(turn, said)
    await _note_reason(it)
    return await _go_on_with(it, _thanks(turn, said), await question(turn))


async def _record_name(it: Answer) -> Document:
    """Of words that were no name; if they say why they call, that is noted."""
    said = it.turn.stage.say("heard") if it.heard.why else None
    await _note_reason(it)
    is_at(it.turn, Place.NAME_RECORDING)
    document = dialogue.record_name(it.turn.stage, said)
    records_until(it.turn, document)
    return document


async def _keep_name(it: Answer) -> Document:
    return await _go_on_with(it, it.turn.stage.say("name_recorded"), await question(it.turn))


async def _not_them(it: Answer) -> Document:
    """Believed at once: what we know is somebody else's."""
    turn, said = it.turn, it.heard.name
    await meeting.not_them(turn)
    await _note_reason(it)
    if said is not None:
        await meeting.learn_name(turn, said)
        return await _go_on_with(it, turn.stage.say("sorry_name", name=_sayable(turn, said)), await question(turn))
    return await _go_on_with(it, turn.stage.say("sorry"), NAME if asks_name(turn) else None)


# What it is about


async def _take_why(it: Answer) -> Document:
    await _note_why(it.turn, it.heard.words)
    asked = await question(it.turn) if it.turn.unasked else None
    return await _go_on_with(it, it.turn.stage.say("heard"), asked)


async def _ask_why(it: Answer) -> Document:
    return await _go_on_with(it, it.turn.stage.say("all_right"), WHY)


async def _same_thing(it: Answer) -> Document:
    """The matter is theirs again, and whoever held it is preferred from now on; what it is about is on the desk."""
    turn, person = it.turn, it.turn.person
    matter = None if person is None else await latest_matter(turn.conn, person.id, turn.now)
    if matter is None:
        return await _go_on_with(it, turn.stage.say("all_right"), WHY)
    case_id = await same_again(turn.conn, matter, BY_CUSTOMER, turn.now)
    await turn.change(case_id=case_id, said=turn.call.said or matter.topic or matter.summary)
    return await _go_on_with(it, turn.stage.say("same_noted"), None)


async def _consent(it: Answer) -> Document:
    return await consent.key(it.turn, it.form, wait)


async def _note_reason(it: Answer) -> None:
    """Why they call, if they said it together with their name, or in place of it."""
    if it.heard.why:
        await _note_why(it.turn, it.heard.why)


async def _note_why(turn: Turn, words: str) -> None:
    said = f"{turn.call.said} {words}" if turn.call.said else words
    await turn.change(said=said[:LONGEST_SAID])


async def _go_on_with(it: Answer, said: Say, asked: str | None) -> Document:
    """The agent's phone goes on ringing, or the wait goes on; first `said`, and while it rings a question."""
    turn = it.turn
    if turn.call.state != CallState.RINGING:
        return await proceed(turn, said)
    cut_at = turn.now - timedelta(seconds=dialogue.speech_seconds(it.heard.words) if it.heard.words else 0)
    due, ask = choice_in(turn, cut_at), None
    if asked is not None:
        ask = "ask_name_waiting" if asked == NAME else QUESTIONS[asked].key
    document = dialogue.after_speech(turn.stage, said=said, ask=ask, choice_in=due)
    rings_and_asks(turn, asked, document, "")
    turn.notes["offered_at"] = heard_at(turn, document, cut_at)
    return document


# The ways out of waiting


async def _look(it: Answer) -> Document:
    """A key may still be their answer to whether they may be recorded."""
    return await consent.key(it.turn, it.form, lambda turn, form: wait(turn, form, it.query))


async def _teammate(it: Answer) -> Document:
    turn = it.turn
    if turn.call.state == CallState.RINGING:
        return await wait(turn, it.form)
    await turn.change(choice=TEAMMATE, offered_at=turn.call.offered_at or turn.now)
    document = await proceed(turn)
    none_free = turn.call.state != CallState.RINGING and not closed_words(turn)
    return (turn.stage.say("nobody_free_yet"), *document) if none_free else document


async def _wait_for(it: Answer) -> Document:
    turn = it.turn
    if turn.call.state != CallState.RINGING:
        await turn.change(choice=WAIT, offered_at=turn.call.offered_at or turn.now)
    return await wait(turn, it.form)


async def _offer(it: Answer) -> Document:
    _leaves_the_wait(it.turn)
    await release(it.turn)
    return await offer_call_back(it.turn)


async def _record(it: Answer) -> Document:
    _leaves_the_wait(it.turn)
    await release(it.turn)
    return await leave_message(it.turn)


def _leaves_the_wait(turn: Turn) -> None:
    call = turn.call
    if call.told_seconds is not None and turn.now <= call.told_at + timedelta(seconds=call.told_seconds):
        turn.notes["told_seconds"] = None  # nobody will ever know whether it was true


async def _slot(it: Answer) -> Document:
    return await take_slot(it.turn, it.do, it.heard, it.query)


async def _keep_message(it: Answer) -> Document:
    return await take_message(it.turn, it.form)


# The talk, and the end


async def _join(it: Answer) -> Document:
    """What they said as the agent came goes with them."""
    turn, heard = it.turn, it.heard
    if turn.call.joined_at is not None or not heard.words:
        return await consent.key(turn, it.form, lambda turn, form: journey.join(turn))
    if heard.name is not None and turn.person is None:
        await meeting.learn_name(turn, heard.name)
        await _note_reason(it)
        return (_thanks(turn, heard.name), *await journey.join(turn))
    if heard.input is Input.NOT_ME or heard.name is not None:
        await meeting.not_them(turn)
        await _note_reason(it)
    elif heard.input in (Input.WORDS, Input.UNCLEAR):
        await _note_why(turn, heard.words)
    return await journey.join(turn)


async def _over(it: Answer) -> Document:
    return journey.over(it.turn)


def _thanks(turn: Turn, name: str) -> Say:
    return turn.stage.say("heard_name", name=_sayable(turn, name))


def _sayable(turn: Turn, name: str) -> str:
    return turn.name or name


# The first webhook greets (journey.arrive), what is asked after a talk is afterwards.py's, and the apology, for which
# nothing is known, webhooks.py's.
DONE: Mapping[Do, Callable[[Answer], Awaitable[Document]]] = {
    Do.LOOK: _look,
    Do.LOOK_ON: _look,
    Do.LOOK_OR_RECORD: _look,
    Do.TEAMMATE: _teammate,
    Do.WAIT_FOR: _wait_for,
    Do.MEET: _meet,
    Do.NEW_PERSON: _new_person,
    Do.NONE_OF_THEM: _none_of_them,
    Do.ASK_AGAIN: _ask_again,
    Do.ASK_NAME: _ask_name,
    Do.TAKE_NAME: _take_name,
    Do.RECORD_NAME: _record_name,
    Do.KEEP_NAME: _keep_name,
    Do.NOT_THEM: _not_them,
    Do.TAKE_WHY: _take_why,
    Do.ASK_WHY: _ask_why,
    Do.SAME_THING: _same_thing,
    Do.CONSENT: _consent,
    Do.OFFER: _offer,
    **dict.fromkeys(
        (
            Do.ASK_OTHER,
            Do.ASK_TIME,
            Do.TAKE_TIME,
            Do.PROMISE,
            Do.ASK_NUMBER,
            Do.TAKE_NUMBER,
            Do.NUMBER_RIGHT,
        ),
        _slot,
    ),
    Do.RECORD: _record,
    Do.KEEP_MESSAGE: _keep_message,
    Do.JOIN: _join,
    Do.END: _over,
}
