"""An agent's line that breaks in the middle of a talk.

Whoever answers in a browser of ours says so before they hang up; what ends without that has broken: a browser that was
closed, a network that went.  The caller hears it at once, and the agent stays theirs for `PATIENCE`, to be rung as soon
as their desk is back; then anybody who can help is looked for, with precedence.  For a line nobody owes a wrap-up, and
nobody has missed a ring; the talk is one talk, if the same agent takes it up again.

Who is on hold at that moment hears nothing of it: they are where they were, and still on hold when the agent is back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from ivr import calls, legs, supervision
from ivr.lifecycle import CallState
from ivr.turn import Turn
from ivr.written import promise_met, write_down
from routing.agents import Ended
from routing.floor import UnknownAgent
from routing.floor import agent as read_agent
from routing.reservations import accept, close, live_of_call, look_later, ring_again

PATIENCE = timedelta(seconds=16)  # so that somebody else rings within 20
FIRST_LOOK, LOOK = timedelta(seconds=1), timedelta(seconds=2)
NEXT_RING = timedelta(seconds=5)  # after one that came to nothing: rings share the account's rate
BOTH_LEFT = timedelta(seconds=3)  # a caller who is gone so soon after the agent has hung up: no line was broken
LEAST_RING_SECONDS = 5  # what the carrier takes as a time to ring
MENDED: Mapping[str, Any] = {"dropped_at": None, "dropped_agent": None}


async def has_broken(turn: Turn, leg: Row[Any]) -> bool:
    """Of an agent's leg that has ended in a talk: did nobody mean it to?"""
    call = turn.call
    if call.state != CallState.TALKING or call.joined_at is None or call.agent_ends_at is not None:
        return False
    if leg.agent_id is None or await calls.live_leg(turn.conn, call.id, "caller") is None:
        return False
    try:
        agent = await read_agent(turn.conn, leg.agent_id)
    except UnknownAgent:
        return False
    # Whoever holds a telephone in their hand hangs up with it, whatever page they have open.
    return agent.address.startswith("client:") and await turn.rooms.has_desk(turn.conn, agent.id)


async def line_broke(turn: Turn, leg: Row[Any], reservation: Row[Any]) -> None:
    """The caller is fetched out of the empty room, and told; on hold they hear us anyway, and stay."""
    if not await ring_again(turn.conn, reservation.id, now=turn.now, look_at=turn.now + FIRST_LOOK):
        return
    await calls.change_leg(turn.conn, leg.id, state="completed", ended_at=turn.now)
    await supervision.release(turn)
    held = turn.call.on_hold_at is not None
    nothing = dict.fromkeys(("told_of", "choice") if held else ("join_asked_at", "told_of", "choice"))
    await turn.change(
        state=CallState.RINGING, dropped_at=turn.now, dropped_agent=leg.agent_id, due_at=turn.now + PATIENCE, **nothing
    )
    if not held:
        turn.effects += await legs.send_caller(turn, "/twilio/voice/wait")


def is_kept_for(turn: Turn, reservation: Row[Any]) -> bool:
    """Is this the agent whose line broke, on offer to their caller once more?  They had accepted before."""
    broke = turn.call.dropped_at is not None and reservation.state == "offered"
    return bool(broke and reservation.accepted_at is not None)


def seconds_left(turn: Turn) -> float:
    left = turn.call.dropped_at + PATIENCE - turn.now
    return max(float(left.total_seconds()), 0.0)


async def look(turn: Turn, reservation: Row[Any]) -> bool:
    """Rings them if their desk is back; False when their time is over."""
    left, again = seconds_left(turn), LOOK
    if left <= 0:
        return False
    rung = await calls.live_leg(turn.conn, turn.call.id, "agent")
    if rung is None and left >= LEAST_RING_SECONDS and await turn.rooms.has_desk(turn.conn, reservation.agent_id):
        agent = await read_agent(turn.conn, reservation.agent_id)
        turn.effects += await legs.ring_agent(turn, agent, reservation.id, seconds=math.ceil(left))
        again = NEXT_RING
    await look_later(turn.conn, reservation.id, turn.now + min(again, timedelta(seconds=left)))
    return True


def will_not(turn: Turn, leg: Row[Any], told: str) -> bool:
    """They were rung again, and said no.

    A phone that could not be rung says nothing, and is tried again while there is time; nor does what is told once more
    of the leg that broke.
    """
    return bool(told == "busy" and leg.made_at > turn.call.dropped_at)


async def give_up(turn: Turn) -> None:
    """They did not come back: the talk that was is written down, as something that is still open."""
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None or not is_kept_for(turn, reservation):
        return
    await close(turn.conn, reservation.id, Ended.BROKEN, turn.plan, now=turn.now)
    turn.effects += await legs.end_leg(turn, "agent")
    turn.floor = True
    await write_down(turn, reservation.agent_id, ended_at=turn.call.dropped_at, outcome="open")
    await promise_met(turn)
    await turn.change(state=CallState.WAITING, joined_at=None, join_asked_at=None, on_hold_at=None)


async def put_down(turn: Turn, reservation: Row[Any]) -> None:
    """It did not break: their desk said that they hang up, and we heard of the line first.  The talk may be ended."""
    await accept(turn.conn, reservation.id, now=turn.now)
    await turn.change(state=CallState.TALKING, agent_ends_at=turn.now, **MENDED)


async def caller_left(turn: Turn) -> None:
    """While they were kept for each other."""
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None or not is_kept_for(turn, reservation):
        return
    if turn.now - turn.call.dropped_at > BOTH_LEFT:
        await give_up(turn)
        return
    # The two hung up together, and we heard of the agent first: it is a talk that has ended like any other.
    await accept(turn.conn, reservation.id, now=turn.now)
    await turn.change(**MENDED)
