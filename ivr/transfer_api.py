"""Warm transfers under `/api/v1/calls`: whom one could ask, asking them, introducing them, leaving, or coming back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.fields import Listing
from api.problems import FieldRefused, NotFound, responses
from api.tokens import Asking, Guard
from crm import audit
from crm.references import agent_ids
from ivr import calls, colleagues, warm
from ivr.call_steps import CallSteps, check_theirs, is_asked
from ivr.colleagues import Colleague
from ivr.schemas import CallShown, ColleagueShown, TransferWish
from ivr.turn import Rooms, Turn

Asked = Annotated[str | None, Query(max_length=200)]


def transfer_router(rooms: Rooms, guard: Guard) -> APIRouter:
    at = _Transfers(rooms)
    router = APIRouter(tags=["transfers"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    add, path = router.add_api_route, "/calls/{call_sid}/transfer"
    refused = responses(403, 404, 409)
    add("/calls/{call_sid}/colleagues", at.colleagues, methods=["GET"], responses=responses(403, 404))
    add(path, at.start, methods=["POST"], responses=refused)
    add(path, at.take_back, methods=["DELETE"], responses=refused)
    add(f"{path}/introduce", at.introduce, methods=["POST"], responses=refused)
    add(f"{path}/complete", at.complete, methods=["POST"], responses=refused)
    return router


class _Transfers:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._steps = rooms, CallSteps(rooms)

    async def colleagues(
        self, call_sid: str, asking: Asking, skill: Asked = None, q: Asked = None, language: Asked = None
    ) -> Listing[ColleagueShown]:
        """Who could help this caller, the best first: weighed as calls are.  `q`: part of a name, a skill or a team;
        `language`: of the sentences, Italian or English."""
        async with self._rooms.database.read() as conn:
            call = await calls.by_name(conn, call_sid)
            if call is None:
                raise NotFound("call")
            turn = await Turn.of(self._rooms, conn, call)
            await check_theirs(turn, asking)
            found = await colleagues.listed(
                turn, skill=skill or None, q=q, language=language or self._rooms.house.language
            )
        await audit.part_seen(self._rooms.database, asking, call.customer_id, "colleagues", now=turn.now)
        return Listing[ColleagueShown](items=[_shown(one) for one in found], next=None)

    async def start(self, call_sid: str, wish: TransferWish, asking: Asking) -> CallShown:
        """The caller is held with honest words, the colleague's phone rings, and the two agents talk first."""

        async def step(turn: Turn) -> None:
            agent_id = wish.agent
            if agent_id is not None:
                agent_id = (await agent_ids(turn.conn, [agent_id])).get(agent_id)
                if agent_id is None:
                    raise FieldRefused("agent", "There is no such agent.")
                if agent_id == turn.call.agent_id:
                    raise FieldRefused("agent", "This agent talks with the caller already.")
            await warm.start(turn, agent_id=agent_id, skill=wish.skill, note=wish.note)

        return await self._steps.take(call_sid, asking, step)

    async def introduce(self, call_sid: str, asking: Asking) -> CallShown:
        """The caller is back, and all three talk."""
        return await self._steps.take(call_sid, asking, warm.introduce)

    async def complete(self, call_sid: str, asking: Asking) -> CallShown:
        """The first agent leaves; the caller is the colleague's."""
        return await self._steps.take(call_sid, asking, warm.complete)

    async def take_back(self, call_sid: str, asking: Asking) -> CallShown:
        """The colleague leaves; the caller is with their first agent."""

        async def step(turn: Turn) -> None:
            colleague = asking.agent_id != turn.call.agent_id and await is_asked(turn, asking)
            await warm.take_back(turn, by_colleague=colleague)

        return await self._steps.take(call_sid, asking, step)


def _shown(one: Colleague) -> ColleagueShown:
    agent = one.agent
    return ColleagueShown(
        agent=agent.id,
        name=agent.name,
        photo_url=one.photo_url,
        team=agent.team,
        availability=agent.availability,
        activity=agent.activity,
        reason=one.reason,
        back_at=one.back_at,
        languages=list(agent.languages),
        skills=dict(agent.skills),
        familiar=one.familiar,
        chosen=one.chosen,
        free=one.free,
        free_in_seconds=one.free_in_seconds,
    )
