"""`/customers` under `/api/v1`: people, their story, and their right to be forgotten."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing
from api.paging import Paging, by_id
from api.problems import NotFound, Problem, responses
from api.tokens import Asking, Guard
from crm import people, privacy
from crm.numbers import read_asked_number
from crm.schemas import Customer, CustomerFields, Export, TimelineItem
from crm.tables import customer_phones, customers
from crm.timeline import Teller, timeline
from store.clock import Clock
from store.sql import Database


def _nobody(customer_id: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Others:
    """What other rooms know of a person, handed in: who erases, exports and tells of it, who hears of a change."""

    erasers: Sequence[privacy.Eraser] = ()
    exporters: Mapping[str, privacy.Exporter] = field(default_factory=dict)
    confidential: Mapping[str, privacy.Exporter] = field(default_factory=dict)  # not for agents
    tellers: Sequence[Teller] = ()
    on_change: Callable[[str], None] = _nobody  # after the commit, with the customer's id


def customers_router(
    database: Database, clock: Clock, guard: Guard, region: str, others: Others | None = None
) -> APIRouter:
    """`region` is where a national number belongs (ISO 3166)."""
    at = _Customers(database, clock, region, others or Others())
    router = APIRouter(tags=["customers"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    add = router.add_api_route
    add("/customers", at.create, methods=["POST"], status_code=201)
    add("/customers", at.find, methods=["GET"])
    add("/customers/{customer_id}", at.show, methods=["GET"])
    add("/customers/{customer_id}", at.change, methods=["PATCH"], responses=responses(409))
    add("/customers/{customer_id}", at.erase, methods=["DELETE"], status_code=204, responses=responses(409))
    add("/customers/{customer_id}/timeline", at.timeline, methods=["GET"])
    add("/customers/{customer_id}/export", at.export, methods=["GET"])
    return router


class _Customers:
    def __init__(self, database: Database, clock: Clock, region: str, others: Others) -> None:
        self._database, self._clock, self._region, self._others = database, clock, region, others

    async def create(self, given: CustomerFields) -> Customer:
        now = self._clock.now()
        try:
            async with self._database.write() as conn:
                values = await people.clean(conn, given.model_dump(), self._region)
                await _refuse_twin(conn, given.external_id)
                customer_id = await people.add(conn, values, now)
        except IntegrityError:
            await self._explain(given.external_id)
            raise
        return await self._changed(customer_id)

    async def find(
        self,
        page: Paging,
        phone: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
        external_id: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Listing[Customer]:
        """By number, by external id, or all."""
        statement = select(customers.c.id)
        if phone is not None:
            number = read_asked_number("phone", phone, self._region)
            owners = select(customer_phones.c.customer_id).where(customer_phones.c.number == number)
            statement = statement.where(customers.c.id.in_(owners))
        if external_id is not None:
            statement = statement.where(customers.c.external_id == external_id)
        async with self._database.read() as conn:
            rows = (await conn.execute(page.by_id(statement, customers.c.id))).all()
            rows, following = page.cut(rows, by_id)
            found = await people.load(conn, [row.id for row in rows])
        return Listing[Customer](items=list(found.values()), next=following)

    async def show(self, customer_id: str) -> Customer:
        async with self._database.read() as conn:
            customer = await people.load_one(conn, customer_id)
        if customer is None:
            raise NotFound("customer")
        return customer

    async def change(self, customer_id: str, given: CustomerFields) -> Customer:
        """What is absent stays as it is; null empties."""
        try:
            async with self._database.write() as conn:
                if not await people.exists(conn, customer_id):
                    raise NotFound("customer")
                values = await people.clean(conn, given.model_dump(exclude_unset=True), self._region)
                await people.change(conn, customer_id, values, self._clock.now())
        except IntegrityError:
            await self._explain(given.external_id)
            raise
        return await self._changed(customer_id)

    async def erase(self, customer_id: str) -> None:
        """Everything about this person goes, everywhere."""
        async with self._database.write() as conn:
            if not await privacy.erase(conn, customer_id, self._others.erasers):
                raise NotFound("customer")
        self._others.on_change(customer_id)

    async def timeline(self, customer_id: str, page: Paging) -> Listing[TimelineItem]:
        """What happened with this person, the latest first."""
        after = page.after_moment() if page.after else None
        async with self._database.read() as conn:
            if not await people.exists(conn, customer_id):
                raise NotFound("customer")
            items = await timeline(conn, customer_id, self._others.tellers, after, page.limit)
        shown, following = page.cut(items, lambda item: (item.at.isoformat(), item.ref))
        return Listing[TimelineItem](items=list(shown), next=following)

    async def export(self, customer_id: str, asking: Asking) -> Export:
        """All that is kept about this person; to an agent's token without what they said of agents."""
        exporters = {**self._others.exporters, **({} if asking.role == "agent" else self._others.confidential)}
        async with self._database.read() as conn:
            whole = await privacy.export(conn, customer_id, exporters, self._clock.now())
        if whole is None:
            raise NotFound("customer")
        return whole

    async def _changed(self, customer_id: str) -> Customer:
        self._others.on_change(customer_id)
        return await self.show(customer_id)

    async def _explain(self, external_id: str | None) -> None:
        """A constraint has spoken: raises the problem that tells of the twin, if that was it."""
        async with self._database.read() as conn:
            await _refuse_twin(conn, external_id)


async def _refuse_twin(conn: AsyncConnection, external_id: str | None) -> None:
    """409 with the id of the customer who has this external id already."""
    twin = await people.id_of_external(conn, external_id)
    if twin is not None:
        raise Problem(409, None, "There is already a customer with this external id.", "external_id", id=twin)
