"""What cannot go on, ended by a manager's hand: a call whose end nobody has told, an agent who is held for nobody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr import agent_leg, broken, calls, consulted, legs, transfers
from ivr.lifecycle import CallState, NotNow
from ivr.promised import attempt_is_off
from ivr.tables import interventions
from ivr.talk import end_call, end_talk
from ivr.turn import Turn
from routing.agents import Ended
from routing.floor import make_idle
from routing.reservations import close, live_of_agent
from store.ids import new_id

CALL_ENDED, AGENT_RELEASED = "call_ended", "agent_released"


async def end(turn: Turn) -> None:
    """All its legs at the carrier, and the call with them.  Raises NotNow."""
    if turn.call.state == CallState.ENDED:
        raise NotNow("ended", "This call has ended already.")
    for leg in await calls.live_legs(turn.conn, turn.call.id, "caller", "agent", consulted.ROLE, "supervisor"):
        turn.effects += await legs.end(turn, leg)
    reached = calls.is_reached(turn.call)
    await end_call(turn, found_out=True)
    if not reached:
        await attempt_is_off(turn)


async def release(turn: Turn, agent_id: str) -> None:
    """The agent, from what they are held for in this call; the caller goes on as if the agent had left."""
    reservation = await live_of_agent(turn.conn, agent_id)
    if reservation is None or reservation.call_id != turn.call.id:
        return
    if reservation.consult:
        transfer = await transfers.live(turn.conn, turn.call.id)
        if transfer is not None:
            await consulted.off(turn, transfer.id, transfers.LEFT, Ended.WITHDRAWN)
        return
    leg = await calls.live_leg(turn.conn, turn.call.id, "agent")
    if broken.is_kept_for(turn, reservation):
        await broken.give_up(turn)
        await agent_leg.next_agent(turn)
    elif reservation.state == "offered":
        turn.effects += await legs.end_leg(turn, "agent")
        await close(turn.conn, reservation.id, Ended.DECLINED, turn.plan, now=turn.now)
        turn.floor = True
        if turn.call.state == CallState.RINGING:
            await turn.change(state=CallState.WAITING)
        await agent_leg.next_agent(turn)
    elif leg is not None:
        await turn.change(agent_ends_at=turn.now)
        turn.effects += await legs.end_leg(turn, "agent")
        await agent_leg.ended_leg(turn, leg, "completed")
    else:
        await end_talk(turn)


async def free(conn: AsyncConnection, agent_id: str, now: datetime) -> bool:
    """Idle, whatever the system saw them doing; False when they were."""
    reservation = await live_of_agent(conn, agent_id)
    return reservation is None and await make_idle(conn, agent_id, now=now)


async def call_of(conn: AsyncConnection, agent_id: str) -> str | None:
    """The id of the call that holds this agent."""
    reservation = await live_of_agent(conn, agent_id)
    return None if reservation is None else str(reservation.call_id)


async def note(
    conn: AsyncConnection, what: str, reason: str, *, by: str, now: datetime, call_id: str | None, agent_id: str | None
) -> None:
    row = {"id": new_id("ivn"), "call_id": call_id, "agent_id": agent_id, "by": by, "what": what, "reason": reason}
    await conn.execute(insert(interventions).values(row | {"at": now}))
