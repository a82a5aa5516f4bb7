"""Being called back, and leaving a message: the two ways out of waiting that end in a promise.

What was asked last rides in the signed URL (`asked`), and how often; a number they typed is kept in the call's row,
where addresses and logs do not show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callbacks.history import BY_PHONE
from callbacks.limits import TooMany, not_called
from callbacks.slots import APART, Ledger, Slot, day_choices, keepable, nearest_slots, next_slots, soonest
from callbacks.wall import instant_of
from callbacks.wish import InProgress, Wish
from carrier.numbering import NotANumber, normalise
from ivr import dialogue, offered
from ivr.choosing import store_decision
from ivr.digits import read_back
from ivr.document import Document
from ivr.hearing import Heard
from ivr.lifecycle import CallState, Outcome
from ivr.machine import Do, Input, Place
from ivr.promising import (
    SLOT_PATH,
    choice_of,
    customer_of,
    ledger_of,
    number_of,
    offer_call_back,
    promise,
    propose,
    read,
    stage_of,
    their_agent,
    written,
)
from ivr.texts import confirm_promise
from ivr.turn import Turn, own_number
from ivr.when import IsOpen, When, agreed, typed, understand
from ivr.whereabouts import is_at, place_of
from routing.queue import leaves

__all__ = ["asked_at", "leave_message", "offer_call_back", "take_message", "take_slot"]

A_DAY = timedelta(days=1)
MOST_TRIES = 2  # at a day and time, or at a number
# What `asked` may say; without it the times of an offer.
MORE, WHEN, NUMBER, RIGHT = "more", "when", "number", "right"
MESSAGE = "message"  # beside `number` and `right`: what the number is for


_PLACES = {
    MORE: Place.OTHER_TIME,
    WHEN: Place.WHICH_TIME,
    NUMBER: Place.NUMBER,
    RIGHT: Place.NUMBER_CHECK,
}


def asked_at(turn: Turn, query: Mapping[str, str]) -> Place:
    """`query` is that of the signed URL; it is empty where silence has led back to the times."""
    if "asked" not in query and "slots" not in query and place_of(turn) in (Place.OTHER_TIME, Place.NUMBER):
        return place_of(turn)
    asked = query.get("asked", "")
    needed = asked == NUMBER and (query.get("to") == MESSAGE or number_of(turn) is None)
    return Place.NUMBER_NEEDED if needed else _PLACES.get(asked, Place.OFFER)


async def take_slot(turn: Turn, do: Do, heard: Heard, query: Mapping[str, str]) -> Document:
    """What they answered, and what it means."""
    slots = read(query.get("slots", ""))
    match do:
        case Do.PROMISE:
            place = 1 if heard.input is Input.SECOND else 0
            return await (promise(turn, slots[place]) if place < len(slots) else offer_call_back(turn))
        case Do.ASK_OTHER:
            return await _another(turn, slots)
        case Do.ASK_TIME:
            return _ask_when(turn, tries=0)
        case Do.TAKE_TIME if query.get("asked") == WHEN:
            return await _when(turn, heard.digits, heard.words, query)
        case Do.TAKE_TIME if heard.words:
            return await _said(turn, heard.words, slots)
        case Do.ASK_NUMBER | Do.TAKE_NUMBER | Do.NUMBER_RIGHT if query.get("asked") == RIGHT:
            return await _right(turn, do, query)
        case Do.ASK_NUMBER:
            return _ask_number(turn, {})
        case Do.TAKE_NUMBER:
            return await _number(turn, heard.digits, query)
        case _:
            return await offer_call_back(turn)


# Another day, another time


async def _another(turn: Turn, slots: Sequence[Slot]) -> Document:
    ledger, who = await ledger_of(turn), await their_agent(turn)
    first = slots[0].latest or slots[0].due_at if slots else turn.now
    after = ledger.hours.closes_at(first, within=A_DAY) or first + A_DAY
    found = next_slots(ledger, after, who.id, 1) if who else []
    found = found or next_slots(ledger, after, None, 1)
    is_at(turn, Place.OTHER_TIME)
    action = turn.stage.at(SLOT_PATH, asked=MORE, slots=written(found))
    next_day = await choice_of(turn, found[0]) if found else None
    return offered.another(turn.stage, next_day, action, turn.stage.at(SLOT_PATH))


async def _when(turn: Turn, digits: str, said: str, query: Mapping[str, str]) -> Document:
    ledger = await ledger_of(turn)
    when = typed(digits, *_clock(turn, ledger)) if digits else None
    if said:
        when = understand(said, turn.stage.speaker.language, *_clock(turn, ledger))
    if when is not None:
        return await _wished(turn, ledger, when)
    tries = int(query.get("tries", "0")) + 1
    if tries < MOST_TRIES:
        return _ask_when(turn, tries=tries)
    return await offer_call_back(turn, turn.stage.say("when_not"), by_key=True)


async def _said(turn: Turn, said: str, slots: Sequence[Slot]) -> Document:
    """Words where keys were offered: one of the times, another one, or we ask how they mean it."""
    ledger = await ledger_of(turn)
    when = understand(said, turn.stage.speaker.language, *_clock(turn, ledger))
    if when is None:
        meant = slots[:1] if agreed(said, turn.stage.speaker.language) else await _named(turn, slots, said)
        return await promise(turn, meant[0]) if meant else _ask_when(turn, tries=1)
    at = None if when.until or when.soon else _instant(turn, when.start)
    meant = [slot for slot in slots if slot.due_at == at and slot.latest is None]
    return await (promise(turn, meant[0]) if meant else _wished(turn, ledger, when))


async def _named(turn: Turn, slots: Sequence[Slot], said: str) -> list[Slot]:
    """`con Luca, per favore`"""
    words = said.casefold().replace(",", " ").split()
    names = [(await choice_of(turn, slot)).agent for slot in slots]
    return [slot for slot, name in zip(slots, names, strict=True) if name and name.casefold() in words]


def _ask_when(turn: Turn, *, tries: int) -> Document:
    is_at(turn, Place.WHICH_TIME)
    return offered.ask_when(turn.stage, turn.stage.at(SLOT_PATH, asked=WHEN, tries=str(tries)), again=tries > 0)


def _clock(turn: Turn, ledger: Ledger) -> tuple[datetime, IsOpen]:
    """What the clock on their wall shows now, and when by that clock the house is open."""
    now = turn.now.astimezone(ZoneInfo(turn.stage.speaker.zone)).replace(tzinfo=None)
    return now, lambda wall: ledger.hours.is_open(_instant(turn, wall))


def _instant(turn: Turn, wall: datetime) -> datetime:
    return instant_of(wall.isoformat(timespec="minutes"), turn.stage.speaker.zone)


async def _wished(turn: Turn, ledger: Ledger, when: When) -> Document:
    """Promised if it can be kept, by the one they know if they can; else the nearest two that can."""
    own = await their_agent(turn)
    whose = (own.id, None) if own else (None,)
    if when.soon:
        slot = next(filter(None, (soonest(ledger, one) for one in whose)), None)
        return await (offer_call_back(turn) if slot is None else promise(turn, slot))
    start = _instant(turn, when.start)
    if when.until is not None:
        slots = _within(turn, ledger, when, whose)
        opening = None if slots else turn.stage.say("offer_not_then")
    else:
        theirs = replace(ledger, call_hours=None)  # what they ask for themselves may be at any hour
        for one in whose:
            if keepable(theirs, start, one):
                return await promise(turn, Slot(start, one))
        slots, opening = [], turn.stage.say("offer_not", time=turn.stage.speaker.time(start))
    if not slots:
        slots = [
            Slot(slot.due_at, next(one for one in whose if one is None or keepable(ledger, slot.due_at, one)))
            for slot in _nearest(ledger, max(start, turn.now))
        ]
    return await (propose(turn, slots, opening) if slots else offer_call_back(turn, opening))


def _nearest(ledger: Ledger, at: datetime) -> list[Slot]:
    """The one before and the one after; else the nearest and one that is another choice."""
    near = nearest_slots(ledger, at, None, 2)
    if len(near) < 2 or near[0].due_at < at < near[1].due_at:
        return near
    nearest = min(near, key=lambda slot: abs(slot.due_at - at))
    return [nearest, *next_slots(ledger, nearest.due_at + APART, None, 1)]


def _within(turn: Turn, ledger: Ledger, when: When, whose: tuple[str | None, ...]) -> list[Slot]:
    """Two times of the day, or of the part of one, that they named."""
    assert when.until is not None
    start, end = _instant(turn, when.start), _instant(turn, when.until)
    for one in whose:
        if when.until - when.start >= A_DAY:
            found = day_choices(ledger, when.start.date(), one, turn.stage.speaker.zone)
        else:
            found = next_slots(ledger, start, one, 1, before=end)
            found += next_slots(ledger, found[0].due_at + APART, one, 1, before=end) if found else []
        if found:
            return found
    return []


# Another number


def _ask_number(turn: Turn, query: Mapping[str, str], *, refused: str | None = None) -> Document:
    action = turn.stage.at(SLOT_PATH, asked=NUMBER, **{name: query[name] for name in ("to", "tries") if name in query})
    back = turn.stage.at(SLOT_PATH) if number_of(turn) and query.get("to") != MESSAGE else None
    is_at(turn, Place.NUMBER if back else Place.NUMBER_NEEDED)
    return offered.ask_number(turn.stage, action, refused=refused, back=back)


async def _number(turn: Turn, digits: str, query: Mapping[str, str]) -> Document:
    """Kept and read back if we may call it; else they may try once more."""
    number, refused = await _typed(turn, digits)
    if number is not None:
        await turn.change(call_back_to=number)
        return _read_back(turn, number, query)
    tries = int(query.get("tries", "0")) + 1
    if tries < MOST_TRIES:
        return _ask_number(turn, {**query, "tries": str(tries)}, refused=refused)
    said = turn.stage.say(offered.REFUSED[refused])
    if query.get("to") == MESSAGE or own_number(turn) is None:
        is_at(turn, Place.MESSAGE)
        return (said, *dialogue.record(turn.stage))
    await turn.change(call_back_to=None)
    own = turn.stage.say("number_own")
    return await offer_call_back(turn, replace(own, text=f"{said.text} {own.text}"))


async def _typed(turn: Turn, digits: str) -> tuple[str | None, str]:
    """The number they typed (E.164), or why we do not call it."""
    country = turn.rooms.house.country
    refused = not_called(digits, turn.plan.limits, country)
    if refused is not None:
        return None, refused
    try:
        number = normalise(digits, country)
    except NotANumber:
        return None, "invalid"
    if await turn.rooms.numbers.is_ours(turn.conn, number):
        return None, "ours"
    return number, ""


def _read_back(turn: Turn, number: str, query: Mapping[str, str]) -> Document:
    is_at(turn, Place.NUMBER_CHECK)
    spoken = read_back(number, turn.rooms.house.country, turn.stage.speaker.say("plus"))
    action = turn.stage.at(SLOT_PATH, asked=RIGHT, **_purpose(query))
    return offered.number_back(turn.stage, spoken, action)


async def _right(turn: Turn, do: Do, query: Mapping[str, str]) -> Document:
    number: str | None = turn.call.call_back_to
    if number is None or do is Do.ASK_NUMBER:
        await turn.change(call_back_to=None)
        return _ask_number(turn, _purpose(query))
    if do is Do.TAKE_NUMBER:
        return _read_back(turn, number, query)
    if query.get("to") != MESSAGE:
        return await offer_call_back(turn)
    is_at(turn, Place.MESSAGE)
    return dialogue.record(stage_of(turn))


def _purpose(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in ("to",) if name in query}


# A message


async def leave_message(turn: Turn) -> Document:
    await turn.change(state=CallState.CHOOSING, offered_at=turn.call.offered_at or turn.now)
    await leaves(turn.conn, turn.call.id, now=turn.now)
    await store_decision(turn, "voicemail", None, turn.stage.speaker.say("leave_message"), {})
    if number_of(turn) is None:
        return _ask_number(turn, {"to": MESSAGE})
    is_at(turn, Place.MESSAGE)
    return dialogue.record(stage_of(turn))


async def take_message(turn: Turn, form: Mapping[str, str]) -> Document:
    """Stored before it is acknowledged; the promise to answer it is made at any cost, if we know a number for it."""
    number = number_of(turn)
    due_at = window_seconds = None
    if number is not None:
        wish = Wish(
            customer_id=await customer_of(turn, number),
            number=number,
            language=turn.call.language,
            kind="voicemail",
            reason=turn.call.said,
            origin_call=turn.call.sid,
            from_number=turn.call.to_number,
            recording_url=form.get("RecordingUrl"),
            by=BY_PHONE,
        )
        try:
            made, _ = await turn.rooms.promises.make(turn.conn, wish, turn.plan, now=turn.now, honest=False)
            due_at, window_seconds = made.promised_at, made.window_seconds
            await turn.change(callback_id=made.id)
            turn.effects += await confirm_promise(turn, made, None)
        except (InProgress, TooMany):
            due_at = None
    is_at(turn, Place.KEPT)
    await turn.change(outcome=Outcome.VOICEMAIL, recording_url=form.get("RecordingUrl"))
    return dialogue.message_kept(turn.stage, due_at, window_seconds)
