"""How talks and calls begin and end, once each, whoever brings the news and however often."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from crm import history
from ivr import broken, calls, consulted, legs, supervision
from ivr.lifecycle import CallState, Outcome
from ivr.machine import Place
from ivr.solved import ask_by_text
from ivr.turn import Turn
from ivr.written import promise_met, write_down
from routing.agents import Availability, Ended
from routing.floor import UnknownAgent
from routing.floor import agent as read_agent
from routing.reservations import accept, close, live_of_call, talks

RECORDS = "/twilio/voice/message?"  # a message, in the document that was given last
MESSAGE_PATIENCE = timedelta(seconds=10)
TO_RECORD = timedelta(seconds=6)  # a name that is being recorded, or whose tone is about to sound
NAMED_AT = (Place.RINGING_NAME, Place.WAITING_NAME)
LOOK_AGAIN = timedelta(seconds=30)  # how long a call may be silent before we ask the carrier about it
WHY_BY_STATUS: Mapping[str, Ended] = {
    "busy": Ended.DECLINED,
    "no-answer": Ended.RANG_OUT,
    "failed": Ended.FAILED,
    "canceled": Ended.NOT_RUNG,
    "completed": Ended.RANG_OUT,  # answered, but no key: an answering machine, or a pocket
}


async def take_call(turn: Turn, leg: Row[Any]) -> bool:
    """The agent accepts the caller; False when it is too late.  Whose line broke goes on with the same talk."""
    if leg.reservation_id is None or await accept(turn.conn, leg.reservation_id, now=turn.now) is None:
        return False
    if not calls.is_reached(turn.call):
        await turn.change(agent_id=leg.agent_id)
        return True
    again = turn.call.dropped_agent is not None and turn.call.dropped_agent == leg.agent_id
    waited = turn.call.waited_seconds  # of the first talk, if this is another one
    if waited is None:
        waited = round((turn.now - turn.call.arrived_at).total_seconds(), 1)
    await turn.change(
        state=CallState.TALKING,
        outcome=Outcome.AGENT,
        agent_id=leg.agent_id,
        talking_at=turn.call.talking_at if again else turn.now,
        waited_seconds=waited,
        agent_ends_at=None,
        **broken.MENDED,
    )
    if turn.call.on_hold_at is not None:  # they are in the room, and stay on hold until their agent says otherwise
        await turn.change(due_at=turn.now + LOOK_AGAIN)
        return True
    until = listened_until(turn) if _says_name(turn) else _greeted_at(turn)
    if turn.now < until:
        # The greeting is spoken to its end, and a name may be said; their next webhook, or this timer, brings them
        # together.
        await turn.change(due_at=until)
    else:
        await fetch_caller(turn)
    return True


def listened_until(turn: Turn) -> datetime:
    """The greeting is over by then, and whatever they were asked in the last document may have been answered.  What was
    not asked yet, is asked in the next."""
    hears_until, asked_at = turn.call.hears_until, turn.call.question_at
    asked = hears_until is not None and (asked_at is None or asked_at <= turn.now)
    return max(_greeted_at(turn), hears_until) if asked else _greeted_at(turn)


def _greeted_at(turn: Turn) -> datetime:
    greeted_at: datetime | None = turn.call.greeted_at
    return greeted_at if greeted_at is not None and turn.call.step <= 1 else turn.now


def _says_name(turn: Turn) -> bool:
    """It is kept for the next time, so the agent lets them finish; why they call they go on telling the agent."""
    hears_until, asked_at = turn.call.hears_until, turn.call.question_at
    if turn.call.place == Place.NAME_RECORDING:
        return hears_until is not None and hears_until - turn.now <= TO_RECORD
    return turn.call.place in NAMED_AT and asked_at is not None and asked_at <= turn.now


async def together(turn: Turn, joined_at: datetime | None = None) -> None:
    """The room is given to the caller, and the agent is in it: a promise they took along is kept."""
    await calls.note(turn.conn, turn.call.id, joined_at=joined_at or turn.now)
    if turn.call.callback_id and turn.call.direction == "inbound":
        await turn.rooms.promises.served(turn.conn, turn.call.callback_id, now=turn.now)


async def fetch_caller(turn: Turn) -> None:
    await turn.change(join_asked_at=turn.now, due_at=turn.now + LOOK_AGAIN)
    turn.effects += await legs.send_caller(turn, "/twilio/voice/join")


async def agent_did_not_take(turn: Turn, leg: Row[Any], status: str) -> bool:
    """The agent's phone stopped ringing without an accept; True if the caller must be looked at again."""
    if leg.reservation_id is None:
        return False
    why = WHY_BY_STATUS.get(status, Ended.FAILED)
    if why == Ended.DECLINED and await _has_gone(turn, leg):
        why = Ended.NOT_RUNG
    closed = await close(turn.conn, leg.reservation_id, why, turn.plan, now=turn.now)
    turn.floor = turn.floor or closed is not None
    if closed is None or turn.call.state != CallState.RINGING:
        return False
    await turn.change(state=CallState.WAITING)
    return True


async def _has_gone(turn: Turn, leg: Row[Any]) -> bool:
    """A page that is closed, or loaded anew, while it rings says no on its way out; its agent has not."""
    try:
        return (await read_agent(turn.conn, leg.agent_id)).availability == Availability.OFFLINE
    except UnknownAgent:
        return False


async def missed_each_other(turn: Turn) -> None:
    """The agent accepted and was gone before the caller came into the room: the caller waits again, where they were."""
    talked = await talks(turn.conn, turn.call.id) > 0 or turn.call.joined_at is not None
    await turn.change(
        state=CallState.WAITING,
        outcome=Outcome.AGENT if talked else None,
        agent_id=None,
        waited_seconds=turn.call.waited_seconds if talked else None,
        talking_at=None,
        join_asked_at=None,
        due_at=turn.now + LOOK_AGAIN,
    )


async def end_talk(turn: Turn) -> None:
    """The conversation is over: the agent goes to wrap-up, and it is in the person's history."""
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None or reservation.state != "accepted":
        return
    await consulted.caller_left(turn)  # whoever is still being asked
    met = turn.call.joined_at is not None  # an agent who accepts as the caller hangs up has met nobody
    why, weary = (Ended.TALK_ENDED, turn.call.weary_level or 0) if met else (Ended.CALLER_LEFT, 0)
    await close(turn.conn, reservation.id, why, turn.plan, now=turn.now, weary_level=weary)
    turn.effects += await legs.end_leg(turn, "agent")
    turn.floor = True
    await supervision.release(turn)
    if turn.call.on_hold_at is not None:
        await turn.change(on_hold_at=None)
    if met:
        await write_down(turn, reservation.agent_id)
        await promise_met(turn)


async def end_call(turn: Turn, *, found_out: bool = False) -> None:
    """The caller's leg is over.  `found_out`: long after, by asking the carrier."""
    if turn.call.state == CallState.ENDED:
        return
    if turn.call.outcome is None and not found_out and RECORDS in (turn.call.reply or ""):
        # They may have hung up at the end of their message, whose news is on its way: it is no lost call yet.
        await turn.change(due_at=turn.now + MESSAGE_PATIENCE)
        await _hung_up(turn)
        return
    await broken.caller_left(turn)
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is not None and reservation.state == "offered":
        await close(turn.conn, reservation.id, Ended.CALLER_LEFT, turn.plan, now=turn.now)
        turn.effects += await legs.end_leg(turn, "agent")
        turn.floor = True
    await end_talk(turn)
    outcome = turn.call.outcome or (Outcome.ABANDONED if turn.call.direction == "inbound" else None)
    if outcome == Outcome.AGENT and turn.call.joined_at is None and not await talks(turn.conn, turn.call.id):
        outcome = Outcome.ABANDONED
    await turn.change(state=CallState.ENDED, outcome=outcome, ended_at=turn.now, due_at=None)
    await _hung_up(turn)
    if not found_out:
        await ask_by_text(turn)
    if outcome == Outcome.ABANDONED and turn.call.customer_id:
        await history.record(
            turn.conn,
            customer_id=turn.call.customer_id,
            agent_id=None,
            channel="voice",
            started_at=turn.call.arrived_at,
            talk_seconds=0,
            outcome="abandoned",
            summary=turn.call.said,
            external_id=turn.call.sid,
        )


async def _hung_up(turn: Turn) -> None:
    leg = await calls.live_leg(turn.conn, turn.call.id, "caller")
    if leg is not None:
        await calls.change_leg(turn.conn, leg.id, state="completed", ended_at=turn.now)
