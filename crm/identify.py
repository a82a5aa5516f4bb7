"""Who has this number: one look-up, while the caller waits for the first word.

A number is a hint and never an identity: several people may share one, and a withheld one is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.numbering import NotANumber, is_withheld, normalise
from crm.tables import customer_phones, customers

LARGEST_HOUSEHOLD = 20  # a switchboard's number stands in many records; more than these nobody can be asked about


@dataclass(frozen=True, slots=True)
class Person:
    """What the greeting and the choice need to know of a customer."""

    id: str
    name: str | None
    called: str | None
    say: str | None
    title: str | None
    language: str | None
    formal: bool
    preferred_agent: str | None
    tags: tuple[str, ...]
    phones: tuple[str, ...]
    style: str | None
    notes: str | None
    time_zone: str | None
    quiet_hours: str | None


@dataclass(frozen=True, slots=True)
class Known:
    person: Person


@dataclass(frozen=True, slots=True)
class Household:
    """Several people with one number."""

    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """`number` is null when it is none that could be called back."""

    number: str | None


@dataclass(frozen=True, slots=True)
class Withheld:
    pass


Caller = Known | Household | Unknown | Withheld


async def identify(conn: AsyncConnection, number: str | None, region: str) -> Caller:
    """By the number as the carrier gives it.  One named by an address (`client:`, `sip:`) is nobody we know."""
    if is_withheld(number or ""):
        return Withheld()
    try:
        number = normalise(str(number), region)
    except NotANumber:
        return Unknown(None)
    people = await _people_with(conn, number)
    match people:
        case []:
            return Unknown(number)
        case [person]:
            return Known(person)
        case _:
            return Household(tuple(people))


async def person_by_id(conn: AsyncConnection, customer_id: str) -> Person | None:
    """For a caller whose record is already known."""
    numbers = customer_phones.c
    rows = await conn.execute(
        select(customers, numbers.number)
        .outerjoin(customer_phones, numbers.customer_id == customers.c.id)
        .where(customers.c.id == customer_id)
        .order_by(numbers.position)
    )
    found = _people(list(rows))
    return found[0] if found else None


async def _people_with(conn: AsyncConnection, number: str) -> list[Person]:
    asked, every = customer_phones.alias("asked"), customer_phones.alias("every")
    theirs = (
        select(asked.c.customer_id)
        .where(asked.c.number == number)
        .order_by(asked.c.customer_id)
        .limit(LARGEST_HOUSEHOLD)
        .subquery()
    )
    rows = await conn.execute(
        select(customers, every.c.number)
        .join(theirs, theirs.c.customer_id == customers.c.id)
        .join(every, every.c.customer_id == customers.c.id)
        .order_by(customers.c.id, every.c.position)
    )
    return _people(list(rows))


def _people(rows: list[Row[tuple[object, ...]]]) -> list[Person]:
    """One row a number, those of a person together."""
    phones: dict[str, list[str]] = {}
    first: dict[str, Row[tuple[object, ...]]] = {}
    for row in rows:
        first.setdefault(row.id, row)
        phones.setdefault(row.id, []).extend([row.number] if row.number else [])
    return [_person(row, tuple(phones[customer_id])) for customer_id, row in first.items()]


def _person(row: Row[tuple[object, ...]], phones: tuple[str, ...]) -> Person:
    return Person(
        id=row.id,
        name=_said(row.name),
        called=_said(row.called),
        say=_said(row.say),
        title=_said(row.title),
        language=row.language,
        formal=row.formal,
        preferred_agent=row.preferred_agent,
        tags=tuple(row.tags),
        phones=phones,
        style=row.style,
        notes=row.notes,
        time_zone=row.time_zone,
        quiet_hours=row.quiet_hours,
    )


def _said(text: str | None) -> str | None:
    """A blank is kept as written but never spoken."""
    return text if text and text.strip() else None
