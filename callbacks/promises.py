"""Making, moving and ending promises.  A promise is spoken only after the transaction that made it has committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.slots import Booked, Ledger, Quiet, Slot, keepable, nearest_slots, next_slots
from callbacks.states import MOVABLE, OPEN, State
from callbacks.tables import callback_attempts, callbacks
from crm.identify import person_by_id
from routing.absences import by_agent
from routing.floor import everybody
from routing.hours import read_hours
from routing.house import House
from routing.plan import Plan
from routing.vetoes import vetoed_by
from routing.weigh import Caller, fitting
from store.events import emit
from store.ids import new_id
from store.sql import only_one

# The agent's phone rings this long before the customer's may: time to pick up and hear the story.
AGENT_LEAD = timedelta(seconds=8)
# A due time that passed while the request travelled still means "now".
LATE_REQUEST = timedelta(seconds=30)


class CannotKeep(Exception):
    """The asked time cannot honestly be kept; `slots` are the nearest that can, perhaps none."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        super().__init__("this time cannot be kept")
        self.slots = slots


class InProgress(Exception):
    """The promise is being kept at this moment, or has ended: it can no longer be changed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks us to promise.  `due_at` None: as soon as possible."""

    customer_id: str
    number: str
    language: str
    kind: str = "asap"
    due_at: datetime | None = None
    agent_id: str | None = None
    case_id: str | None = None
    reason: str | None = None
    origin_call: str | None = None
    from_number: str | None = None
    recording_url: str | None = None
    window_seconds: int | None = None
    spoken: str | None = None


class Promises:
    def __init__(self, house: House) -> None:
        self._house = house

    async def ledger(
        self,
        conn: AsyncConnection,
        plan: Plan,
        language: str,
        *,
        now: datetime,
        line: str = "",
        customer_id: str | None = None,
    ) -> Ledger:
        """What can be promised to somebody who speaks `language`; their own open promises take no place, nothing lies
        in their quiet hours, and nobody calls whom they declined or who declined them."""
        taken = select(callbacks.c.promised_at, callbacks.c.agent_id).where(
            callbacks.c.state.in_(OPEN), callbacks.c.promised_at > now - timedelta(hours=1)
        )
        if customer_id is not None:
            taken = taken.where(callbacks.c.customer_id != customer_id)
        booked = [Booked(row.promised_at, row.agent_id) for row in await conn.execute(taken)]
        caller = Caller(language=language, arrived_at=now, skills=plan.line(line).skills)
        zone, country = self._house.zone, self._house.country
        hours = read_hours(plan.hours_of(line), zone, country)
        quiet = None if customer_id is None else await self.quiet(conn, customer_id)
        apart = frozenset[str]() if customer_id is None else await vetoed_by(conn, customer_id)
        able = fitting(caller, [a for a in await everybody(conn) if a.id not in apart], plan, now)
        absences = await by_agent(conn, now)
        return Ledger(able, booked, hours, zone, country, plan, now, quiet, absences)

    async def quiet(self, conn: AsyncConnection, customer_id: str) -> Quiet | None:
        person = await person_by_id(conn, customer_id)
        return None if person is None else Quiet.read(person.quiet_hours, person.time_zone or self._house.zone)

    async def make(
        self, conn: AsyncConnection, wish: Wish, plan: Plan, *, now: datetime, honest: bool = True
    ) -> tuple[Row[Any], bool]:
        """The promise, and whether it is new; an open one for the same person and matter is moved instead.

        `honest` false is for what has been left with us already, a message: it is never refused, only given the
        first time there is, and to somebody else where the two have declined each other.  Raises CannotKeep,
        InProgress.
        """
        await only_one(conn, "promises")
        if not honest and wish.agent_id in await vetoed_by(conn, wish.customer_id):
            wish = replace(wish, agent_id=None)
        ledger = await self.ledger(
            conn, plan, wish.language, now=now, line=wish.from_number or "", customer_id=wish.customer_id
        )
        promised_at = _honest_time(ledger, wish) if honest else _first_time(ledger, wish)
        values = {
            "number": wish.number,
            "agent_id": wish.agent_id,
            "promised_at": promised_at,
            "due_at": max(promised_at - AGENT_LEAD, now),
            "kind": wish.kind,
            "state": State.PROMISED,
            "window_seconds": wish.window_seconds or plan.service.callback_window_seconds,
            "spoken": wish.spoken,
        }
        optional = {
            "reason": wish.reason,
            "origin_call": wish.origin_call,
            "from_number": wish.from_number,
            "recording_url": wish.recording_url,
        }
        open_one = await self.open_of(conn, wish.customer_id, case_id=wish.case_id)
        if open_one is not None:
            if open_one.state not in MOVABLE:
                raise InProgress(open_one.id)
            given = {name: value for name, value in optional.items() if value is not None}
            return await _change(conn, open_one.id, values | given, now), False
        promise_id = new_id("cb")
        row = (
            await conn.execute(
                insert(callbacks)
                .values(
                    id=promise_id,
                    customer_id=wish.customer_id,
                    case_id=wish.case_id,
                    zone=self._house.zone,
                    made_at=now,
                    **values,
                    **optional,
                )
                .returning(*callbacks.c)
            )
        ).one()
        await emit(conn, "callback.changed", promise_id, now)
        return row, True

    async def move(
        self, conn: AsyncConnection, promise: Row[Any], wish: Wish, plan: Plan, *, now: datetime
    ) -> Row[Any]:
        """A new time, agent, number or reason for an open promise.  Raises CannotKeep, InProgress."""
        if promise.state not in MOVABLE:
            raise InProgress(promise.id)
        values: dict[str, Any] = {
            "number": wish.number,
            "reason": wish.reason,
            "agent_id": wish.agent_id,
            "window_seconds": wish.window_seconds or promise.window_seconds,
        }
        if wish.due_at != promise.promised_at or wish.agent_id != promise.agent_id:
            line = promise.from_number or ""
            await only_one(conn, "promises")
            ledger = await self.ledger(conn, plan, wish.language, now=now, line=line, customer_id=promise.customer_id)
            promised_at = _honest_time(ledger, wish)
            values |= {
                "promised_at": promised_at,
                "due_at": max(promised_at - AGENT_LEAD, now),
                "state": State.PROMISED,
                "spoken": wish.spoken,
            }
        return await _change(conn, promise.id, values, now)

    async def cancel(self, conn: AsyncConnection, promise_id: str, *, now: datetime) -> Row[Any] | None:
        """Raises InProgress when it is being kept right now; ending an ended promise changes nothing."""
        promise = await self.read(conn, promise_id, lock=True)
        if promise is None or promise.state not in OPEN:
            return promise
        if promise.state not in MOVABLE:
            raise InProgress(promise_id)
        return await _change(conn, promise_id, {"state": State.CANCELLED, "due_at": None}, now)

    async def read(self, conn: AsyncConnection, promise_id: str, *, lock: bool = False) -> Row[Any] | None:
        query = select(callbacks).where(callbacks.c.id == promise_id)
        return (await conn.execute(query.with_for_update() if lock else query)).one_or_none()

    async def open_of(
        self, conn: AsyncConnection, customer_id: str, *, case_id: str | None = None, any_case: bool = False
    ) -> Row[Any] | None:
        """The open promise to this person for this matter; with `any_case` the one due first."""
        query = select(callbacks).where(callbacks.c.customer_id == customer_id, callbacks.c.state.in_(OPEN))
        if not any_case:
            query = query.where(callbacks.c.case_id.is_(None) if case_id is None else callbacks.c.case_id == case_id)
        return (await conn.execute(query.order_by(callbacks.c.promised_at).limit(1).with_for_update())).one_or_none()

    async def served(self, conn: AsyncConnection, promise_id: str, *, now: datetime) -> None:
        """The customer rang first and was connected: the promise went with them and is kept."""
        changed = await conn.execute(
            update(callbacks)
            .where(callbacks.c.id == promise_id, callbacks.c.state.in_(MOVABLE))
            .values(state=State.KEPT, kept_at=now, due_at=None)
        )
        if changed.rowcount:
            await emit(conn, "callback.changed", promise_id, now)

    async def attempts(self, conn: AsyncConnection, promise_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
        rows = await conn.execute(
            select(callback_attempts)
            .where(callback_attempts.c.callback_id.in_(promise_ids))
            .order_by(callback_attempts.c.callback_id, callback_attempts.c.n)
        )
        found: dict[str, list[Row[Any]]] = {promise_id: [] for promise_id in promise_ids}
        for row in rows:
            found[row.callback_id].append(row)
        return found


async def _change(conn: AsyncConnection, promise_id: str, values: dict[str, Any], now: datetime) -> Row[Any]:
    row = (
        await conn.execute(
            update(callbacks)
            .where(callbacks.c.id == promise_id)
            .values(lease_owner=None, lease_until=None, **values)
            .returning(*callbacks.c)
        )
    ).one()
    await emit(conn, "callback.changed", promise_id, now)
    return row


def _honest_time(ledger: Ledger, wish: Wish) -> datetime:
    if wish.due_at is None:
        soonest = _soonest(ledger, wish.agent_id)
        if soonest is None:
            raise CannotKeep([])
        return soonest
    wanted = wish.due_at
    if ledger.now - LATE_REQUEST <= wanted < ledger.now:
        wanted = ledger.now
    if not keepable(ledger, wanted, wish.agent_id):
        raise CannotKeep(nearest_slots(ledger, max(wanted, ledger.now), wish.agent_id))
    return wanted


def _first_time(ledger: Ledger, wish: Wish) -> datetime:
    slots = next_slots(ledger, ledger.now, wish.agent_id, 1) or next_slots(ledger, ledger.now, None, 1)
    if slots:
        return slots[0].due_at
    return ledger.hours.next_open(ledger.now) or ledger.now + timedelta(days=1)


def _soonest(ledger: Ledger, agent: str | None) -> datetime | None:
    if keepable(ledger, ledger.now, agent):
        return ledger.now
    slots = next_slots(ledger, ledger.now, agent, 1)
    return slots[0].due_at if slots else None
