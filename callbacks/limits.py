"""What is not promised, and not dialled, however it was asked for: against those who bomb, and those who earn by calls.

Asked when a promise is made and again before its call.  The decisions are pure; what they need is counted beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import phonenumbers
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.spend import Spend
from callbacks.tables import callback_attempts, callbacks
from carrier.numbering import Reason, callable_back
from carrier.tables import account_numbers
from routing.plan import Limits, Plan

A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
OPEN_TO_ALL = ("phone", "text", "link")  # ways by which anybody at all may ask for a call, to any number

NotCalled = Reason | Literal["country", "ours"]
Limit = Literal["number_a_day", "a_minute", "number"]
DialRefusal = NotCalled | Literal["number_a_day", "spend"]


class TooMany(Exception):
    """A limit speaks against this promise; who asks is offered to leave a message, and is not told which it was."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit)
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Counted:
    """Promises made by the ways that are open to all.  `of_number`: in a day, and accepted by nobody."""

    of_number: int
    of_house: int  # in a minute


def over(limits: Limits, counted: Counted) -> Limit | None:
    """Which limit one promise more would break.  Pure."""
    if counted.of_number >= limits.promises_per_number_a_day:
        return "number_a_day"
    if counted.of_house >= limits.promises_a_minute:
        return "a_minute"
    return None


def not_called(number: str, limits: Limits, country: str) -> NotCalled | None:
    """Why nobody is called back at this number; None if they may be.  `country`: ISO 3166, the house's.  Pure."""
    reason = callable_back(number, country)
    if reason is not None or not limits.countries:
        return reason
    parsed = phonenumbers.parse(number, country)
    wanted = {written.strip().upper().removeprefix("+") for written in limits.countries}
    places = {phonenumbers.region_code_for_number(parsed), str(parsed.country_code)}
    return None if places & wanted else "country"


async def check(
    conn: AsyncConnection, plan: Plan, number: str, country: str, made_with: str | None, *, now: datetime
) -> None:
    """Before one promise more is made; one that is open and moves is no further one.  Raises TooMany.

    Whoever asks with a token is known to us, and bound by the numbers only.
    """
    if not_called(number, plan.limits, country) is not None:
        raise TooMany("number")
    if made_with not in OPEN_TO_ALL:
        return
    limit = over(plan.limits, await counted(conn, number, now=now))
    if limit is not None:
        raise TooMany(limit)


async def may_dial(
    conn: AsyncConnection, plan: Plan, promise_id: str, number: str, country: str, spend: Spend, *, now: datetime
) -> DialRefusal | None:
    """Why this promise must not be dialled now; None if it may be.

    `spend` and `number_a_day` speak against today only; every other reason speaks against the number.
    """
    reason = not_called(number, plan.limits, country)
    if reason is not None:
        return reason
    if await conn.scalar(select(account_numbers.c.number).where(account_numbers.c.number == number)) is not None:
        return "ours"
    if await _rung_in_vain(conn, promise_id, number, now=now) >= plan.limits.promises_per_number_a_day:
        return "number_a_day"
    return "spend" if await spend.is_over(conn, plan, now=now) else None


async def counted(conn: AsyncConnection, number: str, *, now: datetime) -> Counted:
    """A promise that was kept was accepted by a person at that number: it does not speak against the next one."""
    of_number = await conn.scalar(
        select(func.count()).where(
            callbacks.c.number == number,
            callbacks.c.made_at > now - A_DAY,
            callbacks.c.made_with.in_(OPEN_TO_ALL),
            callbacks.c.kept_at.is_(None),
        )
    )
    of_house = await conn.scalar(
        select(func.count()).where(callbacks.c.made_at > now - A_MINUTE, callbacks.c.made_with.in_(OPEN_TO_ALL))
    )
    return Counted(of_number or 0, of_house or 0)


async def _rung_in_vain(conn: AsyncConnection, promise_id: str, number: str, *, now: datetime) -> int:
    """How many other promises, that anybody may have asked for, have made this telephone ring today for nobody.

    A message is never refused, and whoever leaves many in the name of one number would have it rung for each.
    """
    rang: ColumnElement[bool] = and_(
        callback_attempts.c.at > now - A_DAY,
        or_(callback_attempts.c.result.is_(None), callback_attempts.c.result != "connected"),
    )
    query = (
        select(func.count(callbacks.c.id.distinct()))
        .join_from(callbacks, callback_attempts, callback_attempts.c.callback_id == callbacks.c.id)
        .where(callbacks.c.number == number, callbacks.c.id != promise_id, callbacks.c.made_with.in_(OPEN_TO_ALL))
        .where(callbacks.c.kept_at.is_(None), rang)
    )
    return await conn.scalar(query) or 0
