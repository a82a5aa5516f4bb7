"""A promise that will not be kept as it was made is made anew before its time, and the person is told.

Who cannot be told by text is not moved: a call that comes late is better than one that never comes when it was said.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, null
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import history
from callbacks.alternatives import another_time, as_choices, instead_of_owner
from callbacks.history import US, By, What
from callbacks.keeping import at_another_time, look_later, step
from callbacks.promises import Promises, first_look
from callbacks.slots import Ledger, Slot
from callbacks.states import MOVABLE, State
from routing.plan import Plan


class Letters(Protocol):
    """What is written to customers: text messages."""

    async def can_tell(self, conn: AsyncConnection, promise: Row[Any]) -> bool: ...

    async def tell(self, conn: AsyncConnection, promise: Row[Any], key: str, **slots: str) -> None: ...

    async def language(self, conn: AsyncConnection, promise: Row[Any]) -> str: ...


async def ledger_for(
    conn: AsyncConnection, promises: Promises, letters: Letters, promise: Row[Any], plan: Plan, now: datetime
) -> Ledger:
    """What could be promised to this person instead, at hours in which we may ring by our own choice."""
    language = await letters.language(conn, promise)
    line = promise.from_number or ""
    return await promises.ledger(conn, plan, language, now=now, line=line, customer_id=promise.customer_id, ours=True)


async def move_on(
    conn: AsyncConnection,
    letters: Letters,
    promise: Row[Any],
    ledger: Ledger,
    *,
    now: datetime,
    after: datetime | None = None,
) -> Row[Any] | None:
    """To the next time that can be kept, with another one beside it to choose; None: they cannot be told of any."""
    if not await letters.can_tell(conn, promise):
        return None
    slots = another_time(ledger, max(promise.promised_at, after or now), promise.agent_id)
    if not slots:
        return None
    at = slots[0].due_at
    ledger.book(at, slots[0].agent)  # before anything is waited for: others are moved at the same time
    values = at_another_time(promise, at) | {
        "due_at": first_look(at, now),
        "agent_id": slots[0].agent or promise.agent_id,
        "choices": as_choices(slots) if len(slots) > 1 else null(),
    }
    if promise.kind == "asap":  # now a minute is named
        values |= {"kind": "scheduled", "window_seconds": round(ledger.window.total_seconds())}
    moved = await step(conn, promise.id, MOVABLE, State.PROMISED, now=now, **values)
    if moved is None:
        return None
    await history.record_change(conn, promise, moved, by=US, now=now)
    await letters.tell(conn, moved, "text_moved_choice" if len(slots) > 1 else "text_later")
    return moved


def instead(ledger: Ledger, promise: Row[Any], stand_in: str | None) -> list[Slot]:
    """What they could have instead of what they were promised: at the time whoever is free, or `stand_in`, and then
    their agent later.  Two, or none: fewer are no choice."""
    slots = instead_of_owner(ledger, promise.promised_at, promise.agent_id, stand_in)
    return slots if len(slots) == 2 else []


async def ask_instead(
    conn: AsyncConnection,
    letters: Letters,
    promise: Row[Any],
    ledger: Ledger,
    stand_in: str | None,
    *,
    now: datetime,
    by: By = US,
) -> bool:
    """Their agent is held up: whom they would rather have, a colleague at the time or their agent later.

    Nothing changes until they answer; if they do not, whoever is free calls at the time.
    """
    if promise.choices or not await letters.can_tell(conn, promise):
        return False
    slots = instead(ledger, promise, stand_in)
    if not slots:
        return False
    choices = as_choices(slots)
    choices[0]["at"] = promise.promised_at.isoformat()
    asked = await look_later(conn, promise.id, MOVABLE, choices=choices, due_at=promise.due_at)
    if asked is None:
        return False
    await history.record(conn, promise.id, What.CHOICES, by=by, now=now, after={"choices": choices})
    await letters.tell(conn, asked, "text_at_risk")
    return True
