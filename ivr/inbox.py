"""Text messages that come in, and what became of those we sent."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.history import BY_TEXT
from callbacks.limits import TooMany
from callbacks.wish import CannotKeep, InProgress, Wish
from carrier.numbering import callable_back, is_withheld
from crm import consents, people
from crm.identify import Household, Known, Person, Unknown, identify, person_by_id
from crm.tables import texts
from crm.texts import no_more_texts, texts_again
from ivr.choices import choose, open_question
from ivr.letters import CALL_ME_KEY, CHANGE_KEY, CHOICE_KEYS, NOT_SOLVED_KEY, SOLVED_KEY
from ivr.segments import fitted
from ivr.shared_texts import claimed, says_only_who, writer
from ivr.solved import answered_by_text
from ivr.texts import send_text, tell, text_became
from ivr.turn import Rooms
from routing.plan import Plan
from store.ids import new_id
from store.sql import only_one

SAID_ENOUGH = timedelta(minutes=30)
MOST_QUESTIONS = 3  # of ours in that time to a number that several share: a machine there may answer each
ONE_DAY = timedelta(days=1)
MOST_IN_A_DAY = 3  # thanks and questions of ours to a number of nobody's, or of several, who writes whenever it may
# Twilio acts on these and answers them itself; a word of ours beside it would contradict it.
STOP_WORDS = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"))
START_WORDS = frozenset(("start", "yes", "unstop"))
HELP_WORDS = frozenset(("help", "info"))
_ORDER = ("queued", "sending", "sent", "delivered", "undelivered", "failed", "read")


async def receive_text(rooms: Rooms, conn: AsyncConnection, form: Mapping[str, str]) -> list[str]:
    """Kept in the person's timeline, and answered like a person: once, not after each line they write."""
    sid = form.get("MessageSid") or form.get("SmsSid", "")
    if await conn.scalar(select(texts.c.id).where(texts.c.sid == sid)) is not None:
        return []
    now, number, body = rooms.clock.now(), form.get("From", ""), form.get("Body", "")
    person, shared = await _sender(rooms, conn, number, body, now)
    text_id = new_id("txt")
    await conn.execute(
        insert(texts).values(
            id=text_id,
            sid=sid,
            customer_id=person.id if person else None,
            direction="in",
            from_number=number,
            to_number=form.get("To", ""),
            body=body,
            state="received",
            at=now,
        )
    )
    if is_withheld(number) or await _twilios(conn, number, person, body, form.get("OptOutType"), now):
        return []
    said = body.strip(" .!()")
    if shared and person is not None and await claimed(conn, person, number, now - ONE_DAY):
        said = CALL_ME_KEY  # they had asked for it, and have said now who they are
    question = await open_question(conn, person, number) if said in CHOICE_KEYS else None
    if question is not None and (answered := await _answer(rooms, conn, question, said)) is not None:
        return answered
    if said in (SOLVED_KEY, NOT_SOLVED_KEY):
        thanked = await answered_by_text(rooms, conn, person, number, said, form["To"])
        if thanked is not None:
            return thanked
    promised = None if person is None else await rooms.promises.open_of(conn, person.id, any_case=True)
    if promised is not None and said == CHANGE_KEY:
        return await _send_link(rooms, conn, promised.id, person, form)
    reachable = person is not None and callable_back(number, rooms.house.country) is None
    if reachable and said == CALL_ME_KEY:
        assert person is not None
        with suppress(TooMany):  # what they wrote is kept, and seen
            return await _promise_a_call(rooms, conn, person, form, text_id, promised, now)
    nobodys = person is None or not (person.name or person.called)
    if (shared or nobodys) and await _written_today(conn, number, now) >= MOST_IN_A_DAY:
        return []
    written = await _written_lately(conn, person, number, now)
    if shared and person is None:
        again = said == CALL_ME_KEY and written < MOST_QUESTIONS
        return [] if written and not again else await _ask_who_writes(rooms, conn, form, thank=not written)
    if promised is not None and written == 1 and not _is_key(body):  # an answer to what we wrote of it
        return await _send_link(rooms, conn, promised.id, person, form)
    if written:
        return []
    speaker = rooms.speaker(person, (person and person.language) or rooms.house.language, 0, now)
    words = speaker.say("text_answer") + (f" {speaker.say('text_call_me', key=CALL_ME_KEY)}" if reachable else "")
    customer_id = person.id if person else None
    return await send_text(rooms, conn, to=number, from_=form["To"], body=fitted(words), customer_id=customer_id)


async def _twilios(
    conn: AsyncConnection, number: str, person: Person | None, body: str, kind: str | None, now: datetime
) -> bool:
    """Is it a word that Twilio takes for its own?  `kind`: what it says it took it for, in any language.

    Whoever writes anything else can read what we write.
    """
    word = body.strip().lower()
    if kind == "STOP" or word in STOP_WORDS or word.strip(".!") == "stop":
        await no_more_texts(conn, number, "word", now)
        await _said_of_texts(conn, person, False, now)
    elif kind == "START" or word in START_WORDS:
        await texts_again(conn, number)
        await _said_of_texts(conn, person, True, now)
    elif kind is None and word not in HELP_WORDS:
        await texts_again(conn, number, "landline")
        return False
    return True


async def _said_of_texts(conn: AsyncConnection, person: Person | None, welcome: bool, now: datetime) -> None:
    """Their latest word, if it changes anything: yes is also a plain word, and who had said nothing stays so."""
    if person is None:
        return
    before = await consents.current(conn, person.id, "texts")
    if before is not welcome and not (before is None and welcome):
        await consents.give(conn, person.id, "texts", welcome, "text", now)


async def _answer(rooms: Rooms, conn: AsyncConnection, promise_id: str, said: str) -> list[str] | None:
    """They choose one of the times they were asked about.  None: nothing is asked any more."""
    try:
        chosen = await choose(rooms, conn, promise_id, CHOICE_KEYS.index(said), BY_TEXT)
    except InProgress:
        return []  # we are calling them at this moment
    return None if chosen is None else await tell(rooms, conn, chosen.promise, chosen.key)


async def _send_link(
    rooms: Rooms, conn: AsyncConnection, promise_id: str, person: Person | None, form: Mapping[str, str]
) -> list[str]:
    language = (person and person.language) or rooms.house.language
    speaker = rooms.speaker(person, language, 0, rooms.clock.now())
    body = fitted(speaker.say("text_here", link=rooms.links.url(promise_id)))
    whose = person.id if person else None
    return await send_text(
        rooms, conn, to=form["From"], from_=form["To"], body=body, customer_id=whose, promise_id=promise_id
    )


async def _sender(
    rooms: Rooms, conn: AsyncConnection, number: str, body: str, now: datetime
) -> tuple[Person | None, bool]:
    """Whose text it is, and whether others have the number too: then nobody is guessed, and whoever says so is known.

    Somebody new gets a record without a name.
    """
    found = await identify(conn, number, rooms.house.country)
    if isinstance(found, Unknown) and found.number is not None and not found.shared:
        await only_one(conn, "newcomers")  # two texts at once are one newcomer
        found = await identify(conn, number, rooms.house.country)
    match found:
        case Known(person):
            return person, False
        case Household() | Unknown(shared=True):
            return await _one_of_several(rooms, conn, number, body, now), True
        case Unknown(number=str(theirs)):
            values = {"language": rooms.house.language, "phones": [theirs]}
            return await person_by_id(conn, await people.add(conn, values, now, told=True)), False
    return None, False


async def _one_of_several(rooms: Rooms, conn: AsyncConnection, number: str, body: str, now: datetime) -> Person | None:
    """Who says that they are yet another one gets a record of their own, as somebody who calls does."""
    name = await _writer(rooms, conn, number, body, now)
    if isinstance(name, str):
        await only_one(conn, "newcomers")  # two texts at once are one newcomer
        name = await _writer(rooms, conn, number, body, now)
    if not isinstance(name, str):
        return name
    values = {"language": rooms.house.language, "phones": [number], "name": name}
    return await person_by_id(conn, await people.add(conn, values, now, told=True))


async def _writer(rooms: Rooms, conn: AsyncConnection, number: str, body: str, now: datetime) -> Person | str | None:
    found = await identify(conn, number, rooms.house.country)
    members = found.people if isinstance(found, Household) else ()
    return await writer(conn, number, body, members, now - SAID_ENOUGH)


async def _ask_who_writes(rooms: Rooms, conn: AsyncConnection, form: Mapping[str, str], *, thank: bool) -> list[str]:
    """Nobody's name is told: the screen is read by whoever has the telephone."""
    speaker = rooms.speaker(None, rooms.house.language, 0, rooms.clock.now())
    words = (
        f"{speaker.say('text_answer')} {speaker.say('text_who_writes')}" if thank else speaker.say("text_who_writes")
    )
    return await send_text(rooms, conn, to=form["From"], from_=form["To"], body=fitted(words), customer_id=None)


async def _promise_a_call(
    rooms: Rooms,
    conn: AsyncConnection,
    person: Person,
    form: Mapping[str, str],
    text_id: str,
    promised: Row[Any] | None,
    now: datetime,
) -> list[str]:
    """As soon as it can be kept, by whom it was promised; what they wrote before is what it is about, if nothing is."""
    _, plan = await rooms.plans.current(conn)
    known = promised is not None and promised.reason is not None
    agent_id = promised.agent_id if promised is not None else None
    wish = Wish(
        customer_id=person.id,
        number=form["From"],
        language=person.language or rooms.house.language,
        agent_id=agent_id or person.preferred_agent,
        case_id=None if promised is None else promised.case_id,
        reason=None if known else await _said_before(conn, person, text_id, now),
        from_number=form["To"],
        by=BY_TEXT,
    )
    try:
        promise = await _soonest(rooms, conn, wish, plan, now)
    except InProgress:
        return []  # we are calling them at this moment
    return await tell(rooms, conn, promise, "text_promised")


async def _soonest(rooms: Rooms, conn: AsyncConnection, wish: Wish, plan: Plan, now: datetime) -> Row[Any]:
    try:
        return (await rooms.promises.make(conn, wish, plan, now=now))[0]
    except CannotKeep:
        return (await rooms.promises.make(conn, wish, plan, now=now, honest=False))[0]


async def _said_before(conn: AsyncConnection, person: Person, text_id: str, now: datetime) -> str | None:
    """The last of their texts that was words, and neither a key nor only who they are."""
    last = select(texts.c.body).where(
        texts.c.customer_id == person.id, texts.c.direction == "in", texts.c.id != text_id, texts.c.at > now - ONE_DAY
    )
    bodies = await conn.scalars(last.order_by(texts.c.id.desc()).limit(10))
    return next((body for body in bodies if not _is_key(body) and not says_only_who(body, person)), None)


def _is_key(body: str) -> bool:
    word = body.strip(" .!()").lower()
    return word.isdigit() or word in STOP_WORDS | START_WORDS | HELP_WORDS


async def _written_lately(conn: AsyncConnection, person: Person | None, number: str, now: datetime) -> int:
    """How many texts of ours this number or person has from the last half hour: whoever writes in several lines, or has
    a machine that answers, is not answered to each of them."""
    to = texts.c.to_number == number
    theirs = to if person is None else or_(to, texts.c.customer_id == person.id)
    ours = select(func.count()).where(theirs, texts.c.direction == "out", texts.c.at > now - SAID_ENOUGH)
    return await conn.scalar(ours) or 0


async def _written_today(conn: AsyncConnection, number: str, now: datetime) -> int:
    """Beside what was promised: that they have asked for."""
    ours = (texts.c.to_number == number, texts.c.direction == "out", texts.c.callback_id.is_(None))
    return await conn.scalar(select(func.count()).where(*ours, texts.c.at > now - ONE_DAY)) or 0


async def text_state(conn: AsyncConnection, text_id: str | None, form: Mapping[str, str], now: datetime) -> None:
    """Delivery news, in any order: a text never goes back to an earlier state."""
    told = form.get("MessageStatus") or form.get("SmsStatus", "")
    known = await conn.scalar(select(texts.c.state).where(texts.c.id == text_id))
    if known is None or told not in _ORDER or (known in _ORDER and _ORDER.index(told) <= _ORDER.index(known)):
        return
    sid = form.get("MessageSid") or form.get("SmsSid")
    await text_became(conn, str(text_id), told, now=now, error=form.get("ErrorCode"), sid=sid)
