"""Texts from a number that several people have: they belong to the number until somebody says who writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.identify import Person, named_on, person_by_id
from crm.names import name_parts
from crm.tables import texts
from ivr.introduction import introduction, without_openings, without_polite
from ivr.letters import CALL_ME_KEY
from ivr.meeting import called
from ivr.names import introduced, which_of, would_rather_not
from ivr.speech import Words, given, speech, text_of, words_of

Names = Sequence[str | None]  # what one person is called
_ONLY_A_RELATION = 6  # words: `sono il marito di Ada`; who writes more says why


@dataclass(frozen=True, slots=True)
class Writes:
    """What a text says of who writes it."""

    one: int | None = None  # place among those who have the number
    name: str | None = None  # somebody else's
    another: bool = False  # not who wrote before, whoever it may be


def writes(body: str, people: Sequence[Names]) -> Writes:
    """Only where it is said of themselves, or is nothing but a name: `chiamate Bea` is not Bea's.

    The first such clause counts, wherever in the text it stands.
    """
    said = words_of(body)
    everybody = [name for names in people for name in names]
    for part in _of_themselves(said):
        which = which_of(part, people)
        if which.one is not None and name_parts(part) & name_parts(*people[which.one]):  # nobody was offered a place
            return Writes(which.one, another=True)
        name = introduced(part, everybody).name  # also of a family, all of whom have one surname
        if name is not None:
            return Writes(name=name, another=True)
    which = which_of(body, people)
    alone = None if introduction(said) else _name_alone(said)
    if alone is not None:
        first, theirs = words_of(alone)[0], () if which.one is None else people[which.one]
        known = given(first)
        if name_parts(alone) & name_parts(*theirs) and (known or name_parts(alone) <= name_parts(*theirs)):
            return Writes(which.one, another=True)
        if known and which.one is None and not name_parts(first.text) & name_parts(*everybody):
            return Writes(name=alone, another=True)
    apart = which.several or (which.neither and not would_rather_not(body))
    return Writes(another=apart or introduced(body, everybody).not_me)


def _of_themselves(said: Words) -> list[str]:
    """What begins with `sono`, `mi chiamo`, `my name is`: the clause, and all from there on, for `sono Rossi, Ada`."""
    known, found = speech(), []
    starts = [0, *(n + 1 for n, word in enumerate(said[:-1]) if word.ends)]
    for start in starts:
        left = without_openings(said[start:])
        if not max(known.sure.at_start(left), known.weak.at_start(left)) and introduction(left) is None:
            continue
        end = next((n + 1 for n, word in enumerate(left) if word.ends), len(left))
        found += [text_of(left[:end]), text_of(left)]
    return found


def _name_alone(said: Words) -> str | None:
    found = introduction(said, bare=True)
    return None if found is None or without_polite(found.rest) else found.name


def says_only_who(body: str, person: Person) -> bool:
    """It tells who writes, or who does not, and nothing that anybody could be called about."""
    said, names = words_of(body), called(person)
    alone = _name_alone(said)
    if alone is not None and name_parts(alone) & name_parts(*names):
        return True
    other, which = introduced(body, names), which_of(body, [names])
    if other.not_me:
        return not other.why
    return which.neither and len(said) < _ONLY_A_RELATION


async def writer(
    conn: AsyncConnection, number: str, body: str, people: Sequence[Person], since: datetime
) -> Person | str | None:
    """Whoever of them the text is by, the name of somebody else, or whoever wrote last since then.

    `people` is empty where so many have the number that nobody is read: then they are found by the name.
    """
    said = writes(body, [called(person) for person in people])
    if said.one is not None:
        return people[said.one]
    if said.name is not None:
        return said.name if people else await named_on(conn, number, said.name)
    if said.another:
        return None
    last = select(texts.c.customer_id).where(
        texts.c.from_number == number, texts.c.direction == "in", texts.c.at > since
    )
    customer_id = await conn.scalar(last.order_by(texts.c.at.desc(), texts.c.id.desc()).limit(1))
    return None if customer_id is None else await person_by_id(conn, customer_id)


async def claimed(conn: AsyncConnection, person: Person, number: str, since: datetime) -> bool:
    """What was written from this number since, and was nobody's, is theirs.  Was to be called among it?

    Not what stands before a text that says it is not by them.
    """
    nobodys = (texts.c.customer_id.is_(None), texts.c.from_number == number, texts.c.direction == "in")
    query = select(texts.c.id, texts.c.body).where(*nobodys, texts.c.at > since)
    mine, asked = [], False
    for row in await conn.execute(query.order_by(texts.c.at.desc(), texts.c.id.desc())):
        if _not_by(row.body, called(person)):
            break
        mine.append(row.id)
        asked = asked or row.body.strip(" .!()") == CALL_ME_KEY
    if mine:
        await conn.execute(update(texts).where(texts.c.id.in_(mine)).values(customer_id=person.id))
    return asked


def _not_by(body: str, names: Names) -> bool:
    """`Non sono Ada`, `sono il marito di Ada`: not by Ada."""
    return bool(name_parts(body) & name_parts(*names)) and writes(body, [names]) == Writes(another=True)
