"""The promised call: the agent first, with the story, then the customer, who proves to be a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import history
from callbacks.alternatives import first_time
from callbacks.keeper import ON_THE_LINE_PAUSE
from callbacks.keeping import (
    AGENT_LEFT,
    agent_is_there,
    begin_attempt,
    customer_is_there,
    end_attempt,
    nobody_reached,
    step,
)
from callbacks.promises import AGENT_LEAD, Teller, first_look
from callbacks.states import MOVABLE, OPEN, State
from callbacks.tables import callbacks
from callbacks.wall import wall_of
from crm.identify import person_by_id
from crm.texts import takes_no_texts
from ivr import calls, consent, dialogue, legs
from ivr.choosing import look
from ivr.document import Document, HangUp
from ivr.lifecycle import CallState, Outcome
from ivr.tables import calls as calls_table
from ivr.talk import LOOK_AGAIN, end_call
from ivr.texts import disturbs, first_names, send_text, tell
from ivr.turn import Rooms, Turn
from routing.agents import Ended
from routing.choose import Match
from routing.floor import UnknownAgent, agent, count_at_work
from routing.reservations import close, live_of_call

AT_ONCE = 10  # promises that wait for an agent beside the callers, however few agents there are
CROWD_SECONDS, DUE_A_SECOND = 5.0, 20.0  # how long the next one is put off: by so many due, a second longer
RATE_PATIENCE_SECONDS = 5.0
LOOKING = (CallState.WAITING, CallState.CHOOSING)


class PromiseDialler:
    """`callbacks.keeper.Dialler` on real phones; one for each transaction."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._turn: Turn | None = None
        self._effects: list[str] = []

    async def lock_call(self, conn: AsyncConnection, promise_id: str) -> None:
        call = await _call_of(conn, promise_id)
        if call is not None:
            locked = await calls.lock(conn, call.id)
            assert locked is not None
            self._turn = await Turn.of(self._rooms, conn, locked)

    async def on_the_line(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        own = None if self._turn is None else self._turn.call.id
        return await calls.in_a_live_call(conn, promise.customer_id, promise.number, own)

    @property
    def waits(self) -> bool:
        return self._turn is not None

    async def crowd_seconds(self, conn: AsyncConnection) -> float:
        waiting, at_work = await calls.promises_waiting(conn, self._rooms.clock.now()), await count_at_work(conn)
        if waiting < max(at_work, AT_ONCE):
            return 0.0
        return CROWD_SECONDS + await count_due(conn, self._rooms.clock.now()) / DUE_A_SECOND

    async def ring_agent(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        turn = self._turn or await self._open(conn, promise)
        if turn is None or turn.call.state == CallState.RINGING:
            return turn is not None
        self._turn = turn
        return await _find_agent(turn, promise)

    async def ring_customer(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        turn = self._turn
        if turn is None:
            return False
        reservation = await live_of_call(conn, turn.call.id)
        if reservation is None or reservation.state != "accepted":
            return False
        n = await begin_attempt(conn, promise.id, now=turn.now)
        await turn.change(attempt=n)
        turn.effects += await legs.ring_customer(turn)
        return True

    async def give_back(self, conn: AsyncConnection, promise: Row[Any]) -> None:
        if self._turn is not None:
            await _let_agent_go(self._turn, "/twilio/agent/gone")
            await end_call(self._turn)

    async def can_tell(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        now, (_, plan) = self._rooms.clock.now(), await self._rooms.plans.current(conn)
        person = await person_by_id(conn, promise.customer_id)
        if disturbs("text_at_risk", promise, person, plan, now):
            return False
        has_number = promise.from_number or await self._rooms.numbers.any_number(conn)
        return has_number is not None and not await takes_no_texts(conn, promise.number, promise.customer_id)

    async def tell(self, conn: AsyncConnection, promise: Row[Any], key: str, **slots: str) -> None:
        self._effects += await tell(self._rooms, conn, promise, key, None, **slots)

    async def send_words(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        from_ = promise.from_number or await self._rooms.numbers.any_number(conn)
        if from_ is None or await takes_no_texts(conn, promise.number, promise.customer_id):
            return False
        to, whose = promise.number, promise.customer_id
        sent = await send_text(
            self._rooms, conn, to=to, from_=from_, body=promise.words, customer_id=whose, promise_id=promise.id
        )
        self._effects += sent
        return bool(sent)

    async def language(self, conn: AsyncConnection, promise: Row[Any]) -> str:
        person = await person_by_id(conn, promise.customer_id)
        return (person.language if person else None) or self._rooms.house.language

    def after_commit(self) -> None:
        if self._effects:
            self._rooms.carrier.kick(*self._effects)
        if self._turn is not None:
            self._turn.finish()

    async def _open(self, conn: AsyncConnection, promise: Row[Any]) -> Turn | None:
        from_number = promise.from_number or await self._rooms.numbers.any_number(conn)
        if from_number is None:
            return None
        version, _ = await self._rooms.plans.current(conn)
        call = await calls.open_call(
            conn,
            now=self._rooms.clock.now(),
            plan_version=version,
            direction="outbound",
            from_number=from_number,
            to_number=promise.number,
            customer_id=promise.customer_id,
            language=await self.language(conn, promise),
            state=CallState.CHOOSING,
            callback_id=promise.id,
            said=promise.reason,
            offered_at=self._rooms.clock.now(),  # nobody is asked on this side: who is free goes
            due_at=self._rooms.clock.now() + LOOK_AGAIN,
        )
        return await Turn.of(self._rooms, conn, call)


def told_by_text(rooms: Rooms) -> Teller:
    """Writes to the customer when somebody at a desk, or a program, makes or changes a promise."""

    async def teller(conn: AsyncConnection, promise: Row[Any], key: str, was: Row[Any] | None) -> None:
        slots = {}
        if key == "text_taken" and was is not None:
            slots["was"] = (await first_names(conn, [was.agent_id])).get(was.agent_id, rooms.house.company)
        await tell(rooms, conn, promise, key, None, **slots)

    return teller


async def look_again(turn: Turn, match: Match | None = None) -> bool:
    """Somebody has become free: True when they are being rung for this promise.  A call whose promise does not need it
    any more is over."""
    conn = turn.conn
    if turn.call.state not in LOOKING:
        return False
    if not await is_needed(turn):
        await end_call(turn)
        return False
    promise = await turn.rooms.promises.read(conn, turn.call.callback_id)
    assert promise is not None
    if await calls.in_a_live_call(conn, promise.customer_id, promise.number, turn.call.id):
        return False  # the keeper will see it
    if not await _find_agent(turn, promise, match):
        return False
    await step(conn, promise.id, MOVABLE, State.RINGING_AGENT, now=turn.now, due_at=None)
    return True


async def is_needed(turn: Turn) -> bool:
    """Does the promise of this call still want an agent?  It may have been cancelled, moved, or kept otherwise."""
    if turn.call.state not in LOOKING or calls.is_reached(turn.call):
        return True
    promise = await turn.rooms.promises.read(turn.conn, turn.call.callback_id, lock=True)
    return promise is not None and promise.state in MOVABLE and turn.now >= promise.promised_at - AGENT_LEAD


async def _find_agent(turn: Turn, promise: Row[Any], match: Match | None = None) -> bool:
    """Paced to the account's rate as well: an agent who is rung late for want of it would wait for nothing."""
    if await turn.rooms.carrier.wait_seconds(legs.PROMISE) > RATE_PATIENCE_SECONDS:
        rung = None
    else:
        rung = (await look(turn, promise, match=match)).agent
    if rung is None and turn.call.state == CallState.CHOOSING:
        await turn.change(state=CallState.WAITING)
    return rung is not None


async def agent_joined(turn: Turn) -> None:
    """The agent has taken the promised call and waits in the room."""
    promise = await turn.rooms.promises.read(turn.conn, turn.call.callback_id, lock=True)
    if promise is not None:
        await agent_is_there(turn.conn, promise, now=turn.now)
    await calls.note(turn.conn, turn.call.id, due_at=turn.now + LOOK_AGAIN)  # from now on the carrier is asked as well


async def customer_answered(turn: Turn, leg_id: str, *, first: bool) -> Document:
    if turn.call.state == CallState.ENDED:
        return (HangUp(),)
    if turn.call.state == CallState.TALKING:
        return await _into_the_room(turn)
    return dialogue.prove_person(turn.stage, await _agent_name(turn), leg_id, first=first)


async def customer_proved(turn: Turn) -> Document:
    """A key or a word: a person, so the promise is being kept from this instant."""
    if turn.call.state == CallState.TALKING:
        return await _into_the_room(turn)
    reservation = await live_of_call(turn.conn, turn.call.id)
    there = reservation is not None and reservation.state == "accepted"
    if not there or turn.call.state != CallState.RINGING:
        # The agent vanished while the customer picked up: the truth, and the promise stays open.
        gone = turn.stage.say("call_back_agent_gone", agent=await _agent_name(turn))
        return (gone, HangUp())
    await turn.change(state=CallState.TALKING, outcome=Outcome.AGENT, talking_at=turn.now, joined_at=turn.now)
    await customer_is_there(turn.conn, turn.call.callback_id, now=turn.now)
    return await _into_the_room(turn)


async def _into_the_room(turn: Turn) -> Document:
    """Where everything is recorded, they hear so first: nobody has said it while they waited, for they did not."""
    return await consent.told_first(turn) or await consent.room(turn)


async def customer_not_reached(turn: Turn, result: str) -> None:
    """Nobody, busy, or a machine: an attempt; the agent is told and free; the person gets a new time by text."""
    if calls.is_reached(turn.call) or turn.call.state == CallState.ENDED:
        return
    rooms, promise = turn.rooms, await turn.rooms.promises.read(turn.conn, turn.call.callback_id, lock=True)
    if promise is not None and promise.state in (*MOVABLE, State.RINGING_AGENT):
        # News of a ring that we ended ourselves, as its agent had left: the next one is on its way.
        await calls.note(turn.conn, turn.call.id, due_at=turn.now + LOOK_AGAIN)
        return
    await _let_agent_go(turn, "/twilio/agent/not-reached")
    await end_call(turn)
    if promise is None:
        return
    if not await nobody_reached(turn.conn, promise, result, turn.plan, now=turn.now):
        ended = await rooms.promises.read(turn.conn, promise.id)
        if ended is not None and ended.state == State.UNREACHABLE:
            turn.effects += await tell(rooms, turn.conn, ended, "text_given_up", from_=turn.call.from_number)
        return
    await _new_time(turn, promise.id)


async def take_over(turn: Turn, promise: Row[Any]) -> None:
    """The customer rings while an agent is being found or rung for their promise: this call is the one that keeps it.

    A customer who is already being dialled is left to it: that phone is busy, which ends the attempt.
    """
    if promise.state not in (*MOVABLE, State.RINGING_AGENT):
        return
    own = await _call_of(turn.conn, promise.id)
    locked = None if own is None else await calls.lock(turn.conn, own.id)
    if locked is not None:
        ours = await Turn.of(turn.rooms, turn.conn, locked)
        await _let_agent_go(ours, "/twilio/agent/rings-us")
        await end_call(ours)
        turn.effects += ours.effects
        turn.floor = turn.floor or ours.floor
    if locked is not None or promise.state == State.RINGING_AGENT:
        await step(turn.conn, promise.id, OPEN, State.PROMISED, now=turn.now, due_at=turn.now + ON_THE_LINE_PAUSE)


async def attempt_is_off(turn: Turn) -> None:
    """The agent left before the customer was there: the promise is due again, for somebody else.  A customer whose
    phone was ringing already is rung once more, and that was no attempt to reach them."""
    await end_attempt(turn.conn, turn.call.callback_id, AGENT_LEFT)
    await step(turn.conn, turn.call.callback_id, OPEN, State.DUE, now=turn.now, due_at=turn.now)


async def _new_time(turn: Turn, promise_id: str) -> None:
    again = await turn.rooms.promises.read(turn.conn, promise_id)
    assert again is not None
    ledger = await turn.rooms.promises.ledger(
        turn.conn,
        turn.plan,
        turn.call.language,
        now=turn.now,
        line=turn.call.from_number,
        customer_id=again.customer_id,
        ours=True,
    )
    slot = first_time(ledger, again.promised_at, again.agent_id)
    at = again.promised_at if slot is None else slot.due_at
    values = {"promised_at": at, "wall": wall_of(at, again.zone), "due_at": first_look(at, turn.now)}
    moved = await step(turn.conn, promise_id, OPEN, State.PROMISED, now=turn.now, late_told_at=None, **values)
    if moved is not None:
        await history.record_change(turn.conn, again, moved, by=history.US, now=turn.now)
        turn.effects += await tell(turn.rooms, turn.conn, moved, "text_again", from_=turn.call.from_number)


async def _let_agent_go(turn: Turn, path: str) -> None:
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None:
        return
    joined = reservation.state == "accepted"
    await close(turn.conn, reservation.id, Ended.WITHDRAWN, turn.plan, now=turn.now)
    turn.effects += await (legs.send(turn, "agent", path) if joined else legs.end_leg(turn, "agent"))
    turn.floor = True


async def _agent_name(turn: Turn) -> str:
    reservation = await live_of_call(turn.conn, turn.call.id)
    agent_id = reservation.agent_id if reservation else turn.call.agent_id
    if agent_id is None:
        return turn.rooms.house.company
    try:
        return (await agent(turn.conn, agent_id)).first_name
    except UnknownAgent:
        return turn.rooms.house.company


async def _call_of(conn: AsyncConnection, promise_id: str) -> Row[Any] | None:
    query = select(calls_table).where(
        calls_table.c.callback_id == promise_id,
        calls_table.c.direction == "outbound",
        calls_table.c.state != CallState.ENDED,
    )
    return (await conn.execute(query.limit(1))).one_or_none()


async def count_due(conn: AsyncConnection, now: datetime) -> int:
    query = select(func.count()).where(callbacks.c.due_at <= now, callbacks.c.state.in_(MOVABLE))
    return await conn.scalar(query) or 0
