"""Who is on the line, as the agent has learnt it: somebody new, or another than the one we took them for."""

from __future__ import annotations

from crm.identify import person_by_id
from crm.references import one_customer
from ivr.lifecycle import CallState, NotNow
from ivr.meeting import meet, not_them
from ivr.turn import Turn
from ivr.written import write_down
from routing.reservations import live_of_call


async def is_theirs(turn: Turn, reference: str) -> None:
    """The call is this customer's from now on; of one that has ended, so is its conversation.

    What has been written into somebody's history stays there: a talk that has ended is nobody else's any more.
    Raises NotNow, FieldRefused.
    """
    customer_id = await one_customer(turn.conn, "customer", reference)
    if customer_id == turn.call.customer_id:
        return
    ended = await _has_ended(turn)
    if turn.call.customer_id is not None:
        if ended:
            raise NotNow("ended", "The talk has ended, and is in somebody's history.")
        await not_them(turn)
    person = await person_by_id(turn.conn, customer_id)
    if person is None:
        raise NotNow("erased", "The customer was erased at this moment.")
    await meet(turn, person)
    if ended and turn.call.agent_id is not None:
        await write_down(turn, turn.call.agent_id, ended_at=turn.call.ended_at)


async def _has_ended(turn: Turn) -> bool:
    """The talk; the caller may still be there, and be asked whether it is solved."""
    call = turn.call
    if call.state == CallState.TALKING and call.joined_at is not None:
        return await live_of_call(turn.conn, call.id) is None
    return bool(call.state == CallState.ENDED)
