"""From a call to a promise: the times that are offered, and the one that is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from callbacks.history import BY_PHONE
from callbacks.limits import TooMany
from callbacks.slots import Ledger, Slot, spoken_choices
from callbacks.wish import CannotKeep, InProgress, Wish
from crm import people
from ivr import offered
from ivr.choosing import caller_card, store_decision
from ivr.dialogue import Stage
from ivr.document import Document, HangUp, Say
from ivr.household import nameless_at
from ivr.lifecycle import CallState, Outcome
from ivr.machine import Place
from ivr.offered import Choice
from ivr.texts import confirm_promise
from ivr.turn import Turn, own_number
from ivr.whereabouts import is_at
from routing.agents import Agent
from routing.floor import UnknownAgent, agent
from routing.queue import leaves

SLOT_PATH = "/twilio/voice/slot"
ASAP = "asap"


async def offer_call_back(turn: Turn, opening: Say | None = None, *, by_key: bool = False) -> Document:
    """Two times that can be kept, by the one they know if there is one; first of all a number to call, if we have
    none.  `opening`: what has to be said before; `by_key`: words have not helped."""
    await turn.change(state=CallState.CHOOSING, offered_at=turn.call.offered_at or turn.now)
    await leaves(turn.conn, turn.call.id, now=turn.now)
    if number_of(turn) is None:
        is_at(turn, Place.NUMBER_NEEDED)
        return offered.ask_number(turn.stage, turn.stage.at(SLOT_PATH, asked="number"))
    who, ledger = await their_agent(turn), await ledger_of(turn)
    slots = spoken_choices(ledger, who.id) if who else []
    return await propose(turn, slots or spoken_choices(ledger, None), opening, by_key=by_key)


async def propose(turn: Turn, slots: Sequence[Slot], opening: Say | None = None, *, by_key: bool = False) -> Document:
    """These times to choose from, under 5 and 6; 7 is something else."""
    is_at(turn, Place.OFFER if slots else Place.NO_TIME)
    if not slots:
        return offered.no_slot(stage_of(turn))
    choices = [await choice_of(turn, slot) for slot in slots]
    await store_decision(turn, "offer_callback", slots[0].agent, _sentence(turn, choices), {})
    action = turn.stage.at(SLOT_PATH, slots=written(slots))
    return offered.times(turn.stage, choices, action, opening=opening, by_key=by_key)


async def promise(turn: Turn, slot: Slot) -> Document:
    """The promise is made, confirmed by text and spoken; or what there is instead."""
    number, speaker = number_of(turn), turn.stage.speaker
    if number is None:
        return await offer_call_back(turn)
    soon = slot.latest is not None
    wish = Wish(
        customer_id=await customer_of(turn, number),
        number=number,
        language=turn.call.language,
        kind=ASAP if soon else "scheduled",
        due_at=None if soon else slot.due_at,
        agent_id=slot.agent,
        reason=turn.call.said,
        origin_call=turn.call.sid,
        from_number=turn.call.to_number,
        spoken=speaker.by(slot.latest) if slot.latest else speaker.time(slot.due_at),
        latest=slot.latest,
        arrived_at=turn.call.arrived_at if soon else None,
        by=BY_PHONE,
    )
    try:
        made, _ = await turn.rooms.promises.make(turn.conn, wish, turn.plan, now=turn.now)
    except CannotKeep:  # taken while they were thinking: the next ones
        return await offer_call_back(turn, turn.stage.say("offer_not", time=wish.spoken or ""))
    except TooMany:
        is_at(turn, Place.MESSAGE)
        return offered.too_many(stage_of(turn))
    except InProgress:  # their line must be free for it
        is_at(turn, Place.PROMISED)
        return (turn.stage.say("ringing_you"), HangUp())
    is_at(turn, Place.PROMISED)
    await turn.change(outcome=Outcome.CALLBACK, callback_id=made.id)
    who = await agent_of(turn, made.agent_id)
    told = await confirm_promise(turn, made, who)
    turn.effects += told
    soon = made.kind == ASAP and made.promised_at <= turn.now
    choice = offered.as_promised(made.promised_at, who.first_name if who else None, made.window_seconds, soon=soon)
    return offered.promised(turn.stage, choice, made.window_seconds, told=bool(told))


async def ledger_of(turn: Turn) -> Ledger:
    return await turn.rooms.promises.ledger(
        turn.conn,
        turn.plan,
        turn.call.language,
        now=turn.now,
        line=turn.call.to_number,
        customer_id=turn.call.customer_id,
        awake=True,
        arrived_at=turn.call.arrived_at,
    )


async def their_agent(turn: Turn) -> Agent | None:
    """The one they chose, or else the one who knows them best, unless the two have declined each other."""
    own, familiar = await caller_card(turn)
    caller = own.caller
    wanted: Sequence[str | None] = [caller.preferred, *sorted(caller.owners), *(one.agent_id for one in familiar)]
    return await agent_of(turn, next((one for one in wanted if one and one not in caller.vetoed), None))


async def agent_of(turn: Turn, agent_id: str | None) -> Agent | None:
    if agent_id is None:
        return None
    try:
        return await agent(turn.conn, agent_id)
    except UnknownAgent:
        return None


async def customer_of(turn: Turn, number: str) -> str:
    """A promise is made to somebody: whoever we do not know yet gets a record without a name, but with the number they
    ring from; one they typed may be anybody's.  One such record for a number is enough."""
    if turn.call.customer_id:
        return str(turn.call.customer_id)
    known = await nameless_at(turn)
    customer_id = known or await people.add(
        turn.conn, {"language": turn.call.language, "phones": [own_number(turn) or number]}, turn.now, told=True
    )
    await turn.change(customer_id=customer_id)
    return customer_id


async def choice_of(turn: Turn, slot: Slot) -> Choice:
    who = await agent_of(turn, slot.agent)
    return Choice(slot.due_at, who.first_name if who else None, slot.latest)


def number_of(turn: Turn) -> str | None:
    """Where to call them back: the number they typed, else the one they ring from."""
    typed: str | None = turn.call.call_back_to
    return typed or own_number(turn)


def stage_of(turn: Turn) -> Stage:
    return replace(turn.stage, reachable=number_of(turn) is not None)


def written(slots: Sequence[Slot]) -> str:
    """Offered times as they travel in a signed URL: `due~agent~latest`, seconds since the epoch."""
    return ".".join(
        f"{slot.due_at.timestamp():.0f}~{slot.agent or ''}~{slot.latest.timestamp() if slot.latest else 0:.0f}"
        for slot in slots
    )


def read(text: str) -> list[Slot]:
    slots: list[Slot] = []
    for one in filter(None, text.split(".")):
        due, agent_id, latest = one.split("~")
        slots.append(Slot(_instant(due), agent_id or None, None if latest == "0" else _instant(latest)))
    return slots


def _instant(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _sentence(turn: Turn, choices: Sequence[Choice]) -> str:
    speaker = turn.stage.speaker
    return ", ".join(
        f"{choice.agent}: {speaker.time(choice.latest or choice.due_at)}"
        if choice.agent
        else speaker.time(choice.latest or choice.due_at)
        for choice in choices
    )
