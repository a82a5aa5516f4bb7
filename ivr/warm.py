"""A warm transfer: the agent asks a colleague while the caller is held, introduces the two, and leaves.

The customer repeats nothing: who comes has heard it from who goes.  Whatever ends on the way leaves the caller with
somebody: with their agent while there is one, else with the colleague; they are never alone in a room.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from ivr import calls, colleagues, consulted, held, legs, supervision, transfers
from ivr.agent_words import caller_name, stage_of
from ivr.document import Say
from ivr.lifecycle import CallState, NotNow
from ivr.phrases import speakable
from ivr.turn import Turn
from ivr.written import promise_met, write_down
from routing.agents import Agent, Ended
from routing.floor import agent as read_agent
from routing.floor import name_of
from routing.reservations import accept, close, consult_of_call, live_of_call, takes_over

LONGEST_NOTE = 300  # characters that are read out to who has no screen
_WHY = {Ended.DECLINED: transfers.DECLINED, Ended.RANG_OUT: transfers.RANG_OUT}


async def start(turn: Turn, *, agent_id: str | None, skill: str | None, note: str | None) -> None:
    """To this colleague, or to the best who has the skill.  Asked once more for the same, it changes nothing.

    Raises NotNow.
    """
    under_way = await transfers.live(turn.conn, turn.call.id)
    if under_way is not None:
        if (under_way.skill, under_way.note) == (skill, note) and agent_id in (None, under_way.to_agent):
            return
        raise NotNow("transfer", "A colleague is being asked already.")
    reservation = await in_a_talk(turn)
    asked = await _reserved(turn, agent_id, skill)
    if asked is None:
        raise NotNow("nobody", "Nobody with this skill is free now.")
    agent, reserved = asked
    await transfers.begin(
        turn.conn,
        turn.call.id,
        from_agent=reservation.agent_id,
        to_agent=agent.id,
        reservation_id=reserved,
        skill=skill,
        note=note,
        now=turn.now,
    )
    await held.hold(turn)
    await consulted.ring(turn, agent, reserved)
    await turn.news()


async def in_a_talk(turn: Turn) -> Row[Any]:
    """The reservation of the agent who talks with the caller.  Raises NotNow."""
    reservation = await live_of_call(turn.conn, turn.call.id)
    talking = turn.call.state == CallState.TALKING and turn.call.joined_at is not None
    if reservation is None or reservation.state != "accepted" or not talking:
        raise NotNow("not_talking", "Nobody talks with this caller now.")
    return reservation


async def introduce(turn: Turn) -> None:
    """The caller is back, and hears both.  Raises NotNow."""
    transfer = await _there(turn)
    if transfer.state == transfers.CONSULTING:
        await transfers.change(turn.conn, transfer.id, state=transfers.INTRODUCED, introduced_at=turn.now)
        await held.fetch_back(turn)
        await turn.news()


async def complete(turn: Turn) -> None:
    """The first agent leaves, to their wrap-up; the caller is the colleague's.  Raises NotNow."""
    await _complete(turn, await _there(turn))


async def take_back(turn: Turn, *, by_colleague: bool = False) -> None:
    """The caller is with their agent again.  Raises NotNow."""
    transfer = await transfers.live(turn.conn, turn.call.id)
    if transfer is None:
        raise NotNow("no_transfer", "No colleague is being asked.")
    state = transfers.LEFT if by_colleague else transfers.RETURNED
    await consulted.off(turn, transfer.id, state, Ended.WITHDRAWN)


async def first_left(turn: Turn) -> bool:
    """The agent who asked is gone: the colleague is who the caller has.  False when nobody is being asked."""
    transfer = await transfers.live(turn.conn, turn.call.id)
    if transfer is None:
        return False
    if transfer.state == transfers.RINGING:
        return await _handed_on(turn, transfer)
    await _complete(turn, transfer)
    return True


# The colleague's leg


async def lines(turn: Turn, leg: Row[Any], agent: Agent) -> tuple[Say, ...]:
    """Who asks, and for whom; with the note for who has no desk before them."""
    transfer, stage = await transfers.live(turn.conn, turn.call.id), stage_of(turn, agent)
    if transfer is None:
        return ()
    asks = await name_of(turn.conn, transfer.from_agent, turn.rooms.house.company)
    said = [stage.say("agent_asks", colleague=asks, caller=caller_name(turn, stage))]
    if transfer.note and legs.needs_key(agent.address):
        said.append(stage.say("agent_note", note=speakable(transfer.note, LONGEST_NOTE)))
    return tuple(said)


async def accepted(turn: Turn, leg: Row[Any]) -> bool:
    """The colleague is there; False: too late.  Told again, it changes nothing."""
    reservation = await consult_of_call(turn.conn, turn.call.id)
    transfer = await transfers.live(turn.conn, turn.call.id)
    if reservation is None or transfer is None or reservation.id != leg.reservation_id:
        return False
    if reservation.state == "accepted":
        return True
    if await accept(turn.conn, reservation.id, now=turn.now) is None:
        return False
    await transfers.change(turn.conn, transfer.id, state=transfers.CONSULTING, answered_at=turn.now)
    await turn.news()
    return True


async def not_taken(turn: Turn, why: Ended) -> None:
    """Their phone stopped ringing: with a skill the next one's rings, else the caller is with their agent again."""
    reservation = await consult_of_call(turn.conn, turn.call.id)
    transfer = await transfers.live(turn.conn, turn.call.id)
    if reservation is None or transfer is None or reservation.state != "offered":
        return
    await close(turn.conn, reservation.id, why, turn.plan, now=turn.now)
    turn.floor = True
    turn.effects += await legs.end_leg(turn, consulted.ROLE)
    asked = await _reserved(turn, None, transfer.skill) if transfer.skill else None
    if asked is None:
        state = transfers.NOBODY if transfer.skill else _WHY.get(why, transfers.FAILED)
        await consulted.off(turn, transfer.id, state, why)
        return
    agent, reserved = asked
    await transfers.change(turn.conn, transfer.id, to_agent=agent.id, reservation_id=reserved)
    await consulted.ring(turn, agent, reserved)
    await turn.news()


async def colleague_left(turn: Turn) -> None:
    """They hung up before it was complete."""
    transfer = await transfers.live(turn.conn, turn.call.id)
    if transfer is not None:
        await consulted.off(turn, transfer.id, transfers.LEFT, Ended.WITHDRAWN)


async def _there(turn: Turn) -> Row[Any]:
    transfer = await transfers.live(turn.conn, turn.call.id)
    if transfer is None:
        raise NotNow("no_transfer", "No colleague is being asked.")
    if transfer.state == transfers.RINGING:
        raise NotNow("not_there", "The colleague has not answered yet.")
    return transfer


async def _reserved(turn: Turn, agent_id: str | None, skill: str | None) -> tuple[Agent, str] | None:
    """The colleague and their reservation.  Raises NotNow for the one who was named, and cannot be asked."""
    if agent_id is None:
        for agent in await colleagues.free_with(turn, skill or ""):
            if (reserved := await consulted.reserve(turn, agent)) is not None:
                return agent, reserved
        return None
    if agent_id in await colleagues.vetoed(turn):
        raise NotNow("vetoed", "The customer and this colleague are not to be put together.")
    agent = await read_agent(turn.conn, agent_id)
    reserved = await consulted.reserve(turn, agent) if agent.id != turn.call.agent_id else None
    if reserved is None:
        raise NotNow("busy", f"{agent.first_name} is not free now.")
    return agent, reserved


async def _complete(turn: Turn, transfer: Row[Any]) -> None:
    conn, call = turn.conn, turn.call
    leaving, coming = await live_of_call(conn, call.id), await consult_of_call(conn, call.id)
    if coming is None or coming.state != "accepted":
        raise NotNow("not_there", "The colleague is not there.")
    await transfers.end(conn, transfer.id, transfers.COMPLETED, turn.now)
    if leaving is not None:
        weary = call.weary_level or 0
        await close(conn, leaving.id, Ended.TALK_ENDED, turn.plan, now=turn.now, weary_level=weary)
        turn.effects += await legs.end_leg(turn, "agent")
        await write_down(turn, leaving.agent_id, outcome="transferred", warm=True)
        await promise_met(turn)
        turn.floor = True
    await takes_over(conn, coming.id)
    await _is_theirs(turn, coming.id)
    together = transfer.introduced_at or turn.now
    await turn.change(agent_id=coming.agent_id, joined_at=together, agent_ends_at=None)
    await held.fetch_back(turn)
    await supervision.follow(turn)


async def _handed_on(turn: Turn, transfer: Row[Any]) -> bool:
    """Nobody talks with the caller, and the colleague's phone rings: it rings for the caller now."""
    conn, call = turn.conn, turn.call
    leaving, coming = await live_of_call(conn, call.id), await consult_of_call(conn, call.id)
    if coming is None:
        await consulted.off(turn, transfer.id, transfers.NOBODY, Ended.WITHDRAWN)
        return False
    await transfers.end(conn, transfer.id, transfers.HANDED_ON, turn.now)
    if leaving is not None:
        weary = call.weary_level or 0
        await close(conn, leaving.id, Ended.TALK_ENDED, turn.plan, now=turn.now, weary_level=weary)
        turn.effects += await legs.end_leg(turn, "agent")
        await write_down(turn, leaving.agent_id, outcome="transferred")
        await promise_met(turn)
        turn.floor = True
    await supervision.release(turn)
    await takes_over(conn, coming.id)
    await _is_theirs(turn, coming.id)
    nothing = dict.fromkeys(("on_hold_at", "joined_at", "join_asked_at", "told_of", "choice", "agent_ends_at"))
    await turn.change(state=CallState.RINGING, **nothing)
    turn.effects += await legs.send_caller(turn, "/twilio/voice/wait")
    return True


async def _is_theirs(turn: Turn, reservation_id: str) -> None:
    """The colleague's leg is the agent's from now on."""
    for leg in await calls.live_legs(turn.conn, turn.call.id, consulted.ROLE):
        if leg.reservation_id == reservation_id:
            await calls.change_leg(turn.conn, leg.id, role="agent")
