"""`/agents` under `/api/v1`: who answers, and whether they are there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

import api.tokens
from api.fields import Listing
from api.paging import Paging, by_id
from api.problems import FieldRefused, NotFound, Problem, responses
from api.tokens import Asking, Guard, Principal
from crm.references import one_agent
from routing import handing_over, roster
from routing.agents import Activity
from routing.floor import UnknownAgent, end_wrap_up, set_availability
from routing.handing_over import Promised, nothing_promised
from routing.schemas import Agent, AgentChanges, AgentFields, HandedOver, HandOver, Presence, StandIn
from routing.tables import agents
from store.clock import Clock
from store.events import emit
from store.sql import Database

LONGEST_AWAY = timedelta(days=7)


def _nobody(agent_id: str) -> None:
    """Nobody wants to know."""


def agents_router(
    database: Database,
    clock: Clock,
    guard: Guard,
    *,
    region: str,
    language: str,
    on_presence: Callable[[str], None] = _nobody,
    promised: Promised = nothing_promised,
) -> APIRouter:
    """`language` is spoken by agents of whom nothing else is said; `on_presence` hears the id after the commit;
    `promised` hands over what an agent has promised."""
    at = _Agents(database, clock, region, language, on_presence, promised)
    router = APIRouter(tags=["agents"])
    add = router.add_api_route
    manager = [Depends(guard.allows("manager"))]
    anyone = [Depends(guard.allows("manager", "agent", "service"))]
    themselves = [Depends(guard.allows("manager", "agent"))]
    add("/agents", at.create, methods=["POST"], status_code=201, dependencies=manager)
    add("/agents", at.find, methods=["GET"], dependencies=anyone)
    add("/agents/{agent_id}", at.read, methods=["GET"], dependencies=anyone)
    add("/agents/{agent_id}", at.change, methods=["PATCH"], responses=responses(409), dependencies=manager)
    add(
        "/agents/{agent_id}",
        at.remove,
        methods=["DELETE"],
        status_code=204,
        responses=responses(409),
        dependencies=manager,
    )
    add("/agents/{agent_id}/presence", at.presence, methods=["PUT"], dependencies=themselves)
    add("/agents/{agent_id}/stand-in", at.stand_in, methods=["PUT"], dependencies=themselves)
    add("/agents/{agent_id}/wrap-up/end", at.end_wrap_up, methods=["POST"], dependencies=themselves)
    add(
        "/agents/{agent_id}/hand-over",
        at.hand_over,
        methods=["POST"],
        responses=responses(404, 409),
        dependencies=manager,
    )
    return router


class _Agents:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        region: str,
        language: str,
        on_presence: Callable[[str], None],
        promised: Promised,
    ) -> None:
        self._database, self._clock = database, clock
        self._region, self._language, self._on_presence, self._promised = region, language, on_presence, promised

    async def create(self, given: AgentFields) -> Agent:
        """A new agent is offline."""
        fields = given.model_dump()
        fields["languages"] = fields["languages"] or [self._language]
        values = fields
        try:
            async with self._database.write() as conn:
                values = await roster.clean(conn, fields, self._region, None)
                await roster.refuse_twin(conn, values, None)
                agent_id = await roster.add(conn, values, self._clock.now())
        except IntegrityError:
            await self._explain(values, None)
            raise
        self._on_presence(agent_id)
        return await self.show(agent_id)

    async def find(
        self, page: Paging, asking: Asking, external_id: Annotated[str | None, Query(max_length=200)] = None
    ) -> Listing[Agent]:
        """By external id, or all; an agent's token finds that agent only."""
        statement = select(agents)
        if asking.role == "agent":
            statement = statement.where(agents.c.id == asking.agent_id)
        if external_id is not None:
            statement = statement.where(agents.c.external_id == external_id)
        async with self._database.read() as conn:
            rows = (await conn.execute(page.by_id(statement, agents.c.id))).all()
        rows, following = page.cut(rows, by_id)
        return Listing[Agent](items=[roster.shown(row) for row in rows], next=following)

    async def read(self, agent_id: str, asking: Asking) -> Agent:
        if not may_see(asking, agent_id):
            raise Problem(403, None, "Agents see themselves, nobody else.")
        return await self.show(agent_id)

    async def show(self, agent_id: str) -> Agent:
        async with self._database.read() as conn:
            agent = await roster.load_one(conn, agent_id)
        if agent is None:
            raise NotFound("agent")
        return agent

    async def change(self, agent_id: str, given: AgentChanges) -> Agent:
        """What is absent stays as it is; null empties."""
        values = given.model_dump(exclude_unset=True)
        try:
            async with self._database.write() as conn:
                if await roster.load_one(conn, agent_id) is None:
                    raise NotFound("agent")
                values = await roster.clean(conn, values, self._region, agent_id)
                await roster.refuse_twin(conn, values, agent_id)
                await roster.change(conn, agent_id, values, self._clock.now())
        except IntegrityError:
            await self._explain(values, agent_id)
            raise
        self._on_presence(agent_id)
        return await self.show(agent_id)

    async def remove(self, agent_id: str, asking: Asking) -> None:
        """The history stays; an agent who is with a caller cannot be removed.  Those who chose them, their open cases
        and their promises become their successor's, if one is named."""
        async with self._database.write() as conn:
            found = select(agents.c.activity, agents.c.successor).where(agents.c.id == agent_id).with_for_update()
            row = (await conn.execute(found)).one_or_none()
            if row is None:
                raise NotFound("agent")
            if row.activity in (Activity.RESERVED, Activity.TALKING):
                raise Problem(409, None, "This agent is with a caller now.")
            if row.successor is not None and await roster.load_one(conn, row.successor) is not None:
                await handing_over.hand_over(
                    conn, agent_id, row.successor, self._promised, asking=asking, now=self._clock.now()
                )
            await api.tokens.revoke_of_agent(conn, agent_id)
            await conn.execute(delete(agents).where(agents.c.id == agent_id))
            await emit(conn, "agent.changed", agent_id, self._clock.now())
        self._on_presence(agent_id)

    async def presence(self, agent_id: str, given: Presence, asking: Asking) -> Agent:
        """Holds until told otherwise, or until `back_at`; ready ends a wrap-up."""
        if not may_see(asking, agent_id):
            raise Problem(403, None, "Agents set their own presence, nobody else's.")
        now = self._clock.now()
        _check_back(given, now)
        try:
            async with self._database.write() as conn:
                await set_availability(conn, agent_id, given.availability, given.reason, now=now, back_at=given.back_at)
        except UnknownAgent:
            raise NotFound("agent") from None
        self._on_presence(agent_id)
        return await self.show(agent_id)

    async def stand_in(self, agent_id: str, given: StandIn, asking: Asking) -> Agent:
        """Who answers those who know this agent, while they are not here; null: nobody in particular."""
        if not may_see(asking, agent_id):
            raise Problem(403, None, "Agents choose their own stand-in, nobody else's.")
        async with self._database.write() as conn:
            if await roster.load_one(conn, agent_id) is None:
                raise NotFound("agent")
            stand_in = await one_agent(conn, "agent", given.agent)
            if stand_in == agent_id:
                raise FieldRefused("agent", "Nobody can stand in for themselves.")
            await roster.change(conn, agent_id, {"stand_in": stand_in}, self._clock.now())
        self._on_presence(agent_id)
        return await self.show(agent_id)

    async def end_wrap_up(self, agent_id: str, asking: Asking) -> Agent:
        """They have done with it; where there is none, nothing changes."""
        if not may_see(asking, agent_id):
            raise Problem(403, None, "Agents end their own wrap-up, nobody else's.")
        async with self._database.write() as conn:
            ended = await end_wrap_up(conn, agent_id, now=self._clock.now(), early=True)
        if ended:
            self._on_presence(agent_id)
        return await self.show(agent_id)

    async def hand_over(self, agent_id: str, given: HandOver, asking: Asking) -> HandedOver:
        """Now, and without the agent leaving: the people who chose them, their open cases, and what they promised."""
        now = self._clock.now()
        async with self._database.write() as conn:
            agent = await roster.load_one(conn, agent_id)
            if agent is None:
                raise NotFound("agent")
            successor = await one_agent(conn, "successor", given.successor) or agent.successor
            if successor is None or await roster.load_one(conn, successor) is None:
                raise Problem(409, None, "Nobody is named who comes after this agent.", reason="no_successor")
            if successor == agent_id:
                raise FieldRefused("successor", "Nobody can follow themselves.")
            if successor != agent.successor:
                await roster.change(conn, agent_id, {"successor": successor}, now)
            handed = await handing_over.hand_over(conn, agent_id, successor, self._promised, asking=asking, now=now)
        self._on_presence(agent_id)
        return HandedOver(successor=successor, customers=handed.customers, cases=handed.cases, promises=handed.promises)

    async def _explain(self, values: dict[str, object], agent_id: str | None) -> None:
        """A constraint has spoken: raises the problem that tells of the twin, if that was it."""
        async with self._database.read() as conn:
            await roster.refuse_twin(conn, values, agent_id)


def _check_back(given: Presence, now: datetime) -> None:
    """Raises FieldRefused."""
    if given.back_at is None:
        return
    if given.availability != "away":
        raise FieldRefused("back_at", "Only who is away says when they are back.")
    if not now < given.back_at <= now + LONGEST_AWAY:
        raise FieldRefused(
            "back_at", "This lies in the past, or more than a week ahead: an absence is better for that."
        )


def may_see(asking: Principal, agent_id: str) -> bool:
    return asking.role != "agent" or asking.agent_id == agent_id
