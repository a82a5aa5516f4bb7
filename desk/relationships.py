"""Whether people met with somebody who knows them, read from SQL.  Read only, like `reports.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, Subquery, Table, case, func, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.tables import interactions
from desk.measures import AGAIN, BANDS, RelationTally
from desk.reports import Grouped, Span, counted, flag, keyed, read_promises, seconds_between
from desk.same_matter import CONVERSATIONS, judged

# Of a long span, and of a large house: a statement may take two seconds, also on a machine with much else to do.
CALLS_AT_ONCE = timedelta(days=3)
CONTACTS_AT_ONCE = 20_000
OF_NOBODY = (None, "day", "hour", "line")  # groups whose figures are no agent's


async def read_relationships(
    conn: AsyncConnection, calls: Table, span: Span, *, at_once: int = CONTACTS_AT_ONCE
) -> Grouped[RelationTally]:
    """Calls by when they arrived, conversations by when they began, promises by when they were made."""
    found = Grouped(RelationTally, span.labels())
    for part in span.parts(CALLS_AT_ONCE):
        async for row in counted(conn, _how_calls_went(conn, calls, part)):
            for tally in found.of(row.key):
                tally.add_calls(
                    row.n,
                    agent=bool(row.agent),
                    familiar=bool(row.familiar),
                    earlier=row.earlier,
                    again=None if row.again is None else bool(row.again),
                    old=bool(row.old),
                )
    async for verdicts in judged(conn, _conversations(calls, span), span.start, span.end, span.now, at_once):
        async for row in counted(conn, verdicts):
            how = {name: bool(row._mapping[name]) for name in ("first", "taken_up", "told_again")}
            for tally in found.of(row.key):
                tally.add_conversations(
                    row.n, outcome=row.outcome, solved=None if row.solved is None else bool(row.solved), **how
                )
            if row.confirmed is not None:
                for tally in found.of(row.key) if span.group in OF_NOBODY else [found.total]:
                    tally.said[bool(row.confirmed)] += row.n
    promised = await read_promises(conn, span)
    found.total.promises = promised.total
    for label, promises in promised.groups.items():
        found.groups[label].promises = promises
    return found


def _how_calls_went(conn: AsyncConnection, calls: Table, span: Span) -> Subquery:
    """One row for each call that ended.  Whether its caller rang again is seen in the calls of a day after the span."""
    at = calls.c.arrived_at
    following = func.lead(at).over(partition_by=calls.c.customer_id, order_by=(at, calls.c.id))
    calls_seen = (
        keyed(calls, span, at=at, agent=calls.c.agent_id, line=calls.c.to_number)
        .add_columns(calls.c.customer_id, at, calls.c.state, calls.c.outcome, calls.c.familiar)
        .add_columns(following.label("next_at"))
        .where(calls.c.direction == "inbound", at >= span.start, at < span.end + AGAIN)
        .subquery()
    )
    seen = calls_seen.c
    talks = (
        select(interactions.c.id)
        .where(
            interactions.c.customer_id == seen.customer_id,
            interactions.c.started_at < seen.arrived_at,
            interactions.c.agent_id.is_not(None),
            interactions.c.outcome.in_(CONVERSATIONS),
        )
        .correlate(calls_seen)
        .limit(BANDS[0][0])  # beyond which all are alike
        .subquery()
    )
    soon = seconds_between(conn, seen.arrived_at, seen.next_at) <= AGAIN.total_seconds()
    return (
        select(
            seen.key,
            flag(seen.outcome == "agent").label("agent"),
            flag(seen.familiar).label("familiar"),
            select(func.count()).select_from(talks).scalar_subquery().label("earlier"),
            case((seen.customer_id.is_(None), null()), (soon, 1), else_=0).label("again"),
            flag(seen.arrived_at <= span.now - AGAIN).label("old"),
        )
        .where(seen.state == "ended", seen.arrived_at < span.end)
        .subquery()
    )


def _conversations(calls: Table, span: Span) -> Select[Any]:
    """Of which group each is; a conversation of ours bears the SID of its call, one that was imported has no line."""
    key = keyed(interactions, span, at=interactions.c.started_at, agent=interactions.c.agent_id, line=calls.c.to_number)
    return key.outerjoin(calls, calls.c.sid == interactions.c.external_id) if span.group == "line" else key
