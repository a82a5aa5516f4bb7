"""Keeps promises: when one is due an agent is reserved and rung, then, not before its time, the customer.

Runs in any number of processes: rows are claimed under a lease, and every step looks at the promise's state under its
lock before it acts.  What rings and what is said belongs to `Dialler`, handed in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.keeping import step
from callbacks.promises import AGENT_LEAD, Promises
from callbacks.slots import next_slots
from callbacks.states import MOVABLE, OPEN, State
from callbacks.tables import callbacks
from routing.plan import Plan
from routing.plans import Plans
from store.clock import Clock
from store.due import POLL_SECONDS, DueLoop
from store.sql import Database

NOBODY_FREE_PAUSE = timedelta(seconds=1)
ON_THE_LINE_PAUSE = timedelta(seconds=5)


class Dialler(Protocol):
    """The phones.  Each method works in the keeper's transaction; `after_commit` follows it."""

    async def lock_call(self, conn: AsyncConnection, promise_id: str) -> None:
        """Locks the call that is keeping this promise, if there is one: always before the promise itself."""
        ...

    async def on_the_line(self, conn: AsyncConnection, promise: Row[Any]) -> bool: ...

    async def ring_agent(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        """False: nobody fitting is free."""
        ...

    async def ring_customer(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        """False: the agent is gone again."""
        ...

    async def give_back(self, conn: AsyncConnection, promise: Row[Any]) -> None:
        """The attempt is off: whoever was rung for it is free again."""
        ...

    async def tell(self, conn: AsyncConnection, promise: Row[Any], key: str) -> None: ...

    async def language(self, conn: AsyncConnection, promise: Row[Any]) -> str: ...

    def after_commit(self) -> None: ...


class Keeper:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        promises: Promises,
        plans: Plans,
        dialler: Any,
        *,
        owner: str,
        poll: float = POLL_SECONDS,
    ) -> None:
        self._database, self._clock, self._promises, self._plans = database, clock, promises, plans
        self._dialler = dialler  # () -> Dialler, one for each transaction
        self.loop = DueLoop(database, clock, callbacks, self._work, owner=owner, poll=poll)

    async def _work(self, row: Row[Any]) -> None:
        dialler: Dialler = self._dialler()
        async with self._database.write() as conn:
            now = self._clock.now()
            await dialler.lock_call(conn, row.id)
            promise = await self._promises.read(conn, row.id, lock=True)
            if promise is None or promise.due_at is None or promise.due_at > now:
                return  # somebody moved it meanwhile
            if promise.state in MOVABLE:
                await self._start(conn, dialler, promise, now)
            elif promise.state == State.RINGING_AGENT:
                await self._dial(conn, dialler, promise, now)
        dialler.after_commit()

    async def _start(self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], now: datetime) -> None:
        _, plan = await self._plans.current(conn)
        if await dialler.on_the_line(conn, promise):
            # They rang us: that call takes the promise along, or leaves it as it was.
            await step(conn, promise.id, MOVABLE, State.PROMISED, now=now, due_at=now + ON_THE_LINE_PAUSE)
        elif now > promise.promised_at + timedelta(seconds=promise.window_seconds) or await self._quiet(
            conn, promise, now
        ):
            await self._renegotiate(conn, dialler, promise, plan, now)
        elif await dialler.ring_agent(conn, promise):
            await step(conn, promise.id, MOVABLE, State.RINGING_AGENT, now=now, due_at=None)
        else:
            state = State.DUE if now >= promise.promised_at else State.PROMISED
            await step(conn, promise.id, MOVABLE, state, now=now, due_at=now + NOBODY_FREE_PAUSE)

    async def _quiet(self, conn: AsyncConnection, promise: Row[Any], now: datetime) -> bool:
        """They have asked for quiet at that hour, perhaps since."""
        quiet = await self._promises.quiet(conn, promise.customer_id)
        return quiet is not None and quiet.covers(max(now, promise.promised_at))

    async def _dial(self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], now: datetime) -> None:
        if await dialler.on_the_line(conn, promise):
            await dialler.give_back(conn, promise)
            await step(conn, promise.id, OPEN, State.PROMISED, now=now, due_at=now + ON_THE_LINE_PAUSE)
        elif await dialler.ring_customer(conn, promise):
            late = max((now - promise.promised_at).total_seconds(), 0.0)
            await step(
                conn, promise.id, OPEN, State.RINGING_CUSTOMER, now=now, due_at=None, late_seconds=round(late, 1)
            )
        else:
            await step(conn, promise.id, OPEN, State.DUE, now=now, due_at=now)

    async def _renegotiate(
        self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], plan: Plan, now: datetime
    ) -> None:
        """Nobody could call in time: another time that can be kept, told by text, and never silence."""
        ledger = await self._promises.ledger(
            conn,
            plan,
            await dialler.language(conn, promise),
            now=now,
            line=promise.from_number or "",
            customer_id=promise.customer_id,
        )
        slots = next_slots(ledger, now + timedelta(minutes=10), promise.agent_id, 1) or next_slots(
            ledger, now + timedelta(minutes=10), None, 1
        )
        at = slots[0].due_at if slots else now + timedelta(hours=1)
        missed = now > promise.promised_at + timedelta(seconds=promise.window_seconds)
        values = {"promised_at": at, "due_at": at - AGENT_LEAD} | ({"missed_at": now} if missed else {})
        moved = await step(conn, promise.id, MOVABLE, State.PROMISED, now=now, **values)
        if moved is not None:
            await dialler.tell(conn, moved, "text_later")
