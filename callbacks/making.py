"""What somebody asks us to promise, with a token: read from a body, and refused by field."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from phonenumbers import PhoneNumberType, number_type, parse
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import FieldRefused, Problem
from api.tokens import Principal
from callbacks.history import By, by_agent
from callbacks.limits import TooMany, not_called
from callbacks.promises import Promises
from callbacks.schemas import CallbackChanges, CallbackFields, SlotShown
from callbacks.slots import Slot
from callbacks.wish import CannotKeep, InProgress, Wish
from carrier.numbering import NotANumber, normalise
from carrier.numbers import Numbers
from crm.identify import Person, person_by_id
from crm.references import one_agent, one_customer
from crm.schemas import Case, FollowUp
from crm.tables import cases
from crm.texts import takes_no_texts
from routing.house import House
from routing.plan import Plan
from routing.plans import Plans
from store.clock import Clock

FARTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Making:
    """Promises as programs and people at a desk make and change them."""

    clock: Clock
    promises: Promises
    plans: Plans
    house: House
    numbers: Numbers

    async def make(self, conn: AsyncConnection, given: CallbackFields, asking: Principal) -> tuple[Row[Any], bool]:
        """The promise, and whether it is new.  Raises Problem."""
        customer_id = await one_customer(conn, "customer", given.customer)
        person = await person_by_id(conn, customer_id)
        assert person is not None
        _, plan = await self.plans.current(conn)
        kind = given.kind or ("asap" if given.due_at is None else "scheduled")
        number = await self._number(conn, given.number, person, plan)
        if given.channel == "text" or given.words is not None:
            await _check_text(conn, kind, given.channel, given.words, number, customer_id)
        wish = Wish(
            customer_id=customer_id,
            number=number,
            language=self._language(person),
            kind=kind,
            due_at=self._in_reach("due_at", given.due_at),
            agent_id=await self._whose(conn, given, asking),
            case_id=await _case(conn, customer_id, given.case),
            reason=given.reason,
            origin_call=given.origin_call,
            window_seconds=given.window_seconds,
            channel=given.channel,
            words=given.words,
            by=by_token(asking),
        )
        with refusals():
            return await self.promises.make(conn, wish, plan, now=self.clock.now())

    async def follow_up(self, conn: AsyncConnection, case: Case, given: FollowUp, asking: Principal) -> None:
        """A case has been solved: a `crm.past_api.Promise`.  Raises Problem, its field named as within the case's."""
        named = {name: getattr(given, name) for name in given.model_fields_set}
        if asking.role != "agent":
            named = {"agent": case.owner} | named
        fields = CallbackFields(customer=case.customer, case=case.id, kind="follow_up", **named)
        try:
            await self.make(conn, fields, asking)
        except Problem as problem:
            if problem.field is None:
                raise
            field = f"follow_up.{problem.field}"
            raise Problem(problem.status, problem.title, problem.detail, field, **problem.extra) from problem

    async def change(
        self, conn: AsyncConnection, promise: Row[Any], given: CallbackChanges, asking: Principal
    ) -> Row[Any]:
        """What is absent stays as it is.  Raises Problem."""
        fields = given.model_fields_set
        person = await person_by_id(conn, promise.customer_id)
        assert person is not None
        if given.words is not None and promise.channel != "text":
            raise FieldRefused("words", "Only a follow-up by text has words of its own.")
        _, plan = await self.plans.current(conn)
        agent_id = await one_agent(conn, "agent", given.agent) if "agent" in fields else promise.agent_id
        wish = Wish(
            customer_id=promise.customer_id,
            number=await self._number(conn, given.number, person, plan) if "number" in fields else promise.number,
            language=self._language(person),
            due_at=self._in_reach("due_at", given.due_at) if "due_at" in fields else promise.promised_at,
            agent_id=agent_id,
            reason=given.reason if "reason" in fields else promise.reason,
            window_seconds=given.window_seconds or promise.window_seconds,
            words=given.words,
            by=by_token(asking),
        )
        with refusals():
            return await self.promises.move(conn, promise, wish, plan, now=self.clock.now())

    async def take(self, conn: AsyncConnection, promise: Row[Any], agent: str | None, asking: Principal) -> Row[Any]:
        """Raises Problem."""
        agent_id = await one_agent(conn, "agent", agent)
        if asking.role == "agent":
            if agent_id not in (None, asking.agent_id):
                raise Problem(403, None, "Agents speak for themselves.", "agent")
            agent_id = asking.agent_id
        if agent_id is None:
            raise FieldRefused("agent", "Say who takes it.")
        person = await person_by_id(conn, promise.customer_id)
        assert person is not None
        _, plan = await self.plans.current(conn)
        how: dict[str, Any] = {"language": self._language(person), "by": by_token(asking), "now": self.clock.now()}
        with refusals("agent"):
            return await self.promises.take(conn, promise, agent_id, plan, **how)

    def _language(self, person: Person) -> str:
        return person.language or self.house.language

    def _in_reach(self, field: str, due_at: datetime | None) -> datetime | None:
        """Raises FieldRefused."""
        if due_at is not None and due_at > self.clock.now() + FARTHEST:
            raise FieldRefused(field, "A call is promised for at most a year ahead.")
        return due_at

    async def _whose(self, conn: AsyncConnection, given: CallbackFields, asking: Principal) -> str | None:
        """An agent who names nobody promises a call of their own."""
        if asking.role == "agent" and "agent" not in given.model_fields_set:
            return asking.agent_id
        return await one_agent(conn, "agent", given.agent)

    async def _number(self, conn: AsyncConnection, given: str | None, person: Person, plan: Plan) -> str:
        """Raises FieldRefused for a number that cannot or may not be called."""
        if given is None and not person.phones:
            raise FieldRefused("number", "This customer has no phone number; give one.")
        try:
            number = normalise(given or person.phones[0], self.house.country)
        except NotANumber:
            raise FieldRefused("number", "This is not a phone number.") from None
        reason = not_called(number, plan.limits, self.house.country)
        if reason is not None:
            raise FieldRefused("number", f"This number is not called back: {reason}.")
        if await self.numbers.is_ours(conn, number):
            raise FieldRefused("number", "This number is one of ours.")
        return number


def by_token(asking: Principal) -> By:
    return by_agent(asking.agent_id) if asking.agent_id is not None else By(asking.role, "api")


@contextmanager
def refusals(field: str = "due_at") -> Iterator[None]:
    """Turns what a promise may be refused for into the API's problems; `field` is where another slot would go."""
    try:
        yield
    except CannotKeep as error:
        slots = [slot_shown(slot).model_dump(mode="json") for slot in error.slots]
        raise Problem(409, "This time cannot be kept", "Choose one of the slots.", field, slots=slots) from error
    except InProgress as error:
        raise Problem(409, None, "This promise is being kept now, or has ended.") from error
    except TooMany as error:
        raise Problem(409, None, "Too much has been promised already.", limit=error.limit) from error


def slot_shown(slot: Slot) -> SlotShown:
    return SlotShown(due_at=slot.due_at, agent=slot.agent)


def slots_shown(slots: Sequence[Slot]) -> list[SlotShown]:
    return [slot_shown(slot) for slot in slots]


async def _check_text(
    conn: AsyncConnection, kind: str, channel: str, words: str | None, number: str, customer_id: str
) -> None:
    """Raises FieldRefused: a text that nobody could read keeps no promise."""
    if kind != "follow_up":
        raise FieldRefused("channel", "Only a follow-up can be a text; every other promise is a call.")
    if channel != "text":
        raise FieldRefused("words", "Only a text has words of its own.")
    if words is None:
        raise FieldRefused("words", "A text needs its words.")
    if number_type(parse(number)) == PhoneNumberType.FIXED_LINE:
        raise FieldRefused("number", "This is a fixed line, where no text can be read.")
    if await takes_no_texts(conn, number, customer_id):
        raise FieldRefused("channel", "This person, or this number, gets no texts from us.")


async def _case(conn: AsyncConnection, customer_id: str, case_id: str | None) -> str | None:
    if case_id is None:
        return None
    owned = await conn.scalar(select(cases.c.id).where(cases.c.id == case_id, cases.c.customer_id == customer_id))
    if owned is None:
        raise FieldRefused("case", "This customer has no such case.")
    return case_id
