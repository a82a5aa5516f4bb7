"""Text messages we send: to whom and when they may go, and their way to the carrier.  Their words are in letters.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import history
from callbacks.history import US, What
from callbacks.slots import Quiet
from carrier.port import OPTED_OUT, EffectResult
from crm.identify import Person, person_by_id
from crm.tables import texts
from crm.texts import Source, no_more_texts, takes_no_texts
from ivr.letters import ENDED, Letter, compose, latest
from ivr.phrases import speakable
from ivr.turn import Rooms, Turn
from routing.agents import Agent
from routing.floor import agent_from
from routing.hours import read_hours
from routing.plan import Plan
from routing.tables import agents
from store.events import emit
from store.ids import new_id

SOON = timedelta(hours=1)  # news of a promise so near is worth a text at night
A_DAY, MOST_A_DAY = timedelta(days=1), 15  # texts about one promise
LATEST_SENDING, SOONEST_TOO_LATE = timedelta(hours=6), timedelta(minutes=10)
_OURS = "text_reminder"  # nobody has to know it: never at night
_UNASKED = frozenset((_OURS, "text_at_risk", "text_taken"))  # at night only what is about to come
# What the carrier says of a number for good; 30006 is a landline, or a network out of its reach.
_REFUSALS: dict[str, Source] = {"21610": "carrier", OPTED_OUT: "carrier", "21614": "landline", "30006": "landline"}


def disturbs(key: str, promise: Row[Any], person: Person | None, plan: Plan, now: datetime) -> bool:
    """Would this text come at night, or in their quiet hours, without need?  Pure."""
    if key not in _UNASKED or (key != _OURS and abs(promise.promised_at - now) <= SOON):
        return False
    return at_rest(person, plan, promise.zone, now)


def at_rest(person: Person | None, plan: Plan, zone: str, now: datetime) -> bool:
    """Is it night where they are, or a time at which they want to be left alone?  Pure."""
    quiet = Quiet.read(person.quiet_hours if person else None, zone)
    awake = read_hours(plan.service.call_hours, zone)
    return not awake.is_open(now) or (quiet is not None and quiet.covers(now))


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
    was: str | None = None,
) -> list[str]:
    """A text about a promise, whose row the caller holds; the effects to kick after the commit.

    `key`: text_promised, text_moved, text_reminder, text_again (we did not reach you), text_later (we could not call in
    time), text_moved_choice (the same, with another time to choose), text_at_risk (it may come to that), text_taken
    (another agent calls), text_late, text_given_up, text_cancelled.  It names the promise's agent, or `who`;
    text_promised_anyone names nobody.  `was`: the first name of who would have called.
    Nothing is sent to a number that takes none, at night without need, beyond what anybody would want to read of one
    promise in a day, or while we have no number to send it from.
    """
    from_ = promise.from_number or from_ or await rooms.numbers.any_number(conn)
    if from_ is None or await takes_no_texts(conn, promise.number, promise.customer_id):
        return []
    now, (_, plan) = rooms.clock.now(), await rooms.plans.current(conn)
    person = await person_by_id(conn, promise.customer_id)
    if disturbs(key, promise, person, plan, now) or await _told_enough(conn, promise.id, now):
        return []
    language = (person.language if person else None) or rooms.house.language
    speaker = replace(rooms.speaker(person, language, 0, now), zone=promise.zone)
    names = await first_names(conn, [promise.agent_id, *(one["agent"] for one in promise.choices or ())])
    letter = Letter(
        key,
        promise,
        names.get(promise.agent_id) if who is None else speakable(who.first_name),
        rooms.links.url(promise.id),
        rooms.house.zone,
        names,
        was,
    )
    text_id = new_id("txt")
    await history.record(conn, promise.id, What.TOLD, by=US, now=now, after={"text": text_id, "of": key})
    return await send_text(
        rooms,
        conn,
        to=promise.number,
        from_=from_,
        body=compose(speaker, letter),
        customer_id=promise.customer_id,
        promise_id=promise.id,
        not_after=_too_late(promise, key, now),
        text_id=text_id,
    )


async def _told_enough(conn: AsyncConnection, promise_id: str, now: datetime) -> bool:
    """Each change by reply or link is answered by a text: whoever plays with that fills somebody's telephone."""
    sent = select(func.count()).where(
        texts.c.callback_id == promise_id, texts.c.direction == "out", texts.c.at > now - A_DAY
    )
    return (await conn.scalar(sent) or 0) >= MOST_A_DAY


def _too_late(promise: Row[Any], key: str, now: datetime) -> datetime:
    """From when on the text would tell of what is past."""
    if key in ENDED:
        return now + LATEST_SENDING
    return min(max(latest(promise), now + SOONEST_TOO_LATE), now + LATEST_SENDING)


async def first_names(conn: AsyncConnection, ids: Iterable[str | None]) -> dict[str, str]:
    wanted = {agent_id for agent_id in ids if agent_id is not None}
    if not wanted:
        return {}
    rows = await conn.execute(select(agents).where(agents.c.id.in_(wanted)))
    return {row.id: speakable(agent_from(row).first_name) for row in rows}


async def send_text(
    rooms: Rooms,
    conn: AsyncConnection,
    *,
    to: str,
    from_: str,
    body: str,
    customer_id: str | None,
    promise_id: str | None = None,
    not_after: datetime | None = None,
    text_id: str | None = None,
    kept: str | None = None,
) -> list[str]:
    """The text in the person's timeline and the wish to the carrier, in one transaction; none where it is unwelcome.

    `kept`: what the timeline shows in place of a body that nobody here is to read.
    """
    if await takes_no_texts(conn, to, customer_id):
        return []
    text_id = text_id or new_id("txt")
    await conn.execute(
        insert(texts).values(
            id=text_id,
            effect_id=text_id,
            customer_id=customer_id,
            callback_id=promise_id,
            direction="out",
            from_number=from_,
            to_number=to,
            body=body if kept is None else kept,
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
        not_after=not_after,
        effect_id=text_id,
    )
    return [effect]


async def text_asked(conn: AsyncConnection, result: EffectResult, now: datetime) -> None:
    """The carrier has taken one of our texts, or will not."""
    if result.state == "done":
        await conn.execute(update(texts).where(texts.c.id == result.subject).values(sid=result.sid))
    elif result.state == "failed":
        await text_became(conn, str(result.subject), "failed", now=now, error=result.error_code)


async def text_became(
    conn: AsyncConnection, text_id: str, state: str, *, now: datetime, error: str | None = None, sid: str | None = None
) -> None:
    """What became of one of our texts; what the carrier says of the number is remembered."""
    values = {"state": state} | ({"sid": sid} if sid else {})
    changed = update(texts).where(texts.c.id == text_id).values(**values)
    text = (await conn.execute(changed.returning(texts.c.to_number, texts.c.callback_id))).one_or_none()
    if text is None:
        return
    if error in _REFUSALS:
        await no_more_texts(conn, text.to_number, _REFUSALS[error], now)
    if text.callback_id is not None:
        await emit(conn, "callback.changed", text.callback_id, now)
