"""Finding people by whatever somebody knows of them: parts of the name, digits of a number, an e-mail, an id.

Each way has an index behind it and ends after one page, so that it costs the same among a million people.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import phonenumbers
from sqlalchemy import ColumnElement, Integer, Select, and_, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import FieldRefused
from carrier.numbering import address_in, number_in
from crm.names import search_words
from crm.tables import customer_addresses, customer_name_parts, customer_phones, customers

FEWEST_SIGNS = 2
FEWEST_DIGITS = 4
MOST_LOOKED_AT = 10_000  # with the rarest of several words
_DIGITS = re.compile(r"[+(]?[0-9][-+0-9 ()./]*")
Fits = Callable[[ColumnElement[str], str, str], ColumnElement[bool]]  # column, word, dialect
_LIVING = customers.c.merged_into.is_(None)


async def find_people(conn: AsyncConnection, asked: str, region: str, limit: int) -> list[str]:
    """Ids, at most `limit`, those that fit best first: an id, a whole number or name, then beginnings.

    Raises FieldRefused for what would be everybody.
    """
    asked = asked.strip()
    if sum(sign.isalnum() for sign in asked) < FEWEST_SIGNS:
        raise FieldRefused("q", f"At least {FEWEST_SIGNS} letters or digits are needed.")
    found: dict[str, None] = {}
    async for statement in _ways(conn, asked, region):
        # One may fit in several ways, by two parts of the name, say: a few more than are wanted.
        ids = list(await conn.scalars(statement.limit(_written(2 * limit))))
        living = set(await conn.scalars(select(customers.c.id).where(customers.c.id.in_(ids), _LIVING))) if ids else ()
        found |= dict.fromkeys(one for one in ids if one in living)
        if len(found) >= limit:
            break
    return list(found)[:limit]


async def _ways(conn: AsyncConnection, asked: str, region: str) -> AsyncIterator[Select[Any]]:
    """The statements to try, one after another."""
    yield select(func.coalesce(customers.c.merged_into, customers.c.id)).where(customers.c.external_id == asked)
    address = address_in(asked)
    if address is not None:
        yield select(customer_addresses.c.customer_id).where(customer_addresses.c.address == address)
    elif "@" in asked:
        yield select(customers.c.id).where(customers.c.email_key == asked.lower())
    elif _DIGITS.fullmatch(asked):
        for statement in _by_digits(asked, region, conn.dialect.name):
            yield statement
    else:
        for fits in (_is, begins):
            for words in search_words(asked):
                yield await _named(conn, words, fits)


def _by_digits(asked: str, region: str, dialect: str) -> Iterable[Select[Any]]:
    """A whole number, or its beginning as it is dialled here or from abroad."""
    numbers = customer_phones.c
    number = number_in(asked, region)
    if number is not None:
        yield select(numbers.customer_id).where(numbers.number == number, numbers.given_up_at.is_(None))
    digits = re.sub("[^0-9]", "", asked)
    if len(digits) < FEWEST_DIGITS:
        return
    for beginning in beginnings(digits, region, abroad=asked.startswith("+")):
        fits = begins(numbers.number, beginning, dialect)
        yield select(numbers.customer_id).where(fits, numbers.given_up_at.is_(None))


def beginnings(digits: str, region: str, *, abroad: bool) -> list[str]:
    """What an E.164 number may begin with of which these digits are the beginning."""
    if abroad or digits.startswith("00"):
        return ["+" + (digits if abroad else digits[2:])]
    country = f"+{phonenumbers.country_code_for_region(region)}"
    trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True)
    ways = [country + digits.removeprefix(trunk)] if trunk else [country + digits]
    return [*ways, "+" + digits] if not digits.startswith("0") else ways


async def _named(conn: AsyncConnection, words: Sequence[str], fits: Fits) -> Select[Any]:
    """Whose name has all the words.  The rarest leads, so that few are looked at; more than so many never are."""
    parts, dialect = customer_name_parts, conn.dialect.name
    counts = {}
    for word in words if len(words) > 1 else ():
        few = select(parts.c.part).where(fits(parts.c.part, word, dialect)).limit(_written(MOST_LOOKED_AT)).subquery()
        counts[word] = await conn.scalar(select(func.count()).select_from(few)) or 0
    first, *others = sorted(words, key=lambda word: counts.get(word, 0))
    led = (
        select(parts.c.customer_id).where(fits(parts.c.part, first, dialect)).limit(_written(MOST_LOOKED_AT)).subquery()
    )
    statement = select(led.c.customer_id)
    for word in others:
        other = parts.alias()
        has = select(other.c.part).where(other.c.customer_id == led.c.customer_id, fits(other.c.part, word, dialect))
        # One by one, by the key: as a join PostgreSQL compares, on a bad day, everybody's words with everybody's.
        statement = statement.where(has.limit(_written(1)).scalar_subquery().is_not(None))
    return statement


def _written(limit: int) -> ColumnElement[int]:
    """In the statement itself: with a bound one PostgreSQL plans, in the end, for a tenth of the table."""
    return literal_column(str(limit), Integer)


def _is(column: ColumnElement[str], word: str, dialect: str) -> ColumnElement[bool]:
    return column == word


def begins(column: ColumnElement[str], beginning: str, dialect: str) -> ColumnElement[bool]:
    """By sign, as the index is ordered, whatever the database's language."""
    after = beginning[:-1] + chr(ord(beginning[-1]) + 1)
    if dialect == "postgresql":
        return and_(column.bool_op("~>=~")(beginning), column.bool_op("~<~")(after))
    return and_(column >= beginning, column < after)
