"""Text messages we send: what was promised, in words, where the promise can be read again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.identify import person_by_id
from crm.tables import texts
from ivr.dialogue import punctual
from ivr.phrases import Speaker
from ivr.turn import Rooms, Turn
from routing.agents import Agent
from store.ids import new_id


async def send_text(
    rooms: Rooms, conn: AsyncConnection, *, to: str, from_: str, body: str, customer_id: str | None
) -> list[str]:
    """The text in the person's timeline and the wish to the carrier, in one transaction."""
    text_id = new_id("txt")
    await conn.execute(
        insert(texts).values(
            id=text_id,
            effect_id=text_id,
            customer_id=customer_id,
            direction="out",
            from_number=from_,
            to_number=to,
            body=body,
            state="queued",
            at=rooms.clock.now(),
        )
    )
    effect = await rooms.carrier.send_text(
        conn,
        to=to,
        from_=from_,
        body=body,
        status_url=rooms.url("/twilio/sms/status", text=text_id),
        subject=text_id,
        effect_id=text_id,
    )
    return [effect]


async def confirm_promise(turn: Turn, promise: Row[Any], who: Agent | None) -> list[str]:
    return await tell(turn.rooms, turn.conn, promise, "text_promised" if who else "text_promised_anyone", who)


async def tell(
    rooms: Rooms,
    conn: AsyncConnection,
    promise: Row[Any],
    key: str,
    who: Agent | None = None,
    *,
    from_: str | None = None,
) -> list[str]:
    """A text about a promise, in the person's language; without a number of ours to send from there is none."""
    from_ = promise.from_number or from_ or await rooms.numbers.any_number(conn)
    if from_ is None:
        return []
    person = await person_by_id(conn, promise.customer_id)
    language = (person.language if person else None) or rooms.house.language
    speaker: Speaker = rooms.speaker(person, language, 0, rooms.clock.now())
    slots = {"agent": who.first_name} if who else {}
    body = speaker.say(key, time=punctual(speaker, promise.promised_at, promise.window_seconds), **slots)
    return await send_text(rooms, conn, to=promise.number, from_=from_, body=body, customer_id=promise.customer_id)
