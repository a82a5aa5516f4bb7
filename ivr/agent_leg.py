"""The agent's leg: who is calling and why, then into the room; and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from crm.familiarity import familiar_agents
from crm.history import past
from ivr import broken, calls, dialogue, legs, warm
from ivr.agent_words import caller_name, stage_of
from ivr.consent import status_url
from ivr.consulted import ROLE as CONSULT
from ivr.document import Document, HangUp, Join, Say
from ivr.journey import look_again, set_right
from ivr.lifecycle import LEG_ENDS, CallState, later_leg_state
from ivr.phrases import speakable
from ivr.promised import agent_joined, attempt_is_off
from ivr.talk import WHY_BY_STATUS, agent_did_not_take, end_talk, missed_each_other, take_call
from ivr.turn import Turn
from routing.agents import Agent, Ended
from routing.floor import agent as read_agent
from routing.reservations import consult_of_call, live_of_call


async def answered(turn: Turn, leg: Row[Any]) -> Document:
    """The agent picked up.  A softphone is its agent; at any other address a key is asked for."""
    await calls.change_leg(turn.conn, leg.id, state=later_leg_state(leg.state, "in-progress"))
    agent = await read_agent(turn.conn, leg.agent_id)
    asked = leg.role == CONSULT
    lines = await (warm.lines(turn, leg, agent) if asked else _story(turn, agent))
    reservation = await _reservation(turn, leg)
    if reservation is None:
        return _gone(turn, leg, agent)
    if legs.needs_key(agent.address) and reservation.state == "offered":
        return dialogue.whisper(
            stage_of(turn, agent), lines, accept=turn.rooms.url("/twilio/agent/key", leg=leg.id), room=None
        )
    if not legs.needs_key(agent.address) and await turn.rooms.has_desk(turn.conn, agent.id):
        lines = ()  # their desk shows who it is and why: the two are together at once
    return await _into_the_room(turn, leg, agent, lines)


async def _reservation(turn: Turn, leg: Row[Any]) -> Row[Any] | None:
    """The live one of this leg."""
    found = await (consult_of_call if leg.role == CONSULT else live_of_call)(turn.conn, turn.call.id)
    return found if found is not None and found.id == leg.reservation_id else None


async def pressed(turn: Turn, leg: Row[Any], form: Mapping[str, str]) -> Document:
    """A key: any but a refusal takes the call."""
    agent = await read_agent(turn.conn, leg.agent_id)
    if form.get("Digits", "") != "1":
        if leg.role == CONSULT:
            await warm.not_taken(turn, Ended.DECLINED)
        elif await agent_did_not_take(turn, leg, "busy"):
            await next_agent(turn)
        return (HangUp(),)
    return await _into_the_room(turn, leg, agent, ())


async def left(turn: Turn, leg: Row[Any], form: Mapping[str, str]) -> Document:
    """The room is over for the agent: the caller left it, or they did."""
    await ended_leg(turn, leg, "completed", room_over=form.get("CallStatus") not in LEG_ENDS)
    return (HangUp(),)


async def told(turn: Turn, leg: Row[Any], key: str) -> Document:
    """The agent hears why there is nobody to talk to."""
    agent = await read_agent(turn.conn, leg.agent_id)
    stage = stage_of(turn, agent)
    caller = caller_name(turn, stage)
    words = stage.say(key, caller=caller) if key == "agent_not_reached" else stage.say(key)
    return (words, HangUp())


async def status(turn: Turn, leg: Row[Any], form: Mapping[str, str]) -> None:
    """The carrier's news of this leg, in any order, any number of times."""
    told = form.get("CallStatus", "")
    state = later_leg_state(leg.state, told)
    if state != leg.state:
        ended = {"ended_at": turn.now} if state in LEG_ENDS else {}
        await calls.change_leg(turn.conn, leg.id, state=state, **ended)
    if told in LEG_ENDS:
        await ended_leg(turn, leg, told)


async def ended_leg(turn: Turn, leg: Row[Any], told: str, *, room_over: bool = False) -> None:
    """The agent's phone is silent again: not taken, or the talk is over, or their line broke.

    `room_over`: they are still on the line, and alone: it is the caller who left.
    """
    if leg.state in LEG_ENDS:
        return  # told once more; whose line broke may talk again by now, on another leg for the same hold
    reservation = await _reservation(turn, leg)
    if reservation is None:
        return
    if leg.role == CONSULT:
        if reservation.state == "offered":
            await warm.not_taken(turn, WHY_BY_STATUS.get(told, Ended.FAILED))
        elif not room_over:
            await warm.colleague_left(turn)
        return
    if broken.is_kept_for(turn, reservation):
        if broken.will_not(turn, leg, told):
            await broken.give_up(turn)
            await next_agent(turn)
        return
    if reservation.state == "offered":
        if await agent_did_not_take(turn, leg, told):
            await next_agent(turn, rang_out=told == "no-answer")
        return
    if not calls.is_reached(turn.call):
        await _left_before_customer(turn)
        return
    if not room_over and await warm.first_left(turn):
        return
    if not room_over and await broken.has_broken(turn, leg):
        await broken.line_broke(turn, leg, reservation)
        return
    await end_talk(turn)
    if turn.call.state == CallState.TALKING and turn.call.joined_at is None:
        await missed_each_other(turn)
        await look_again(turn)
        turn.effects += await legs.send_caller(turn, "/twilio/voice/wait")
    else:
        turn.effects += await legs.send_caller(turn, "/twilio/voice/after")


async def _left_before_customer(turn: Turn) -> None:
    """Of a promised call: the agent hung up while the customer was still being reached."""
    dialled = await calls.live_leg(turn.conn, turn.call.id, "caller")
    await end_talk(turn)
    await turn.change(state=CallState.WAITING, agent_id=None)
    if dialled is not None:
        turn.effects += await legs.end_leg(turn, "caller")
    await attempt_is_off(turn)


async def next_agent(turn: Turn, *, rang_out: bool = False) -> None:
    """Nobody is being rung any more."""
    if not calls.is_reached(turn.call):
        await attempt_is_off(turn)
        return
    rings = await look_again(turn)
    if rings or turn.call.state == CallState.WAITING:
        await set_right(turn, rang_out=rang_out)


async def _into_the_room(turn: Turn, leg: Row[Any], agent: Agent, lines: tuple[Say, ...]) -> Document:
    reservation = await _reservation(turn, leg)
    again = reservation is not None and reservation.state == "accepted"
    if not again:
        if not await (warm.accepted if leg.role == CONSULT else take_call)(turn, leg):
            return _gone(turn, leg, agent)
        if not calls.is_reached(turn.call):
            await agent_joined(turn)
    left = turn.rooms.url("/twilio/agent/left", leg=leg.id)
    rings = None if calls.is_reached(turn.call) else stage_of(turn, agent).ringback  # the customer's phone, soon
    recorded = await status_url(turn)
    room = Join(turn.call.id, left, ends_room=False, until_then=rings, recorded=recorded)
    return dialogue.whisper(stage_of(turn, agent), lines, accept=None, room=room)


def _gone(turn: Turn, leg: Row[Any], agent: Agent) -> Document:
    """Of a colleague who was asked the caller may well be on the line: they are not needed any more."""
    if leg.role == CONSULT and turn.call.state != CallState.ENDED:
        return (stage_of(turn, agent).say("agent_not_needed"), HangUp())
    return dialogue.agent_gone(stage_of(turn, agent))


async def _story(turn: Turn, agent: Agent) -> tuple[Say, ...]:
    """Who is calling, what they said, whether the two know each other: short, for the caller is waiting."""
    stage, call = stage_of(turn, agent), turn.call
    caller = caller_name(turn, stage)
    if call.dropped_agent is not None and call.dropped_agent == agent.id:
        return (stage.say("agent_back", caller=caller),)  # they know all the rest
    promised = not calls.is_reached(call)
    lines = [stage.say("agent_promise" if promised else "agent_call", caller=caller)]
    if call.said:
        key, slot = ("agent_reason", "reason") if promised else ("agent_said", "said")
        lines.append(stage.say(key, **{slot: speakable(call.said, longest=160)}))
    elif call.callback_id is not None and not promised:  # they rang before we did
        promise = await turn.rooms.promises.read(turn.conn, call.callback_id)
        if promise is not None and promise.reason:
            lines.append(stage.say("agent_reason", reason=speakable(promise.reason, longest=160)))
    if legs.needs_key(agent.address):
        lines += await _without_a_screen(turn, agent, stage)
    return tuple(lines)


async def _without_a_screen(turn: Turn, agent: Agent, stage: dialogue.Stage) -> list[Say]:
    """For who has no desk before them: whether the two know each other, and whether patience is wanted."""
    lines = []
    if turn.person is not None:
        for one in familiar_agents(await past(turn.conn, turn.person.id), turn.now):
            if one.agent_id == agent.id and one.times > 1:
                lines.append(stage.say("agent_knows", times=str(one.times)))
    if (turn.call.weary_level or 0) >= turn.plan.breather_from_level:
        lines.append(stage.say("agent_weary"))
    return lines
