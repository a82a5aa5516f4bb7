"""Being called back, and leaving a message: the two ways out of waiting that end in a promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from callbacks.promises import CannotKeep, InProgress, Wish
from callbacks.slots import spoken_choices
from carrier.numbering import NotANumber, callable_back, normalise
from crm import people
from ivr import dialogue
from ivr.choosing import caller_card, store_decision
from ivr.document import Document, HangUp
from ivr.lifecycle import CallState, Outcome
from ivr.texts import confirm_promise
from ivr.turn import Turn, own_number
from routing.agents import Agent
from routing.floor import UnknownAgent, agent
from routing.queue import leaves

SLOT_PATH = "/twilio/voice/slot"


async def offer_call_back(turn: Turn, number: str | None = None, *, typed: bool = False) -> Document:
    """Two or three times that can be kept, by the one they know if there is one."""
    await turn.change(state=CallState.CHOOSING, offered_at=turn.call.offered_at or turn.now)
    await leaves(turn.conn, turn.call.id, now=turn.now)
    number = number or own_number(turn)
    if number is None:
        return dialogue.ask_number(turn.stage, turn.stage.at(SLOT_PATH, asked="number"), again=typed)
    who = await _their_agent(turn)
    ledger = await turn.rooms.promises.ledger(
        turn.conn,
        turn.plan,
        turn.call.language,
        now=turn.now,
        line=turn.call.to_number,
        customer_id=turn.call.customer_id,
    )
    slots = spoken_choices(ledger, who.id) if who else []
    if not slots:
        who, slots = None, spoken_choices(ledger, None)
    if not slots:
        return dialogue.no_slot(turn.stage)
    times = [slot.due_at for slot in slots]
    query = {"at": ",".join(str(int(at.timestamp())) for at in times)}
    if typed:
        query["number"] = number
    if who:
        query["agent"] = who.id
    await store_decision(turn, "offer_callback", who.id if who else None, _offer_sentence(turn, who, times), {})
    return dialogue.offer(turn.stage, times, who, turn.stage.at(SLOT_PATH, **query))


async def take_slot(turn: Turn, digits: str, query: Mapping[str, str]) -> Document:
    """`query` is what the offer carried in its signed URL: the times, whose, and the number if it was typed."""
    if query.get("asked") == "number":
        return await offer_call_back(turn, await _typed(turn, digits), typed=True)
    if query.get("asked") == "message":
        return dialogue.record(turn.stage, await _typed(turn, digits))
    times = [datetime.fromtimestamp(int(at), UTC) for at in query.get("at", "").split(",") if at.isdigit()]
    silence = not digits
    place = 0 if silence else dialogue.SLOT_KEYS.index(digits) if digits in dialogue.SLOT_KEYS else -1
    if not 0 <= place < len(times):
        return await offer_call_back(turn)
    number = query.get("number") or own_number(turn)
    if number is None:
        return await offer_call_back(turn)
    return await _promise(turn, number, times[place], query.get("agent"))


async def _typed(turn: Turn, digits: str) -> str | None:
    """The number they typed, if we may call it."""
    country = turn.rooms.house.country
    try:
        number = normalise(digits, country)
    except NotANumber:
        return None
    if callable_back(number, country) is not None or await turn.rooms.numbers.is_ours(turn.conn, number):
        return None
    return number


async def _promise(turn: Turn, number: str, at: datetime, agent_id: str | None) -> Document:
    customer_id = await _customer(turn, number)
    wish = Wish(
        customer_id=customer_id,
        number=number,
        language=turn.call.language,
        kind="scheduled",
        due_at=at,
        agent_id=agent_id,
        reason=turn.call.said,
        origin_call=turn.call.sid,
        from_number=turn.call.to_number,
        spoken=turn.stage.speaker.time(at),
    )
    try:
        promise, _ = await turn.rooms.promises.make(turn.conn, wish, turn.plan, now=turn.now)
    except CannotKeep:
        return await offer_call_back(turn)  # taken while they were thinking: the next ones
    except InProgress:
        return (HangUp(),)  # we are calling them at this moment
    await turn.change(outcome=Outcome.CALLBACK, callback_id=promise.id)
    who = await _agent(turn, agent_id)
    turn.effects += await confirm_promise(turn, promise, who)
    return dialogue.promised(turn.stage, promise.promised_at, who, promise.window_seconds)


async def leave_message(turn: Turn) -> Document:
    await turn.change(state=CallState.CHOOSING, offered_at=turn.call.offered_at or turn.now)
    await leaves(turn.conn, turn.call.id, now=turn.now)
    await store_decision(turn, "voicemail", None, turn.stage.speaker.say("leave_message"), {})
    if not turn.stage.reachable:
        return dialogue.ask_number(turn.stage, turn.stage.at(SLOT_PATH, asked="message"), again=False)
    return dialogue.record(turn.stage)


async def take_message(turn: Turn, form: Mapping[str, str], number: str | None = None) -> Document:
    """Stored before it is acknowledged; the promise to answer it is made at any cost, if we know a number for it."""
    number = number or own_number(turn)
    due_at = window_seconds = None
    if number is not None:
        wish = Wish(
            customer_id=await _customer(turn, number),
            number=number,
            language=turn.call.language,
            kind="voicemail",
            agent_id=None,
            reason=turn.call.said,
            origin_call=turn.call.sid,
            from_number=turn.call.to_number,
            recording_url=form.get("RecordingUrl"),
        )
        try:
            promise, _ = await turn.rooms.promises.make(turn.conn, wish, turn.plan, now=turn.now, honest=False)
            due_at, window_seconds = promise.promised_at, promise.window_seconds
            await turn.change(callback_id=promise.id)
            turn.effects += await confirm_promise(turn, promise, None)
        except InProgress:
            due_at = None
    await turn.change(outcome=Outcome.VOICEMAIL, recording_url=form.get("RecordingUrl"))
    return dialogue.message_kept(turn.stage, due_at, window_seconds)


async def _customer(turn: Turn, number: str) -> str:
    """A promise is made to somebody: whoever we do not know yet gets a record without a name."""
    if turn.call.customer_id:
        return str(turn.call.customer_id)
    customer_id = await people.add(turn.conn, {"language": turn.call.language, "phones": [number]}, turn.now)
    await turn.change(customer_id=customer_id)
    return customer_id


async def _their_agent(turn: Turn) -> Agent | None:
    """The one they chose, or else the one who knows them best, unless the two have declined each other."""
    own, familiar = await caller_card(turn)
    caller = own.caller
    wanted: Sequence[str | None] = [caller.preferred, *sorted(caller.owners), *(one.agent_id for one in familiar)]
    return await _agent(turn, next((one for one in wanted if one and one not in caller.vetoed), None))


async def _agent(turn: Turn, agent_id: str | None) -> Agent | None:
    if agent_id is None:
        return None
    try:
        return await agent(turn.conn, agent_id)
    except UnknownAgent:
        return None


def _offer_sentence(turn: Turn, who: Agent | None, times: Sequence[datetime]) -> str:
    spoken = ", ".join(turn.stage.speaker.time(at) for at in times)
    return f"{who.first_name}: {spoken}" if who else spoken
