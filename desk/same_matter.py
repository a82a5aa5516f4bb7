"""Which conversations began a matter, which settled it, and where somebody had to tell it again: judged in SQL.

Two contacts of one person are about the same matter when their topics are the same, or when one of them has no topic.
A conversation begins a matter when there was no such contact in the seven days before; it settled it when its outcome
is solved and there is none in the seven days after, an abandoned call included.  One whose seven days are not over
stays undecided even if somebody has already called again: of the young ones only failures show so soon.
So does one of which nobody said how it ended: silence is no success, nor is it fair to count its failures alone.

A conversation takes a matter up when somebody had spoken with them about it in the seven days before.  Who did so knows
it, and so does who was introduced by the last of them; anybody else has to be told again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    FrameClause,
    FrameClauseType,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    extract,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.matters import same_topic
from crm.tables import interactions
from desk.reports import flag

CONVERSATIONS = ("solved", "open", "transferred")  # how a contact ended in which two people met
SAME_MATTER = timedelta(days=7)
_NO_TOPIC = 0
# No bare column, or a database may take the index that has everybody's whole past in the order of people.
_WHOSE = func.coalesce(interactions.c.customer_id, "")
# Written into the statement, not sent with it, or each use would be a window of its own, to be gone through by itself.
_EARLIER = FrameClause(
    None, bindparam(None, 1, Integer, literal_execute=True), FrameClauseType.UNBOUNDED, FrameClauseType.PRECEDING
)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


async def judged(
    conn: AsyncConnection, keyed: Select[Any], start: datetime, end: datetime, now: datetime, at_once: int
) -> AsyncIterator[Subquery]:
    """Conversations that began from `start` on and before `end`, in portions of some people's each.

    `keyed` selects `key` from the interactions.  Beside it stand `outcome`, `confirmed`, and as 0 or 1 `first` (it
    began a matter), `solved` (null: nobody can know yet), `taken_up` and `told_again`.
    """
    at = interactions.c.started_at
    near = and_(at >= start - SAME_MATTER, at < end + SAME_MATTER)
    async for of_some in _portions(conn, near, at_once):
        here = and_(near, of_some)
        named = select(interactions.c.topic).distinct().where(here, interactions.c.topic.is_not(None))
        contacts = _contacts(conn, keyed, (await conn.scalars(named)).all()).where(here)
        contacts = contacts.add_columns(flag(and_(at >= start, at < end)).label("within"))
        yield _verdicts(_neighbours(_in_order(contacts.subquery())), now)


async def _portions(
    conn: AsyncConnection, near: ColumnElement[bool], at_once: int
) -> AsyncIterator[ColumnElement[bool]]:
    """Whose contacts: everybody's, or those of people whose ids follow each other; one person's are in one portion."""
    contacts = await conn.scalar(select(func.count()).select_from(interactions).where(near)) or 0
    if contacts <= at_once:
        yield true()
        return
    whose, last = interactions.c.customer_id, ""
    while True:
        beyond = whose > last
        next_one = select(whose).where(near, beyond).order_by(whose).offset(at_once - 1).limit(1)
        found: str | None = await conn.scalar(next_one)
        if found is None:
            yield beyond
            return
        yield and_(beyond, whose <= found)
        last = found


def _contacts(conn: AsyncConnection, keyed: Select[Any], topics: Sequence[str]) -> Select[Any]:
    """Instants in microseconds, which both databases count exactly; topics as numbers, one for all spellings."""
    numbers = {"": _NO_TOPIC}
    spelt = {topic: numbers.setdefault(same_topic(topic), len(numbers)) for topic in topics}
    given = literal(json.dumps(spelt), Text)
    each = func.json_each(given) if conn.dialect.name == "sqlite" else func.json_each_text(cast(given, JSON))
    known = each.table_valued("key", "value", name="topics")
    return keyed.outerjoin(known, known.c.key == interactions.c.topic).add_columns(
        _WHOSE.label("person"),
        interactions.c.id,
        interactions.c.agent_id.label("agent"),
        interactions.c.outcome,
        interactions.c.confirmed,
        flag(interactions.c.warm).label("warm"),
        flag(interactions.c.judged).label("judged"),
        _microseconds(conn, interactions.c.started_at).label("at"),
        func.coalesce(cast(known.c.value, Integer), _NO_TOPIC).label("topic"),
    )


def _in_order(contacts: Subquery) -> Subquery:
    """`n` numbers the contacts of each person."""
    n = func.row_number().over(partition_by=contacts.c.person, order_by=(contacts.c.at, contacts.c.id))
    return select(*contacts.c, n.label("n")).subquery()


def _neighbours(contacts: Subquery) -> Subquery:
    """For each contact what was before it and after it: of the same topic, of none, and of any."""
    c = contacts.c
    none, met = c.topic == _NO_TOPIC, c.agent.is_not(None)
    heard = 2 * c.n + c.warm  # of two the later one's is greater; odd, if it ended with an introduction

    def last(
        name: str, value: ColumnElement[int], meant: ColumnElement[bool], *of: ColumnElement[Any]
    ) -> Iterator[Any]:
        """Values rise with `n`."""
        for kind, counts, also in (("same", meant, [c.topic]), ("none", and_(meant, none), []), ("any", meant, [])):
            greatest = func.max(case((counts, value)))
            over = greatest.over(partition_by=[c.person, *of, *also], order_by=c.n, rows=_EARLIER)
            yield over.label(f"{name}_{kind}")

    following = func.lead(c.at)
    return select(
        *c,
        *last("before", c.at, true()),
        *last("talk", c.at, met),
        *last("heard", heard, met),
        *last("own", c.at, met, c.agent),
        following.over(partition_by=[c.person, c.topic], order_by=c.n, rows=_EARLIER).label("after_same"),
        following.over(partition_by=[c.person], order_by=c.n, rows=_EARLIER).label("after_any"),
        func.min(case((none, c.at)))
        .over(partition_by=[c.person], order_by=c.n.desc(), rows=_EARLIER)
        .label("after_none"),
    ).subquery()


def _verdicts(contacts: Subquery, now: datetime) -> Subquery:
    c = contacts.c
    unspoken, week = c.topic == _NO_TOPIC, SAME_MATTER // _MICROSECOND

    def near(name: str) -> ColumnElement[bool]:
        """Whether there was such a one about the same matter within the seven days."""
        either = case((unspoken, c[f"{name}_any"]), else_=c[f"{name}_same"]), c[f"{name}_none"]
        return or_(*(func.coalesce(func.abs(c.at - at) <= week, false()) for at in either))

    same, none = (func.coalesce(heard, 0) for heard in (c.heard_same, c.heard_none))
    introduced = case((unspoken, c.heard_any), (same > none, same), else_=none) % 2 == 1
    taken_up = near("talk")
    young = c.at > (now - _EPOCH) // _MICROSECOND - week
    solved = flag(and_(c.outcome == "solved", not_(near("after"))))
    return (
        select(
            c.key,
            c.outcome,
            c.confirmed,
            flag(not_(near("before"))).label("first"),
            case((or_(young, c.judged == 0), null()), else_=solved).label("solved"),
            flag(taken_up).label("taken_up"),
            flag(and_(taken_up, not_(introduced), not_(near("own")))).label("told_again"),
        )
        .where(c.within == 1, c.agent.is_not(None), c.outcome.in_(CONVERSATIONS))
        .subquery()
    )


def _microseconds(conn: AsyncConnection, instant: ColumnElement[Any]) -> ColumnElement[int]:
    """Since 1970: a difference of days is exact, which it is not with fractions of seconds."""
    if conn.dialect.name == "sqlite":  # whose own functions round to milliseconds
        second = cast(func.strftime("%s", func.substr(instant, 1, 19)), BigInteger)
        return second * 1_000_000 + cast(func.substr(instant, 21, 6), Integer)
    return cast(extract("epoch", instant) * 1_000_000, BigInteger)
