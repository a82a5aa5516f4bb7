"""A ring whose time is over, of which the carrier has said nothing."""

from __future__ import annotations

from sqlalchemy import select

from ivr import agent_leg, broken, calls, consulted, legs
from ivr.turn import Turn
from routing.agents import Availability
from routing.floor import agent as read_agent
from routing.reservations import rings_on
from routing.tables import reservations


async def over(turn: Turn, reservation_id: str) -> None:
    """The agent had long enough: RONA.  Whose line broke is rung as long as they are kept for their caller."""
    mine = (reservations.c.id == reservation_id, reservations.c.live, reservations.c.state == "offered")
    reservation = (await turn.conn.execute(select(reservations).where(*mine))).one_or_none()
    if reservation is None:
        return
    if broken.is_kept_for(turn, reservation):
        if not await broken.look(turn, reservation):
            await broken.give_up(turn)
            await agent_leg.next_agent(turn)
        return
    role = consulted.ROLE if reservation.consult else "agent"
    leg = await calls.live_leg(turn.conn, turn.call.id, role)
    here = (await read_agent(turn.conn, reservation.agent_id)).availability == Availability.READY
    known = here and leg is not None and leg.sid is not None
    if known and await rings_on(turn.conn, reservation, turn.plan, now=turn.now):
        return
    turn.effects += await legs.end_leg(turn, role)
    if leg is not None:
        # Without a SID nobody knows that it ever rang: that is the carrier's fault, not the agent's.
        rang = "no-answer" if here else "busy"  # who has just gone has not missed it
        await agent_leg.ended_leg(turn, leg, rang if leg.sid else "canceled")
