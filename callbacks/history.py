"""What happened to a promise, when, and through whom: one row a step, only ever added to.

Rows go with their promise, and it with its person.  They tell of times, agents and states, and never of what it was
about; of a number they keep the last two digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from sqlalchemy import JSON, Row, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callback_history

Way = Literal["phone", "text", "link", "api", "keeper"]


class By(NamedTuple):
    """Who did something, and by which way.  `who`: customer | agent:ID | manager | service | us."""

    who: str
    way: Way


US = By("us", "keeper")
BY_PHONE, BY_TEXT, BY_LINK = By("customer", "phone"), By("customer", "text"), By("customer", "link")


class What(StrEnum):
    MADE = "made"
    MOVED = "moved"  # to another time, and perhaps to another agent
    REASSIGNED = "reassigned"  # the time stays
    CHANGED = "changed"  # number, window, reason or words
    AT_RISK = "at_risk"
    SAFE = "safe"  # at risk no longer
    TOLD = "told"  # by text; `after` names the text
    CHOICES = "choices"  # two other times were offered by text
    CHOSEN = "chosen"  # one of them
    TAKEN = "taken"  # a colleague has said yes
    ATTEMPT = "attempt"  # the customer was called, and not reached
    MISSED = "missed"  # its window passed with nobody calling
    KEPT = "kept"
    BROKEN = "broken"
    CANCELLED = "cancelled"
    MERGED = "merged"
    UNREACHABLE = "unreachable"


def by_agent(agent_id: str) -> By:
    return By(f"agent:{agent_id}", "api")


async def record(
    conn: AsyncConnection,
    promise_id: str,
    what: What,
    *,
    by: By,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Writes one step down.  Whoever records holds the promise's row, so that its numbers have no gaps."""
    await record_many(conn, [(promise_id, before, after)], what, by=by, now=now)


async def record_many(
    conn: AsyncConnection,
    steps: Sequence[tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None]],
    what: What,
    *,
    by: By,
    now: datetime,
) -> None:
    """The same step of many promises, each once: `(promise_id, before, after)`."""
    if not steps:
        return
    following = (
        select(func.coalesce(func.max(callback_history.c.n), 0) + 1)
        .where(callback_history.c.callback_id == bindparam("of"))
        .scalar_subquery()
    )
    row = insert(callback_history).values(
        callback_id=bindparam("of"),
        n=following,
        at=now,
        what=str(what),
        by=f"{by.who} {by.way}",
        before=bindparam("was", type_=JSON(none_as_null=True)),
        after=bindparam("is", type_=JSON(none_as_null=True)),
    )
    await conn.execute(row, [{"of": one, "was": _plain(was), "is": _plain(is_)} for one, was, is_ in steps])


async def record_change(
    conn: AsyncConnection, before: Row[Any], after: Row[Any], *, by: By, now: datetime
) -> What | None:
    """What an UPDATE made of a promise: moved, reassigned or changed; nothing is written where it changed nothing."""
    was, is_ = differences(before, after)
    if not is_:
        return None
    what = What.MOVED if "due_at" in is_ else What.REASSIGNED if "agent" in is_ else What.CHANGED
    await record(conn, after.id, what, by=by, now=now, before=was, after=is_)
    return what


def differences(before: Row[Any], after: Row[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs, by the API's names.  What a promise is about is private: that it changed is all that is told."""
    was, is_ = _shown(before), _shown(after)
    names = [name for name in is_ if is_[name] != was[name] or (name == "number" and before.number != after.number)]
    private = {name: None for name in ("reason", "words") if getattr(before, name) != getattr(after, name)}
    return {name: was[name] for name in names} | private, {name: is_[name] for name in names} | private


def _shown(promise: Row[Any]) -> dict[str, Any]:
    return {
        "due_at": promise.promised_at.isoformat(),
        "agent": promise.agent_id,
        "window_seconds": promise.window_seconds,
        "number": f"…{promise.number[-2:]}",
        "channel": promise.channel,
    }


def _plain(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Instants as text: JSON has none."""
    if told is None:
        return None
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items()}
