"""A manager's own leg: who talks with whom, a key where a machine might answer, then into the room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from ivr import calls, dialogue, legs, supervision
from ivr.agent_words import caller_name, stage_of
from ivr.document import Document, HangUp, Say
from ivr.lifecycle import LEG_ENDS, CallState, later_leg_state
from ivr.turn import Turn
from routing.floor import name_of

Form = Mapping[str, str]


async def answered(turn: Turn, leg: Row[Any], form: Form) -> Document:
    await calls.change_leg(turn.conn, leg.id, state=later_leg_state(leg.state, "in-progress"))
    row, stage = await supervision.of_leg(turn.conn, leg.id), stage_of(turn, None)
    if row is None or turn.call.state != CallState.TALKING:
        return dialogue.agent_gone(stage)
    if legs.needs_key(row.address):
        accept = turn.rooms.url("/twilio/supervisor/key", leg=leg.id)
        return dialogue.whisper(stage, [await _who(turn)], accept=accept, room=None)
    return await supervision.enter(turn, row, _left(turn, leg), [await _who(turn)])


async def pressed(turn: Turn, leg: Row[Any], form: Form) -> Document:
    """Any key but the first is a refusal."""
    row = await supervision.of_leg(turn.conn, leg.id)
    if form.get("Digits", "") != "1" or row is None:
        return (HangUp(),)
    if turn.call.state != CallState.TALKING:
        return dialogue.agent_gone(stage_of(turn, None))
    return await supervision.enter(turn, row, _left(turn, leg), ())


async def left(turn: Turn, leg: Row[Any], form: Form) -> Document:
    await supervision.leg_ended(turn, leg)
    return (HangUp(),)


async def status(turn: Turn, leg: Row[Any], form: Form) -> None:
    told = form.get("CallStatus", "")
    state = later_leg_state(leg.state, told)
    if state != leg.state:
        ended = {"ended_at": turn.now} if state in LEG_ENDS else {}
        await calls.change_leg(turn.conn, leg.id, state=state, **ended)
    if told in LEG_ENDS:
        await supervision.leg_ended(turn, leg)


async def _who(turn: Turn) -> Say:
    stage = stage_of(turn, None)
    agent = await name_of(turn.conn, turn.call.agent_id, turn.rooms.house.company)
    return stage.say("supervised", agent=agent, caller=caller_name(turn, stage))


def _left(turn: Turn, leg: Row[Any]) -> str:
    return turn.rooms.url("/twilio/supervisor/left", leg=leg.id)
