"""`/customers/{id}/vetoes` under `/api/v1`: pairings that one of the two has declined.

Managers and services see and say both sides.  An agent sees and says their own side of their own pairings: whether a
customer has declined them they cannot find out here.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Body, Listing, Moment, Shown
from api.paging import Paging
from api.problems import NotFound, Problem, responses
from api.tokens import Asking, Guard, Principal
from crm import audit
from crm.references import agent_ids, customer_ids
from routing import vetoes
from routing.vetoes import Side
from store.clock import Clock
from store.sql import Database

# An id of ours, or an external id.
CustomerRef = Annotated[str, Path(alias="customer_id")]
AgentRef = Annotated[str, Path(alias="agent_id")]


class VetoFields(Body):
    """Who of the two declines; saying so again changes nothing."""

    by: Side


class Declined(Shown):
    by: Side
    at: Moment


class Veto(Shown):
    """The two are not put through to each other; `declined` holds what the token may see of who said so."""

    customer: str
    agent: str
    declined: list[Declined]


def vetoes_router(database: Database, clock: Clock, guard: Guard) -> APIRouter:
    at = _Vetoes(database, clock)
    router = APIRouter(tags=["vetoes"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    one, add = "/customers/{customer_id}/vetoes/{agent_id}", router.add_api_route
    add("/customers/{customer_id}/vetoes", at.find, methods=["GET"])
    add(one, at.show, methods=["GET"])
    add(one, at.decline, methods=["PUT"], responses=responses(409))
    add(one, at.allow, methods=["DELETE"], status_code=204)
    return router


class _Vetoes:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def find(self, customer: CustomerRef, page: Paging, asking: Asking) -> Listing[Veto]:
        """Agents this customer is not put through to; an agent's token finds what that agent has said."""
        async with self._database.read() as conn:
            customer_id = await _customer(conn, customer)
            statement = vetoes.declined_agents(customer_id, _side(asking), asking.agent_id)
            found = (await conn.scalars(page.by_id(statement, statement.selected_columns.agent_id))).all()
            agents, following = page.cut(found, lambda agent_id: (agent_id,))
            rows = await vetoes.declined(conn, customer_id, agents, _side(asking))
        await audit.part_seen(self._database, asking, customer_id, "vetoes", now=self._clock.now())
        return Listing[Veto](items=_shown(rows), next=following)

    async def show(self, customer: CustomerRef, agent: AgentRef, asking: Asking) -> Veto:
        async with self._database.read() as conn:
            customer_id, agent_id = await _pairing(conn, customer, agent, asking)
            veto = await _one(conn, customer_id, agent_id, asking)
        await audit.part_seen(self._database, asking, customer_id, "vetoes", now=self._clock.now())
        return veto

    async def decline(self, customer: CustomerRef, agent: AgentRef, given: VetoFields, asking: Asking) -> Veto:
        """Privately: neither the other side nor any caller is told."""
        _may_say(asking, given.by)
        async with self._database.write() as conn:
            customer_id, agent_id = await _pairing(conn, customer, agent, asking)
            await vetoes.decline(conn, customer_id, agent_id, given.by, now=self._clock.now())
            return await _one(conn, customer_id, agent_id, asking)

    async def allow(
        self, customer: CustomerRef, agent: AgentRef, asking: Asking, by: Annotated[Side | None, Query()] = None
    ) -> None:
        """Takes back what one side said, or without `by` all that this token may say; the rest stands."""
        if by is not None:
            _may_say(asking, by)
        async with self._database.write() as conn:
            customer_id, agent_id = await _pairing(conn, customer, agent, asking)
            if not await vetoes.allow(conn, customer_id, agent_id, by or _side(asking)):
                raise NotFound("veto")


def _side(asking: Principal) -> Side | None:
    """The one they see; None: both."""
    return "agent" if asking.role == "agent" else None


def _may_say(asking: Principal, by: Side) -> None:
    if _side(asking) not in (None, by):
        raise Problem(403, None, "Agents speak for themselves.", "by")


async def _customer(conn: AsyncConnection, reference: str) -> str:
    found = (await customer_ids(conn, [reference])).get(reference)
    if found is None:
        raise Problem(404, None, "There is no such customer.", "customer_id")
    return found


async def _pairing(conn: AsyncConnection, customer: str, agent: str, asking: Principal) -> tuple[str, str]:
    """The ids of the two.  An agent is told nothing of colleagues, not even whether they exist."""
    agent_id = (await agent_ids(conn, [agent])).get(agent)
    if asking.role == "agent" and agent_id != asking.agent_id:
        raise Problem(403, None, "Agents see their own pairings, nobody else's.")
    if agent_id is None:
        raise Problem(404, None, "There is no such agent.", "agent_id")
    return await _customer(conn, customer), agent_id


async def _one(conn: AsyncConnection, customer_id: str, agent_id: str, asking: Principal) -> Veto:
    found = _shown(await vetoes.declined(conn, customer_id, [agent_id], _side(asking)))
    if not found:
        raise NotFound("veto")
    return found[0]


def _shown(rows: Iterable[Row[Any]]) -> list[Veto]:
    """Rows by agent, one pairing for each."""
    pairings = [list(said) for _, said in groupby(rows, lambda row: row.agent_id)]
    return [
        Veto(
            customer=said[0].customer_id,
            agent=said[0].agent_id,
            declined=[Declined(by=row.declined_by, at=row.at) for row in said],
        )
        for said in pairings
    ]
