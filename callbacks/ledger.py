"""What can be promised, as the database knows it: who could call, what is promised already, who rings meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import phonenumbers
from phonenumbers import timezone
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.book import OVERDUE, Ledger, Quiet
from callbacks.bookings import Booked, Bookings
from callbacks.states import OPEN
from callbacks.tables import callbacks
from crm.identify import Person, person_by_id
from routing.absences import by_agent
from routing.floor import everybody
from routing.hours import BadHours, Hours, read_hours
from routing.house import House
from routing.inflow import read_inflow
from routing.needs import Need
from routing.plan import Plan
from routing.queue import ahead_in_sql
from routing.vetoes import vetoed_by
from routing.weigh import Caller, fitting

AWAKE = timedelta(hours=2)


async def read_ledger(
    conn: AsyncConnection,
    house: House,
    plan: Plan,
    language: str,
    *,
    now: datetime,
    line: str = "",
    customer_id: str | None = None,
    ours: bool = False,
    awake: bool = False,
    arrived_at: datetime | None = None,
) -> Ledger:
    """What can be promised to somebody who speaks `language`; their own open promises take no place, nothing lies
    in their quiet hours, and nobody calls whom they declined or who declined them.

    `ours`: the time is our own choice, so that it has to lie within the hours in which people may be rung.  `awake`: we
    propose it to somebody who is with us now, so that for a while those hours do not bind.
    `arrived_at`: since when they wait, so that only who came before them is ahead.
    """
    person = None if customer_id is None else await person_by_id(conn, customer_id)
    apart = frozenset[str]() if customer_id is None else await vetoed_by(conn, customer_id)
    asked = plan.line(line)
    language = asked.agent_language or language
    caller = Caller(language=language, arrived_at=now, skills=asked.skills, teams=frozenset(asked.teams))
    floor = await everybody(conn)
    return Ledger(
        agents=fitting(caller, [agent for agent in floor if agent.id not in apart], plan, now),
        booked=await _booked(conn, now, customer_id),
        hours=read_hours(plan.hours_of(line), house.zone, house.country),
        zone=house.zone,
        country=house.country,
        plan=plan,
        now=now,
        quiet=_quiet(person, house),
        absences=await by_agent(conn, now),
        floor=floor,
        inflow=await read_inflow(conn),
        waiting=await ahead_in_sql(conn, Need.of(caller), arrived_at or now, now),
        call_hours=_call_hours(plan, person, house) if ours or awake else None,
        awake_until=now + AWAKE if awake else None,
    )


def theirs(ledger: Ledger, person: Person | None, house: House) -> Ledger:
    """The same for one person: their quiet hours, and by their clock those in which we may ring."""
    hours = None if ledger.call_hours is None else _call_hours(ledger.plan, person, house)
    return replace(ledger, quiet=_quiet(person, house), call_hours=hours)


async def quiet_of(conn: AsyncConnection, house: House, customer_id: str) -> Quiet | None:
    """When they do not want to be rung."""
    return _quiet(await person_by_id(conn, customer_id), house)


async def zone_of(conn: AsyncConnection, house: House, customer_id: str) -> str:
    """The zone of their clock (IANA)."""
    return zone_of_person(await person_by_id(conn, customer_id), house)


def zone_of_person(person: Person | None, house: House) -> str:
    """As they told us; else that of their number's country, where it is another than ours and has but one zone; else
    the house's."""
    if person is None:
        return house.zone
    if person.time_zone:
        return person.time_zone
    for number in person.phones[:1]:
        if _region(number) not in (None, house.country):
            zones = timezone.time_zones_for_number(phonenumbers.parse(number))
            if len(zones) == 1 and zones[0] != timezone.UNKNOWN_TIMEZONE:
                return zones[0]
    return house.zone


async def _booked(conn: AsyncConnection, now: datetime, customer_id: str | None) -> Bookings:
    """All calls that are open; a text takes nobody's time."""
    taken = select(callbacks.c.id, callbacks.c.promised_at, callbacks.c.agent_id).where(
        callbacks.c.state.in_(OPEN), callbacks.c.promised_at > now - OVERDUE, callbacks.c.channel == "call"
    )
    if customer_id is not None:
        taken = taken.where(callbacks.c.customer_id != customer_id)
    rows = await conn.execute(taken)
    return Bookings(Booked(row.promised_at, row.agent_id) for row in rows)


def _quiet(person: Person | None, house: House) -> Quiet | None:
    return None if person is None else Quiet.read(person.quiet_hours, zone_of_person(person, house))


def _call_hours(plan: Plan, person: Person | None, house: House) -> Hours:
    """When people may be rung by our own choice, by their clock and with their country's holidays, where these are
    known."""
    number = next(iter(person.phones), None) if person else None
    zone, country = zone_of_person(person, house), (_region(number) if number else None) or house.country
    try:
        return read_hours(plan.service.call_hours, zone, country)
    except BadHours:
        return read_hours(plan.service.call_hours, zone)


def _region(number: str) -> str | None:
    """ISO 3166; None where it cannot be told."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None
