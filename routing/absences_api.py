"""`/agents/{id}/absences` under `/api/v1`: when somebody is not there although their hours say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Body, Line, Listing, Moment, Shown
from api.paging import Paging
from api.problems import FieldRefused, NotFound, Problem
from api.tokens import Asking, Guard
from crm.references import agent_ids
from routing import absences
from routing.api import may_see
from routing.tables import absences as absences_table
from store.clock import Clock
from store.events import emit
from store.sql import Database

AgentRef = Annotated[str, Path(alias="agent_id")]  # an id of ours, or an external id


class AbsenceFields(Body):
    """From the first instant to before the second."""

    starts_at: Moment
    ends_at: Moment
    reason: Line | None = None


class Absence(Shown):
    id: str
    starts_at: Moment
    ends_at: Moment
    reason: str | None


def _nobody() -> None:
    """Nobody wants to know."""


def absences_router(
    database: Database, clock: Clock, guard: Guard, on_change: Callable[[], None] = _nobody
) -> APIRouter:
    """`on_change` hears after the commit."""
    at = _Absences(database, clock, on_change)
    router = APIRouter(tags=["agents"])
    all_of_them, route = "/agents/{agent_id}/absences", router.add_api_route
    manager = [Depends(guard.allows("manager"))]
    themselves = [Depends(guard.allows("manager", "agent"))]
    route(all_of_them, at.find, methods=["GET"], dependencies=themselves)
    route(all_of_them, at.create, methods=["POST"], status_code=201, dependencies=manager)
    one = all_of_them + "/{absence_id}"
    route(one, at.remove, methods=["DELETE"], status_code=204, dependencies=manager)
    return router


class _Absences:
    def __init__(self, database: Database, clock: Clock, on_change: Callable[[], None]) -> None:
        self._database, self._clock, self._on_change = database, clock, on_change

    async def find(self, agent: AgentRef, page: Paging, asking: Asking) -> Listing[Absence]:
        """The latest first; an agent's token finds their own."""
        async with self._database.read() as conn:
            agent_id = (await agent_ids(conn, [agent])).get(agent)
            if not may_see(asking, agent_id or ""):
                raise Problem(403, None, "Agents see their own absences, nobody else's.")
            if agent_id is None:
                raise NotFound("agent")
            kept = absences_table.c
            statement = page.newest_first(select(absences_table), kept.starts_at, kept.id)
            rows = (await conn.execute(statement.where(kept.agent_id == agent_id))).all()
        rows, following = page.cut(rows, lambda row: (row.starts_at.isoformat(), row.id))
        return Listing[Absence](items=[_shown(row) for row in rows], next=following)

    async def create(self, agent: AgentRef, given: AbsenceFields) -> Absence:
        """Meanwhile they are not rung, nobody waits for them, and no call back by them is promised."""
        if given.ends_at <= given.starts_at:
            raise FieldRefused("ends_at", "An absence ends after it has begun.")
        async with self._database.write() as conn:
            agent_id = await _agent(conn, agent)
            absence_id = await absences.add(conn, agent_id, given.starts_at, given.ends_at, given.reason)
            await emit(conn, "agent.changed", agent_id, self._clock.now())
            made = _shown(await absences.load_one(conn, absence_id))
        self._on_change()
        return made

    async def remove(self, agent: AgentRef, absence_id: str) -> None:
        async with self._database.write() as conn:
            agent_id = await _agent(conn, agent)
            if not await absences.remove(conn, agent_id, absence_id):
                raise NotFound("absence")
            await emit(conn, "agent.changed", agent_id, self._clock.now())
        self._on_change()


async def _agent(conn: AsyncConnection, reference: str) -> str:
    found = (await agent_ids(conn, [reference])).get(reference)
    if found is None:
        raise NotFound("agent")
    return found


def _shown(row: Row[Any] | None) -> Absence:
    return Absence.model_validate(row)
