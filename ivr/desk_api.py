"""What an agent does in their own call, under `/api/v1/calls`: hold, the end of the talk, what it is about, and how it
ended."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from api.problems import NotFound, Problem, responses
from api.tokens import Asking, Guard, Principal
from crm import audit
from crm.audit import What
from crm.case_history import by_token
from ivr import broken, calls, held, legs, transfers, warm, whose, wrap_up
from ivr.call_steps import CallSteps, is_asked
from ivr.lifecycle import NotNow
from ivr.schemas import CallChanges, CallShown, HoldWish, WrapUp, WrapUpShown
from ivr.talk import end_talk
from ivr.turn import Rooms, Turn
from routing.reservations import live_of_call


def desk_router(rooms: Rooms, guard: Guard) -> APIRouter:
    at = _Desk(rooms)
    router = APIRouter(tags=["calls"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    add = router.add_api_route
    add("/calls/{call_sid}", at.change, methods=["PATCH"], responses=responses(403, 404, 409))
    add("/calls/{call_sid}/hold", at.hold, methods=["POST"], responses=responses(403, 404, 409))
    add("/calls/{call_sid}/hang-up", at.hang_up, methods=["POST"], responses=responses(403, 404, 409))
    add("/calls/{call_sid}/wrap-up", at.wrap_up, methods=["PUT"], responses=responses(403, 404, 409))
    return router


class _Desk:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._steps = rooms, CallSteps(rooms)

    async def change(self, call_sid: str, given: CallChanges, asking: Asking) -> CallShown:
        """Whose it is, and what the talk is about: its case, whose topic is the talk's."""

        async def step(turn: Turn) -> None:
            if "customer" in given.model_fields_set:
                await whose.is_theirs(turn, given.customer)
            if "case" in given.model_fields_set:
                await wrap_up.about(turn, given.case)

        return await self._steps.take(call_sid, asking, step)

    async def hold(self, call_sid: str, wish: HoldWish, asking: Asking) -> CallShown:
        """The caller hears a word from us every half minute, and quiet; never music."""

        async def step(turn: Turn) -> None:
            await warm.in_a_talk(turn)
            transfer = await transfers.live(turn.conn, turn.call.id)
            if transfer is not None and transfer.state != transfers.INTRODUCED:
                raise NotNow("transfer", "A colleague is being asked: introduce them, or take the caller back.")
            await (held.hold if wish.on else held.fetch_back)(turn)

        return await self._steps.take(call_sid, asking, step)

    async def hang_up(self, call_sid: str, asking: Asking) -> CallShown:
        """The agent's line is put down, on purpose: the caller is asked whether there is something else.  A line that
        ends without this, at a desk of ours, has broken; said a moment too late, it has not.  A colleague who is
        asked leaves the two to themselves."""

        async def step(turn: Turn) -> None:
            if asking.agent_id != turn.call.agent_id and await is_asked(turn, asking):
                await warm.take_back(turn, by_colleague=True)
                return
            reservation = await live_of_call(turn.conn, turn.call.id)
            if reservation is not None and broken.is_kept_for(turn, reservation):
                await broken.put_down(turn, reservation)
                await end_talk(turn)
                turn.effects += await legs.send_caller(turn, "/twilio/voice/after")
                return
            if reservation is None or reservation.state != "accepted":
                raise NotNow("not_talking", "Nobody talks with this caller now.")
            if turn.call.agent_ends_at is None:
                await turn.change(agent_ends_at=turn.now)
            turn.effects += await legs.end_leg(turn, "agent")

        return await self._steps.take(call_sid, asking, step)

    async def wrap_up(self, call_sid: str, given: WrapUp, asking: Asking) -> WrapUpShown:
        """How the talk ended, in its agent's word.  Said again, the last word counts."""
        async with self._rooms.database.write() as conn:
            call = await calls.lock_by_name(conn, call_sid)
            if call is None:
                raise NotFound("call")
            turn = await Turn.of(self._rooms, conn, call)
            agent_id = _whose(turn, asking)
            try:
                shown = await wrap_up.wrap_up(turn, agent_id, given, by_token(asking))
            except NotNow as refused:
                raise Problem(409, None, refused.detail, reason=refused.reason) from None
            await audit.record(
                conn,
                asking,
                What.CHANGED,
                call.customer_id,
                now=turn.now,
                part="wrap_up",
                fields=sorted(given.model_fields_set),
            )
        turn.finish()
        return shown


def _whose(turn: Turn, asking: Principal) -> str:
    """An agent speaks for themselves; whoever else, for the agent who talked last."""
    agent_id = asking.agent_id if asking.role == "agent" else turn.call.agent_id
    if agent_id is None:
        raise Problem(409, None, "Nobody has talked with this caller.", reason="no_talk")
    return agent_id
