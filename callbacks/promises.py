"""Making, moving and ending promises.  A promise is spoken only after the transaction that made it has committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Row, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import history, limits
from callbacks.history import US, By, What
from callbacks.ledger import quiet_of, read_ledger, zone_of
from callbacks.slots import Ledger, Quiet, Slot, keepable, nearest_slots
from callbacks.spend import Spend
from callbacks.states import MOVABLE, OPEN, State
from callbacks.tables import callback_attempts, callbacks
from callbacks.wall import wall_of
from callbacks.wish import THE_API, CannotKeep, InProgress, Wish, first_time, honest_time
from routing.house import House
from routing.plan import Plan
from routing.vetoes import vetoed_by
from store.events import emit
from store.ids import new_id
from store.sql import only_one

# The story is on the desk this long before the time, and the agent's phone rings this long before the customer's may.
HEADS_UP = timedelta(seconds=60)
AGENT_LEAD = timedelta(seconds=8)
WORTH_A_TEXT = timedelta(minutes=10)  # a call that comes sooner tells of itself
CHOSEN_BY_THEM = ("scheduled", "follow_up")
UNTOLD: dict[str, Any] = {"risk": None, "risk_at": None, "choices": null(), "reminded_at": None, "late_told_at": None}


class Teller(Protocol):
    """Writes to the customer of a promise, in the transaction that changes it; `key` names the situation."""

    async def __call__(self, conn: AsyncConnection, promise: Row[Any], key: str, was: Row[Any] | None) -> None: ...


class Promises:
    """`teller` is asked where a program or somebody at a desk makes or changes a promise: whoever does it by telephone,
    text or link hears or reads of it there."""

    def __init__(self, house: House, teller: Teller | None = None) -> None:
        self._house, self._spend, self.teller = house, Spend(house), teller

    async def _tell(
        self, conn: AsyncConnection, promise: Row[Any], key: str, *, by: By, was: Row[Any] | None = None
    ) -> None:
        if self.teller is not None and by.way == "api" and promise.channel == "call":
            await self.teller(conn, promise, key, was)

    async def ledger(
        self,
        conn: AsyncConnection,
        plan: Plan,
        language: str,
        *,
        now: datetime,
        line: str = "",
        customer_id: str | None = None,
        ours: bool = False,
        awake: bool = False,
        arrived_at: datetime | None = None,
        channel: str = "call",
    ) -> Ledger:
        """What can be promised to somebody who speaks `language`: see `callbacks.ledger`.  Once the day's money for
        calls is spent, nothing before the next."""
        not_before = None if channel == "text" else await self._spend.not_before(conn, plan, now=now)
        ledger = await read_ledger(
            conn,
            self._house,
            plan,
            language,
            now=now,
            line=line,
            customer_id=customer_id,
            ours=ours or not_before is not None,
            awake=awake,
            arrived_at=arrived_at,
        )
        return ledger if not_before is None else replace(ledger, now=not_before)

    async def quiet(self, conn: AsyncConnection, customer_id: str) -> Quiet | None:
        return await quiet_of(conn, self._house, customer_id)

    async def make(
        self, conn: AsyncConnection, wish: Wish, plan: Plan, *, now: datetime, honest: bool = True
    ) -> tuple[Row[Any], bool]:
        """The promise, and whether it is new; an open one for the same person and matter is moved instead.

        `honest` false is for what has been left with us already, a message: it is never refused, only given the
        first time there is, and to somebody else where the two have declined each other.  Raises CannotKeep,
        InProgress, TooMany.
        """
        await only_one(conn, "promises")
        open_one = await self.open_of(conn, wish.customer_id, case_id=wish.case_id)
        if honest and (open_one is None or open_one.number != wish.number):
            await limits.check(conn, plan, wish.number, self._house.country, wish.by.way, now=now)
        if not honest and open_one is not None and open_one.kind in CHOSEN_BY_THEM and open_one.state in MOVABLE:
            # A message is no other wish: the time they have chosen stays, and the message is with it.
            said = {"recording_url": wish.recording_url, "reason": open_one.reason or wish.reason}
            return await _change(conn, open_one, said, by=wish.by, now=now), False
        if not honest and wish.agent_id in await vetoed_by(conn, wish.customer_id):
            wish = replace(wish, agent_id=None)
        ledger = await self.ledger(
            conn,
            plan,
            wish.language,
            now=now,
            line=wish.from_number or "",
            customer_id=wish.customer_id,
            arrived_at=wish.arrived_at,
            channel=wish.channel,
        )
        slot = honest_time(ledger, wish) if honest else first_time(ledger, wish)
        values = await self._timed(conn, wish, slot, plan, now) | {
            "number": wish.number,
            "kind": wish.kind,
            "channel": wish.channel,
            "words": wish.words,
        }
        optional = {
            "reason": wish.reason,
            "origin_call": wish.origin_call,
            "from_number": wish.from_number,
            "recording_url": wish.recording_url,
            "arrived_at": wish.arrived_at,
        }
        if open_one is not None:
            if open_one.state not in MOVABLE:
                raise InProgress(open_one.id)
            given = {name: value for name, value in optional.items() if value is not None}
            moved = await _change(conn, open_one, values | given, by=wish.by, now=now)
            if moved.promised_at != open_one.promised_at and moved.promised_at - now >= WORTH_A_TEXT:
                await self._tell(conn, moved, "text_moved", by=wish.by, was=open_one)
            return moved, False
        promise = await self._insert(conn, wish, values | optional, now)
        if promise.promised_at - now >= WORTH_A_TEXT:
            await self._tell(conn, promise, "text_promised", by=wish.by)
        return promise, True

    async def _timed(self, conn: AsyncConnection, wish: Wish, slot: Slot, plan: Plan, now: datetime) -> dict[str, Any]:
        """The time as an instant, as the wall shows it, and when the keeper looks at it first."""
        usual = plan.service.callback_window_seconds
        window = usual if slot.latest is None else max(round((slot.latest - slot.due_at).total_seconds()), usual)
        zone = await zone_of(conn, self._house, wish.customer_id)
        return UNTOLD | {
            "promised_at": slot.due_at,
            "agent_id": wish.agent_id or slot.agent,  # where whoever is free is not sure enough: somebody kept free
            "due_at": first_look(slot.due_at, now),
            "wall": wall_of(slot.due_at, zone),
            "zone": zone,
            "window_seconds": wish.window_seconds or window,
            "spoken": wish.spoken,
            "state": State.PROMISED,
        }

    async def _insert(self, conn: AsyncConnection, wish: Wish, values: dict[str, Any], now: datetime) -> Row[Any]:
        made = {
            "id": new_id("cb"),
            "customer_id": wish.customer_id,
            "case_id": wish.case_id,
            "made_at": now,
            "made_by": wish.by.who,
            "made_with": wish.by.way,
        }
        row = (await conn.execute(insert(callbacks).values(**made | values).returning(*callbacks.c))).one()
        after = {"due_at": row.promised_at, "agent": row.agent_id, "kind": row.kind}
        await history.record(conn, row.id, What.MADE, by=wish.by, now=now, after=after)
        await emit(conn, "callback.changed", row.id, now)
        return row

    async def move(
        self, conn: AsyncConnection, promise: Row[Any], wish: Wish, plan: Plan, *, now: datetime, ours: bool = False
    ) -> Row[Any]:
        """A new time, agent, number or reason for an open promise.  `ours`: by our own choice, so within the hours in
        which people may be rung.  Raises CannotKeep, InProgress."""
        if promise.state not in MOVABLE:
            raise InProgress(promise.id)
        values: dict[str, Any] = {
            "number": wish.number,
            "reason": wish.reason,
            "window_seconds": wish.window_seconds or promise.window_seconds,
            "words": wish.words or promise.words,
        }
        if wish.due_at != promise.promised_at or wish.agent_id != promise.agent_id:
            line = promise.from_number or ""
            await only_one(conn, "promises")
            ledger = await self.ledger(
                conn, plan, wish.language, now=now, line=line, customer_id=promise.customer_id, ours=ours
            )
            values = await self._timed(conn, wish, honest_time(ledger, wish), plan, now) | values
        moved = await _change(conn, promise, values, by=wish.by, now=now)
        if moved.promised_at != promise.promised_at and moved.promised_at - now >= WORTH_A_TEXT:
            await self._tell(conn, moved, "text_moved", by=wish.by, was=promise)
        elif moved.agent_id != promise.agent_id and promise.agent_id is not None:  # they had been told a name
            await self._tell(conn, moved, "text_taken", by=wish.by, was=promise)
        return moved

    async def choose(
        self, conn: AsyncConnection, promise: Row[Any], n: int, plan: Plan, *, language: str, by: By, now: datetime
    ) -> Row[Any]:
        """The customer takes the first (0) or second (1) of the times they were offered instead.

        Raises CannotKeep when it has gone meanwhile, InProgress.
        """
        if promise.state not in MOVABLE:
            raise InProgress(promise.id)
        offered = promise.choices[n]
        at, agent_id = datetime.fromisoformat(offered["at"]), offered["agent"]
        await history.record(conn, promise.id, What.CHOSEN, by=by, now=now, after={"due_at": at, "agent": agent_id})
        if at == promise.promised_at:  # the time stays, and is near: who calls is all that changes
            values = {"agent_id": agent_id, "risk": None, "risk_at": None, "choices": null()}
            return await _change(conn, promise, values, by=by, now=now)
        wish = Wish(
            customer_id=promise.customer_id,
            number=promise.number,
            language=language,
            due_at=at,
            agent_id=agent_id,
            reason=promise.reason,
            window_seconds=promise.window_seconds,
            by=by,
        )
        return await self.move(conn, promise, wish, plan, now=now)

    async def take(
        self,
        conn: AsyncConnection,
        promise: Row[Any],
        agent_id: str,
        plan: Plan,
        *,
        language: str,
        by: By,
        now: datetime,
    ) -> Row[Any]:
        """Another agent says yes: the promise is theirs, at its time.  Raises CannotKeep, InProgress."""
        if promise.state not in MOVABLE:
            raise InProgress(promise.id)
        line = promise.from_number or ""
        ledger = await self.ledger(conn, plan, language, now=now, line=line, customer_id=promise.customer_id)
        at = max(promise.promised_at, now)
        if not keepable(ledger, at, agent_id):
            raise CannotKeep(nearest_slots(ledger, at, agent_id))
        values = {"agent_id": agent_id, "risk": None, "risk_at": None, "choices": null()}
        changed = await _change(conn, promise, values, by=by, now=now)
        if promise.agent_id not in (None, agent_id):  # they had been told a name
            await self._tell(conn, changed, "text_taken", by=by, was=promise)
        await history.record(conn, promise.id, What.TAKEN, by=by, now=now, after={"agent": agent_id})
        return changed

    async def cancel(
        self, conn: AsyncConnection, promise_id: str, *, now: datetime, by: By = THE_API, note: str | None = None
    ) -> Row[Any] | None:
        """`note`: why, in the words of whoever does it.  Raises InProgress when it is being kept right now; ending an
        ended promise changes nothing."""
        promise = await self.read(conn, promise_id, lock=True)
        if promise is None or promise.state not in OPEN:
            return promise
        if promise.state not in MOVABLE:
            raise InProgress(promise_id)
        more = {} if note is None else {"note": note}
        ended = await end(conn, promise, State.CANCELLED, What.CANCELLED, by=by, now=now, **more)
        await self._tell(conn, ended, "text_cancelled", by=by, was=promise)
        return ended

    async def keep(
        self, conn: AsyncConnection, promise: Row[Any], how: str, note: str | None, *, by: By, now: datetime
    ) -> Row[Any]:
        """Kept otherwise than by our call.  Raises InProgress."""
        if promise.state not in MOVABLE:
            raise InProgress(promise.id)
        more = {"kept_at": now, "kept_how": how, "note": note}
        return await end(conn, promise, State.KEPT, What.KEPT, by=by, now=now, **more)

    async def read(self, conn: AsyncConnection, promise_id: str, *, lock: bool = False) -> Row[Any] | None:
        query = select(callbacks).where(callbacks.c.id == promise_id)
        return (await conn.execute(query.with_for_update() if lock else query)).one_or_none()

    async def open_of(
        self, conn: AsyncConnection, customer_id: str, *, case_id: str | None = None, any_case: bool = False
    ) -> Row[Any] | None:
        """The open promise to this person for this matter; with `any_case` the call that is due first."""
        query = select(callbacks).where(callbacks.c.customer_id == customer_id, callbacks.c.state.in_(OPEN))
        if any_case:
            query = query.where(callbacks.c.channel == "call")
        else:
            query = query.where(callbacks.c.case_id.is_(None) if case_id is None else callbacks.c.case_id == case_id)
        return (await conn.execute(query.order_by(callbacks.c.promised_at).limit(1).with_for_update())).one_or_none()

    async def served(self, conn: AsyncConnection, promise_id: str, *, now: datetime) -> None:
        """The customer rang first and was connected: the promise went with them and is kept."""
        promise = await self.read(conn, promise_id, lock=True)
        if promise is not None and promise.state in MOVABLE:
            by = By("customer", "phone")
            await end(conn, promise, State.KEPT, What.KEPT, by=by, now=now, kept_at=now)

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


def first_look(promised_at: datetime, now: datetime) -> datetime:
    """When the keeper looks at a promise for the first time."""
    return max(promised_at - HEADS_UP, now)


async def end(
    conn: AsyncConnection, promise: Row[Any], state: State, what: What, *, by: By = US, now: datetime, **more: Any
) -> Row[Any]:
    """One of the ends, with what is open about it closed."""
    values = {"state": state, "due_at": None, "risk": None, "risk_at": None, "choices": null(), **more}
    row = await _update(conn, promise.id, values, now)
    await history.record(conn, promise.id, what, by=by, now=now)
    return row


async def _change(
    conn: AsyncConnection, promise: Row[Any], values: dict[str, Any], *, by: By, now: datetime
) -> Row[Any]:
    if values.get("promised_at", promise.promised_at) != promise.promised_at:
        values = {"moves": callbacks.c.moves + 1} | values
    row = await _update(conn, promise.id, values, now)
    await history.record_change(conn, promise, row, by=by, now=now)
    return row


async def _update(conn: AsyncConnection, promise_id: str, values: dict[str, Any], now: datetime) -> Row[Any]:
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
