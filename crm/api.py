"""`/customers` under `/api/v1`: people, their story, and their right to be forgotten."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing
from api.paging import Page, Paging, by_id
from api.problems import FieldRefused, NotFound, Problem, responses
from api.tokens import Asking, Guard, Principal
from crm import audit, people, privacy
from crm.audit import What
from crm.duplicates_api import duplicates_router
from crm.finding import find_people
from crm.merging import Promised
from crm.numbers import read_asked_number, read_number
from crm.privacy_api import privacy_router
from crm.schemas import Customer, CustomerFields, NumberGivenUp, TimelineItem
from crm.searching import LONGEST_QUERY, Search
from crm.tables import customer_phones, customers
from crm.timeline import Kind, Teller, timeline
from store.clock import Clock
from store.sql import Database

ANYTHING = "parts of the name in any order and spelling, digits of a number, an e-mail, an address or an external id"


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
    promised: Promised = field(default_factory=Promised)  # how two open promises become one


def customers_router(
    database: Database, clock: Clock, guard: Guard, region: str, others: Others | None = None
) -> APIRouter:
    """`region` is where a national number belongs (ISO 3166)."""
    others = others or Others()
    at = _Customers(database, clock, region, others)
    router = APIRouter(tags=["customers"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    add = router.add_api_route
    add("/customers", at.create, methods=["POST"], status_code=201)
    add("/customers", at.find, methods=["GET"])
    add("/customers/{customer_id}", at.show, methods=["GET"])
    add("/customers/{customer_id}", at.change, methods=["PATCH"], responses=responses(409))
    add("/customers/{customer_id}/numbers/given-up", at.give_up, methods=["POST"])
    add("/customers/{customer_id}/timeline", at.timeline, methods=["GET"])
    router.include_router(
        privacy_router(
            database,
            clock,
            guard,
            erasers=others.erasers,
            exporters=others.exporters,
            confidential=others.confidential,
            on_change=others.on_change,
        )
    )
    router.include_router(duplicates_router(database, clock, guard, others.promised, others.on_change))
    return router


class _Customers:
    def __init__(self, database: Database, clock: Clock, region: str, others: Others) -> None:
        self._database, self._clock, self._region, self._others = database, clock, region, others

    async def create(self, given: CustomerFields, asking: Asking) -> Customer:
        now = self._clock.now()
        try:
            async with self._database.write() as conn:
                values = await people.clean(conn, given.model_dump(), self._region)
                await _refuse_twin(conn, given.external_id)
                customer_id = await people.add(conn, values, now, told=asking.role == "agent")
                await audit.record(conn, asking, What.MADE, customer_id, now=now)
        except IntegrityError:
            await self._explain(given.external_id)
            raise
        return await self._changed(customer_id)

    async def find(
        self,
        page: Paging,
        asking: Asking,
        phone: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
        external_id: Annotated[str | None, Query(max_length=200)] = None,
        q: Annotated[str | None, Query(max_length=200, description=ANYTHING)] = None,
    ) -> Listing[Customer]:
        """By number, by external id, by whatever is known of them, or all."""
        if q is not None:
            return await self._search(q, page, asking)
        statement = select(customers.c.id).where(customers.c.merged_into.is_(None))
        if phone is not None:
            number = read_asked_number("phone", phone, self._region)
            owners = select(customer_phones.c.customer_id).where(customer_phones.c.number == number)
            statement = statement.where(customers.c.id.in_(owners.where(customer_phones.c.given_up_at.is_(None))))
        if external_id is not None:
            named = customers.alias("named")
            kept = select(func.coalesce(named.c.merged_into, named.c.id)).where(named.c.external_id == external_id)
            statement = statement.where(customers.c.id.in_(kept))
        async with self._database.read() as conn:
            rows = (await conn.execute(page.by_id(statement, customers.c.id))).all()
            rows, following = page.cut(rows, by_id)
            found = await people.load(conn, [row.id for row in rows])
        await audit.seen(self._database, asking, What.SEARCHED, found, now=self._clock.now())
        return Listing[Customer](items=list(found.values()), next=following)

    async def _search(self, q: str, page: Page, asking: Principal) -> Listing[Customer]:
        """One page, those that fit best first."""
        async with self._database.read() as conn:
            found = await people.load(conn, await find_people(conn, q, self._region, page.limit))
        await audit.seen(self._database, asking, What.SEARCHED, found, now=self._clock.now())
        return Listing[Customer](items=list(found.values()), next=None)

    async def show(self, customer_id: str, asking: Asking) -> Customer:
        async with self._database.write() as conn:
            customer = await people.load_one(conn, await people.living(conn, customer_id))
            if customer is None:
                raise NotFound("customer")
            await audit.record(conn, asking, What.READ, customer.id, now=self._clock.now())
        return customer

    async def change(self, customer_id: str, given: CustomerFields, asking: Asking) -> Customer:
        """What is absent stays as it is; null empties."""
        now = self._clock.now()
        try:
            async with self._database.write() as conn:
                customer_id = await people.living(conn, customer_id)
                values = await people.clean(conn, given.model_dump(exclude_unset=True), self._region)
                await people.change(conn, customer_id, values, now, told=asking.role == "agent")
                await audit.record(conn, asking, What.CHANGED, customer_id, now=now, fields=sorted(values))
        except IntegrityError:
            await self._explain(given.external_id)
            raise
        return await self._changed(customer_id)

    async def give_up(self, customer_id: str, given: NumberGivenUp, asking: Asking) -> Customer:
        """The number is somebody else's by now: whoever rings from it is not greeted as this person any more."""
        now = self._clock.now()
        async with self._database.write() as conn:
            customer_id = await people.living(conn, customer_id)
            number = read_number("number", given.number, self._region)
            if not await people.give_up(conn, customer_id, number, now):
                raise FieldRefused("number", "This is no number of theirs.")
            await audit.record(conn, asking, What.CHANGED, customer_id, now=now, fields=["phones"])
        return await self._changed(customer_id)

    async def timeline(
        self,
        customer_id: str,
        page: Paging,
        asking: Asking,
        q: Annotated[str | None, Query(min_length=1, max_length=LONGEST_QUERY)] = None,
        kind: Kind | None = None,
    ) -> Listing[TimelineItem]:
        """What happened with this person, the latest first; of one kind, or with these words in it, where asked."""
        after = page.after_moment() if page.after else None
        async with self._database.read() as conn:
            customer_id = await people.living(conn, customer_id)
            search = Search(q) if q is not None else None
            items = await timeline(conn, customer_id, self._others.tellers, after, page.limit, kind=kind, search=search)
        await audit.seen(self._database, asking, What.READ, [customer_id], now=self._clock.now(), part="timeline")
        shown, following = page.cut(items, lambda item: (item.at.isoformat(), item.ref))
        return Listing[TimelineItem](items=list(shown), next=following)

    async def _changed(self, customer_id: str) -> Customer:
        self._others.on_change(customer_id)
        async with self._database.read() as conn:
            customer = await people.load_one(conn, customer_id)
        if customer is None:
            raise NotFound("customer")  # erased at this moment
        return customer

    async def _explain(self, external_id: str | None) -> None:
        """A constraint has spoken: raises the problem that tells of the twin, if that was it."""
        async with self._database.read() as conn:
            await _refuse_twin(conn, external_id)


async def _refuse_twin(conn: AsyncConnection, external_id: str | None) -> None:
    """409 with the id of the customer who has this external id already."""
    twin = await people.id_of_external(conn, external_id)
    if twin is not None:
        raise Problem(409, None, "There is already a customer with this external id.", "external_id", id=twin)
