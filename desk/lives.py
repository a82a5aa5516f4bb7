"""What happened to promises meanwhile, read from SQL."""

from __future__ import annotations

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callback_attempts, callbacks
from crm.tables import texts
from desk.measures import OPEN_PROMISES
from desk.promise_measures import LifeTally
from desk.reports import Grouped, Span, counted, flag, keyed


async def read_lives(conn: AsyncConnection, span: Span) -> Grouped[LifeTally]:
    """Promises made within the span: how often moved, missed, rung in vain and told of, and what is at risk now."""
    met = callback_attempts.c.result == "connected"
    rung = (
        select(callback_attempts.c.callback_id, func.count().label("n"), func.max(flag(met)).label("met"))
        .where(callback_attempts.c.at >= span.start)
        .group_by(callback_attempts.c.callback_id)
    ).subquery()
    lost = texts.c.state.in_(("failed", "undelivered"))
    told = (
        select(texts.c.callback_id, func.count().label("n"), func.sum(flag(lost)).label("lost"))
        .where(texts.c.callback_id.is_not(None), texts.c.direction == "out", texts.c.at >= span.start)
        .group_by(texts.c.callback_id)
    ).subquery()
    facts = (
        keyed(callbacks, span, at=callbacks.c.made_at, agent=callbacks.c.agent_id, line=callbacks.c.from_number)
        .add_columns(
            flag(callbacks.c.moves > 0).label("moved"),
            flag(callbacks.c.missed_at.is_not(None)).label("missed"),
            flag(and_(callbacks.c.state.in_(OPEN_PROMISES), callbacks.c.risk.is_not(None))).label("at_risk"),
            func.coalesce(rung.c.n, 0).label("attempts"),
            func.coalesce(rung.c.met, 0).label("reached"),
            func.coalesce(told.c.n, 0).label("texts"),
            func.coalesce(told.c.lost, 0).label("lost"),
        )
        .outerjoin(rung, rung.c.callback_id == callbacks.c.id)
        .outerjoin(told, told.c.callback_id == callbacks.c.id)
        .where(span.contains(callbacks.c.made_at))
    ).subquery()
    found = Grouped(LifeTally, span.labels())
    async for row in counted(conn, facts):
        flags = {name: bool(row._mapping[name]) for name in ("moved", "missed", "at_risk", "reached")}
        for tally in found.of(row.key):
            tally.add(row.n, attempts=row.attempts, texts=row.texts, lost=row.lost, **flags)
    return found
