"""One step of a call that somebody at a desk asks for: under the call's lock, by who may, answered with the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from api.problems import NotFound, Problem
from api.tokens import Principal
from ivr import api, calls, transfers
from ivr.lifecycle import NotNow
from ivr.schemas import CallShown
from ivr.turn import Rooms, Turn

Step = Callable[[Turn], Awaitable[None]]


class CallSteps:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def take(self, name: str, asking: Principal, step: Step) -> CallShown:
        """Of the call by its SID or id.  Nothing of a step that is refused has happened."""
        async with self._rooms.database.write() as conn:
            call = await calls.lock_by_name(conn, name)
            if call is None:
                raise NotFound("call")
            turn = await Turn.of(self._rooms, conn, call)
            await check_theirs(turn, asking)
            try:
                await step(turn)
            except NotNow as refused:
                raise Problem(409, None, refused.detail, reason=refused.reason) from None
            row = await calls.read(conn, call.id)
            (shown,) = await api.shown(conn, [row] if row is not None else [], turn.now)
        turn.finish()
        return shown


async def check_theirs(turn: Turn, asking: Principal) -> None:
    """An agent acts in their own call only, or where they are the colleague who is asked."""
    if asking.role != "agent" or asking.agent_id == turn.call.agent_id:
        return
    if not await is_asked(turn, asking):
        raise Problem(403, None, "This is not your call.")


async def is_asked(turn: Turn, asking: Principal) -> bool:
    transfer = await transfers.live(turn.conn, turn.call.id)
    return transfer is not None and asking.agent_id is not None and transfer.to_agent == asking.agent_id
