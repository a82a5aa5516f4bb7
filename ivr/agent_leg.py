"""The agent's leg: who is calling and why, then into the room; and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from carrier.numbering import is_withheld
from crm.familiarity import familiar_agents
from crm.history import past
from ivr import calls, dialogue, legs
from ivr.consent import status_url
from ivr.document import Document, HangUp, Join, Say
from ivr.journey import look_again, set_right
from ivr.lifecycle import LEG_ENDS, CallState, later_leg_state
from ivr.phrases import Speaker, speakable, spoken_language
from ivr.promised import agent_joined, attempt_is_off
from ivr.talk import agent_did_not_take, end_talk, missed_each_other, take_call
from ivr.turn import Turn, spoken_name
from routing.agents import Agent
from routing.floor import agent as read_agent
from routing.reservations import live_of_call

LONGEST_WHOLE_NAME = 60


async def answered(turn: Turn, leg: Row[Any]) -> Document:
    """The agent picked up.  A softphone is its agent; at any other address a key is asked for."""
    await calls.change_leg(turn.conn, leg.id, state=later_leg_state(leg.state, "in-progress"))
    agent = await read_agent(turn.conn, leg.agent_id)
    lines = await _story(turn, agent)
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None or reservation.id != leg.reservation_id:
        return _gone(turn, agent)
    if legs.needs_key(agent.address) and reservation.state == "offered":
        return dialogue.whisper(
            _stage(turn, agent), lines, accept=turn.rooms.url("/twilio/agent/key", leg=leg.id), room=None
        )
    return await _into_the_room(turn, leg, agent, lines)


async def pressed(turn: Turn, leg: Row[Any], form: Mapping[str, str]) -> Document:
    """A key: any but a refusal takes the call."""
    agent = await read_agent(turn.conn, leg.agent_id)
    if form.get("Digits", "") != "1":
        if await agent_did_not_take(turn, leg, "busy"):
            await _next_agent(turn)
        return (HangUp(),)
    return await _into_the_room(turn, leg, agent, ())


async def left(turn: Turn, leg: Row[Any], form: Mapping[str, str]) -> Document:
    """The room is over for the agent: the caller left it, or they did."""
    await ended_leg(turn, leg, "completed")
    return (HangUp(),)


async def told(turn: Turn, leg: Row[Any], key: str) -> Document:
    """The agent hears why there is nobody to talk to."""
    agent = await read_agent(turn.conn, leg.agent_id)
    stage = _stage(turn, agent)
    caller = _caller_name(turn, stage.speaker)
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


async def ended_leg(turn: Turn, leg: Row[Any], told: str) -> None:
    """The agent's phone is silent again: not taken, or the talk is over."""
    reservation = await live_of_call(turn.conn, turn.call.id)
    if reservation is None or reservation.id != leg.reservation_id:
        return
    if reservation.state == "offered":
        if await agent_did_not_take(turn, leg, told):
            await _next_agent(turn, rang_out=told == "no-answer")
        return
    if turn.call.direction == "outbound" and turn.call.state != CallState.TALKING:
        await _left_before_customer(turn)
        return
    await end_talk(turn)
    if turn.call.state == CallState.TALKING and turn.call.joined_at is None:
        await missed_each_other(turn)
        await look_again(turn)
        turn.effects += await legs.send_caller(turn, "/twilio/voice/wait")
    elif turn.call.direction == "inbound" or turn.call.sid:
        turn.effects += await legs.send_caller(turn, "/twilio/voice/after")


async def _left_before_customer(turn: Turn) -> None:
    """Of a promised call: the agent hung up while the customer was still being reached."""
    dialled = await calls.live_leg(turn.conn, turn.call.id, "caller")
    await end_talk(turn)
    await turn.change(state=CallState.WAITING, agent_id=None)
    if dialled is not None:
        turn.effects += await legs.end_leg(turn, "caller")
    await attempt_is_off(turn)


async def _next_agent(turn: Turn, *, rang_out: bool = False) -> None:
    if turn.call.direction == "outbound":
        await attempt_is_off(turn)
        return
    rings = await look_again(turn)
    if rings or turn.call.state == CallState.WAITING:
        await set_right(turn, rang_out=rang_out)


async def _into_the_room(turn: Turn, leg: Row[Any], agent: Agent, lines: tuple[Say, ...]) -> Document:
    reservation = await live_of_call(turn.conn, turn.call.id)
    again = reservation is not None and reservation.id == leg.reservation_id and reservation.state == "accepted"
    if not again:
        if not await take_call(turn, leg):
            return _gone(turn, agent)
        if turn.call.direction == "outbound":
            await agent_joined(turn)
    left = turn.rooms.url("/twilio/agent/left", leg=leg.id)
    rings = _stage(turn, agent).ringback if turn.call.direction == "outbound" else None  # the customer's phone, soon
    recorded = await status_url(turn)
    room = Join(turn.call.id, left, ends_room=False, until_then=rings, recorded=recorded)
    return dialogue.whisper(_stage(turn, agent), lines, accept=None, room=room)


def _gone(turn: Turn, agent: Agent) -> Document:
    return dialogue.agent_gone(_stage(turn, agent))


async def _story(turn: Turn, agent: Agent) -> tuple[Say, ...]:
    """Who is calling, what they said, whether the two know each other: short, for the caller is waiting."""
    stage, call = _stage(turn, agent), turn.call
    caller = _caller_name(turn, stage.speaker)
    promised = call.direction == "outbound"
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


def _caller_name(turn: Turn, speaker: Speaker) -> str:
    """The agent hears the whole name, and how to address them: they are on our side of the counter."""
    person = turn.person
    if person is not None and (name := speakable(person.name or "", LONGEST_WHOLE_NAME)):
        return speakable(f"{person.title} {name}", LONGEST_WHOLE_NAME) if person.title and person.formal else name
    if (called := spoken_name(person)) is not None:
        return called
    return speaker.say("withheld_caller" if is_withheld(turn.call.from_number) else "unknown_caller")


def _stage(turn: Turn, agent: Agent) -> dialogue.Stage:
    """Spoken to in the agent's first language."""
    house = turn.rooms.house
    language = spoken_language(agent.languages[0] if agent.languages else None, house.language)
    speaker = turn.rooms.speaker(None, language, 0, turn.now)
    return dialogue.Stage(speaker, None, turn.rooms.url, turn.call.step)
