"""A manager's hands on the live floor, under `/api/v1`: listening, whispering, joining; ending what cannot go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Row, select

from api.problems import NotFound, Problem, responses
from api.tokens import Asking, Guard, Principal
from crm import audit
from crm.audit import What
from ivr import by_hand, calls, supervision, warm
from ivr.call_steps import CallSteps
from ivr.lifecycle import NotNow
from ivr.schemas import CallShown, Intervention, ModeWish, SupervisionWish
from ivr.turn import Rooms, Turn
from routing import roster
from routing.agents import Activity
from routing.schemas import Agent
from routing.tables import agents


def supervise_router(rooms: Rooms, guard: Guard) -> APIRouter:
    at = _Manager(rooms)
    router = APIRouter(tags=["floor"], dependencies=[Depends(guard.allows("manager"))])
    add, path = router.add_api_route, "/calls/{call_sid}/supervise"
    refused = responses(404, 409)
    add(path, at.begin, methods=["POST"], responses=refused)
    add(path, at.change, methods=["PATCH"], responses=refused)
    add(path, at.leave, methods=["DELETE"], responses=refused)
    add("/calls/{call_sid}/end", at.end, methods=["POST"], responses=refused)
    add("/agents/{agent_id}/release", at.release, methods=["POST"], responses=refused)
    return router


class _Manager:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._steps = rooms, CallSteps(rooms)

    async def begin(self, call_sid: str, wish: SupervisionWish, asking: Asking) -> CallShown:
        """Their phone rings, and takes them into the talk: unheard (listen), heard by the agent alone (whisper), or by
        all, who are told first (join).  Asked again, it changes how they are there."""
        address = roster.read_address(wish.address, self._rooms.house.country)

        async def step(turn: Turn) -> None:
            await warm.in_a_talk(turn)
            there = await supervision.live(turn.conn, turn.call.id, asking.token_id)
            if there:
                await supervision.become(turn, there[0], wish.mode)
                return
            await supervision.begin(turn, by=asking.token_id, name=wish.name, address=address, mode=wish.mode)
            await self._seen(turn, asking, wish.mode)

        return await self._steps.take(call_sid, asking, step)

    async def change(self, call_sid: str, wish: ModeWish, asking: Asking) -> CallShown:
        """In the middle of it."""

        async def step(turn: Turn) -> None:
            for row in await _of(turn, asking.token_id):
                await supervision.become(turn, row, wish.mode)
            await self._seen(turn, asking, wish.mode)

        return await self._steps.take(call_sid, asking, step)

    async def leave(self, call_sid: str, asking: Asking, by: Annotated[str | None, Query()] = None) -> CallShown:
        """`by`: another manager, who is to listen no longer; without it, whoever asks."""

        async def step(turn: Turn) -> None:
            for row in await _of(turn, by or asking.token_id):
                await supervision.end(turn, row)

        return await self._steps.take(call_sid, asking, step)

    async def end(self, call_sid: str, given: Intervention, asking: Asking) -> CallShown:
        """A call whose state is stuck: its legs are ended at the carrier, and it with them."""

        async def step(turn: Turn) -> None:
            await by_hand.end(turn)
            await self._note(turn, by_hand.CALL_ENDED, given.reason, asking, None)

        return await self._steps.take(call_sid, asking, step)

    async def release(self, agent_id: str, given: Intervention, asking: Asking) -> Agent:
        """An agent who is held for nobody: whatever it was is ended, and they are idle."""
        rooms, now = self._rooms, self._rooms.clock.now()
        turn: Turn | None = None
        async with rooms.database.write() as conn:
            activity = await conn.scalar(select(agents.c.activity).where(agents.c.id == agent_id))
            if activity is None:
                raise NotFound("agent")
            call_id = await by_hand.call_of(conn, agent_id)
            call = None if call_id is None else await calls.lock(conn, call_id)
            if call is not None:
                turn = await Turn.of(rooms, conn, call)
                await by_hand.release(turn, agent_id)
            was_idle = not await by_hand.free(conn, agent_id, now)
            if was_idle and activity == Activity.IDLE:
                raise Problem(409, None, "This agent is idle: there is nothing to end.", reason="idle")
            what, by = by_hand.AGENT_RELEASED, asking.token_id
            await by_hand.note(conn, what, given.reason, by=by, now=now, call_id=call_id, agent_id=agent_id)
            await audit.record(conn, asking, What.INTERVENED, now=now, ended=what, call=call_id, agent=agent_id)
            shown = await roster.load_one(conn, agent_id)
            assert shown is not None
        if turn is not None:
            turn.finish()
        rooms.floor_changed()
        return shown

    async def _note(self, turn: Turn, what: str, reason: str, asking: Principal, agent_id: str | None) -> None:
        call, now = turn.call, turn.now
        await by_hand.note(
            turn.conn, what, reason, by=asking.token_id, now=now, call_id=call.id, agent_id=agent_id or call.agent_id
        )
        await audit.record(turn.conn, asking, What.INTERVENED, call.customer_id, now=now, ended=what, call=call.id)

    async def _seen(self, turn: Turn, asking: Principal, mode: str) -> None:
        """Whoever hears a talk has heard what the customer says."""
        await audit.record(
            turn.conn, asking, What.READ, turn.call.customer_id, now=turn.now, part="talk", call=turn.call.id, mode=mode
        )


async def _of(turn: Turn, manager: str) -> Sequence[Row[Any]]:
    found = await supervision.live(turn.conn, turn.call.id, manager)
    if not found:
        raise NotNow("not_there", "No such manager is on this call.")
    return found
