"""The steps of keeping a promise, each a conditional UPDATE: whoever comes second changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.attempts import CallAgain, after_attempt
from callbacks.states import OPEN, State
from callbacks.tables import callback_attempts, callbacks
from routing.plan import Plan
from store.events import emit

NOT_HELD: dict[str, Any] = {"lease_owner": None, "lease_until": None}


async def step(
    conn: AsyncConnection, promise_id: str, from_: tuple[State, ...], to: State, *, now: datetime, **values: Any
) -> Row[Any] | None:
    """The promise in its new state; None when it was in none of `from_`."""
    row = (
        await conn.execute(
            update(callbacks)
            .where(callbacks.c.id == promise_id, callbacks.c.state.in_(from_))
            .values(state=to, **NOT_HELD, **values)
            .returning(*callbacks.c)
        )
    ).one_or_none()
    if row is not None:
        await emit(conn, "callback.changed", promise_id, now)
    return row


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
    await conn.execute(
        update(callbacks)
        .where(callbacks.c.id == promise.id, callbacks.c.state == State.RINGING_AGENT)
        .values(due_at=max(promise.promised_at, now), **NOT_HELD)
    )


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
    in_time = promise.kept_at <= promise.promised_at + timedelta(seconds=promise.window_seconds)
    await step(conn, promise_id, (State.TALKING,), State.KEPT if in_time else State.BROKEN, now=now)


async def nobody_reached(conn: AsyncConnection, promise: Row[Any], result: str, plan: Plan, *, now: datetime) -> bool:
    """The customer was dialled in vain.  True: to be called again, at a time still to be fixed; False: given up."""
    n = await end_attempt(conn, promise.id, result)
    if n is None:
        return False
    following = after_attempt(n, plan, now=now)
    if isinstance(following, CallAgain):
        again = following.after
        await step(conn, promise.id, OPEN, State.PROMISED, now=now, promised_at=again, due_at=again)
        return True
    await step(conn, promise.id, OPEN, State.UNREACHABLE, now=now, due_at=None)
    return False
