"""Keeps promises: when one is due an agent is reserved and rung, then, not before its time, the customer.

Runs in any number of processes: rows are claimed under a lease, and every step looks at the promise's state under its
lock before it acts.  What rings and what is said belongs to `Dialler`, handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import history, limits
from callbacks.history import US, What
from callbacks.keeping import latest, look_later, step
from callbacks.promises import AGENT_LEAD, Promises, end, first_look
from callbacks.renegotiate import Letters, ledger_for, move_on
from callbacks.spend import Spend, day_ends
from callbacks.states import LAST, MOVABLE, OPEN, State
from callbacks.tables import callbacks
from callbacks.wall import as_spoken
from routing.house import House
from routing.plan import Plan
from routing.plans import Plans
from store.clock import Clock
from store.due import POLL_SECONDS, DueLoop
from store.events import emit
from store.sql import Database

log = structlog.get_logger()

ON_THE_LINE_PAUSE = timedelta(seconds=5)
LOOK_PAUSE = timedelta(seconds=15)  # an agent who becomes free finds the promise; this is for what nobody noticed
LONGEST_PAUSE = timedelta(minutes=5)
LATE_AFTER = timedelta(seconds=60)
GIVEN_UP_BEFORE = timedelta(seconds=45)  # the end of the window: both telephones need some time to be answered
OVERDUE_PAUSE = timedelta(seconds=30)
AT_ONCE = 10  # promises in hand: whoever rings meanwhile needs the database more
CROWD_KNOWN = timedelta(seconds=1)  # how long what was counted for one holds for the others


class Dialler(Letters, Protocol):
    """The phones.  Each method works in the keeper's transaction; `after_commit` follows it."""

    async def lock_call(self, conn: AsyncConnection, promise_id: str) -> None:
        """Locks the call that is keeping this promise, if there is one: always before the promise itself."""
        ...

    async def on_the_line(self, conn: AsyncConnection, promise: Row[Any]) -> bool: ...

    @property
    def waits(self) -> bool:
        """It waits among the callers already."""
        ...

    async def crowd_seconds(self, conn: AsyncConnection) -> float:
        """How long one promise more had better not be brought forward: so many are waiting for an agent already."""
        ...

    async def ring_agent(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        """False: nobody fitting is free; the promise waits among the callers, and whoever becomes free finds it."""
        ...

    async def ring_customer(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        """False: the agent is gone again."""
        ...

    async def give_back(self, conn: AsyncConnection, promise: Row[Any]) -> None:
        """The attempt is off: whoever was rung for it is free again, and it waits no longer."""
        ...

    async def send_words(self, conn: AsyncConnection, promise: Row[Any]) -> bool:
        """The text that was promised.  False: they read no texts of ours."""
        ...

    def after_commit(self) -> None: ...


class Keeper:
    """While `held` says so nothing is begun: the clock here cannot be relied on."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        promises: Promises,
        plans: Plans,
        house: House,
        dialler: Any,
        *,
        owner: str,
        poll: float = POLL_SECONDS,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database, self._clock, self._promises, self._plans = database, clock, promises, plans
        self._house, self._spend = house, Spend(house)
        self._dialler = dialler  # () -> Dialler, one for each transaction
        self._crowd: tuple[datetime, float] | None = None
        self.loop = DueLoop(database, clock, callbacks, self._work, owner=owner, poll=poll, limit=AT_ONCE, held=held)

    async def _work(self, row: Row[Any]) -> None:
        dialler: Dialler = self._dialler()
        async with self._database.write() as conn:
            now = self._clock.now()
            await dialler.lock_call(conn, row.id)
            promise = await self._promises.read(conn, row.id, lock=True)
            if promise is None or promise.due_at is None or promise.due_at > now:
                return  # somebody moved it meanwhile
            if promise.state in MOVABLE:
                await self._come_due(conn, dialler, promise, now)
            elif promise.state == State.RINGING_AGENT:
                await self._dial(conn, dialler, promise, now)
        dialler.after_commit()

    async def _come_due(self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], now: datetime) -> None:
        spoken = as_spoken(promise.promised_at, promise.wall, promise.zone) if promise.wall else promise.promised_at
        if spoken != promise.promised_at:  # the zone's clocks are set otherwise than when it was promised
            moved = {"promised_at": spoken, "due_at": first_look(spoken, now)}
            await step(conn, promise.id, MOVABLE, State.PROMISED, now=now, **moved)
        elif now < promise.promised_at - AGENT_LEAD:
            await emit(conn, "callback.soon", promise.id, now)
            await look_later(conn, promise.id, MOVABLE, due_at=promise.promised_at - AGENT_LEAD)
        elif promise.channel == "text":
            await self._write(conn, dialler, promise, now)
        elif (crowd := await self._crowd_seconds(conn, dialler, now)) > 0 and now < _too_late(promise):
            later = min(now + timedelta(seconds=crowd), _too_late(promise))
            await look_later(conn, promise.id, MOVABLE, state=_due(promise, now), due_at=later)
        elif await dialler.on_the_line(conn, promise):
            # They rang us: that call takes the promise along, or leaves it as it was.
            await dialler.give_back(conn, promise)
            await step(conn, promise.id, MOVABLE, State.PROMISED, now=now, due_at=now + ON_THE_LINE_PAUSE)
        else:
            _, plan = await self._plans.current(conn)
            if not await self._refused(conn, dialler, promise, plan, now):
                await self._call(conn, dialler, promise, plan, now, crowd)

    async def _crowd_seconds(self, conn: AsyncConnection, dialler: Dialler, now: datetime) -> float:
        """Asked before anything else is looked up: of thousands that are due, all but a few are only put off."""
        if dialler.waits:
            return 0.0
        if self._crowd is None or not timedelta() <= now - self._crowd[0] < CROWD_KNOWN:
            self._crowd = now, await dialler.crowd_seconds(conn)
        seconds = self._crowd[1]
        if not seconds:
            self._crowd = None  # there is room for this one; the next has to ask
        return seconds

    async def _refused(
        self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], plan: Plan, now: datetime
    ) -> bool:
        """The number may not be dialled any more, or not today, or they have asked for quiet since."""
        reason = await limits.may_dial(
            conn, plan, promise.id, promise.number, self._house.country, self._spend, now=now
        )
        if reason is None and not await self._quiet(conn, promise, now):
            return False
        if reason is not None and reason not in ("spend", "number_a_day"):
            log.warning("promise_not_dialled", reason=reason)
            await dialler.give_back(conn, promise)
            ended = await end(conn, promise, State.CANCELLED, What.CANCELLED, now=now, note=reason)
            if reason != "ours":
                await dialler.tell(conn, ended, "text_cancelled")
            return True
        ledger = await ledger_for(conn, self._promises, dialler, promise, plan, now)
        await dialler.give_back(conn, promise)
        after = None if reason is None else day_ends(now, self._house.zone)
        if await move_on(conn, dialler, promise, ledger, now=now, after=after) is None:
            risk = {"risk": reason or "quiet", "risk_at": now}
            later = now + (timedelta(hours=1) if reason else OVERDUE_PAUSE)
            await step(conn, promise.id, MOVABLE, State.DUE, now=now, due_at=later, **risk)
        return True

    async def _call(
        self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], plan: Plan, now: datetime, crowd: float
    ) -> None:
        if now > latest(promise):
            await self._missed(conn, promise, now)
            if await self._asleep(conn, dialler, promise, plan, now):
                return
        if crowd == 0 and await dialler.ring_agent(conn, promise):
            await step(conn, promise.id, MOVABLE, State.RINGING_AGENT, now=now, due_at=None)
        elif now < _too_late(promise) or not await self._moved_on(conn, dialler, promise, plan, now):
            await self._wait_on(conn, dialler, promise, now)

    async def _asleep(
        self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], plan: Plan, now: datetime
    ) -> bool:
        """What is late already is not made up for at night."""
        ledger = await ledger_for(conn, self._promises, dialler, promise, plan, now)
        if ledger.call_hours is None or ledger.call_hours.is_open(now):
            return False
        await dialler.give_back(conn, promise)
        morning = ledger.call_hours.next_open(now) or now + timedelta(hours=1)
        await step(conn, promise.id, MOVABLE, State.DUE, now=now, due_at=morning)
        return True

    async def _moved_on(
        self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], plan: Plan, now: datetime
    ) -> bool:
        """Nobody could call in time: another time that can be kept, told by text.

        Who cannot be told of one, or for whom there is none, is called as soon as somebody is free, late as it is.
        """
        ledger = await ledger_for(conn, self._promises, dialler, promise, plan, now)
        if await move_on(conn, dialler, promise, ledger, now=now) is not None:
            await dialler.give_back(conn, promise)
            return True
        return False

    async def _missed(self, conn: AsyncConnection, promise: Row[Any], now: datetime) -> None:
        """Its window is over with nobody calling, however it goes on."""
        if promise.missed_at is None:
            await look_later(conn, promise.id, MOVABLE, missed_at=now, due_at=promise.due_at)
            await history.record(conn, promise.id, What.MISSED, by=US, now=now)

    async def _wait_on(self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], now: datetime) -> None:
        """Nobody is free: looked at again whenever something is different for it by then."""
        values: dict[str, Any] = {"due_at": _next_look(promise, now)}
        late_from = promise.promised_at + LATE_AFTER
        if promise.late_told_at is None and late_from <= now < _too_late(promise) and promise.kind != "asap":
            values["late_told_at"] = now
            await dialler.tell(conn, promise, "text_late")
        state = _due(promise, now)
        if state == promise.state:
            await look_later(conn, promise.id, MOVABLE, **values)
        else:
            await step(conn, promise.id, MOVABLE, state, now=now, **values)

    async def _quiet(self, conn: AsyncConnection, promise: Row[Any], now: datetime) -> bool:
        """They have asked for quiet at that hour, perhaps since."""
        quiet = await self._promises.quiet(conn, promise.customer_id)
        return quiet is not None and quiet.covers(max(now, promise.promised_at))

    async def _write(self, conn: AsyncConnection, dialler: Dialler, promise: Row[Any], now: datetime) -> None:
        """A text was promised, not a call."""
        if now < promise.promised_at:
            await look_later(conn, promise.id, MOVABLE, due_at=promise.promised_at)
        elif await dialler.send_words(conn, promise):
            await end(conn, promise, State.KEPT, What.KEPT, now=now, kept_at=now, kept_how="text")
        else:
            await end(conn, promise, State.UNREACHABLE, What.UNREACHABLE, now=now)

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


def _too_late(promise: Row[Any]) -> datetime:
    """From when on it could hardly be kept any more."""
    before: timedelta = min(GIVEN_UP_BEFORE, timedelta(seconds=promise.window_seconds) / 4)
    return latest(promise) - before


def _due(promise: Row[Any], now: datetime) -> State:
    return State.DUE if now >= promise.promised_at else State.PROMISED


def _next_look(promise: Row[Any], now: datetime) -> datetime:
    """At the next moment that makes a difference, and now and then besides."""
    moments = (promise.promised_at, promise.promised_at + LATE_AFTER, latest(promise) - LAST, _too_late(promise))
    pause = min(max((now - latest(promise)) / 10, LOOK_PAUSE), LONGEST_PAUSE)
    return min([at for at in moments if at > now] + [now + pause])
