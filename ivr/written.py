"""What is written into a person's history of a talk that has ended."""

from __future__ import annotations

import math
from datetime import datetime

from callbacks.keeping import promise_kept
from crm import history
from ivr.solved import case_topic
from ivr.turn import Turn
from routing.reservations import talks


async def write_down(
    turn: Turn, agent_id: str, *, ended_at: datetime | None = None, outcome: str | None = None, warm: bool = False
) -> None:
    """The reservation of this talk has been closed.  Talks with somebody we do not know are nobody's history.

    Without an `outcome` it is taken to be solved until its agent or the customer says how it ended, and reports count
    it as neither.  `warm`: they were handed on by an agent who stayed until they were in good hands.
    """
    call = turn.call
    if call.customer_id is None or call.joined_at is None:
        return
    earlier = await talks(turn.conn, call.id) - 1
    await history.record(
        turn.conn,
        customer_id=call.customer_id,
        agent_id=agent_id,
        channel="voice",
        started_at=call.joined_at,
        talk_seconds=math.ceil(max(((ended_at or turn.now) - call.joined_at).total_seconds(), 0.0)),
        outcome=outcome or "solved",
        judged=outcome is not None,
        topic=await case_topic(turn.conn, call.case_id),
        summary=call.said,
        external_id=f"{call.sid}/{earlier + 1}" if earlier else call.sid,
        case_id=call.case_id,
        warm=warm,
    )


async def promise_met(turn: Turn) -> None:
    """The two have talked: a promise that the call carries is kept."""
    call = turn.call
    if call.callback_id is None:
        return
    if call.direction == "outbound":
        await promise_kept(turn.conn, call.callback_id, now=turn.now)
    else:  # once more: our own call to them may have been under way when they came into the room
        await turn.rooms.promises.served(turn.conn, call.callback_id, now=turn.now)
