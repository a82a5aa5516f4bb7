"""The floor as the database knows it at one instant: few statements, each for what is live only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.states import MOVABLE, OPEN
from callbacks.tables import callbacks
from crm.tables import cases, customers
from desk.elsewhere import LIVE, calls, legs, supervisions, transfers
from routing.tables import agents, decisions, reservations

AHEAD = timedelta(hours=2)
OVERDUE = timedelta(hours=1)  # a promise open for longer is at a later attempt, and shown in the ledger
MOST_PROMISES = 12
MOST_DECISIONS = 12
Rows = Sequence[Row[Any]]

_SHOWN = (
    *("id", "sid", "direction", "from_number", "to_number", "customer_id", "said", "state", "agent_id", "choice"),
    *("familiar", "recording_state", "arrived_at", "ranked_at", "held_until", "talking_at", "joined_at", "on_hold_at"),
    *("dropped_at", "told_seconds"),
)
_IS_LIVE = calls.c.state.in_(LIVE)
_TALKS_WITH, _RUNG, _ASKED = agents.alias("talks_with"), agents.alias("rung"), agents.alias("asked")
_IN_WORDS = decisions.c.reasons["in_words"].label("in_words")
_PERSON = (customers.c.called, customers.c.name.label("person"), customers.c.photo_url)


async def live_calls(conn: AsyncConnection) -> Rows:
    """With the person, who talks with them or is rung for them, and the latest decision; the first to come first."""
    latest = (
        select(decisions.c.call_id, func.max(decisions.c.id).label("id"))
        .where(decisions.c.call_id.in_(select(calls.c.id).where(_IS_LIVE)))
        .group_by(decisions.c.call_id)
    ).subquery()
    held = and_(reservations.c.call_id == calls.c.id, reservations.c.live, reservations.c.consult.is_(False))
    query = (
        select(*(calls.c[name] for name in _SHOWN), *_PERSON, cases.c.title, cases.c.topic, callbacks.c.promised_at)
        .add_columns(_TALKS_WITH.c.name.label("agent"), _TALKS_WITH.c.photo_url.label("agent_photo"))
        .add_columns(_RUNG.c.name.label("rung"), _RUNG.c.id.label("rung_id"), reservations.c.state.label("reserved"))
        .add_columns(transfers.c.state.label("transfer"), transfers.c.skill, _ASKED.c.name.label("asked"))
        .add_columns(decisions.c.sentence, _IN_WORDS, decisions.c.action, decisions.c.at.label("decided_at"))
        .outerjoin(customers, customers.c.id == calls.c.customer_id)
        .outerjoin(cases, cases.c.id == calls.c.case_id)
        .outerjoin(callbacks, callbacks.c.id == calls.c.callback_id)
        .outerjoin(_TALKS_WITH, _TALKS_WITH.c.id == calls.c.agent_id)
        .outerjoin(reservations, held)
        .outerjoin(_RUNG, _RUNG.c.id == reservations.c.agent_id)
        .outerjoin(transfers, and_(transfers.c.call_id == calls.c.id, transfers.c.live))
        .outerjoin(_ASKED, _ASKED.c.id == transfers.c.to_agent)
        .outerjoin(latest, latest.c.call_id == calls.c.id)
        .outerjoin(decisions, decisions.c.id == latest.c.id)
        .where(_IS_LIVE)
        .order_by(calls.c.arrived_at, calls.c.id)
    )
    return await _all(conn, query)


async def live_legs(conn: AsyncConnection) -> Rows:
    """Of the live calls, those that have not ended."""
    query = select(legs.c.call_id, legs.c.role, legs.c.agent_id, legs.c.state, legs.c.made_at)
    query = query.join(calls, calls.c.id == legs.c.call_id).where(_IS_LIVE, legs.c.ended_at.is_(None))
    return await _all(conn, query)


async def live_supervisions(conn: AsyncConnection) -> Rows:
    query = select(supervisions).join(calls, calls.c.id == supervisions.c.call_id)
    return await _all(conn, query.where(_IS_LIVE, supervisions.c.ended_at.is_(None)))


async def everybody(conn: AsyncConnection) -> Rows:
    """All agents by name, with the call that each of them is held for."""
    held = and_(reservations.c.agent_id == agents.c.id, reservations.c.live)
    query = (
        select(*agents.c, reservations.c.call_id, reservations.c.state.label("reserved"))
        .outerjoin(reservations, held)
        .order_by(agents.c.name, agents.c.id)
    )
    return await _all(conn, query)


async def coming_promises(conn: AsyncConnection, now: datetime) -> Rows:
    """Of the next two hours, and overdue: those at risk, and the first to come of the others."""
    query = (
        select(callbacks.c.id, callbacks.c.promised_at, callbacks.c.window_seconds, callbacks.c.risk, callbacks.c.kind)
        .add_columns(callbacks.c.state, *_PERSON, agents.c.name.label("agent"), agents.c.photo_url.label("agent_photo"))
        .join(customers, customers.c.id == callbacks.c.customer_id)
        .outerjoin(agents, agents.c.id == callbacks.c.agent_id)
    )
    query = _coming(query, now).order_by(callbacks.c.risk.is_(None), callbacks.c.promised_at, callbacks.c.id)
    return await _all(conn, query.limit(MOST_PROMISES))


async def promises_by_instant(conn: AsyncConnection, now: datetime) -> Rows:
    """How many are promised for each instant of the same time (`n`), and how many of them are at risk."""
    query = select(callbacks.c.promised_at, func.count().label("n"), func.count(callbacks.c.risk).label("risky"))
    return await _all(conn, _coming(query, now).group_by(callbacks.c.promised_at))


def _coming(query: Select[Any], now: datetime) -> Select[Any]:
    span = callbacks.c.promised_at.between(now - OVERDUE, now + AHEAD)
    return query.where(span, callbacks.c.state.in_(OPEN), callbacks.c.channel == "call")


async def at_risk(conn: AsyncConnection, now: datetime) -> int:
    """How many promises of the next two hours may not be kept."""
    query = select(func.count()).where(
        callbacks.c.risk.is_not(None), callbacks.c.state.in_(MOVABLE), callbacks.c.promised_at <= now + AHEAD
    )
    return await conn.scalar(query) or 0


async def latest_decisions(conn: AsyncConnection) -> Rows:
    """The newest first.  Waiting a little longer for the same is no news."""
    newest = select(decisions).order_by(decisions.c.id.desc()).limit(MOST_DECISIONS).subquery()
    query = (
        select(newest.c.id, newest.c.call_id, newest.c.at, newest.c.action, newest.c.sentence)
        .add_columns(newest.c.reasons["in_words"].label("in_words"))
        .add_columns(*_PERSON, calls.c.from_number, calls.c.to_number, calls.c.direction, calls.c.customer_id)
        .add_columns(calls.c.state, agents.c.name.label("agent"), agents.c.photo_url.label("agent_photo"))
        .join(calls, calls.c.id == newest.c.call_id)
        .outerjoin(customers, customers.c.id == calls.c.customer_id)
        .outerjoin(agents, agents.c.id == newest.c.agent_id)
        .order_by(newest.c.id.desc())
    )
    return await _all(conn, query)


async def one_call(conn: AsyncConnection, name: str) -> Row[Any] | None:
    """By its id or its SID."""
    query = select(calls).where(or_(calls.c.id == name, calls.c.sid == name))
    return (await conn.execute(query)).one_or_none()


async def _all(conn: AsyncConnection, query: Select[Any]) -> Rows:
    rows: list[Row[Any]] = list(await conn.execute(query))
    return rows
