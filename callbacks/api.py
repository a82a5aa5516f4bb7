"""`/callbacks` under `/api/v1`: what was promised to whom, what became of it, and what can be promised."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import StringConstraints, WithJsonSchema
from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing, parse_moment
from api.paging import Paging
from api.problems import FieldRefused, NotFound, Problem, responses
from api.tokens import Asking, Guard, Principal
from callbacks import story
from callbacks.alternatives import as_choices
from callbacks.listing import Narrowed, shown, step_shown, steps_of
from callbacks.making import Making, by_token, refusals, slots_shown
from callbacks.promises import Promises
from callbacks.renegotiate import Letters, ask_instead, instead, ledger_for
from callbacks.schemas import (
    Callback,
    CallbackChanges,
    CallbackFields,
    CancelFields,
    Choice,
    HistoryItem,
    KeepFields,
    Question,
    SlotShown,
    Story,
    TakeFields,
    Taker,
)
from callbacks.slots import GRID, Ledger, next_slots
from callbacks.states import MOVABLE
from callbacks.takers import takers
from carrier.numbers import Numbers
from crm import audit, people
from crm.finding import find_people
from crm.identify import Person, person_by_id
from crm.references import one_agent, one_customer
from routing.house import House
from routing.plans import Plans
from routing.tables import agents
from store.clock import Clock
from store.events import emit
from store.sql import Database

__all__ = ["callbacks_router", "shown"]

MOST_FOUND = 50  # people whose promises are looked for by a name
Asked = Annotated[str, StringConstraints(max_length=40), WithJsonSchema({"type": "string", "format": "date-time"})]


def callbacks_router(
    database: Database,
    clock: Clock,
    guard: Guard,
    promises: Promises,
    plans: Plans,
    house: House,
    on_change: Callable[[], None],
    numbers: Numbers,
    letters: Callable[[], Any] | None = None,
) -> APIRouter:
    """`on_change` hears after the commit that something may be due sooner than it was.

    `letters`: () -> Letters with `after_commit`, one for each transaction; None: no text can be sent.
    """
    at = _Callbacks(database, Making(clock, promises, plans, house, numbers), on_change, letters or _Mute)
    router = APIRouter(tags=["callbacks"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    add, one = router.add_api_route, "/callbacks/{callback_id}"
    made: dict[int | str, dict[str, Any]] = {200: {"model": Callback}, **responses(409)}
    add("/callbacks", at.create, methods=["POST"], status_code=201, responses=made)
    add("/callbacks", at.find, methods=["GET"])
    add("/callbacks/slots", at.slots, methods=["GET"])
    add(one, at.show, methods=["GET"])
    add(one, at.change, methods=["PATCH"], responses=responses(409))
    add(one, at.cancel, methods=["DELETE"], status_code=204, responses=responses(409))
    add(f"{one}/history", at.history, methods=["GET"])
    add(f"{one}/story", at.story, methods=["GET"])
    add(f"{one}/take", at.take, methods=["POST"])
    add(f"{one}/takers", at.takers, methods=["GET"])
    add(f"{one}/keep", at.keep, methods=["POST"])
    add(f"{one}/cancel", at.cancel_with_reason, methods=["POST"], responses=responses(409))
    add(f"{one}/ask", at.question, methods=["GET"])
    add(f"{one}/ask", at.ask, methods=["POST"], responses=responses(409))
    return router


class _Mute:
    """Where no text can be sent."""

    async def can_tell(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        return False

    async def tell(self, conn: AsyncConnection, promise: Row[Any], key: str, **slots: str) -> None: ...

    async def language(self, conn: AsyncConnection, promise: Row[Any]) -> str:
        return "en"

    def after_commit(self) -> None: ...


class _Callbacks:
    def __init__(
        self, database: Database, making: Making, on_change: Callable[[], None], letters: Callable[[], Any]
    ) -> None:
        self._database, self._making, self._on_change, self._letters = database, making, on_change, letters
        self._clock, self._promises = making.clock, making.promises

    async def create(self, given: CallbackFields, response: Response, asking: Asking) -> Callback:
        """A promise; one that is open for the same person and matter is moved instead (200, same id)."""
        for again in (True, False):
            try:
                async with self._database.write() as conn:
                    promise, new = await self._making.make(conn, given, asking)
                break
            except IntegrityError:
                if not again:  # two at once for one person: the second one moves the first
                    raise
        response.status_code = 201 if new else 200
        self._on_change()
        return await self._now(promise.id)

    async def find(self, page: Paging, asked: Narrowed, asking: Asking) -> Listing[Callback]:
        """Of everybody, unless it is narrowed."""
        async with self._database.read() as conn:
            region = self._making.house.country
            found = None if asked.q is None else await find_people(conn, asked.q, region, MOST_FOUND)
            rows = (await conn.execute(asked.statement(page, found))).all()
            rows, following = page.cut(rows, asked.key)
            items = await shown(conn, self._promises, rows)
            whose = asked.customer if asked.customer and await people.exists(conn, asked.customer) else None
        await self._seen(asking, whose, "callbacks")
        if found is not None:
            ids = sorted({item.customer for item in items})
            await audit.seen(self._database, asking, audit.What.SEARCHED, ids, now=self._clock.now(), part="callbacks")
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
        house = self._making.house
        async with self._database.read() as conn:
            customer_id = None if customer is None else await one_customer(conn, "customer", customer)
            person = None if customer_id is None else await person_by_id(conn, customer_id)
            agent_id = await one_agent(conn, "agent", agent)
            _, plan = await self._making.plans.current(conn)
            language = (person.language if person else None) or house.language
            ledger = await self._promises.ledger(conn, plan, language, now=now, customer_id=customer_id)
        free = [slot for slot in next_slots(ledger, start, agent_id, page.limit + 1) if slot.due_at <= end]
        rows, following = page.cut(free, lambda slot: (slot.due_at.isoformat(), "slot"))
        return Listing[SlotShown](items=slots_shown(rows), next=following)

    async def show(self, callback_id: str, asking: Asking) -> Callback:
        promise = await self._now(callback_id)
        await self._seen(asking, promise.customer, "callback")
        return promise

    async def change(self, callback_id: str, given: CallbackChanges, asking: Asking) -> Callback:
        async with self._database.write() as conn:
            promise = await self._one(conn, callback_id, lock=True)
            await self._making.change(conn, promise, given, asking)
        self._on_change()
        return await self._now(callback_id)

    async def cancel(self, callback_id: str, asking: Asking) -> None:
        """The customer no longer wants it; one that has ended stays as it ended."""
        async with self._database.write() as conn:
            await self._one(conn, callback_id)
            with refusals():
                await self._promises.cancel(conn, callback_id, now=self._clock.now(), by=by_token(asking))

    async def cancel_with_reason(self, callback_id: str, given: CancelFields, asking: Asking) -> Callback:
        """As `DELETE`, with the reason kept in its `note`; one that has ended stays as it ended."""
        async with self._database.write() as conn:
            await self._one(conn, callback_id)
            how: dict[str, Any] = {"now": self._clock.now(), "by": by_token(asking), "note": given.reason}
            with refusals():
                await self._promises.cancel(conn, callback_id, **how)
        return await self._now(callback_id)

    async def question(self, callback_id: str, asking: Asking) -> Question:
        """What `POST` would ask the customer: whom they would rather have, or when."""
        letters = self._letters()
        async with self._database.read() as conn:
            promise = await self._one(conn, callback_id)
            return await self._question(conn, letters, promise)

    async def ask(self, callback_id: str, asking: Asking) -> Callback:
        """Offers the customer two times by text.  Nothing changes until they answer; if they do not, the first holds.

        409 with `obstacle` where nothing can be asked.
        """
        letters, now = self._letters(), self._clock.now()
        async with self._database.write() as conn:
            promise = await self._one(conn, callback_id, lock=True)
            asked = await self._question(conn, letters, promise)
            if asked.obstacle is not None:
                raise Problem(409, None, _OBSTACLES[asked.obstacle], obstacle=asked.obstacle)
            ledger, stand_in = await self._ledger(conn, letters, promise), await _stand_in(conn, promise)
            await ask_instead(conn, letters, promise, ledger, stand_in, now=now, by=by_token(asking))
            await emit(conn, "callback.changed", callback_id, now)
        letters.after_commit()
        return await self._now(callback_id)

    async def _question(self, conn: AsyncConnection, letters: Letters, promise: Row[Any]) -> Question:
        if promise.state not in MOVABLE or promise.promised_at <= self._clock.now():
            return Question(choices=[], obstacle="in_progress")
        if promise.choices:
            return Question(choices=[Choice.model_validate(one) for one in promise.choices], obstacle="asked")
        if promise.channel != "call" or not await letters.can_tell(conn, promise):
            return Question(choices=[], obstacle="no_text")
        slots = instead(await self._ledger(conn, letters, promise), promise, await _stand_in(conn, promise))
        choices = [Choice.model_validate(one) for one in as_choices(slots)]
        return Question(choices=choices, obstacle=None if choices else "no_time")

    async def _ledger(self, conn: AsyncConnection, letters: Letters, promise: Row[Any]) -> Ledger:
        _, plan = await self._making.plans.current(conn)
        return await ledger_for(conn, self._promises, letters, promise, plan, self._clock.now())

    async def takers(self, callback_id: str, page: Paging, asking: Asking) -> Listing[Taker]:
        """Who could keep it in its owner's place: who could at its time first, then who is closer to the person."""
        now = self._clock.now()
        async with self._database.read() as conn:
            promise = await self._one(conn, callback_id)
            person = await person_by_id(conn, promise.customer_id)
            if person is None:
                raise NotFound("callback")  # erased at this moment
            ledger = await self._ledger_of(conn, promise, person, now)
            found = await takers(conn, promise, person, ledger, now=now)
        await self._seen(asking, promise.customer_id, "familiar")
        return Listing[Taker](items=list(found[: page.limit]), next=None)

    async def _ledger_of(self, conn: AsyncConnection, promise: Row[Any], person: Person, now: datetime) -> Ledger:
        _, plan = await self._making.plans.current(conn)
        language, line = person.language or self._making.house.language, promise.from_number or ""
        return await self._promises.ledger(conn, plan, language, now=now, line=line, customer_id=person.id)

    async def history(self, callback_id: str, page: Paging, asking: Asking) -> Listing[HistoryItem]:
        """What happened to it, and through whom: the first step first."""
        async with self._database.read() as conn:
            promise = await self._one(conn, callback_id)
            rows = (await conn.execute(steps_of(callback_id, page))).all()
        await self._seen(asking, promise.customer_id, "callback_history")
        rows, following = page.cut(rows, lambda row: (str(row.n),))
        return Listing[HistoryItem](items=[step_shown(row) for row in rows], next=following)

    async def story(self, callback_id: str, asking: Asking) -> Story:
        """What whoever is about to keep it should know; with an agent's token told to that agent."""
        now = self._clock.now()
        async with self._database.read() as conn:
            promise = await self._one(conn, callback_id)
            person = await person_by_id(conn, promise.customer_id)
            if person is None:
                raise NotFound("callback")  # erased at this moment
            attempts = (await self._promises.attempts(conn, [promise.id]))[promise.id]
            agent_id = asking.agent_id or promise.agent_id
            told = await story.tell(conn, promise, person, attempts, agent_id=agent_id, now=now)
        await audit.seen(self._database, asking, audit.What.READ, [person.id], now=now, part="promise")
        return told

    async def take(self, callback_id: str, given: TakeFields, asking: Asking) -> Callback:
        """Another agent says yes to it, at its time: the promise is theirs, and at risk no longer."""
        async with self._database.write() as conn:
            promise = await self._one(conn, callback_id, lock=True)
            await self._making.take(conn, promise, given.agent, asking)
        self._on_change()
        return await self._now(callback_id)

    async def keep(self, callback_id: str, given: KeepFields, asking: Asking) -> Callback:
        """It was kept by another way: they came to the counter, or the part went out by mail."""
        async with self._database.write() as conn:
            promise = await self._one(conn, callback_id, lock=True)
            how: dict[str, Any] = {"by": by_token(asking), "now": self._clock.now()}
            with refusals():
                await self._promises.keep(conn, promise, given.how, given.note, **how)
        self._on_change()
        return await self._now(callback_id)

    async def _now(self, callback_id: str) -> Callback:
        """As it is now, for whoever has changed it or is written down as its reader."""
        async with self._database.read() as conn:
            return (await shown(conn, self._promises, [await self._one(conn, callback_id)]))[0]

    async def _seen(self, asking: Principal, customer_id: str | None, part: str) -> None:
        await audit.part_seen(self._database, asking, customer_id, part, now=self._clock.now())

    async def _one(self, conn: AsyncConnection, callback_id: str, *, lock: bool = False) -> Row[Any]:
        """Raises NotFound."""
        promise = await self._promises.read(conn, callback_id, lock=lock)
        if promise is None:
            raise NotFound("callback")
        return promise


_OBSTACLES = {
    "asked": "The customer has been asked already, and has not answered yet.",
    "no_text": "This person, or this number, gets no texts from us at this hour.",
    "no_time": "There are no two times to choose from: give it to somebody else, or move it.",
    "in_progress": "This promise is being kept now, or has ended.",
}


async def _stand_in(conn: AsyncConnection, promise: Row[Any]) -> str | None:
    return await conn.scalar(select(agents.c.stand_in).where(agents.c.id == promise.agent_id))


def _moment(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_moment(text.replace(" ", "+"))  # a plus in a query is read as a space
    except ValueError as error:
        raise FieldRefused(field, str(error)) from None
