"""`/interactions` and `/cases` under `/api/v1`: what happened with people, and their open matters."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing
from api.paging import Paging, by_id
from api.problems import FieldRefused, NotFound, Problem, responses
from api.tokens import Asking, Guard, Principal
from crm import audit, case_history, cases, history
from crm.case_history import by_token
from crm.memory_schemas import CaseStep
from crm.references import agent_ids, customer_ids, one_agent, one_customer
from crm.schemas import (
    Case,
    CaseChanges,
    CaseFields,
    FollowUp,
    Interaction,
    InteractionFields,
    Interactions,
    ManyInteractions,
    OneOrMany,
)
from crm.tables import cases as cases_table
from crm.tables import interactions
from store.clock import Clock
from store.sql import Database

Asked = Annotated[str | None, Query(max_length=200)]
Promise = Callable[[AsyncConnection, Case, FollowUp, Principal], Awaitable[None]]
"""Promises the customer of a case, in the transaction that solves it, to ask again.  Raises Problem."""


def interactions_router(database: Database, clock: Clock, guard: Guard) -> APIRouter:
    at = _Interactions(database, clock)
    router = APIRouter(tags=["interactions"])
    writers = [Depends(guard.allows("manager", "service"))]
    readers = [Depends(guard.allows("manager", "service", "agent"))]
    known: dict[int | str, dict[str, Any]] = {
        200: {"model": Interaction | Interactions, "description": "Nothing new: all were known already."}
    }
    router.add_api_route(
        "/interactions", at.record, methods=["POST"], status_code=201, responses=known, dependencies=writers
    )
    router.add_api_route("/interactions", at.find, methods=["GET"], dependencies=readers)
    return router


def cases_router(database: Database, clock: Clock, guard: Guard, promise: Promise | None = None) -> APIRouter:
    """`promise` belongs to a room that this one does not know; without it no follow-up can be asked for."""
    at = _Cases(database, clock, promise)
    router = APIRouter(tags=["cases"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    router.add_api_route("/cases", at.create, methods=["POST"], status_code=201)
    router.add_api_route("/cases", at.find, methods=["GET"])
    router.add_api_route("/cases/{case_id}", at.show, methods=["GET"])
    router.add_api_route("/cases/{case_id}", at.change, methods=["PATCH"], responses=responses(409))
    router.add_api_route("/cases/{case_id}/history", at.history, methods=["GET"])
    return router


class _Interactions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def record(self, given: OneOrMany, response: Response) -> Interaction | Interactions:
        """One conversation, or many as `items`; those known by their external id stay as they are."""
        many = isinstance(given, ManyInteractions)
        items = given.items if isinstance(given, ManyInteractions) else [given]
        try:
            ids, new = await self._store(items, many)
        except IntegrityError:  # the same external ids were written at the same moment: now they are known
            ids, new = await self._store(items, many)
        if not new:
            response.status_code = 200
        async with self._database.read() as conn:
            found = await history.load(conn, ids)
        shown = [found[id] for id in ids if id in found]
        if many:
            return Interactions(items=shown)
        if not shown:
            raise Problem(409, None, "The customer was erased at the same moment.")
        return shown[0]

    async def find(
        self,
        page: Paging,
        asking: Asking,
        customer: Asked = None,
        agent: Asked = None,
        external_id: Asked = None,
    ) -> Listing[Interaction]:
        """The latest first, of one customer, of one agent, or of all."""
        statement, whose = select(interactions), None
        async with self._database.read() as conn:
            if customer is not None:
                whose = (await customer_ids(conn, [customer])).get(customer)
                statement = statement.where(interactions.c.customer_id == (whose or customer))
            if agent is not None:
                agent = (await agent_ids(conn, [agent])).get(agent, agent)
                statement = statement.where(interactions.c.agent_id == agent)
            if external_id is not None:
                statement = statement.where(interactions.c.external_id == external_id)
            statement = page.newest_first(statement, interactions.c.started_at, interactions.c.id)
            rows = (await conn.execute(statement)).all()
        await audit.part_seen(self._database, asking, whose, "interactions", now=self._clock.now())
        rows, following = page.cut(rows, lambda row: (row.started_at.isoformat(), row.id))
        return Listing[Interaction](items=[history.shown(row) for row in rows], next=following)

    async def _store(self, items: Sequence[InteractionFields], many: bool) -> tuple[list[str], bool]:
        """The ids in the order given, and whether any is new."""
        async with self._database.write() as conn:
            rows = await _resolved(conn, items, many)
            known = await history.known_ids(conn, [item.external_id for item in items if item.external_id])
            ids: dict[str | int, str] = dict(known.items())
            fresh: dict[str | int, dict[str, Any]] = {}
            for n, row in enumerate(rows):
                name = row["external_id"] or n
                if name not in ids:
                    fresh.setdefault(name, row)  # of two with one external id the first counts
            ids |= zip(fresh, await history.record_many(conn, list(fresh.values())), strict=True)
        return [ids[item.external_id or n] for n, item in enumerate(items)], bool(fresh)


async def _resolved(conn: AsyncConnection, items: Sequence[InteractionFields], many: bool) -> list[dict[str, Any]]:
    """As rows of the table.  Raises FieldRefused with the first person who does not exist."""
    people = await customer_ids(conn, [item.customer for item in items])
    colleagues = await agent_ids(conn, [item.agent for item in items if item.agent])
    rows = []
    for n, item in enumerate(items):
        where = f"items[{n}]." if many else ""
        if item.customer not in people:
            raise FieldRefused(f"{where}customer", "There is no such customer.")
        if item.agent is not None and item.agent not in colleagues:
            raise FieldRefused(f"{where}agent", "There is no such agent.")
        row = item.model_dump(exclude={"customer", "agent"})
        agent_id = colleagues[item.agent] if item.agent is not None else None
        rows.append(row | {"customer_id": people[item.customer], "agent_id": agent_id})
    return rows


class _Cases:
    def __init__(self, database: Database, clock: Clock, promise: Promise | None) -> None:
        self._database, self._clock, self._promise = database, clock, promise

    async def create(self, given: CaseFields, asking: Asking) -> Case:
        async with self._database.write() as conn:
            values = given.model_dump(exclude={"customer"})
            values["customer_id"] = await one_customer(conn, "customer", given.customer)
            values["owner"] = await one_agent(conn, "owner", given.owner)
            case_id = await cases.open_case(conn, values, self._clock.now(), by_token(asking))
            return await self._shown(conn, case_id)

    async def find(self, page: Paging, asking: Asking, customer: Asked = None) -> Listing[Case]:
        """Of one customer or of all."""
        statement, whose = select(cases_table), None
        async with self._database.read() as conn:
            if customer is not None:
                whose = (await customer_ids(conn, [customer])).get(customer)
                statement = statement.where(cases_table.c.customer_id == (whose or customer))
            rows = (await conn.execute(page.by_id(statement, cases_table.c.id))).all()
        await self._seen(asking, whose, "cases")
        rows, following = page.cut(rows, by_id)
        return Listing[Case](items=[cases.shown(row) for row in rows], next=following)

    async def show(self, case_id: str, asking: Asking) -> Case:
        async with self._database.read() as conn:
            case = await self._shown(conn, case_id)
        await self._seen(asking, case.customer, "case")
        return case

    async def change(self, case_id: str, given: CaseChanges, asking: Asking) -> Case:
        """What is absent stays as it is; null empties.  `open` on a solved one opens it again.

        A follow-up is promised with the solving, or neither is.
        """
        async with self._database.write() as conn:
            await self._shown(conn, case_id)
            values = given.model_dump(exclude_unset=True, exclude={"follow_up"})
            if "owner" in values:
                values["owner"] = await one_agent(conn, "owner", values["owner"])
            await cases.change(conn, case_id, values, self._clock.now(), by_token(asking))
            case = await self._shown(conn, case_id)
            if given.follow_up is not None:
                await self._follow_up(conn, case, values.get("state"), given.follow_up, asking)
            return case

    async def history(self, case_id: str, page: Paging, asking: Asking) -> Listing[CaseStep]:
        """What happened to it, when, and through whom; the first step first."""
        after = page.after_number() if page.after else 0
        async with self._database.read() as conn:
            case = await self._shown(conn, case_id)
            steps = [step for step in await case_history.of_case(conn, case_id) if step.n > after]
        await self._seen(asking, case.customer, "case_history")
        shown, following = page.cut(steps, lambda step: (str(step.n),))
        return Listing[CaseStep](items=[CaseStep.model_validate(step) for step in shown], next=following)

    async def _seen(self, asking: Principal, customer_id: str | None, part: str) -> None:
        await audit.part_seen(self._database, asking, customer_id, part, now=self._clock.now())

    async def _follow_up(
        self, conn: AsyncConnection, case: Case, state: str | None, given: FollowUp, asking: Principal
    ) -> None:
        if state != "solved" or self._promise is None:
            raise FieldRefused("follow_up", "A case is followed up when it is solved: say so with `state`.")
        await self._promise(conn, case, given, asking)

    async def _shown(self, conn: AsyncConnection, case_id: str) -> Case:
        case = await cases.load_one(conn, case_id)
        if case is None:
            raise NotFound("case")
        return case
