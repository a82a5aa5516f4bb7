"""People who share a number: can they be told apart by what is said of each before anybody has spoken with them?

Nothing is said but what they like to be called, and the surname too where two like to be called the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from crm.identify import Caller, Household, Known, Person, Unknown, identify
from ivr.phrases import speakable
from ivr.turn import Turn, own_number, spoken_name


def told_apart(found: Caller, number: str | None = None) -> Caller:
    """A household is only of people who can be named, and by different names.

    A record without a name (of a message, say, or of a call back to somebody who said no name) is nobody who could be
    asked for: beside one who can be named it is as if it were not there.  Whoever rings hears that one's name, as they
    would had nobody else ever rung, and may say that it is not theirs.
    """
    if not isinstance(found, Household):
        return found
    people = nameable(found.people)
    if len(people) == 1:
        return Known(people[0])
    if not people or len(set(names(people))) < len(people):
        return Unknown(number)  # whoever it is says their name
    return Household(people)


def nameable(people: Sequence[Person]) -> tuple[Person, ...]:
    return tuple(one for one in people if named(one))


async def nameless_at(turn: Turn) -> str | None:
    """The record that stands for whoever else rings from this number and has said no name."""
    number = own_number(turn)
    found = None if number is None else await identify(turn.conn, number, turn.rooms.house.country)
    match found:
        case Household(people):
            nobody = [one for one in people if not (named(one) or one.name_recording_url)]
            return nobody[0].id if nobody else None
        case Known(person):
            return None if named(person) or person.name_recording_url else person.id
        case _:
            return None


def named(person: Person) -> bool:
    return spoken_name(person, person.language or "") is not None


def names(people: Sequence[Person], language: str = "") -> list[str]:
    """What each is asked for by, in the same order."""
    called = [spoken_name(one, language or one.language or "") or "" for one in people]
    often = Counter(name.casefold() for name in called)
    return [
        name if often[name.casefold()] == 1 else _with_surname(one, name)
        for one, name in zip(people, called, strict=True)
    ]


def _with_surname(person: Person, called: str) -> str:
    if surname := speakable(person.surname or ""):
        return f"{called} {surname}"
    return speakable(person.name or "") or called
