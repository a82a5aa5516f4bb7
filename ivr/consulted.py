"""The colleague whom an agent asks while the caller is held: rung, taken back, and what becomes of them when the caller
leaves.  Who they are, and what follows, is decided in warm.py."""

from __future__ import annotations

from ivr import held, legs, transfers
from ivr.turn import Turn
from routing.agents import Agent, Ended
from routing.reservations import claim, close, consult_of_call

ROLE = "consult"


async def reserve(turn: Turn, agent: Agent) -> str | None:
    """The reservation; None: somebody else has them now."""
    load = agent.load_at(turn.now)
    return await claim(turn.conn, agent.id, turn.call.id, turn.plan, now=turn.now, load=load, consult=True)


async def ring(turn: Turn, agent: Agent, reservation_id: str) -> None:
    turn.effects += await legs.ring_agent(turn, agent, reservation_id, role=ROLE)


async def let_go(turn: Turn, why: Ended) -> None:
    """Whatever they are doing: their phone is silent, and they owe no wrap-up for a talk that was not theirs."""
    reservation = await consult_of_call(turn.conn, turn.call.id)
    if reservation is not None:
        await close(turn.conn, reservation.id, why, turn.plan, now=turn.now)
        turn.floor = True
    turn.effects += await legs.end_leg(turn, ROLE)


async def off(turn: Turn, transfer_id: str, state: str, why: Ended) -> None:
    """It came to nothing: the caller is with their agent again, who is told by the event of the call."""
    await transfers.end(turn.conn, transfer_id, state, turn.now)
    await let_go(turn, why)
    await held.fetch_back(turn)
    await turn.news()


async def caller_left(turn: Turn) -> None:
    transfer = await transfers.live(turn.conn, turn.call.id)
    if transfer is None:
        return
    await transfers.end(turn.conn, transfer.id, transfers.CALLER_LEFT, turn.now)
    await let_go(turn, Ended.CALLER_LEFT)
