"""Matters with a name, a state and an owner.

A case is solved by its owner, or by the customer's own word (`confirm`); never by a conversation that merely ended
well: that is what is written down when nobody says anything else, and somebody has to answer for the case.  It is
opened again by the same matter coming back (`crm.same_matter`), by the customer saying so, or by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import case_history
from crm.case_history import CUSTOMER, US, What
from crm.matters import CaseKept, Matter, Past, same_topic
from crm.matters import latest_matter as the_latest
from crm.schemas import Case
from crm.tables import cases, interactions
from store.ids import new_id

SAME_MATTER_FOR = timedelta(days=30)  # after it was solved: what comes later is another matter
LONG_MEMORY = 500
LONGEST_TITLE = 200


async def open_case(conn: AsyncConnection, values: Mapping[str, Any], now: datetime, by: str = US) -> str:
    """From the table's columns; the id.  One may be written down when it is solved already."""
    case_id = new_id("cas")
    solved_at = now if values["state"] == "solved" else None
    await conn.execute(insert(cases).values(id=case_id, made_at=now, solved_at=solved_at, **values))
    after = {name: values.get(name) for name in ("owner", "topic", "title", "state")}
    await case_history.record(conn, case_id, What.OPENED, by, now, after=after)
    return case_id


async def change(conn: AsyncConnection, case_id: str, values: Mapping[str, Any], now: datetime, by: str = US) -> bool:
    """Only what `values` names; the first solving counts, and `open` on a solved one opens it again.

    False: there is no such case.
    """
    row = await lock(conn, case_id)
    if row is None:
        return False
    changes = {name: value for name, value in values.items() if getattr(row, name) != value}
    if "state" in changes:
        changes |= _into(row, changes["state"], now)
    if not changes:
        return True
    await conn.execute(update(cases).where(cases.c.id == case_id).values(**changes))
    told: list[str] = [name for name in ("owner", "topic", "title") if name in changes]
    if told:
        before, after = {name: getattr(row, name) for name in told}, {name: changes[name] for name in told}
        await case_history.record(conn, case_id, What.CHANGED, by, now, before, after)
    if "state" in changes:
        what = What.SOLVED if changes["state"] == "solved" else What.REOPENED
        await case_history.record(conn, case_id, what, by, now)
    return True


def _into(row: Row[Any], state: str, now: datetime) -> dict[str, Any]:
    if state == "solved":
        return {"solved_at": now}
    return {"solved_at": None, "confirmed": None, "reopened": row.reopened + 1}


async def reopen(conn: AsyncConnection, case_id: str, by: str, now: datetime, owner: str | None = None) -> None:
    """By the same matter: it stays with its owner, or goes to `owner`.  One that is open only finds an owner."""
    row = await lock(conn, case_id)
    if row is not None:
        new_owner = owner if owner and (row.state == "solved" or row.owner is None) else row.owner
        await change(conn, case_id, {"state": "open", "owner": new_owner}, now, by)


async def lock(conn: AsyncConnection, case_id: str) -> Row[Any] | None:
    row: Row[Any] | None = (
        await conn.execute(select(cases).where(cases.c.id == case_id).with_for_update())
    ).one_or_none()
    return row


async def latest_matter(conn: AsyncConnection, customer_id: str, now: datetime) -> Matter | None:
    """The one matter, open or solved lately, about which "is it the same thing as last time?" can be asked."""
    talked = await conn.execute(
        select(interactions)
        .where(interactions.c.customer_id == customer_id, interactions.c.outcome.in_(["open", "solved"]))
        .order_by(interactions.c.started_at.desc(), interactions.c.id.desc())
        .limit(LONG_MEMORY)
    )
    past = [as_past(row) for row in talked]
    return the_latest(customer_id, await kept(conn, customer_id), past, now)


async def same_again(conn: AsyncConnection, matter: Matter, by: str, now: datetime) -> str:
    """They ring about this matter once more: its case is open from now on, whatever it was; the case's id.

    A conversation that was no case yet becomes one, with its topic, and its agent as the owner.  Said twice, even at
    once, changes nothing more.
    """
    case_id = matter.case_id
    if case_id is None:
        talk = await _lock_talk(conn, matter.interaction_id)
        case_id = talk.case_id if talk is not None else None
    if case_id is not None:
        await reopen(conn, case_id, by, now)
        return case_id
    case_id = await open_case(conn, _values(matter.customer_id, matter.owner, matter.topic, matter.summary), now, by)
    if matter.interaction_id is not None:
        await _link(conn, [matter.interaction_id], case_id)
    return case_id


async def confirm(
    conn: AsyncConnection,
    *,
    customer_id: str,
    interaction_ids: Collection[str],
    case_id: str | None,
    solved: bool,
    agent_id: str | None,
    by: str = CUSTOMER,
    now: datetime,
) -> str | None:
    """Is it solved, in the customer's own word.  The case it is about afterwards; None when there is none.

    `interaction_ids`: a call's conversations, of which those count that did not end in a transfer.  Solved: so is the
    case, and it is confirmed.  Not solved: they are open, and there is a case, opened or opened again, with this agent
    as its owner unless somebody holds it already.
    """
    talks = await _talks(conn, customer_id, interaction_ids)
    case_id = case_id or next((talk.case_id for talk in reversed(talks) if talk.case_id), None)
    if case_id is None and not solved:
        case_id = await _case_of(conn, customer_id, talks, agent_id, by, now)
    outcome = "solved" if solved else "open"
    await conn.execute(
        update(interactions)
        .where(interactions.c.id.in_([talk.id for talk in talks]))
        .values(confirmed=solved, outcome=outcome, judged=True, case_id=case_id)
    )
    if case_id is None:
        return None
    if not solved:
        await reopen(conn, case_id, by, now, agent_id)
    else:
        await _confirmed(conn, case_id, by, now)
    return case_id


async def wrap_up(
    conn: AsyncConnection, talk: Row[Any], given: Mapping[str, Any], *, agent_id: str, by: str, now: datetime
) -> Row[Any]:
    """How a conversation ended, in its agent's word; the conversation as it then is.

    `given`: outcome, and what is to change of topic, summary and case_id.  Where the customer has said themselves
    whether it is solved, that holds; a call that was passed on stays one.  What is left open is a case afterwards.
    """
    values = dict(given)
    if talk.outcome not in ("solved", "open"):
        values["outcome"] = talk.outcome
    elif talk.confirmed is not None:
        values["outcome"] = "solved" if talk.confirmed else "open"
    case_id = values.get("case_id", talk.case_id)
    if case_id is not None and values.get("topic", talk.topic) is None:
        values["topic"] = await conn.scalar(select(cases.c.topic).where(cases.c.id == case_id))
    change_it = update(interactions).where(interactions.c.id == talk.id)
    row = (
        await conn.execute(change_it.values(**values | {"case_id": case_id, "judged": True}).returning(*interactions.c))
    ).one()
    if row.outcome == "open":
        case_id = case_id or await _case_of(conn, talk.customer_id, [row], agent_id, by, now)
        await reopen(conn, case_id, by, now, agent_id)
    elif row.outcome == "solved" and case_id is not None:
        await change(conn, case_id, {"state": "solved"}, now, by)
    return (await conn.execute(change_it.values(case_id=case_id).returning(*interactions.c))).one()


async def _confirmed(conn: AsyncConnection, case_id: str, by: str, now: datetime) -> None:
    row = await lock(conn, case_id)
    if row is None or row.confirmed:
        return
    await change(conn, case_id, {"state": "solved"}, now, by)
    await conn.execute(update(cases).where(cases.c.id == case_id).values(confirmed=True))
    await case_history.record(conn, case_id, What.CONFIRMED, by, now)


async def _talks(conn: AsyncConnection, customer_id: str, ids: Collection[str]) -> Sequence[Row[Any]]:
    query = select(interactions).where(interactions.c.id.in_(ids), interactions.c.customer_id == customer_id)
    counting = query.where(interactions.c.outcome.in_(["solved", "open"]))
    return (await conn.execute(counting.order_by(interactions.c.started_at, interactions.c.id))).all()


async def _case_of(
    conn: AsyncConnection, customer_id: str, talks: Sequence[Row[Any]], agent_id: str | None, by: str, now: datetime
) -> str:
    """The case of the same topic, open or solved lately; else a new one."""
    topic = next((talk.topic for talk in reversed(talks) if same_topic(talk.topic)), None)
    for case in await kept(conn, customer_id):
        if same_topic(topic) and is_same(case, topic, now):
            return case.id
    summary = next((talk.summary for talk in reversed(talks) if talk.summary), None)
    return await open_case(conn, _values(customer_id, agent_id, topic, summary), now, by)


def is_same(case: CaseKept, topic: str | None, at: datetime) -> bool:
    """Does a conversation on this topic at that time belong to the case?"""
    if not same_topic(topic) or same_topic(topic) != same_topic(case.topic) or at < case.made_at:
        return False
    return case.solved_at is None or at - case.solved_at <= SAME_MATTER_FOR


def _values(customer_id: str, owner: str | None, topic: str | None, title: str | None) -> dict[str, Any]:
    title = title[:LONGEST_TITLE] if title else None
    return {"customer_id": customer_id, "owner": owner, "topic": topic, "title": title, "state": "open"}


async def _lock_talk(conn: AsyncConnection, interaction_id: str | None) -> Row[Any] | None:
    query = select(interactions).where(interactions.c.id == (interaction_id or "")).with_for_update()
    row: Row[Any] | None = (await conn.execute(query)).one_or_none()
    return row


async def _link(conn: AsyncConnection, interaction_ids: Collection[str], case_id: str) -> None:
    await conn.execute(update(interactions).where(interactions.c.id.in_(interaction_ids)).values(case_id=case_id))


async def kept(conn: AsyncConnection, customer_id: str | Collection[str]) -> list[CaseKept]:
    """The cases of one person, or of several; the newest first."""
    whose = [customer_id] if isinstance(customer_id, str) else customer_id
    query = select(cases).where(cases.c.customer_id.in_(whose)).order_by(cases.c.id.desc())
    return [as_kept(row) for row in await conn.execute(query)]


def as_kept(row: Row[Any]) -> CaseKept:
    solved_at = (row.solved_at or row.made_at) if row.state == "solved" else None
    return CaseKept(row.id, row.customer_id, row.owner, row.topic, row.title, row.made_at, solved_at)


def as_past(row: Row[Any]) -> Past:
    return Past(
        id=row.id,
        agent_id=row.agent_id,
        channel=row.channel,
        started_at=row.started_at,
        talk_seconds=row.talk_seconds,
        outcome=row.outcome,
        topic=row.topic,
        summary=row.summary,
        case_id=row.case_id,
        confirmed=row.confirmed,
        judged=row.judged,
        warm=row.warm,
    )


async def load_one(conn: AsyncConnection, case_id: str) -> Case | None:
    row = (await conn.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
    return None if row is None else shown(row)


async def all_of(conn: AsyncConnection, customer_id: str) -> list[Case]:
    rows = await conn.execute(select(cases).where(cases.c.customer_id == customer_id).order_by(cases.c.id))
    return [shown(row) for row in rows]


def shown(row: Row[Any]) -> Case:
    values = dict(row._mapping)
    return Case(customer=values.pop("customer_id"), **values)
