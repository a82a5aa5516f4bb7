"""Who has this number: one look-up, while the caller waits for the first word.

A number is a hint and never an identity: several people may share one, a withheld one is nobody's, and one that was
given up is somebody else's by now.  A softphone and a SIP phone are known by their address, or by the number in it.

A number in more than `LARGEST_HOUSEHOLD` records is a company's switchboard: nobody can be asked which of so many they
are, and to greet one of them by name would be a guess.  Such a caller is `Unknown`, with `shared` set, and is known as
soon as they say their name: `named_on` looks among those on that number only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Integer, Row, Select, Table, and_, exists, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.numbering import address_in, is_withheld, number_in
from crm.names import ALIKE, alike, name_parts
from crm.tables import customer_addresses, customer_name_parts, customer_phones, customers, interactions

LARGEST_HOUSEHOLD = 20  # people of whom one can be asked which they are; a switchboard's number stands in more records
MOST_NAMESAKES = 50  # who are compared with a name that was said

_ADDRESSES = (  # in one text: they have no blanks
    select(func.aggregate_strings(customer_addresses.c.address, " "))
    .where(customer_addresses.c.customer_id == customers.c.id)
    .scalar_subquery()
    .label("addresses")
)
_TALKED = (
    select(func.max(interactions.c.started_at))
    .where(interactions.c.customer_id == customers.c.id)
    .scalar_subquery()
    .label("talked_at")
)
_NEVER = datetime.min.replace(tzinfo=UTC)


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
    given: str | None = None  # the parts of the name, where somebody has told them apart
    surname: str | None = None
    gender: str | None = None  # feminine | masculine | null: so that it fits anybody
    life_notes: str | None = None
    stand_ins: tuple[str, ...] = ()  # agents' ids, the next best first; some may have left since
    name_recording_url: str | None = None  # they have said their name, and nobody has written it down yet
    addresses: tuple[str, ...] = ()  # sip:user@host or client:name, in lower case


@dataclass(frozen=True, slots=True)
class Known:
    person: Person


@dataclass(frozen=True, slots=True)
class Household:
    """Several people with one number, who was talked with last first."""

    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """`number` is null when it is none that could be called back, `address` where they have a number."""

    number: str | None
    address: str | None = None  # sip:user@host or client:name
    shared: bool = False  # a switchboard's number: many have it


@dataclass(frozen=True, slots=True)
class Withheld:
    pass


Caller = Known | Household | Unknown | Withheld


async def identify(conn: AsyncConnection, number: str | None, region: str) -> Caller:
    """By what the carrier gives as `From`; `region` is where a national number belongs."""
    from_ = number or ""
    if is_withheld(from_):
        return Withheld()
    address, number = address_in(from_), number_in(from_, region)
    people = await _people_at(conn, customer_addresses, customer_addresses.c.address == address) if address else []
    if not people and number is not None:
        people = await _people_at(conn, customer_phones, _has(number))
    match people:
        case []:
            return Unknown(number, address if number is None else None)
        case [person]:
            return Known(person)
        case _ if len(people) > LARGEST_HOUSEHOLD:
            return Unknown(number, address if number is None else None, shared=True)
        case _:
            return Household(tuple(people))


async def named_on(conn: AsyncConnection, number: str, name: str) -> Person | None:
    """Who of the people with this number (E.164) has the name that was said; None for nobody, or for several."""
    asked, said = customer_phones.alias("asked"), customer_name_parts
    matching = (
        select(asked.c.customer_id)
        .join(customers, and_(customers.c.id == asked.c.customer_id, customers.c.merged_into.is_(None)))
        .where(asked.c.number == number, asked.c.given_up_at.is_(None))
        .where(exists().where(said.c.customer_id == asked.c.customer_id, said.c.part.in_(name_parts(name))))
        .limit(MOST_NAMESAKES)
    )
    people = await _whole(conn, matching)
    fitting = [person for person in people if max(alike(name, person.name), alike(name, person.called)) >= ALIKE]
    return fitting[0] if len(fitting) == 1 else None


async def person_by_id(conn: AsyncConnection, customer_id: str) -> Person | None:
    """For a caller whose record is already known; of one that was merged into another, the other's."""
    numbers = customer_phones.c
    named = customers.alias("named")
    kept = select(func.coalesce(named.c.merged_into, named.c.id)).where(named.c.id == customer_id)
    rows = await conn.execute(
        select(customers, numbers.number, _ADDRESSES)
        .outerjoin(customer_phones, and_(numbers.customer_id == customers.c.id, numbers.given_up_at.is_(None)))
        .where(customers.c.id == kept.scalar_subquery())
        .order_by(numbers.position)
    )
    found = _people(list(rows))
    return found[0] if found else None


async def _people_at(conn: AsyncConnection, contacts: Table, theirs: ColumnElement[bool]) -> list[Person]:
    """At most one more than a household is large; whose record has become another one's is not among them."""
    matching = (
        select(contacts.c.customer_id)
        .join(customers, and_(customers.c.id == contacts.c.customer_id, customers.c.merged_into.is_(None)))
        .where(theirs)
        .limit(literal_column(str(LARGEST_HOUSEHOLD + 1), Integer))  # written in, for the sake of PostgreSQL's plan
    )
    return await _whole(conn, matching)


async def _whole(conn: AsyncConnection, matching: Select[tuple[str]]) -> list[Person]:
    theirs, every = matching.subquery(), customer_phones.alias("every")
    rows = await conn.execute(
        select(customers, every.c.number, _ADDRESSES, _TALKED)
        .join(theirs, theirs.c.customer_id == customers.c.id)
        .outerjoin(every, and_(every.c.customer_id == customers.c.id, every.c.given_up_at.is_(None)))
        .order_by(customers.c.id, every.c.position)
    )
    people = list(rows)
    people.sort(key=lambda row: row.talked_at or _NEVER, reverse=True)
    return _people(people)


def _has(number: str) -> ColumnElement[bool]:
    return and_(customer_phones.c.number == number, customer_phones.c.given_up_at.is_(None))


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
        given=_said(row.given),
        surname=_said(row.surname),
        gender=row.gender,
        life_notes=row.life_notes,
        stand_ins=tuple(row.stand_ins or ()),
        name_recording_url=row.name_recording_url,
        addresses=tuple(sorted((row.addresses or "").split())),
    )


def _said(text: str | None) -> str | None:
    """A blank is kept as written but never spoken."""
    return text if text and text.strip() else None
