"""Who is on the line, as it becomes known: met, not who we thought, somebody new.

A number is a hint.  Whoever says that they are somebody else is believed, and each one's own is kept apart.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update

from carrier.numbering import address_in
from crm import consents, people
from crm.identify import Household, Known, Person, identify, person_by_id
from ivr.household import nameable
from ivr.inbound import is_diverters
from ivr.names import Which, which_of
from ivr.turn import Turn, own_number
from ivr.wordings import HeardOf
from routing.floor import agent
from routing.reservations import live_of_call
from routing.tables import decisions

BY_NAME = "name"  # they said who they are
TAKEN_FOR_ANOTHER = "Chosen for somebody they turned out not to be."


async def at_this_number(turn: Turn) -> tuple[Person, ...]:
    """Everybody known by the number they ring from."""
    if is_diverters(turn.call.from_number, turn.call.forwarded_from):
        return ()
    found = await identify(turn.conn, turn.call.from_number, turn.rooms.house.country)
    match found:
        case Household(all_of_them):
            return nameable(all_of_them)
        case Known(person):
            return (person,)
        case _:
            return ()


async def ours(turn: Turn) -> tuple[str, ...]:
    """What the house and the agent whose phone rings are called."""
    rung = await live_of_call(turn.conn, turn.call.id)
    house = turn.rooms.house.company
    names = (house, *house.split())
    if rung is None:
        return names
    who = await agent(turn.conn, rung.agent_id)
    return (*names, who.name, who.first_name)


def called(person: Person) -> tuple[str | None, ...]:
    return (person.called, person.name, person.given, person.surname)


def said_to_be(words: str, among: tuple[Person, ...]) -> Which:
    return which_of(words, [called(person) for person in among])


async def meet(turn: Turn, person: Person) -> None:
    """It is they, in their own word."""
    language = person.language or turn.call.language
    await turn.change(customer_id=person.id, language=language, known_by=BY_NAME)
    await turn.meet(person)


async def learn_name(turn: Turn, name: str) -> None:
    """The caller is known from now on: the one of that name who has this number, or a record of their own."""
    if turn.person is not None:  # known by number only: from a message, say
        await people.change(turn.conn, turn.person.id, {"name": name, "name_recording_url": None}, turn.now)
        turn.person = await person_by_id(turn.conn, turn.person.id)
        await turn.change(known_by=BY_NAME)
        return
    others = await at_this_number(turn)
    same = said_to_be(name, others).one
    if same is not None:
        await meet(turn, others[same])
        return
    await _somebody_new(turn, {"name": name})
    await turn.change(known_by=BY_NAME)


async def keep_name_recording(turn: Turn, url: str) -> None:
    """Their name in their own voice, for the agent, who types it: in a record of their own, if we know their number."""
    await turn.change(name_recording_url=url)
    if turn.person is not None:
        await people.change(turn.conn, turn.person.id, {"name_recording_url": url}, turn.now)
    elif own_number(turn) is not None:
        await _somebody_new(turn, {"name_recording_url": url})


async def not_them(turn: Turn) -> None:
    """Forgets whom we took them for: nothing of that person is theirs.  The agent whose phone rings stays."""
    if turn.person is not None:  # what they have agreed to is theirs, for this call, and not that person's for ever
        await consents.take_back(turn.conn, turn.person.id, turn.call.sid)
    turn.person, turn.heard, turn.plan = None, HeardOf(), turn.pinned
    apart = dict.fromkeys(("callback_id", "case_id", "weary_level", "choice", "card", "proved_at"))
    await turn.change(customer_id=None, familiar=False, known_by=None, **apart)
    # They name the person, and why somebody is the right one for them.
    await turn.conn.execute(
        update(decisions).where(decisions.c.call_id == turn.call.id).values(sentence=TAKEN_FOR_ANOTHER, reasons={})
    )


async def _somebody_new(turn: Turn, values: Mapping[str, str]) -> None:
    """With what they ring from, so that they are known the next time."""
    number, address = own_number(turn), address_in(turn.call.from_number)
    known_by: dict[str, list[str]] = {"phones": [number] if number else []}
    if address and not is_diverters(turn.call.from_number, turn.call.forwarded_from):
        known_by["addresses"] = [address]
    customer_id = await people.add(
        turn.conn, {"language": turn.call.language, **known_by, **values}, turn.now, told=True
    )
    await turn.change(customer_id=customer_id)
    turn.person = await person_by_id(turn.conn, customer_id)
