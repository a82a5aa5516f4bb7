"""A caller's way through the house: each function answers one webhook of the caller's leg with a document.

They run inside a transaction that holds the call's row lock; what they ask of the carrier is kicked after commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from callbacks.slots import Slot, spoken_choices
from crm.identify import Caller as Identified
from crm.identify import Household, Person
from ivr import broken, calls, consent, dialogue, household, legs, machine, openings
from ivr.choosing import Chosen, look, store_decision
from ivr.document import Document, HangUp, Say, spoken_text_seconds
from ivr.inbound import is_diverters
from ivr.lifecycle import CallState, Outcome
from ivr.machine import Input, Place
from ivr.offers import leave_message
from ivr.promised import take_over
from ivr.promising import ledger_of
from ivr.questions import QUESTIONS, asks_name, awaits_answer, question, withheld
from ivr.solved import talk_over
from ivr.talk import listened_until, missed_each_other, together
from ivr.turn import Turn
from ivr.whereabouts import NAME, WHICH, asks, goes_to, is_at, parts, place_of, put_earlier, question_put
from routing.agents import Ended
from routing.choose import Decision, Match
from routing.floor import agent, name_of
from routing.hours import read_hours
from routing.reservations import close, live_of_call

SILENT = timedelta(seconds=40)  # longer than any document but a message takes
DROPPED_WITHIN = timedelta(seconds=60)  # ringing again so soon means: the line dropped, not the patience
NAME_SECONDS = 8  # for being asked for one's name and saying it, should the agent be quicker
JOIN_PATIENCE = timedelta(seconds=2.5)
BY_ITSELF = timedelta(seconds=dialogue.RING_SECONDS + dialogue.TO_NEXT_SECONDS)  # a document for a ring ends behind it
NOTHING: Mapping[str, str] = {}


async def arrive(turn: Turn, found: Identified) -> Document:
    """The first document: it says the name already, if there is one to say."""
    if isinstance(found, Household):
        await turn.change(state=CallState.CHOOSING)
        document = which_of_you(turn, found.people)
    else:
        document = await welcome(turn)
    machine.arrived(None, machine.step(None, Input.CALLS), goes_to(turn))
    return document


def which_of_you(turn: Turn, people: Sequence[Person], *, again: bool = False) -> Document:
    """Nobody is rung before they have said who they are, or not said it: it may change who knows them."""
    is_at(turn, Place.WHICH)
    asks(turn, WHICH)
    named = household.names(people, turn.call.language) if turn.says_names else []
    keys = named[: len(dialogue.PERSON_KEYS)]
    return dialogue.who_is_it(turn.stage, keys, of=len(named), again=again)


async def welcome(turn: Turn, *, greeted: bool = False, said: Say | None = None) -> Document:
    """Greets whom we now know (or do not), then does the best for them.  `greeted`: that has been done; `said`: what is
    said to that instead."""
    promise, back = None, False
    if turn.person is not None:
        promise = await turn.rooms.promises.open_of(turn.conn, turn.person.id, any_case=True)
        if promise is not None:
            await turn.change(callback_id=promise.id)
            await take_over(turn, promise)
    number = turn.call.from_number
    shared = withheld(turn) or is_diverters(number, turn.call.forwarded_from)
    dropped = await calls.dropped_just_now(turn.conn, number, turn.now - DROPPED_WITHIN)
    if dropped is not None and turn.call.direction == "inbound" and not shared:
        back = True
        await turn.change(arrived_at=dropped.arrived_at)
    if greeted:
        return await proceed(turn, said)
    facts = openings.facts_of(turn, promise, back=back)
    meant = openings.longest(turn.stage, facts)
    document = await proceed(turn, meant)
    opening = turn.stage.named(openings.situation(openings.settled(turn, facts)))
    document = openings.reopened(document, meant, opening)
    heard = spoken_text_seconds((opening,))
    put_earlier(turn, spoken_text_seconds((meant,)) - heard)
    if goes_to(turn) is Place.RINGING_NAME:
        heard += NAME_SECONDS  # they are asked for their name, and may answer
    turn.notes["greeted_at"] = turn.now + timedelta(seconds=heard)
    return document


async def proceed(turn: Turn, opening: Say | None = None, *, told_nobody: bool = False) -> Document:
    """Closed, or the best agent, or the wait for one, or the choice.  `told_nobody`: they heard just now that nobody is
    here, and pressed nothing."""
    closed = closed_words(turn)
    if closed is not None:
        return await nobody_there(turn, opening, closed)
    chosen = await look(turn)
    if chosen.agent is not None:
        return await ringing(turn, opening)
    return await _nobody_rings(turn, chosen, opening, told_nobody)


async def _nobody_rings(turn: Turn, chosen: Chosen, opening: Say | None, told_nobody: bool) -> Document:
    decision = chosen.decision
    if decision.action == "offer_callback" and decision.who is None:
        return await (leave_message(turn) if told_nobody else nobody_there(turn, opening, None))
    first, known = turn.call.offered_at is None, decision.who
    time = await _first_slot(turn, known.agent.id if known else None) if first else None
    ask_name = known is None and asks_name(turn)
    document = dialogue.nobody_free(
        turn.stage,
        decision,
        time,
        opening=opening,
        first=first,
        ask_name=ask_name,
        choice_in=choice_in(turn),
        long=(turn.now - turn.call.arrived_at).total_seconds() > dialogue.LONG_WAIT_SECONDS,
    )
    if ask_name:
        question_put(turn, NAME, document, "ask_name_waiting")
    asked = decision.action == "offer_callback"  # nobody is rung while they make up their mind
    told = {} if asked and decision.teammate else _told(turn, decision)  # else it is only one of two things to choose
    is_at(turn, Place.CHOOSING if asked else Place.WAITING_NAME if ask_name else Place.WAITING)
    state = CallState.CHOOSING if asked else CallState.WAITING
    await turn.change(state=state, offered_at=heard_at(turn, document), **told)
    return document


async def nobody_there(turn: Turn, opening: Say | None, closed: Say | None) -> Document:
    """Nobody to wait for: a call back or a message.  Whoever comes back while we ask may still ring."""
    turn.nobody = True
    document = dialogue.nobody(turn.stage, await _first_slot(turn, None), opening=opening, closed=closed)
    is_at(turn, Place.CLOSED if closed else Place.NOBODY)
    state = CallState.CHOOSING if closed else CallState.WAITING
    await turn.change(state=state, offered_at=heard_at(turn, document))
    if closed is not None:
        await store_decision(turn, "offer_callback", None, closed.text, {"closed": True})
    return document


async def wait(turn: Turn, form: Mapping[str, str], query: Mapping[str, str] = NOTHING) -> Document:
    """What is best now, wherever they are: a document ran out, or something has changed."""
    call = turn.call
    if call.state == CallState.ENDED or call.outcome in (Outcome.CALLBACK, Outcome.VOICEMAIL):
        return over(turn)
    if call.state == CallState.TALKING:
        return await join(turn)
    lost = await _lost(turn)
    if call.state == CallState.RINGING:
        return (*lost, *await ringing(turn, None))
    return (*lost, *await proceed(turn, told_nobody=query.get("told") == dialogue.NOBODY))


async def _lost(turn: Turn) -> Document:
    """Once: the agent whose line broke has not come back, and it goes on without them."""
    dropped: str | None = turn.call.dropped_agent
    reservation = await live_of_call(turn.conn, turn.call.id) if dropped else None
    if dropped is None or (reservation is not None and reservation.agent_id == dropped):
        return ()
    turn.notes["dropped_agent"] = None
    return (turn.stage.say("line_lost", agent=await name_of(turn.conn, dropped, turn.rooms.house.company)),)


def over(turn: Turn) -> Document:
    """A promise is made, a message kept, or they have gone already."""
    is_at(turn, place_of(turn) if place_of(turn) in machine.LAST else Place.GOODBYE)
    return (HangUp(),)


async def look_again(turn: Turn, match: Match | None = None) -> bool:
    """Something changed while the caller listens to the last document: rings whoever is right now.

    Nothing is spoken here, so nothing is taken as offered; and while they are asked what they would rather have, only
    somebody they know is rung.  True when somebody is being rung.  `match`: the agent who became free found them.
    """
    asked = turn.call.state == CallState.CHOOSING and turn.call.need is not None
    if not (asked or turn.call.state == CallState.WAITING) or closed_words(turn) is not None:
        return False
    return (await look(turn, match=match, known_only=asked)).agent is not None


async def set_right(turn: Turn, *, rang_out: bool = False) -> None:
    """What they hear is true no more: whom we ring now, or that we ring nobody, is said once they are greeted and have
    answered what they were asked.

    `rang_out`: the agent had all the time there is; then the document, which was made to last as long, ends by itself
    soon, and not while they speak.
    """
    until = listened_until(turn)
    if rang_out and awaits_answer(turn):
        until = max(until, turn.now + BY_ITSELF)
    if turn.now < until:
        await calls.note(turn.conn, turn.call.id, hears_until=until, due_at=until)
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
            document = await talk_over(turn)  # they have been in the room and are here again: the talk is over
            parts(turn, document)
            return document
        await missed_each_other(turn)
        return await proceed(turn)
    if joined is None and asked is not None and turn.now - asked < JOIN_PATIENCE:
        is_at(turn, Place.FETCHED)
        return dialogue.hold_for_join(turn.stage)
    return await _into_the_room(turn)


async def fetched(turn: Turn, form: Mapping[str, str]) -> Document:
    """The carrier did as we asked: the caller's next document is the room."""
    if turn.call.state != CallState.TALKING or await live_of_call(turn.conn, turn.call.id) is None:
        return await wait(turn, form)
    return await _into_the_room(turn)


async def _into_the_room(turn: Turn) -> Document:
    """Whoever must hear first that the talk is recorded hears it, and is here again at once."""
    told = await consent.told_first(turn)
    if told is not None:
        is_at(turn, Place.FETCHED)
        return told
    is_at(turn, Place.TOGETHER)
    await together(turn, turn.call.joined_at)
    return await consent.room(turn)


async def out_of_an_empty_room(turn: Turn) -> list[str]:
    """Whoever they talked with has left, and they could not be fetched: once more, for they hear nothing there."""
    call = turn.call
    in_a_room = call.place in (None, Place.TOGETHER)  # by the document they were given last
    if call.state == CallState.ENDED or not calls.is_reached(call) or not in_a_room:
        return []
    if call.state != CallState.TALKING:
        return await legs.send_caller(turn, "/twilio/voice/wait")
    talks = call.joined_at is None or await live_of_call(turn.conn, call.id) is not None
    return [] if talks else await legs.send_caller(turn, "/twilio/voice/after")


async def release(turn: Turn) -> None:
    """The caller wants something else: the agent being rung is let go."""
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None or reservation.state != "offered":
        return
    if broken.is_kept_for(turn, reservation):
        await broken.give_up(turn)
        return
    await close(turn.conn, reservation.id, Ended.WITHDRAWN, turn.plan, now=turn.now)
    turn.effects += await legs.end_leg(turn, "agent")
    turn.floor = True


def closed_words(turn: Turn) -> Say | None:
    """What to say while the house is closed, else None.  A talk that broke is finished whatever the clock says."""
    house, line = turn.rooms.house, legs.our_number(turn.call)
    hours = read_hours(turn.plan.hours_of(line), house.zone, house.country)
    if hours.is_open(turn.now) or turn.call.dropped_at is not None:
        return None
    key = openings.closed_key(turn.now, house)
    return dialogue.closed_until(turn.stage, hours.next_open(turn.now), key)


async def _first_slot(turn: Turn, agent_id: str | None) -> Slot | None:
    ledger = await ledger_of(turn)
    choices = spoken_choices(ledger, agent_id) or (spoken_choices(ledger, None) if agent_id else [])
    return choices[0] if choices else None


async def ringing(turn: Turn, opening: Say | None) -> Document:
    """Says who is being rung, once in full, then briefly; and asks what is asked of them."""
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None:
        return await proceed(turn, opening)
    who, again = await agent(turn.conn, reservation.agent_id), turn.call.told_of == reservation.id
    cut_short = turn.call.step == 2 and not again  # their first words from us were
    broke = broken.is_kept_for(turn, reservation)
    asks_now = (opening or cut_short or turn.unasked) and not broke
    asked = await question(turn, again=cut_short) if asks_now else None
    left = turn.plan.ring_seconds - float((turn.now - reservation.made_at).total_seconds())
    document = dialogue.ringing(
        turn.stage,
        who,
        broken.seconds_left(turn) if broke else max(left, 0.0),  # until they answer or the next one rings
        opening=opening,
        again=again,
        ask=asked and QUESTIONS[asked].key,
        choice_in=choice_in(turn),
        how="line_broke" if broke else "transfer" if turn.call.waited_seconds is not None else "ring",
    )
    rings_and_asks(turn, asked, document, who.first_name)
    await calls.note(turn.conn, turn.call.id, told_of=reservation.id, offered_at=heard_at(turn, document))
    return document


def rings_and_asks(turn: Turn, asked: str | None, document: Document, agent: str) -> None:
    is_at(turn, QUESTIONS[asked].place if asked else Place.RINGING)
    if asked:
        again = ("ask_name_waiting",) if asked == NAME else ()
        question_put(turn, asked, document, QUESTIONS[asked].key, *again, agent=agent)
    turn.notes.update(consent.heard_at(turn, document))


def choice_in(turn: Turn, cut_at: datetime | None = None) -> float:
    """Seconds until the ways out must have been named, as the plan promises: counted from the first ring.  Whoever has
    talked with somebody hears first how it goes on."""
    if turn.call.talking_at is not None:
        return dialogue.NO_HURRY
    if turn.call.offered_at is not None and turn.call.offered_at <= (cut_at or turn.now):
        return dialogue.NO_HURRY
    return turn.plan.service.choice_after_seconds - float((turn.now - turn.call.arrived_at).total_seconds())


def heard_at(turn: Turn, document: Document, cut_at: datetime | None = None) -> datetime | None:
    """When the ways out were heard, or will be.  `cut_at`: when the document before was cut short, if not now."""
    before: datetime | None = turn.call.offered_at
    return before if before and before <= (cut_at or turn.now) else dialogue.choice_at(turn.stage, document, turn.now)


def _told(turn: Turn, decision: Decision) -> dict[str, Any]:
    """To be written down of the first wait they are told, as it is said.  Of a second one, after a talk, nothing is."""
    if turn.call.told_seconds is not None or turn.call.waited_seconds is not None:
        return {}
    return {"told_seconds": float(dialogue.told_seconds(decision)), "told_at": turn.now}
