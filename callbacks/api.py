"""`/callbacks` under `/api/v1`: what was promised to whom, and what can be."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import StringConstraints, WithJsonSchema
from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing, parse_moment
from api.paging import Paging, by_id
from api.problems import FieldRefused, NotFound, Problem, responses
from api.tokens import Guard
from callbacks.promises import CannotKeep, InProgress, Promises, Wish
from callbacks.schemas import Attempt, Callback, CallbackChanges, CallbackFields, SlotShown
from callbacks.slots import GRID, Slot, next_slots
from callbacks.states import State
from callbacks.tables import callbacks
from carrier.numbering import NotANumber, callable_back, normalise
from carrier.numbers import Numbers
from crm.identify import Person, person_by_id
from crm.references import one_agent, one_customer
from crm.tables import cases
from routing.house import House
from routing.plans import Plans
from store.clock import Clock
from store.sql import Database

Asked = Annotated[str, StringConstraints(max_length=40), WithJsonSchema({"type": "string", "format": "date-time"})]


FARTHEST = timedelta(days=366)


def callbacks_router(
    database: Database,
    clock: Clock,
    guard: Guard,
    promises: Promises,
    plans: Plans,
    house: House,
    on_change: Callable[[], None],
    numbers: Numbers,
) -> APIRouter:
    """`on_change` hears after the commit that something may be due sooner than it was."""
    at = _Callbacks(database, clock, promises, plans, house, on_change, numbers)
    router = APIRouter(tags=["callbacks"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    add = router.add_api_route
    add(
        "/callbacks",
        at.create,
        methods=["POST"],
        status_code=201,
        responses={200: {"model": Callback}, **responses(409)},
    )
    add("/callbacks", at.find, methods=["GET"])
    add("/callbacks/slots", at.slots, methods=["GET"])
    add("/callbacks/{callback_id}", at.show, methods=["GET"])
    add("/callbacks/{callback_id}", at.change, methods=["PATCH"], responses=responses(409))
    add("/callbacks/{callback_id}", at.cancel, methods=["DELETE"], status_code=204, responses=responses(409))
    return router


class _Callbacks:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        promises: Promises,
        plans: Plans,
        house: House,
        on_change: Callable[[], None],
        numbers: Numbers,
    ) -> None:
        self._database, self._clock, self._promises = database, clock, promises
        self._plans, self._house, self._on_change, self._numbers = plans, house, on_change, numbers

    async def create(self, given: CallbackFields, response: Response) -> Callback:
        """A promise; one that is open for the same person and matter is moved instead (200, same id)."""
        try:
            promise_id, new = await self._make(given)
        except IntegrityError:
            promise_id, new = await self._make(given)  # two at once for one person: the second one moves the first
        response.status_code = 201 if new else 200
        self._on_change()
        return await self.show(promise_id)

    def _in_reach(self, due_at: datetime | None) -> datetime | None:
        """Raises FieldRefused."""
        if due_at is not None and due_at > self._clock.now() + FARTHEST:
            raise FieldRefused("due_at", "A call is promised for at most a year ahead.")
        return due_at

    async def _make(self, given: CallbackFields) -> tuple[str, bool]:
        async with self._database.write() as conn:
            customer_id = await one_customer(conn, "customer", given.customer)
            person = await person_by_id(conn, customer_id)
            assert person is not None
            kind = given.kind or ("asap" if given.due_at is None else "scheduled")
            wish = Wish(
                customer_id=customer_id,
                number=await self._number(conn, given.number, person),
                language=person.language or self._house.language,
                kind=kind,
                due_at=self._in_reach(given.due_at),
                agent_id=await one_agent(conn, "agent", given.agent),
                case_id=await _case(conn, customer_id, given.case),
                reason=given.reason,
                origin_call=given.origin_call,
                window_seconds=given.window_seconds,
            )
            _, plan = await self._plans.current(conn)
            with _refusals():
                promise, new = await self._promises.make(conn, wish, plan, now=self._clock.now())
        return promise.id, new

    async def find(
        self,
        page: Paging,
        customer: Annotated[str | None, Query(max_length=200)] = None,
        agent: Annotated[str | None, Query(max_length=200)] = None,
        state: State | None = None,
    ) -> Listing[Callback]:
        statement = select(callbacks)
        if customer is not None:
            statement = statement.where(callbacks.c.customer_id == customer)
        if agent is not None:
            statement = statement.where(callbacks.c.agent_id == agent)
        if state is not None:
            statement = statement.where(callbacks.c.state == state)
        async with self._database.read() as conn:
            rows = (await conn.execute(page.by_id(statement, callbacks.c.id))).all()
            rows, following = page.cut(rows, by_id)
            items = await shown(conn, self._promises, rows)
        return Listing[Callback](items=items, next=following)

    async def slots(
        self,
        page: Paging,
        customer: Annotated[str | None, Query(max_length=200)] = None,
        agent: Annotated[str | None, Query(max_length=200)] = None,
        from_: Annotated[Asked | None, Query(alias="from")] = None,
        to: Asked | None = None,
    ) -> Listing[SlotShown]:
        """Times that can be promised, on a grid of five minutes; without `to` those of the 24 hours after `from`."""
        now = self._clock.now()
        start = max(_moment("from", from_) or now, now)
        end = _moment("to", to) or start + timedelta(days=1)
        if page.after is not None:
            start = max(start, page.after_moment()[0] + GRID)
        async with self._database.read() as conn:
            customer_id = None if customer is None else await one_customer(conn, "customer", customer)
            person = None if customer_id is None else await person_by_id(conn, customer_id)
            agent_id = await one_agent(conn, "agent", agent)
            _, plan = await self._plans.current(conn)
            language = (person.language if person else None) or self._house.language
            ledger = await self._promises.ledger(conn, plan, language, now=now, customer_id=customer_id)
        free = [slot for slot in next_slots(ledger, start, agent_id, page.limit + 1) if slot.due_at <= end]
        rows, following = page.cut(free, lambda slot: (slot.due_at.isoformat(), "slot"))
        return Listing[SlotShown](items=[_slot(slot) for slot in rows], next=following)

    async def show(self, callback_id: str) -> Callback:
        async with self._database.read() as conn:
            promise = await self._promises.read(conn, callback_id)
            if promise is None:
                raise NotFound("callback")
            return (await shown(conn, self._promises, [promise]))[0]

    async def change(self, callback_id: str, given: CallbackChanges) -> Callback:
        fields = given.model_fields_set
        async with self._database.write() as conn:
            promise = await self._promises.read(conn, callback_id, lock=True)
            if promise is None:
                raise NotFound("callback")
            person = await person_by_id(conn, promise.customer_id)
            assert person is not None
            agent_id = await one_agent(conn, "agent", given.agent) if "agent" in fields else promise.agent_id
            wish = Wish(
                customer_id=promise.customer_id,
                number=await self._number(conn, given.number, person) if "number" in fields else promise.number,
                language=person.language or self._house.language,
                due_at=self._in_reach(given.due_at) if "due_at" in fields else promise.promised_at,
                agent_id=agent_id,
                reason=given.reason if "reason" in fields else promise.reason,
                window_seconds=given.window_seconds or promise.window_seconds,
            )
            _, plan = await self._plans.current(conn)
            with _refusals():
                await self._promises.move(conn, promise, wish, plan, now=self._clock.now())
        self._on_change()
        return await self.show(callback_id)

    async def cancel(self, callback_id: str) -> None:
        """The customer no longer wants it; one that has ended stays as it ended."""
        async with self._database.write() as conn:
            if await self._promises.read(conn, callback_id) is None:
                raise NotFound("callback")
            with _refusals():
                await self._promises.cancel(conn, callback_id, now=self._clock.now())

    async def _number(self, conn: AsyncConnection, given: str | None, person: Person) -> str:
        """Raises FieldRefused for a number that cannot or may not be called."""
        if given is None and not person.phones:
            raise FieldRefused("number", "This customer has no phone number; give one.")
        try:
            number = normalise(given or person.phones[0], self._house.country)
        except NotANumber:
            raise FieldRefused("number", "This is not a phone number.") from None
        reason = callable_back(number, self._house.country)
        if reason is not None:
            raise FieldRefused("number", f"This number is not called back: {reason}.")
        if await self._numbers.is_ours(conn, number):
            raise FieldRefused("number", "This number is one of ours.")
        return number


async def shown(conn: AsyncConnection, promises: Promises, rows: Sequence[Row[Any]]) -> list[Callback]:
    """Promises as the API shows them."""
    attempts = await promises.attempts(conn, [row.id for row in rows])
    return [
        Callback(
            id=row.id,
            customer=row.customer_id,
            number=row.number,
            agent=row.agent_id,
            case=row.case_id,
            due_at=row.promised_at,
            window_seconds=row.window_seconds,
            kind=row.kind,
            reason=row.reason,
            origin_call=row.origin_call,
            recording_url=row.recording_url,
            state=row.state,
            attempts=[Attempt(n=one.n, at=one.at, result=one.result) for one in attempts[row.id]],
            kept_at=row.kept_at,
            late_seconds=row.late_seconds,
            made_at=row.made_at,
        )
        for row in rows
    ]


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns what a promise may be refused for into the API's problems."""
    try:
        yield
    except CannotKeep as error:
        slots = [_slot(slot).model_dump(mode="json") for slot in error.slots]
        raise Problem(409, "This time cannot be kept", "Choose one of the slots.", "due_at", slots=slots) from error
    except InProgress as error:
        raise Problem(409, None, "This promise is being kept now, or has ended.") from error


def _slot(slot: Slot) -> SlotShown:
    return SlotShown(due_at=slot.due_at, agent=slot.agent)


def _moment(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_moment(text.replace(" ", "+"))  # a plus in a query is read as a space
    except ValueError as error:
        raise FieldRefused(field, str(error)) from None


async def _case(conn: AsyncConnection, customer_id: str, case_id: str | None) -> str | None:
    if case_id is None:
        return None
    owned = await conn.scalar(select(cases.c.id).where(cases.c.id == case_id, cases.c.customer_id == customer_id))
    if owned is None:
        raise FieldRefused("case", "This customer has no such case.")
    return case_id
