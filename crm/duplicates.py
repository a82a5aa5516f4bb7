"""Records that may be one person's, for somebody to decide; nothing is ever merged by itself.

Looked for are only those who share what an index finds: a number, an e-mail, all spellings of a whole name.  People of
one household share a number and are not one person, so it counts only where the names agree, or one has none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, groupby
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import people
from crm.identify import LARGEST_HOUSEHOLD
from crm.names import ALIKE, alike
from crm.references import AT_ONCE
from crm.schemas import Customer
from crm.tables import customer_phones, customers, not_the_same

NAMESAKES = 4  # with more of one name, or of one e-mail, it says nothing of who they are
FIRST_LOOK = 100  # people whose records are compared with the others' in one go; each look takes in twice as many,
IN_A_LOOK = 2_000  # up to so many: where many are alike, a page is full before much has been read
MOST_LOOKS = 20  # for one page, full or not
JUDGED_AT_ONCE = 50  # pairs whose records are read in one go
_BEYOND = "~"  # every id
_PERHAPS = 0.68  # with a number or an e-mail in common: Maria, and Maria Rossi; M. Rossi
_LIVING = customers.c.merged_into.is_(None)

Why = Literal["same number", "same e-mail", "names alike"]
Pair = tuple[str, str]  # ids, the lesser first


@dataclass(frozen=True, slots=True)
class Likeness:
    why: tuple[Why, ...]
    score: float


def likeness(one: Customer, other: Customer) -> Likeness | None:
    """How likely the two are one person; None where nobody need be asked."""
    if one.gender and other.gender and one.gender != other.gender:
        return None
    number = bool(set(one.phones) & set(other.phones))
    email = bool(one.email and other.email and one.email.lower() == other.email.lower())
    why: list[Why] = []
    if number:
        why.append("same number")
    if email:
        why.append("same e-mail")
    shared = 0.99 if number and email else 0.96 if email else 0.93 if number else 0.6
    if not _names(one) or not _names(other):
        return Likeness(tuple(why), round(shared * 0.75, 2)) if why else None
    names = max(alike(mine, theirs) for mine in _names(one) for theirs in _names(other))
    if names >= ALIKE and (why or not _apart(one, other)):
        return Likeness((*why, "names alike"), round(shared * names, 2))
    return Likeness(tuple(why), round(shared * names, 2)) if why and names >= _PERHAPS else None


def _names(one: Customer) -> list[str]:
    """As it is written, and from its parts."""
    parts = f"{one.given or ''} {one.surname or ''}".strip()
    return [name for name in dict.fromkeys((one.name or "", parts)) if name.strip()]


def _apart(one: Customer, other: Customer) -> bool:
    """Two of one name who can be reached in every way, and in none together."""
    return bool(one.phones and other.phones and one.email and other.email)


async def of_one(conn: AsyncConnection, customer: Customer) -> list[tuple[Customer, Likeness]]:
    """Who may be the same person as this one, the likeliest first."""
    pairs = await _candidates(conn, customers.c.id == customer.id)
    found = await _proposed(conn, [pair for pair in pairs if customer.id in pair])
    others = [(two if one.id == customer.id else one, how) for one, two, how in found]
    return sorted(others, key=lambda proposal: (-proposal[1].score, proposal[0].id))


async def page(
    conn: AsyncConnection, after: Pair, limit: int, *, in_a_look: int = IN_A_LOOK, looks: int = MOST_LOOKS
) -> tuple[list[tuple[Customer, Customer, Likeness]], Pair | None]:
    """Pairs beyond `after` in their order, and where the next page begins; None: there is none.

    A page is not always full, since it ends after so many people were looked at.
    """
    found: list[tuple[Customer, Customer, Likeness]] = []
    many = FIRST_LOOK
    for _ in range(looks):
        many = min(many, in_a_look)
        until = await _end_of_look(conn, after[0], many)
        if until is None or (until, _BEYOND) == after:
            return found, None
        pairs = await _candidates(conn, and_(customers.c.id >= after[0], customers.c.id <= until))
        beyond = [pair for pair in pairs if pair > after and pair[0] <= until]
        found += await _proposed(conn, beyond, limit + 1 - len(found))
        if len(found) > limit:
            found = found[:limit]
            return found, (found[-1][0].id, found[-1][1].id)
        after, many = (until, _BEYOND), 2 * many
    return found, after


async def tell_apart(conn: AsyncConnection, one: str, other: str, by: str, now: datetime) -> None:
    """These two are not the same, and are never proposed again."""
    pair = _pair(one, other)
    if pair not in await _dismissed(conn, [pair]):
        row = {"one_id": pair[0], "other_id": pair[1], "at": now, "by": by}
        await conn.execute(insert(not_the_same), row)


async def _end_of_look(conn: AsyncConnection, after: str, many: int) -> str | None:
    few = select(customers.c.id).where(customers.c.id >= after).order_by(customers.c.id).limit(many).subquery()
    until: str | None = await conn.scalar(select(func.max(few.c.id)))
    return until


async def _candidates(conn: AsyncConnection, whose: ColumnElement[bool]) -> set[Pair]:
    """Pairs of people who share something with one of those meant."""
    theirs = select(customers.c.id).where(whose, _LIVING)
    phones = customer_phones.c
    current = phones.given_up_at.is_(None)
    numbers = select(phones.number).where(phones.customer_id.in_(theirs), current)
    pairs = await _sharing(conn, phones.number, phones.customer_id, numbers, current, LARGEST_HOUSEHOLD)
    for key in (customers.c.email_key, customers.c.name_key):
        pairs |= await _sharing(conn, key, customers.c.id, select(key).where(whose, _LIVING), _LIVING, NAMESAKES)
    return pairs


async def _sharing(
    conn: AsyncConnection,
    key: ColumnElement[str],
    owner: ColumnElement[str],
    asked: Select[Any],
    also: ColumnElement[bool],
    most: int,
) -> set[Pair]:
    """Everybody's pairs within the groups of one key that are small enough to say something."""
    groups = (
        select(key.label("key"))
        .where(key.in_(asked.where(key != "")), also)
        .group_by(key)
        .having(func.count().between(2, most))
        .subquery()
    )
    members = select(key.label("key"), owner.label("owner")).join(groups, groups.c.key == key).where(also)
    rows = sorted((row.key, row.owner) for row in await conn.execute(members))
    together = [[who for _, who in group] for _, group in groupby(rows, key=lambda row: row[0])]
    return {pair for one_key in together for pair in combinations(one_key, 2)}


async def _proposed(
    conn: AsyncConnection, pairs: Collection[Pair], enough: int | None = None
) -> list[tuple[Customer, Customer, Likeness]]:
    """Those that are worth asking about, in their order: all, or `enough` of them and perhaps a few more."""
    ordered = sorted(set(pairs))
    found: list[tuple[Customer, Customer, Likeness]] = []
    for start in range(0, len(ordered), JUDGED_AT_ONCE):
        if enough is not None and len(found) >= enough:
            break
        found += await _judged(conn, ordered[start : start + JUDGED_AT_ONCE])
    return found


async def _judged(conn: AsyncConnection, pairs: Sequence[Pair]) -> list[tuple[Customer, Customer, Likeness]]:
    """Without those whom somebody has told apart."""
    dismissed = await _dismissed(conn, pairs)
    known = await people.load(conn, await _living(conn, {one for pair in pairs for one in pair}))
    found = []
    for pair in pairs:
        one, other = (None, None) if pair in dismissed else (known.get(pair[0]), known.get(pair[1]))
        how = likeness(one, other) if one is not None and other is not None else None
        if one is not None and other is not None and how is not None:
            found.append((one, other, how))
    return found


async def _dismissed(conn: AsyncConnection, pairs: Collection[Pair]) -> set[Pair]:
    told: set[Pair] = set()
    firsts = sorted({one for one, _ in pairs})
    for start in range(0, len(firsts), AT_ONCE):
        rows = select(not_the_same.c.one_id, not_the_same.c.other_id)
        of = rows.where(not_the_same.c.one_id.in_(firsts[start : start + AT_ONCE]))
        told |= {(row.one_id, row.other_id) for row in await conn.execute(of)}
    return told & set(pairs)


async def _living(conn: AsyncConnection, ids: Collection[str]) -> list[str]:
    wanted, found = sorted(ids), []
    for start in range(0, len(wanted), AT_ONCE):
        here = select(customers.c.id).where(customers.c.id.in_(wanted[start : start + AT_ONCE]), _LIVING)
        found += list(await conn.scalars(here))
    return found


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)
