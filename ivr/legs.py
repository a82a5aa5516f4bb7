"""The phones we ring and move: each wish is a leg and an effect, written in the turn's transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from ivr import calls
from ivr.turn import Turn
from routing.agents import Agent
from store.ids import new_id

WAITING_CALLER, PROMISE = 0, 1
# A ring that could not be asked for in time is no ring: the caller has moved on by then.
PATIENCE = timedelta(seconds=10)


def needs_key(address: str) -> bool:
    """A desk phone or a mobile may be answered by a machine; our softphone is answered by its agent."""
    return not address.startswith("client:")


async def ring_agent(
    turn: Turn, agent: Agent, reservation_id: str, *, role: str = "agent", seconds: int | None = None
) -> list[str]:
    """`role`: agent | consult; `seconds`: of ringing, if not as many as usual."""
    leg_id = await calls.add_leg(
        turn.conn, turn.call.id, role, now=turn.now, agent_id=agent.id, reservation_id=reservation_id
    )
    return await _ring(turn, leg_id, agent.address, "/twilio/agent", seconds or turn.plan.ring_seconds)


async def ring_supervisor(turn: Turn, address: str) -> tuple[str, list[str]]:
    """The leg's id with what is to be kicked."""
    leg_id = await calls.add_leg(turn.conn, turn.call.id, "supervisor", now=turn.now)
    return leg_id, await _ring(turn, leg_id, address, "/twilio/supervisor", turn.plan.ring_seconds)


async def _ring(turn: Turn, leg_id: str, address: str, path: str, seconds: int) -> list[str]:
    """One of ours, for whom somebody waits."""
    call = turn.call
    url = turn.rooms.url(f"{path}/answer", leg=leg_id)
    effect = await turn.rooms.carrier.create_call(
        turn.conn,
        to=address,
        from_=our_number(call),
        url=url,
        fallback_url=turn.rooms.fallback(url),
        status_url=turn.rooms.url(f"{path}/status", leg=leg_id),
        ring_seconds=seconds,
        subject=leg_id,
        effect_id=leg_id,
        priority=WAITING_CALLER if calls.is_reached(call) else PROMISE,
        not_after=turn.now + PATIENCE,
    )
    return [effect]


def our_number(call: Row[Any]) -> str:
    """Whichever of the two is ours."""
    return str(call.to_number if call.direction == "inbound" else call.from_number)


async def ring_customer(turn: Turn) -> list[str]:
    """The promised call to the person themselves; the agent is in the room already."""
    call = turn.call
    leg_id = await calls.add_leg(turn.conn, call.id, "caller", now=turn.now)
    url = turn.rooms.url("/twilio/customer/answer", leg=leg_id)
    effect = await turn.rooms.carrier.create_call(
        turn.conn,
        to=call.to_number,
        from_=call.from_number,
        url=url,
        fallback_url=turn.rooms.fallback(url),
        status_url=turn.rooms.url("/twilio/customer/status", leg=leg_id),
        ring_seconds=turn.plan.ring_seconds + 10,  # people look for their phone; agents have it before them
        subject=leg_id,
        effect_id=leg_id,
        priority=PROMISE,
        not_after=turn.now + timedelta(seconds=60),
    )
    return [effect]


async def end_leg(turn: Turn, role: str) -> list[str]:
    """The newest of this role, if it has not ended."""
    leg = await calls.live_leg(turn.conn, turn.call.id, role)
    return [] if leg is None else await end(turn, leg)


async def end(turn: Turn, leg: Row[Any]) -> list[str]:
    """Whatever this leg is doing: not yet asked for, ringing, talking."""
    await calls.change_leg(turn.conn, leg.id, state="canceled" if leg.state != "in-progress" else leg.state)
    effects = []
    asked = await turn.rooms.carrier.withdraw(turn.conn, leg.id)
    for sid in {leg.sid, *asked} - {None}:
        assert sid is not None
        canceled = leg.state != "in-progress"
        effects.append(await turn.rooms.carrier.end_call(turn.conn, sid, canceled=canceled, subject=leg.id))
    return effects


async def send(turn: Turn, role: str, path: str) -> list[str]:
    """Sends a talking leg to another document."""
    leg = await calls.live_leg(turn.conn, turn.call.id, role)
    if leg is None or leg.sid is None:
        return []
    url = turn.rooms.url(path, leg=leg.id)
    return [await turn.rooms.carrier.redirect_call(turn.conn, leg.sid, url=url, subject=leg.id)]


async def send_caller(turn: Turn, path: str) -> list[str]:
    """Sends the caller to another document.  Its URL carries no step: what it does follows from the call's state.

    Each has a mark of its own, for the same request once more would be a repetition, and get the same answer.
    """
    if turn.call.sid is None:
        return []
    url = turn.rooms.url(path, sent=new_id("snt"))
    return [await turn.rooms.carrier.redirect_call(turn.conn, turn.call.sid, url=url, subject=turn.call.id)]
