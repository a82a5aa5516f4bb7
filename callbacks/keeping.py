"""The steps of keeping a promise, each a conditional UPDATE: whoever comes second changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import history
from callbacks.attempts import CallAgain, after_attempt
from callbacks.history import US, What
from callbacks.states import OPEN, State
from callbacks.tables import callback_attempts, callbacks
from callbacks.wall import wall_of
from routing.plan import Plan
from store.events import emit

AGENT_LEFT = "agent_left"  # of an attempt in which the customer was given no time to answer
NOT_HELD: dict[str, Any] = {"lease_owner": None, "lease_until": None}
NO_RISK: dict[str, Any] = {"risk": None, "risk_at": None, "choices": null()}


async def step(
    conn: AsyncConnection, promise_id: str, from_: tuple[State, ...], to: State, *, now: datetime, **values: Any
) -> Row[Any] | None:
    """The promise in its new state; None when it was in none of `from_`."""
    row = await look_later(conn, promise_id, from_, state=to, **values)
    if row is not None:
        await emit(conn, "callback.changed", promise_id, now)
    return row


async def look_later(
    conn: AsyncConnection, promise_id: str, from_: tuple[State, ...], **values: Any
) -> Row[Any] | None:
    """Book-keeping that is no news."""
    return (
        await conn.execute(
            update(callbacks)
            .where(callbacks.c.id == promise_id, callbacks.c.state.in_(from_))
            .values(**NOT_HELD, **values)
            .returning(*callbacks.c)
        )
    ).one_or_none()


async def begin_attempt(conn: AsyncConnection, promise_id: str, *, now: datetime) -> int:
    """The customer is dialled now, for the n-th time; the primary key lets each n happen once."""
    query = select(func.coalesce(func.max(callback_attempts.c.n), 0)).where(
        callback_attempts.c.callback_id == promise_id
    )
    n: int = (await conn.scalar(query) or 0) + 1
    await conn.execute(insert(callback_attempts).values(callback_id=promise_id, n=n, at=now))
    return n


async def end_attempt(conn: AsyncConnection, promise_id: str, result: str) -> int | None:
    """Its number; None when none was open."""
    row = (
        await conn.execute(
            update(callback_attempts)
            .where(callback_attempts.c.callback_id == promise_id, callback_attempts.c.result.is_(None))
            .values(result=result)
            .returning(callback_attempts.c.n)
        )
    ).one_or_none()
    return None if row is None else int(row.n)


async def agent_is_there(conn: AsyncConnection, promise: Row[Any], *, now: datetime) -> None:
    """An agent waits in the room: the customer is dialled at the promised instant, not before."""
    await look_later(conn, promise.id, (State.RINGING_AGENT,), due_at=max(promise.promised_at, now))


async def customer_is_there(conn: AsyncConnection, promise_id: str, *, now: datetime) -> None:
    """Both are connected: this instant decides whether the promise was kept."""
    talking = await step(conn, promise_id, (State.RINGING_CUSTOMER,), State.TALKING, now=now, kept_at=now, due_at=None)
    if talking is not None:
        await end_attempt(conn, promise_id, "connected")


async def promise_kept(conn: AsyncConnection, promise_id: str, *, now: datetime) -> None:
    """The talk is over."""
    promise = (await conn.execute(select(callbacks).where(callbacks.c.id == promise_id))).one_or_none()
    if promise is None or promise.kept_at is None:
        return
    in_time = promise.kept_at <= latest(promise)
    ended = await step(conn, promise_id, (State.TALKING,), State.KEPT if in_time else State.BROKEN, now=now, **NO_RISK)
    if ended is not None:
        what = What.KEPT if in_time else What.BROKEN
        await history.record(conn, promise_id, what, by=US, now=now, after={"late_seconds": promise.late_seconds})


async def nobody_reached(conn: AsyncConnection, promise: Row[Any], result: str, plan: Plan, *, now: datetime) -> bool:
    """The customer was dialled in vain.  True: to be called again, at a time still to be fixed; False: given up."""
    n = await end_attempt(conn, promise.id, result)
    if n is None:
        return False
    await history.record(conn, promise.id, What.ATTEMPT, by=US, now=now, after={"n": n, "result": result})
    query = select(func.count()).where(callback_attempts.c.callback_id == promise.id)
    reached_for = await conn.scalar(query.where(callback_attempts.c.result != AGENT_LEFT)) or 0
    following = after_attempt(reached_for, plan, now=now)
    if isinstance(following, CallAgain):
        again = following.after
        await step(conn, promise.id, OPEN, State.PROMISED, now=now, promised_at=again, due_at=again, **NO_RISK)
        return True
    if await step(conn, promise.id, OPEN, State.UNREACHABLE, now=now, due_at=None, **NO_RISK) is not None:
        await history.record(conn, promise.id, What.UNREACHABLE, by=US, now=now)
    return False


def latest(promise: Row[Any]) -> datetime:
    """Until when both must be connected for it to be kept."""
    until: datetime = promise.promised_at + timedelta(seconds=promise.window_seconds)
    return until


def at_another_time(promise: Row[Any], at: datetime) -> dict[str, Any]:
    """What a promise that moves by our own doing has changed beside its state."""
    return {
        "promised_at": at,
        "wall": wall_of(at, promise.zone),
        "moves": promise.moves + 1,
        "late_told_at": None,
        "reminded_at": None,
        "risk": None,
        "risk_at": None,
    }
