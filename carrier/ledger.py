"""The ledger's statements: intents, claims, results.  Each is one step of one effect; none talks to the network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.port import Kind
from carrier.tables import effects
from store.ids import new_id

MAKES_SOMETHING: tuple[Kind, ...] = ("create_call", "send_text")  # what must never be repeated blindly
IN_ORDER: tuple[Kind, ...] = ("send_text", "change_participant")  # to one number, or of one call, one by one
LEASE = timedelta(seconds=15)
_SETTLED: dict[str, Any] = {"request": {}, "due_at": None, "lease_owner": None, "lease_until": None}


async def intend(
    conn: AsyncConnection,
    *,
    kind: Kind,
    target: str,
    request: dict[str, Any],
    priority: int,
    subject: str | None,
    now: datetime,
    not_before: datetime | None = None,
    not_after: datetime,
    effect_id: str | None = None,
) -> str:
    """Writes the wish down; nothing is asked before the caller's transaction is committed."""
    effect_id = effect_id or new_id("eff")
    await conn.execute(
        insert(effects).values(
            id=effect_id,
            kind=kind,
            target=target,
            request=request,
            priority=priority,
            subject=subject,
            state="intended",
            wanted=True,
            tries=0,
            made_at=now,
            not_after=not_after,
            due_at=not_before or now,
        )
    )
    return effect_id


def waiting_calls(now: datetime) -> ColumnElement[bool]:
    """Calls that may be created now, but for the pace; one to a number whose last attempt is unresolved may not."""
    other = effects.alias("unresolved")
    unresolved = exists().where(
        other.c.kind == effects.c.kind, other.c.target == effects.c.target, other.c.state.in_(("asking", "unknown"))
    )
    return and_(_intended_call(), effects.c.due_at <= now, effects.c.not_after > now, ~unresolved)


def _intended_call() -> ColumnElement[bool]:
    return and_(effects.c.kind == "create_call", effects.c.state == "intended")


def not_a_waiting_call() -> ColumnElement[bool]:
    return ~_intended_call()


async def next_call(conn: AsyncConnection, now: datetime) -> Row[Any] | None:
    """The call whose turn it is: a waiting caller's before a promise's, then the oldest."""
    found = await conn.execute(
        select(effects).where(waiting_calls(now)).order_by(effects.c.priority, effects.c.due_at, effects.c.id).limit(1)
    )
    return found.one_or_none()


async def late_calls(conn: AsyncConnection, now: datetime, limit: int = 100) -> Sequence[Row[Any]]:
    """Calls whose time has passed before their turn came."""
    found = await conn.execute(select(effects).where(_intended_call(), effects.c.not_after <= now).limit(limit))
    return found.all()


async def next_call_at(conn: AsyncConnection, now: datetime) -> datetime | None:
    """When the next call not yet due will be."""
    at: datetime | None = await conn.scalar(
        select(func.min(effects.c.due_at)).where(_intended_call(), effects.c.due_at > now)
    )
    return at


async def next_in_order(conn: AsyncConnection, kind: Kind, target: str, now: datetime) -> str | None:
    """What had to wait because the one before it to the same number was under way."""
    found: str | None = await conn.scalar(
        select(effects.c.id)
        .where(
            effects.c.kind == kind,
            effects.c.target == target,
            effects.c.state == "intended",
            effects.c.due_at <= now,
        )
        .order_by(effects.c.made_at, effects.c.id)
        .limit(1)
    )
    return found


async def claim(
    conn: AsyncConnection, effect_id: str, *, owner: str, now: datetime, again: bool = False
) -> Row[Any] | None:
    """Takes the right to ask: nobody else gets it, and whoever looks later knows that it may have been asked.

    `again`: one found half asked whose repetition does no harm.  None: taken, withdrawn, not yet due, too late, or
    another effect that makes something for the same number is unresolved, or one of a kind that goes in order was
    written before this one.
    """
    other = effects.alias("unresolved")
    clash = exists().where(
        other.c.id != effects.c.id,
        other.c.kind == effects.c.kind,
        other.c.target == effects.c.target,
        other.c.state.in_(("asking", "unknown")),
        other.c.kind.in_((*MAKES_SOMETHING, *IN_ORDER)),
    )
    before = effects.alias("before")
    overtakes = exists().where(  # what is written later may contradict what is written first
        effects.c.kind.in_(IN_ORDER),
        before.c.kind == effects.c.kind,
        before.c.target == effects.c.target,
        before.c.state == "intended",
        before.c.due_at <= now,
        before.c.not_after > now,
        or_(
            before.c.made_at < effects.c.made_at,
            and_(before.c.made_at == effects.c.made_at, before.c.id < effects.c.id),
        ),
    )
    state = effects.c.state == "asking" if again else and_(effects.c.state == "intended", effects.c.not_after > now)
    done = await conn.execute(
        update(effects)
        .where(effects.c.id == effect_id, state, effects.c.due_at <= now, ~clash, ~overtakes)
        .values(
            state="asking",
            asked_at=now,
            tries=effects.c.tries + 1,
            lease_owner=owner,
            lease_until=now + LEASE,
            due_at=now + LEASE,
        )
        .returning(*effects.c)
    )
    return done.one_or_none()


async def settle(
    conn: AsyncConnection, effect_id: str, *, state: str, sid: str | None = None, error: str | None = None
) -> Row[Any] | None:
    """Writes the end of an effect that is under way or unknown.  None: somebody else has ended it."""
    done = await conn.execute(
        update(effects)
        .where(effects.c.id == effect_id, effects.c.state.in_(("asking", "unknown")))
        .values(state=state, sid=sid, error=error, **_SETTLED)
        .returning(*effects.c)
    )
    return done.one_or_none()


async def give_up(conn: AsyncConnection, effect_id: str, *, error: str, now: datetime) -> Row[Any] | None:
    """Ends an intent whose time has passed before it could be asked."""
    done = await conn.execute(
        update(effects)
        .where(effects.c.id == effect_id, effects.c.state == "intended", effects.c.not_after <= now)
        .values(state="failed", error=error, **_SETTLED)
        .returning(*effects.c)
    )
    return done.one_or_none()


async def put_back(conn: AsyncConnection, effect_id: str, *, due_at: datetime, error: str) -> Row[Any] | None:
    """What was certainly not done becomes an intent again, or is withdrawn if that was wished meanwhile."""
    under_way = (effects.c.id == effect_id, effects.c.state == "asking")
    free: dict[str, Any] = {"lease_owner": None, "lease_until": None}
    await conn.execute(
        update(effects).where(*under_way, ~effects.c.wanted).values(state="withdrawn", error=error, **_SETTLED)
    )
    done = await conn.execute(
        update(effects)
        .where(*under_way)
        .values(state="intended", error=error, due_at=due_at, **free)
        .returning(*effects.c)
    )
    return done.one_or_none()


async def doubt(conn: AsyncConnection, effect_id: str, *, look_at: datetime, error: str) -> Row[Any] | None:
    """It may have happened: to be looked for at `look_at`."""
    done = await conn.execute(
        update(effects)
        .where(effects.c.id == effect_id, effects.c.state.in_(("asking", "unknown")))
        .values(state="unknown", error=error, due_at=look_at, lease_owner=None, lease_until=None)
        .returning(*effects.c)
    )
    return done.one_or_none()


async def withdraw(conn: AsyncConnection, subject: str) -> list[str | None]:
    """See Effects.withdraw.  The order matters: an intent asked in between is seen by the second statement."""
    mine = (effects.c.subject == subject, effects.c.kind == "create_call")
    await conn.execute(
        update(effects).where(*mine, effects.c.state == "intended").values(state="withdrawn", wanted=False, **_SETTLED)
    )
    await conn.execute(update(effects).where(*mine, effects.c.state.in_(("asking", "unknown"))).values(wanted=False))
    asked = await conn.execute(
        select(effects.c.sid)
        .where(*mine, effects.c.state.in_(("asking", "unknown", "done")))
        .order_by(effects.c.made_at, effects.c.id)
    )
    return list(asked.scalars())


async def supersede(conn: AsyncConnection, kind: Kind, target: str) -> None:
    """What was wished of `target` before holds no more; one that is being asked just now is not repeated."""
    mine = (effects.c.kind == kind, effects.c.target == target)
    await conn.execute(
        update(effects).where(*mine, effects.c.state == "intended").values(state="withdrawn", wanted=False, **_SETTLED)
    )
    await conn.execute(update(effects).where(*mine, effects.c.state == "asking").values(wanted=False))


async def learn_sid(conn: AsyncConnection, effect_id: str, sid: str) -> Row[Any] | None:
    """The network's own word that it happened, even after we had concluded that it had not."""
    done = await conn.execute(
        update(effects)
        .where(
            effects.c.id == effect_id,
            effects.c.kind.in_(MAKES_SOMETHING),
            effects.c.state.in_(("intended", "asking", "unknown", "failed")),
        )
        .values(state="done", sid=sid, **_SETTLED)
        .returning(*effects.c)
    )
    return done.one_or_none()


async def arrived(conn: AsyncConnection, sid: str, url: str) -> None:
    """Ends the redirects of this call to `url` of which nobody knows whether they happened."""
    open_ones = (effects.c.kind == "redirect_call", effects.c.state.in_(("intended", "asking", "unknown")))
    wished = await conn.execute(select(effects.c.id, effects.c.request).where(effects.c.target == sid, *open_ones))
    ids = [row.id for row in wished if row.request.get("url") == url]
    if ids:
        done = update(effects).where(effects.c.id.in_(ids), *open_ones).values(state="done", sid=sid, **_SETTLED)
        await conn.execute(done)


async def find(conn: AsyncConnection, effect_id: str) -> Row[Any] | None:
    return (await conn.execute(select(effects).where(effects.c.id == effect_id))).one_or_none()


async def known_sids(conn: AsyncConnection, sids: Sequence[str]) -> set[str]:
    """Which of these belong to effects whose outcome is known."""
    found = await conn.execute(
        select(effects.c.sid).where(effects.c.sid.in_(sids), effects.c.kind.in_(MAKES_SOMETHING))
    )
    return set(found.scalars())


async def forget(conn: AsyncConnection, numbers: Sequence[str]) -> None:
    await conn.execute(delete(effects).where(effects.c.target.in_(numbers)))
