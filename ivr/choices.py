"""The two times a promise may be kept at instead: asked by text, answered by text or on the promise's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import history
from callbacks.alternatives import as_choices
from callbacks.history import US, By, What
from callbacks.keeping import look_later
from callbacks.slots import Slot
from callbacks.states import MOVABLE
from callbacks.tables import callbacks
from callbacks.wish import CannotKeep
from crm.identify import Person, person_by_id
from ivr.turn import Rooms
from store.sql import only_one

TIME_TO_ANSWER = timedelta(minutes=10)


async def open_question(conn: AsyncConnection, person: Person | None, number: str) -> str | None:
    """The promise about which this person, or whoever writes from its number, has been asked the last."""
    theirs = callbacks.c.number == number
    if person is not None:
        theirs = or_(callbacks.c.customer_id == person.id, theirs)
    query = (
        select(callbacks.c.id)
        .where(theirs, callbacks.c.state.in_(MOVABLE), callbacks.c.choices.is_not(null()))
        .order_by(callbacks.c.risk_at.desc(), callbacks.c.promised_at)
    )
    found: str | None = await conn.scalar(query.limit(1))
    return found


class Answer(NamedTuple):
    promise: Row[Any]
    key: str  # of the text that tells of it
    taken: bool  # False: it had gone


async def choose(rooms: Rooms, conn: AsyncConnection, promise_id: str, n: int, by: By) -> Answer | None:
    """Takes the first (0) or second (1).

    One that has gone meanwhile gives way to the nearest beside the first, or to the first alone where there is none.
    None: nothing is asked any more.  Raises InProgress.
    """
    await only_one(conn, "promises")
    promise = await rooms.promises.read(conn, promise_id, lock=True)
    if promise is None or promise.state not in MOVABLE or n >= len(promise.choices or ()):
        return None
    now, (_, plan) = rooms.clock.now(), await rooms.plans.current(conn)
    person = await person_by_id(conn, promise.customer_id)
    language = (person.language if person else None) or rooms.house.language
    try:
        chosen = await rooms.promises.choose(conn, promise, n, plan, language=language, by=by, now=now)
    except CannotKeep as error:
        return await _ask_again(rooms, conn, promise, promise.choices[n], error.slots)
    return Answer(chosen, "text_promised", taken=True)


async def _ask_again(
    rooms: Rooms, conn: AsyncConnection, promise: Row[Any], gone: Mapping[str, Any], slots: Sequence[Slot]
) -> Answer | None:
    now, wanted = rooms.clock.now(), datetime.fromisoformat(gone["at"])
    apart = [s for s in slots if s.due_at != promise.promised_at and s.due_at - now >= TIME_TO_ANSWER]
    nearest = min(apart, key=lambda slot: abs(slot.due_at - wanted), default=None)
    choices = [promise.choices[0], *as_choices([nearest])] if nearest else None
    asked = await look_later(conn, promise.id, MOVABLE, choices=choices or null(), due_at=promise.due_at)
    if asked is None:
        return None
    if choices:
        await history.record(conn, promise.id, What.CHOICES, by=US, now=now, after={"choices": choices})
    return Answer(asked, "text_choice_gone" if choices else "text_promised", taken=False)
