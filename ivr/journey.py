"""A caller's way through the house: each function answers one webhook of the caller's leg with a document.

They run inside a transaction that holds the call's row lock; what they ask of the carrier is kicked after commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from callbacks.slots import Slot, spoken_choices
from carrier.numbering import is_withheld
from crm import people
from crm.identify import Caller as Identified
from crm.identify import Household, Person, identify
from ivr import calls, dialogue, legs
from ivr.choosing import Chosen, look, store_decision
from ivr.document import Document, HangUp, Say, spoken_text_seconds
from ivr.lifecycle import CallState, Outcome
from ivr.names import learn_name
from ivr.offers import leave_message, offer_call_back, pressed, take_message, take_slot
from ivr.promised import take_over
from ivr.promising import ledger_of
from ivr.talk import end_talk, missed_each_other, together
from ivr.turn import Turn, spoken_name
from routing.agents import Agent, Ended
from routing.choose import TEAMMATE, WAIT, Decision, Match
from routing.floor import agent
from routing.hours import read_hours
from routing.reservations import close, live_of_call

SILENT = timedelta(seconds=40)  # longer than any document but a message takes
DROPPED_WITHIN = timedelta(seconds=60)  # ringing again so soon means: the line dropped, not the patience
ABOUT_TO = timedelta(hours=1)  # ring somebody
NAME_SECONDS = 8  # for being asked for one's name and saying it, should the agent be quicker
JOIN_PATIENCE = timedelta(seconds=2.5)
NOTHING: Mapping[str, str] = {}


async def arrive(turn: Turn, found: Identified) -> Document:
    """The first document: it says the name already."""
    if isinstance(found, Household):
        await turn.change(state=CallState.CHOOSING)
        names = [spoken_name(person) or "?" for person in found.people[: len(dialogue.PERSON_KEYS)]]
        return dialogue.who_is_it(turn.stage, names)
    return await welcome(turn)


async def welcome(turn: Turn, *, greeted: bool = False) -> Document:
    """Greets whom we now know (or do not), then does the best for them."""
    expected = back = False
    if turn.person is not None:
        promise = await turn.rooms.promises.open_of(turn.conn, turn.person.id, any_case=True)
        if promise is not None:
            expected = promise.promised_at - turn.now <= ABOUT_TO
            await turn.change(callback_id=promise.id)
            await take_over(turn, promise)
    dropped = await calls.dropped_just_now(turn.conn, turn.call.from_number, turn.now - DROPPED_WITHIN)
    if dropped is not None and turn.call.direction == "inbound" and not _withheld(turn):
        back = True
        await turn.change(arrived_at=dropped.arrived_at)
    if greeted:
        return await proceed(turn)
    opening = dialogue.greeting(turn.stage, expected=expected, back=back)
    document = await proceed(turn, opening)
    if back and turn.nobody:  # there is no place to have back where nobody is
        plain = dialogue.greeting(turn.stage, expected=expected, back=False)
        document, opening = dialogue.reopened(document, plain), plain
    heard = spoken_text_seconds((opening,))
    if _nameless(turn) and turn.call.state == CallState.RINGING:
        heard += NAME_SECONDS  # they are asked for their name, and may answer
    turn.notes["greeted_at"] = turn.now + timedelta(seconds=heard)
    return document


async def proceed(turn: Turn, opening: Say | None = None, *, told_nobody: bool = False) -> Document:
    """Closed, or the best agent, or the wait for one, or the choice.  `told_nobody`: they heard just now that nobody is
    here, and pressed nothing."""
    closed = _closed(turn)
    if closed is not None:
        return await nobody_there(turn, opening, closed)
    chosen = await look(turn)
    if chosen.agent is not None:
        return await _ringing(turn, opening, ask=_question(turn, opening))
    return await _nobody_rings(turn, chosen, opening, told_nobody)


async def _nobody_rings(turn: Turn, chosen: Chosen, opening: Say | None, told_nobody: bool) -> Document:
    decision = chosen.decision
    if decision.action == "offer_callback" and decision.who is None:
        return await (leave_message(turn) if told_nobody else nobody_there(turn, opening, None))
    first, known = turn.call.offered_at is None, decision.who
    time = await _first_slot(turn, known.agent.id if known else None) if first else None
    ask_name, choice_in = first and _nameless(turn), _choice_in(turn)
    document = dialogue.nobody_free(
        turn.stage, decision, time, opening=opening, first=first, ask_name=ask_name, choice_in=choice_in
    )
    asked = decision.action == "offer_callback"  # nobody is rung while they make up their mind
    told = {} if asked and decision.teammate else _told(turn, decision)  # else it is only one of two things to choose
    state = CallState.CHOOSING if asked else CallState.WAITING
    await turn.change(state=state, offered_at=_heard_at(turn, document), **told)
    return document


async def nobody_there(turn: Turn, opening: Say | None, closed: Say | None) -> Document:
    """Nobody to wait for: a call back or a message.  Whoever comes back while we ask may still ring."""
    turn.nobody = True
    document = dialogue.nobody(turn.stage, await _first_slot(turn, None), opening=opening, closed=closed)
    state = CallState.CHOOSING if closed else CallState.WAITING
    await turn.change(state=state, offered_at=_heard_at(turn, document))
    if closed is not None:
        await store_decision(turn, "offer_callback", None, closed.text, {"closed": True})
    return document


async def wait(turn: Turn, form: Mapping[str, str], query: Mapping[str, str] = NOTHING) -> Document:
    """A document ran out without a key: what is best now?"""
    call = turn.call
    if call.state == CallState.ENDED or call.outcome in (Outcome.CALLBACK, Outcome.VOICEMAIL):
        return (HangUp(),)
    if call.state == CallState.TALKING:
        return await join(turn)
    if call.state == CallState.RINGING:
        return await _ringing(turn, None)
    if call.state == CallState.CHOOSING and call.offered_at is None:
        return await welcome(turn, greeted=True)  # a household that did not say which of them it is
    return await proceed(turn, told_nobody=query.get("told") == dialogue.NOBODY)


async def key(turn: Turn, form: Mapping[str, str]) -> Document:
    """A key or words, at any moment of the wait."""
    call, digits = turn.call, form.get("Digits", "")
    if call.state == CallState.TALKING and call.joined_at is None and form.get("SpeechResult"):
        return await _said_as_the_agent_came(turn, form["SpeechResult"])
    if call.state in (CallState.TALKING, CallState.ENDED):
        return await wait(turn, form)
    if form.get("SpeechResult"):
        return await spoken(turn, form["SpeechResult"])
    leaves = digits in (dialogue.CALLBACK_KEY, dialogue.MESSAGE_KEY) and call.told_seconds is not None
    if leaves and turn.now <= call.told_at + timedelta(seconds=call.told_seconds):
        turn.notes["told_seconds"] = None  # nobody will ever know whether it was true
    if digits == dialogue.CALLBACK_KEY:
        await release(turn)
        return await offer_call_back(turn)
    if digits == dialogue.MESSAGE_KEY:
        await release(turn)
        return await leave_message(turn)
    if digits == dialogue.TEAMMATE_KEY and call.state != CallState.RINGING:
        await turn.change(choice=TEAMMATE, offered_at=call.offered_at or turn.now)
        document = await proceed(turn)
        none_free = turn.call.state != CallState.RINGING
        return (turn.stage.say("nobody_free_yet"), *document) if none_free and not _closed(turn) else document
    if digits == dialogue.WAIT_KEY and call.state != CallState.RINGING:
        await turn.change(choice=WAIT, offered_at=call.offered_at or turn.now)
    return await wait(turn, form)


async def spoken(turn: Turn, words: str) -> Document:
    """Why they call, in their own words; or, asked of somebody new, their name."""
    name = await _take_in(turn, words)
    if turn.call.state == CallState.RINGING:
        cut_at = turn.now - timedelta(seconds=dialogue.speech_seconds(words))
        document = dialogue.after_speech(turn.stage, name, choice_in=_choice_in(turn, cut_at))
        turn.notes["offered_at"] = _heard_at(turn, document, cut_at)
        return document
    return await wait(turn, {})


async def _take_in(turn: Turn, words: str) -> str | None:
    """The name, if that is what they said; anything else is why they call."""
    name = None
    if _nameless(turn) and turn.call.said is None:
        name = await learn_name(turn, words)
    if name is None:
        said = f"{turn.call.said} {words}" if turn.call.said else words
        await turn.change(said=said[:1000])
    return name


async def _said_as_the_agent_came(turn: Turn, words: str) -> Document:
    name = await _take_in(turn, words)
    document = await join(turn)
    return (turn.stage.say("heard_name", name=name), *document) if name else document


async def who(turn: Turn, form: Mapping[str, str]) -> Document:
    """Which of the household it is, by key or by a spoken name; anything else leaves it open."""
    found = await identify(turn.conn, turn.call.from_number, turn.rooms.house.country)
    if isinstance(found, Household) and turn.call.customer_id is None:
        person = _which(found, form)
        if person is not None:
            await turn.change(customer_id=person.id, language=person.language or turn.call.language)
            await turn.meet(person)
    if turn.call.state != CallState.CHOOSING or turn.call.offered_at is not None:
        return await wait(turn, form)
    return await welcome(turn, greeted=turn.person is None)


async def slot(turn: Turn, form: Mapping[str, str], query: Mapping[str, str]) -> Document:
    """The answer to an offer of times, and to what it leads to: a key, digits, words, or silence."""
    if turn.call.state != CallState.CHOOSING:
        return await wait(turn, form)
    digits = pressed(turn, form, query)
    if digits in (dialogue.TEAMMATE_KEY, dialogue.WAIT_KEY, dialogue.MESSAGE_KEY):
        return await key(turn, {"Digits": digits})
    return await take_slot(turn, digits, form.get("SpeechResult", ""), query)


async def message(turn: Turn, form: Mapping[str, str], query: Mapping[str, str]) -> Document:
    """A message was recorded: it becomes a promise."""
    if turn.call.outcome == Outcome.VOICEMAIL:
        return dialogue.message_kept(turn.stage, None)
    if turn.call.outcome == Outcome.CALLBACK or turn.call.state == CallState.TALKING:
        return await wait(turn, form)
    if form.get("Digits") in (dialogue.TEAMMATE_KEY, dialogue.CALLBACK_KEY, dialogue.WAIT_KEY):
        return await key(turn, form)  # they thought better of it
    return await take_message(turn, form)


async def call_back(turn: Turn, form: Mapping[str, str]) -> Document:
    """A call back was asked for while we could not promise one; now we can."""
    return await key(turn, {"Digits": dialogue.CALLBACK_KEY})


async def after(turn: Turn, form: Mapping[str, str]) -> Document:
    """The talk is over and the caller still there: the room closed, or the agent left and we fetched them here."""
    if turn.call.state == CallState.TALKING:
        await end_talk(turn)
        return dialogue.talk_over(turn.stage, await _could_be_theirs(turn))
    if turn.call.state != CallState.ENDED:
        return await wait(turn, form)
    return dialogue.goodbye(turn.stage)


async def more(turn: Turn, form: Mapping[str, str]) -> Document:
    """A key after the talk."""
    if turn.call.state != CallState.TALKING:
        return await wait(turn, form)
    digits = form.get("Digits", "")
    if digits == dialogue.WAIT_KEY and (agent := await _could_be_theirs(turn)) is not None:
        assert turn.person is not None
        await people.change(turn.conn, turn.person.id, {"preferred_agent": agent.id}, turn.now)
        return dialogue.theirs_now(turn.stage, agent)
    if digits == dialogue.TEAMMATE_KEY:
        again = {"choice": None, "offered_at": None, "joined_at": None, "join_asked_at": None, "greeted_at": None}
        await turn.change(state=CallState.WAITING, **again)
        return await proceed(turn)
    return dialogue.goodbye(turn.stage)


async def _could_be_theirs(turn: Turn) -> Agent | None:
    """Whom they talked with, if they can still choose them as their person."""
    person, agent_id = turn.person, turn.call.agent_id
    if person is None or agent_id is None or person.preferred_agent == agent_id:
        return None
    return await agent(turn.conn, agent_id)


async def look_again(turn: Turn, match: Match | None = None) -> bool:
    """Something changed while the caller listens to the last document: rings whoever is right now.

    Nothing is spoken here, so nothing is taken as offered; and while they are asked what they would rather have, only
    somebody they know is rung.  True when somebody is being rung.  `match`: the agent who became free found them.
    """
    asked = turn.call.state == CallState.CHOOSING and turn.call.need is not None
    if not (asked or turn.call.state == CallState.WAITING) or _closed(turn) is not None:
        return False
    return (await look(turn, match=match, known_only=asked)).agent is not None


async def set_right(turn: Turn) -> None:
    """What they hear is true no more: whom we ring now, or that we ring nobody, is said once they are greeted."""
    greeted_at = turn.call.greeted_at
    if turn.call.step <= 1 and greeted_at is not None and turn.now < greeted_at:
        await calls.note(turn.conn, turn.call.id, due_at=greeted_at)
        return
    await calls.note(turn.conn, turn.call.id, due_at=turn.now + SILENT)
    turn.effects += await legs.send_caller(turn, "/twilio/voice/wait")


async def join(turn: Turn) -> Document:
    """Into the room, while the agent is there: also once more, for the last answer may never have reached the carrier.

    While the carrier is fetching them there by our request, this document must not do it too.
    """
    call = turn.call
    asked, joined = call.join_asked_at, call.joined_at
    if await live_of_call(turn.conn, call.id) is None:
        if joined is not None:
            return await after(turn, {})  # they have been in the room and are here again: the talk is over
        await missed_each_other(turn)
        return await proceed(turn)
    if joined is None and asked is not None and turn.now - asked < JOIN_PATIENCE:
        return dialogue.hold_for_join(turn.stage)
    await together(turn, joined)
    return dialogue.join(turn.stage, call.id)


async def fetched(turn: Turn, form: Mapping[str, str]) -> Document:
    """The carrier did as we asked: the caller's next document is the room."""
    if turn.call.state != CallState.TALKING or await live_of_call(turn.conn, turn.call.id) is None:
        return await wait(turn, form)
    await together(turn, turn.call.joined_at)
    return dialogue.join(turn.stage, turn.call.id)


async def release(turn: Turn) -> None:
    """The caller wants something else: the agent being rung is let go."""
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None or reservation.state != "offered":
        return
    await close(turn.conn, reservation.id, Ended.WITHDRAWN, turn.plan, now=turn.now)
    turn.effects += await legs.end_leg(turn, "agent")
    turn.floor = True


def _which(found: Household, form: Mapping[str, str]) -> Person | None:
    digits, words = form.get("Digits", ""), form.get("SpeechResult", "").casefold()
    if digits in dialogue.PERSON_KEYS:
        place = dialogue.PERSON_KEYS.index(digits)
        return found.people[place] if place < len(found.people) else None
    named = [p for p in found.people if any(part in words for part in _name_parts(p))] if words else []
    return named[0] if len(named) == 1 else None


def _name_parts(person: Person) -> list[str]:
    first = (person.called or person.name or "").casefold().split()
    return [part for part in first[:1] if len(part) > 1]


def _closed(turn: Turn) -> Say | None:
    """What to say while the house is closed, else None."""
    house, line = turn.rooms.house, turn.call.to_number
    hours = read_hours(turn.plan.hours_of(line), house.zone, house.country)
    if hours.is_open(turn.now):
        return None
    return dialogue.closed_until(turn.stage, hours.next_open(turn.now))


async def _first_slot(turn: Turn, agent_id: str | None) -> Slot | None:
    ledger = await ledger_of(turn)
    choices = spoken_choices(ledger, agent_id) or (spoken_choices(ledger, None) if agent_id else [])
    return choices[0] if choices else None


async def _ringing(turn: Turn, opening: Say | None, ask: str | None = None) -> Document:
    """Says who is being rung, once in full, then briefly."""
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None:
        return await proceed(turn, opening)
    who, again = await agent(turn.conn, reservation.agent_id), turn.call.told_of == reservation.id
    if turn.call.step == 2 and not again and not _nameless(turn) and turn.call.said is None:
        ask = ask or "why"  # their first words from us were cut short
    rung = (turn.now - reservation.made_at).total_seconds()
    estimate = max(turn.plan.ring_seconds - rung, 0.0)  # what is left until they answer or the next one rings
    due = _choice_in(turn)
    document = dialogue.ringing(turn.stage, who, estimate, opening=opening, again=again, ask=ask, choice_in=due)
    await calls.note(turn.conn, turn.call.id, told_of=reservation.id, offered_at=_heard_at(turn, document))
    return document


def _choice_in(turn: Turn, cut_at: datetime | None = None) -> float:
    """Seconds until the ways out must have been named, as the plan promises: counted from the first ring."""
    if turn.call.offered_at is not None and turn.call.offered_at <= (cut_at or turn.now):
        return dialogue.NO_HURRY
    return turn.plan.service.choice_after_seconds - float((turn.now - turn.call.arrived_at).total_seconds())


def _heard_at(turn: Turn, document: Document, cut_at: datetime | None = None) -> datetime | None:
    """When the ways out were heard, or will be.  `cut_at`: when the document before was cut short, if not now."""
    before: datetime | None = turn.call.offered_at
    return before if before and before <= (cut_at or turn.now) else dialogue.choice_at(turn.stage, document, turn.now)


def _told(turn: Turn, decision: Decision) -> dict[str, Any]:
    """To be written down of the first wait they are told, as it is said.  Of a second one, after a talk, nothing is."""
    if turn.call.told_seconds is not None or turn.call.waited_seconds is not None:
        return {}
    return {"told_seconds": float(dialogue.told_seconds(decision)), "told_at": turn.now}


def _question(turn: Turn, opening: Say | None) -> str | None:
    if opening is None:
        return None
    return "ask_name" if _nameless(turn) else "why"


def _nameless(turn: Turn) -> bool:
    """Somebody new, who could be known from now on."""
    return turn.name is None and not _withheld(turn)


def _withheld(turn: Turn) -> bool:
    return is_withheld(turn.call.from_number)
