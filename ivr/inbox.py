"""Text messages that come in, and what became of those we sent."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.identify import Known, identify
from crm.tables import texts
from ivr.texts import send_text
from ivr.turn import Rooms
from store.ids import new_id

# Twilio answers these itself; a word of ours beside it would contradict it.
TWILIOS_WORDS = frozenset(
    [
        "stop",
        "stopall",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "start",
        "yes",
        "unstop",
        "help",
        "info",
    ]
)
_ORDER = ("queued", "sending", "sent", "delivered", "undelivered", "failed", "read")


async def receive_text(rooms: Rooms, conn: AsyncConnection, form: Mapping[str, str]) -> list[str]:
    """Kept in the person's timeline, and answered once."""
    sid = form.get("MessageSid") or form.get("SmsSid", "")
    if await conn.scalar(select(texts.c.id).where(texts.c.sid == sid)) is not None:
        return []
    found = await identify(conn, form.get("From"), rooms.house.country)
    person = found.person if isinstance(found, Known) else None
    body = form.get("Body", "")
    await conn.execute(
        insert(texts).values(
            id=new_id("txt"),
            sid=sid,
            customer_id=person.id if person else None,
            direction="in",
            from_number=form.get("From", ""),
            to_number=form.get("To", ""),
            body=body,
            state="received",
            at=rooms.clock.now(),
        )
    )
    if body.strip().lower() in TWILIOS_WORDS or not form.get("From", "").startswith("+"):
        return []
    speaker = rooms.speaker(person, (person.language if person else None) or rooms.house.language, 0, rooms.clock.now())
    return await send_text(
        rooms,
        conn,
        to=form["From"],
        from_=form["To"],
        body=speaker.say("text_answer"),
        customer_id=person.id if person else None,
    )


async def text_state(conn: AsyncConnection, text_id: str | None, form: Mapping[str, str]) -> None:
    """Delivery news, in any order: a text never goes back to an earlier state."""
    told = form.get("MessageStatus") or form.get("SmsStatus", "")
    known = await conn.scalar(select(texts.c.state).where(texts.c.id == text_id))
    if known is None or told not in _ORDER or (known in _ORDER and _ORDER.index(told) <= _ORDER.index(known)):
        return
    sid = form.get("MessageSid") or form.get("SmsSid")
    await conn.execute(update(texts).where(texts.c.id == text_id).values(state=told, sid=sid))
