"""Two records that were one person become one, and can be told apart again; nothing is lost either way.

One of them is kept; the other stays as it is, named by nobody any more, and whoever asks for it is answered with the
kept one.  All that referred to it refers to the kept one: every table with a foreign key to customers, so a new table
is covered by itself.  What the kept one has already under the same key (a number, a veto) stays where it was.

Told apart, each has again what was theirs at the time; what came in since stays with the kept one, because nobody
could say whose it was.  A field that was filled from the other is emptied unless somebody has changed it meanwhile; out
of notes the other's lines are taken wherever they stand by then, but not one that somebody has edited.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Row, Table, UniqueConstraint, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import NotFound, Problem
from crm import people
from crm.filling import fill, take_back
from crm.references import AT_ONCE
from crm.schemas import Merge
from crm.tables import customer_name_parts, customer_phones, customers, merges, not_the_same
from store.ids import new_id
from store.sql import metadata

STRAGGLING = timedelta(minutes=10)  # a call that began before a merge may still write to the record that went
_STAYS = frozenset((merges.name, not_the_same.name, customer_name_parts.name))  # of the records, not of the person

# What other rooms must settle before the rows of one record move to another, and when they go back:
# (connection, kept, gone, now) -> what they need in order to undo it; (connection, that, gone, now).
Settle = Callable[[AsyncConnection, str, str, datetime], Awaitable[list[str]]]
Unsettle = Callable[[AsyncConnection, Sequence[str], str, datetime], Awaitable[None]]


async def _nothing_to_settle(conn: AsyncConnection, kept: str, gone: str, now: datetime) -> list[str]:
    return []


async def _nothing_to_unsettle(conn: AsyncConnection, settled: Sequence[str], gone: str, now: datetime) -> None:
    """Nothing was settled."""


@dataclass(frozen=True, slots=True)
class Promised:
    """Of two open promises for one matter only one can stay: whose room that is settles it."""

    settle: Settle = _nothing_to_settle
    unsettle: Unsettle = _nothing_to_unsettle


@dataclass(frozen=True, slots=True)
class _Reference:
    """A column that says whose a row is."""

    table: Table
    column: Column[Any]
    others: tuple[Column[Any], ...]  # what else names the row
    alone: bool  # no other row of that person may be the same in something

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column.name}"


async def merge(conn: AsyncConnection, kept: str, gone: str, promised: Promised, *, by: str, now: datetime) -> Merge:
    """Raises NotFound, and Problem where the two are one already or somebody was quicker."""
    kept, gone = await people.living(conn, kept), await people.living(conn, gone)
    if kept == gone:
        raise Problem(409, None, "They are one record already.", "other", id=kept)
    await _lock(conn, kept, gone)
    settled = await promised.settle(conn, kept, gone, now)
    moved = await _move(conn, kept, gone)
    moved["settled"] = settled
    moved["again"] = await _theirs_after_all(conn, kept, gone)
    moved["apart"] = await _apart_from(conn, kept, gone, by, now)
    moved["filled"] = await fill(conn, kept, gone, now)
    pointing = update(customers).where(or_(customers.c.id == gone, customers.c.merged_into == gone))
    moved["pointing"] = sorted(await conn.scalars(pointing.values(merged_into=kept).returning(customers.c.id)))
    row = {"id": new_id("mrg"), "kept_id": kept, "gone_id": gone, "at": now, "by": by, "moved": moved}
    return shown((await conn.execute(insert(merges).values(row).returning(*merges.c))).one())


async def undo(conn: AsyncConnection, merge_id: str, promised: Promised, *, now: datetime) -> Merge:
    """Raises NotFound, and Problem where a later merge must be undone first.  Undone already: as it is."""
    before = (await conn.execute(select(merges).where(merges.c.id == merge_id))).one_or_none()
    if before is None:
        raise NotFound("merge")
    if before.undone_at is not None:
        return shown(before)
    kept, gone = before.kept_id, before.gone_id
    await _refuse_below(conn, before)
    await _lock(conn, kept, gone, merged=True)
    ended = update(merges).where(merges.c.id == merge_id, merges.c.undone_at.is_(None)).values(undone_at=now)
    row = (await conn.execute(ended.returning(*merges.c))).one_or_none()
    if row is None:
        raise _somebody_was_quicker()
    moved = row.moved
    await _give_back(conn, kept, gone, moved)
    await _put_in_order(conn, gone, moved["order"])
    await _no_longer_theirs(conn, kept, moved["again"], now)
    for other in moved["apart"]:
        await conn.execute(delete(not_the_same).where(_these_two(kept, other)))
    pointing = [one for one in moved["pointing"] if one != gone]
    await conn.execute(update(customers).where(customers.c.id == gone).values(merged_into=None))
    await conn.execute(update(customers).where(customers.c.id.in_(pointing)).values(merged_into=gone))
    await take_back(conn, kept, moved["filled"], now)
    await promised.unsettle(conn, moved["settled"], gone, now)
    return shown(row)


async def follow(conn: AsyncConnection, now: datetime) -> int:
    """Rows that came in for a record which was merged away at that moment follow it; how many."""
    found = 0
    for row in await just_made(conn, now):
        try:
            await _lock(conn, row.kept_id, row.gone_id, merged=True)
        except Problem:
            continue  # told apart at this moment; or merged once more since, and then a late row stays where it came in
        more = await _move(conn, row.kept_id, row.gone_id)
        came = sum(map(len, more["rows"].values()))
        if came:
            joined = {name: [*row.moved["rows"].get(name, ()), *keys] for name, keys in more["rows"].items()}
            moved = row.moved | {"rows": row.moved["rows"] | joined}
            await conn.execute(update(merges).where(merges.c.id == row.id).values(moved=moved))
        found += came
    return found


async def just_made(conn: AsyncConnection, now: datetime) -> list[Row[Any]]:
    """Merges after which something may still come in for the record that went."""
    late = select(merges).where(merges.c.at > now - STRAGGLING, merges.c.undone_at.is_(None))
    return list(await conn.execute(late.order_by(merges.c.id)))


async def of_customer(conn: AsyncConnection, customer_id: str) -> list[Merge]:
    """In which this record was kept or went, the latest first."""
    theirs = select(merges).where(or_(merges.c.kept_id == customer_id, merges.c.gone_id == customer_id))
    return [shown(row) for row in await conn.execute(theirs.order_by(merges.c.at.desc(), merges.c.id.desc()))]


def shown(row: Row[Any]) -> Merge:
    counted = {part: {name: len(keys) for name, keys in row.moved[part].items()} for part in ("rows", "stayed")}
    return Merge(
        id=row.id,
        kept=row.kept_id,
        gone=row.gone_id,
        at=row.at,
        by=row.by,
        undone_at=row.undone_at,
        moved=counted["rows"],
        stayed=counted["stayed"],
        filled=sorted(row.moved["filled"]),
    )


async def _lock(conn: AsyncConnection, kept: str, gone: str, *, merged: bool = False) -> None:
    """Both rows, in one order whoever asks, and as they are expected to be."""
    both = select(customers.c.id, customers.c.merged_into).where(customers.c.id.in_((kept, gone)))
    rows = {row.id: row.merged_into for row in await conn.execute(both.order_by(customers.c.id).with_for_update())}
    if rows != {kept: None, gone: kept if merged else None}:
        raise _somebody_was_quicker()


def _somebody_was_quicker() -> Problem:
    return Problem(409, None, "Somebody has merged, told apart or erased one of these two at this moment.")


async def _refuse_below(conn: AsyncConnection, merge: Row[Any]) -> None:
    """The kept one went into a third: only from there does anything come back."""
    later = select(merges.c.id).where(
        merges.c.gone_id == merge.kept_id, merges.c.undone_at.is_(None), merges.c.at >= merge.at
    )
    found = await conn.scalar(later.order_by(merges.c.at.desc()).limit(1))
    if found is not None:
        raise Problem(409, None, "The person was merged once more since: undo that merge first.", None, merge=found)


def _references() -> Iterator[_Reference]:
    """Every column that says whose a row is."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if table.name in _STAYS or not any(key.column is customers.c.id for key in column.foreign_keys):
                continue
            others = tuple(key for key in table.primary_key.columns if key is not column)
            unique: list[Sequence[Column[Any]]] = [list(table.primary_key.columns)]
            unique += [list(rule.columns) for rule in table.constraints if isinstance(rule, UniqueConstraint)]
            unique += [list(index.columns) for index in table.indexes if index.unique]
            yield _Reference(table, column, others, any(column in columns for columns in unique))


async def _move(conn: AsyncConnection, kept: str, gone: str) -> dict[str, Any]:
    """What moved and what stayed, by table and column: the rest of each row's key."""
    mine, theirs = await _numbers_of(conn, kept), await _numbers_of(conn, gone)
    rows: dict[str, list[list[Any]]] = {}
    stayed: dict[str, list[list[Any]]] = {}
    for reference in _references():
        if not reference.alone:
            all_ = update(reference.table).where(reference.column == gone).values({reference.column: kept})
            came = [list(row) for row in await conn.execute(all_.returning(*reference.others))]
            left: list[list[Any]] = []
        else:
            keys = select(*reference.others).where(reference.column == gone).order_by(*reference.others)
            came, left = await _one_by_one(conn, reference, [list(row) for row in await conn.execute(keys)], gone, kept)
        rows |= {reference.name: sorted(came)} if came else {}
        stayed |= {reference.name: left} if left else {}
    await _put_in_order(conn, kept, [*mine, *(number for number in theirs if number not in mine)])
    return {"rows": rows, "stayed": stayed, "order": theirs}


async def _one_by_one(
    conn: AsyncConnection, reference: _Reference, keys: Sequence[list[Any]], from_: str, to: str
) -> tuple[list[list[Any]], list[list[Any]]]:
    """Those that could be moved, and those whose place is taken."""
    came, left = [], []
    for key in keys:
        this = and_(reference.column == from_, *(other == value for other, value in _with(reference, key)))
        try:
            async with conn.begin_nested():
                await conn.execute(update(reference.table).where(this).values({reference.column: to}))
            came.append(key)
        except IntegrityError:
            left.append(key)
    return came, left


async def _give_back(conn: AsyncConnection, kept: str, gone: str, moved: Mapping[str, Any]) -> None:
    """A place that was taken meanwhile stays with whoever took it, and so does what has gone since."""
    for reference in _references():
        keys = moved["rows"].get(reference.name, [])
        if reference.alone or len(reference.others) > 1:
            await _one_by_one(conn, reference, keys, kept, gone)
            continue
        for start in range(0, len(keys), AT_ONCE):
            named = reference.others[0].in_([key[0] for key in keys[start : start + AT_ONCE]])
            back = update(reference.table).where(reference.column == kept, named).values({reference.column: gone})
            await conn.execute(back)


def _with(reference: _Reference, key: Sequence[Any]) -> Iterator[tuple[Column[Any], Any]]:
    return zip(reference.others, key, strict=True)


async def _numbers_of(conn: AsyncConnection, customer_id: str) -> list[str]:
    """In their order: the first is the one that is called."""
    numbers = customer_phones.c
    theirs = select(numbers.number).where(numbers.customer_id == customer_id)
    return list(await conn.scalars(theirs.order_by(numbers.position, numbers.number)))


async def _put_in_order(conn: AsyncConnection, customer_id: str, numbers: Sequence[str]) -> None:
    for position, number in enumerate(numbers):
        this = and_(customer_phones.c.customer_id == customer_id, customer_phones.c.number == number)
        await conn.execute(update(customer_phones).where(this).values(position=position))


async def _theirs_after_all(conn: AsyncConnection, kept: str, gone: str) -> list[list[Any]]:
    """Numbers that the kept one had given up and the other has: with the moment at which they were given up."""
    numbers = customer_phones.c
    current = select(numbers.number).where(numbers.customer_id == gone, numbers.given_up_at.is_(None))
    mine = and_(numbers.customer_id == kept, numbers.given_up_at.is_not(None), numbers.number.in_(current))
    found = [
        [row.number, row.given_up_at.isoformat()] for row in await conn.execute(select(customer_phones).where(mine))
    ]
    if found:
        await conn.execute(update(customer_phones).where(mine).values(given_up_at=None))
    return found


async def _no_longer_theirs(conn: AsyncConnection, kept: str, again: Sequence[Sequence[str]], now: datetime) -> None:
    numbers = customer_phones.c
    for number, given_up_at in again:
        this = and_(numbers.customer_id == kept, numbers.number == number, numbers.given_up_at.is_(None))
        at = datetime.fromisoformat(given_up_at)
        await conn.execute(update(customer_phones).where(this).values(given_up_at=at))


async def _apart_from(conn: AsyncConnection, kept: str, gone: str, by: str, now: datetime) -> list[str]:
    """Of whom the one was told apart, the other is too; those for whom that is new."""
    told = not_the_same.c
    apart: dict[str, set[str]] = {kept: set(), gone: set()}
    for row in await conn.execute(select(not_the_same).where(or_(told.one_id.in_(apart), told.other_id.in_(apart)))):
        for mine, theirs in ((row.one_id, row.other_id), (row.other_id, row.one_id)):
            apart.get(mine, set()).add(theirs)
    new = sorted(apart[gone] - apart[kept] - {kept})
    rows = [dict(zip(("one_id", "other_id"), sorted((kept, other)), strict=True)) for other in new]
    if rows:
        await conn.execute(insert(not_the_same), [row | {"at": now, "by": by} for row in rows])
    return new


def _these_two(one: str, other: str) -> Any:
    lesser, greater = sorted((one, other))
    return and_(not_the_same.c.one_id == lesser, not_the_same.c.other_id == greater)
