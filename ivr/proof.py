"""Is it really them: a code sent to a number that stands in their record, and read back within minutes.

A number that rings can be anybody's, and a name can be said by anybody.  So the code never goes to a number that came
in with this call, by ear or by hand: one must have been there before it began, and what a caller once told must have
stood there for a week: or two calls would do where one does not.  And only for a call that they made: who tells a code
to somebody that rings them would tell it to thieves as well, so we never ask for that.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.mobiles import is_mobile
from carrier.numbering import NotANumber, normalise
from crm.audit import What
from crm.identify import Person, person_by_id
from crm.tables import audit, customer_phones, customers
from crm.texts import takes_no_texts
from ivr import calls
from ivr.lifecycle import CallState
from ivr.segments import fitted
from ivr.tables import proofs
from ivr.texts import send_text
from ivr.turn import Rooms
from store.ids import new_id

VALID_FOR = timedelta(minutes=10)
MOST_TRIES = 3
STANDING = timedelta(days=7)
AN_HOUR, MOST_AN_HOUR = timedelta(hours=1), 3  # to one person
_DIGITS = 6
_UNREADABLE = "•" * _DIGITS  # what the timeline shows: whoever could read the code there would need nobody to tell it


class CannotProve(Exception):
    """No code is sent, or none is waited for; `reason` says it to whoever asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooManyCodes(CannotProve):
    """For this hour."""


class NotTheirs(CannotProve):
    """The number wanted is none that a code can go to."""


@dataclass(frozen=True, slots=True)
class Code:
    """One that has been sent."""

    number: str
    ends_at: datetime
    tries_left: int
    verified: bool


async def send(
    rooms: Rooms, conn: AsyncConnection, call: Row[Any], secret: str, *, wanted: str | None, asked_by: str
) -> tuple[Code, list[str]]:
    """A new code, which takes the place of any before it, and the effects to kick.  The call's row is locked.

    Raises CannotProve.
    """
    now = rooms.clock.now()
    person = await _to_be_proved(conn, call)
    number = await _number(conn, person, wanted, rooms.house.country, now)
    if await _sent_lately(conn, person.id, now) >= MOST_AN_HOUR:
        raise TooManyCodes("Three codes have been sent to this person within an hour.")
    proof_id, code, ends_at = new_id("prf"), f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}", now + VALID_FOR
    await conn.execute(
        insert(proofs).values(
            id=proof_id,
            call_id=call.id,
            customer_id=person.id,
            number=number,
            digest=_digest(secret, proof_id, code),
            asked_by=asked_by,
            made_at=now,
            ends_at=ends_at,
        )
    )
    speaker = rooms.speaker(person, person.language or call.language, 0, now)
    effects = await send_text(
        rooms,
        conn,
        to=number,
        from_=call.to_number,
        body=fitted(speaker.say("text_code", code=code)),
        customer_id=person.id,
        not_after=ends_at,
        kept=speaker.say("text_code", code=_UNREADABLE),
    )
    return Code(number, ends_at, MOST_TRIES, verified=False), effects


async def compare(conn: AsyncConnection, call: Row[Any], secret: str, code: str, now: datetime) -> Code:
    """What the caller read back, to the last code; each time it is a try.  The call's row is locked.

    Raises CannotProve where no code is waited for.
    """
    last = select(proofs).where(proofs.c.call_id == call.id).order_by(proofs.c.id.desc()).limit(1)
    proof = (await conn.execute(last)).one_or_none()
    if proof is None or proof.customer_id != call.customer_id:
        raise CannotProve("No code has been sent for this call.")
    if proof.proved_at is not None:
        return Code(proof.number, proof.ends_at, MOST_TRIES - proof.tries, verified=True)
    if proof.tries >= MOST_TRIES or proof.ends_at <= now:
        raise CannotProve("The last code does not count any more; send another.")
    right = hmac.compare_digest(proof.digest, _digest(secret, proof.id, code))
    values = {"tries": proof.tries + 1} | ({"proved_at": now} if right else {})
    await conn.execute(update(proofs).where(proofs.c.id == proof.id).values(**values))
    if right:
        await calls.change(conn, call, now=now, proved_at=now)
    return Code(proof.number, proof.ends_at, MOST_TRIES - proof.tries - 1, verified=right)


async def _to_be_proved(conn: AsyncConnection, call: Row[Any]) -> Person:
    if call.state == CallState.ENDED:
        raise CannotProve("The call is over.")
    if call.direction != "inbound":
        raise CannotProve("We rang them: nobody should learn to tell codes to people who ring.")
    person = None if call.customer_id is None else await person_by_id(conn, call.customer_id)
    if person is None:
        raise CannotProve("Nobody is known by this call yet, so there is nobody to prove to be.")
    if await _known_only_since(conn, person.id, call.arrived_at):
        raise CannotProve("Their numbers came into the record during this call, and prove nothing.")
    return person


async def _known_only_since(conn: AsyncConnection, customer_id: str, at: datetime) -> bool:
    """Is the record as new as the call, or has somebody changed its numbers since?"""
    made_at = await conn.scalar(select(customers.c.made_at).where(customers.c.id == customer_id))
    if made_at is None or made_at >= at:
        return True
    changed = select(audit.c.what, audit.c.detail).where(
        audit.c.customer_id == customer_id,
        audit.c.at >= at,
        or_(audit.c.what == What.CHANGED, audit.c.what == What.MERGED, audit.c.what == What.SPLIT),
    )
    return any(
        row.what != What.CHANGED or "phones" in (row.detail or {}).get("fields", ())
        for row in await conn.execute(changed)
    )


async def _number(conn: AsyncConnection, person: Person, wanted: str | None, country: str, now: datetime) -> str:
    """One of theirs that shows texts and has stood there long enough: the one that is wanted, else the first."""
    long_enough = await _standing(conn, person.id, now)
    theirs = [number for number in person.phones if is_mobile(number) and number in long_enough]
    if wanted is not None:
        try:
            asked = normalise(wanted, country)
        except NotANumber:
            raise NotTheirs("This is no phone number.") from None
        if asked not in theirs:
            raise NotTheirs(
                "A code goes only to a mobile that stands in their record; if told on the phone, for a week."
            )
        theirs = [asked]
    for number in theirs:
        if not await takes_no_texts(conn, number, person.id):
            return number
    raise CannotProve("There is no number in their record that takes our texts.")


async def _standing(conn: AsyncConnection, customer_id: str, now: datetime) -> set[str]:
    """Of their numbers those that whoever keeps the records has written, and those that were told a week ago."""
    numbers = customer_phones.c
    old = or_(numbers.since_at.is_(None), numbers.since_at <= now - STANDING)
    return set(await conn.scalars(select(numbers.number).where(numbers.customer_id == customer_id, old)))


async def _sent_lately(conn: AsyncConnection, customer_id: str, now: datetime) -> int:
    sent = select(func.count()).where(proofs.c.customer_id == customer_id, proofs.c.made_at > now - AN_HOUR)
    return await conn.scalar(sent) or 0


def _digest(secret: str, proof_id: str, code: str) -> str:
    """A million codes are tried in no time, so the key is not in the database; the id keeps two alike apart."""
    return hmac.digest(secret.encode(), f"call proof\0{proof_id}\0{code}".encode(), "sha256").hex()
