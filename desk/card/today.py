"""The right of the desk: what an agent has promised today, who waits for them, what is open, who was on the line."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from callbacks.states import OPEN
from callbacks.tables import callbacks
from crm import audit
from crm.audit import What
from crm.tables import cases, customers, interactions
from desk.card import view
from desk.card.gather import agent_names
from desk.card.moments import for_a_call, offered
from desk.card.timeline import OUTCOMES
from desk.elsewhere import calls
from desk.pages import Asked
from routing.tables import agents, wishes

MOST_PROMISES, MOST_CASES, MOST_TALKS, MOST_WAITING = 30, 8, 6, 10


@dataclass(frozen=True, slots=True)
class Face:
    id: str
    name: str | None
    photo: str | None


@dataclass(frozen=True, slots=True)
class Today:
    """Rows as SQL gives them; who they are about is told apart, and written down as seen."""

    promises: Sequence[Any]
    waiting: Sequence[Any]
    cases: Sequence[Any]
    cases_in_all: int
    talks: Sequence[Any]

    @property
    def mark(self) -> str:
        """The same as long as the same would be shown."""
        rows = (self.promises, self.waiting, self.cases, self.cases_in_all, self.talks)
        return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]

    @property
    def people(self) -> set[str]:
        rows = (*self.promises, *self.waiting, *self.cases, *self.talks)
        return {row.customer_id for row in rows if row.customer_id is not None}


async def today(asked: Asked) -> Response:
    """Answers 204 to `shown` when nothing has changed."""
    agent_id, now = asked.user.agent_id, asked.pages.clock.now()
    if agent_id is None:
        return asked.page("card/no_agent.html")
    async with asked.pages.database.read() as conn:
        found = await read_today(conn, agent_id, now, end_of_day(now, asked.pages.house.zone))
        if asked.request.query_params.get("shown") == found.mark:
            return Response(status_code=204)
        faces = await faces_of(conn, found.people)
        names = await agent_names(conn, {row.agent_id for row in found.promises})
    await audit.seen(asked.pages.database, asked.user.principal, What.SEARCHED, faces, now=now)
    promises = [(_promise(asked, row, names), faces.get(row.customer_id)) for row in found.promises]
    promises.sort(key=lambda pair: pair[0].risk is None)
    return asked.page(
        "card/today.html", found=found, promises=promises, faces=faces, outcomes=OUTCOMES, told=None, refused=None
    )


def end_of_day(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date() + timedelta(days=1), time(0), ZoneInfo(zone))


async def read_today(conn: AsyncConnection, agent_id: str, now: datetime, until: datetime) -> Today:
    mine = select(cases.c.id, cases.c.customer_id, cases.c.title, cases.c.topic, cases.c.made_at, cases.c.reopened)
    mine = mine.where(cases.c.owner == agent_id, cases.c.state == "open")
    in_all = select(func.count()).where(cases.c.owner == agent_id, cases.c.state == "open")
    talks = (
        select(interactions.c.id, interactions.c.customer_id, interactions.c.started_at, interactions.c.outcome)
        .add_columns(interactions.c.topic)
        .where(interactions.c.agent_id == agent_id)
        .order_by(interactions.c.started_at.desc(), interactions.c.id.desc())
    )
    return Today(
        promises=(await conn.execute(_promises(agent_id, until))).all(),
        waiting=(await conn.execute(_waiting(agent_id))).all(),
        cases=(await conn.execute(mine.order_by(cases.c.id.desc()).limit(MOST_CASES))).all(),
        cases_in_all=await conn.scalar(in_all) or 0,
        talks=(await conn.execute(talks.limit(MOST_TALKS))).all(),
    )


def _promises(agent_id: str, until: datetime) -> Select[Any]:
    """One's own until then, and those at risk of whoever one stands in for."""
    others = select(agents.c.id).where(agents.c.stand_in == agent_id)
    kept = callbacks.c
    return (
        select(kept.id, kept.customer_id, kept.agent_id, kept.promised_at, kept.window_seconds, kept.kind)
        .add_columns(kept.reason, kept.state, kept.risk, kept.channel)
        .where(kept.state.in_([str(state) for state in OPEN]), kept.promised_at < until)
        .where(or_(kept.agent_id == agent_id, kept.agent_id.in_(others) & kept.risk.is_not(None)))
        .order_by(kept.promised_at, kept.id)
        .limit(MOST_PROMISES)
    )


def _waiting(agent_id: str) -> Select[Any]:
    """Who waits now and knows this agent; also who is being asked what they would rather: whoever is free meanwhile is
    theirs."""
    return (
        select(calls.c.id, calls.c.customer_id, calls.c.arrived_at)
        .join_from(wishes, calls, calls.c.id == wishes.c.call_id)
        .where(wishes.c.agent_id == agent_id, calls.c.state.in_(("waiting", "choosing")))
        .order_by(calls.c.arrived_at)
        .limit(MOST_WAITING)
    )


async def faces_of(conn: AsyncConnection, customer_ids: Collection[str]) -> dict[str, Face]:
    """Names and photos; whoever shows them writes down that they were seen."""
    if not customer_ids:
        return {}
    query = select(customers.c.id, customers.c.name, customers.c.called, customers.c.photo_url)
    rows = await conn.execute(query.where(customers.c.id.in_(customer_ids)))
    return {row.id: Face(row.id, row.name or row.called, row.photo_url) for row in rows}


def _promise(asked: Asked, row: Row[Any], names: view.Names) -> view.Promised:
    """As from the API, of a row."""
    latest = row.promised_at + timedelta(seconds=row.window_seconds)
    one = {
        "id": row.id,
        "due_at": row.promised_at.isoformat(),
        "latest": latest.isoformat(),
        "kind": row.kind,
        "channel": row.channel,
        "reason": row.reason,
        "agent": row.agent_id,
        "risk": row.risk,
        "state": row.state,
    }
    return view.promised(asked.words, asked.formats, asked.pages.clock.now(), one, asked.user.agent_id, names)


async def one_promise(asked: Asked, customer_id: str) -> Response:
    """What can be done about one promise, with honest times to move it to."""
    promise_id = asked.request.path_params["promise_id"]
    one = await asked.api.get(f"/callbacks/{promise_id}")
    if one["customer"] != customer_id:
        return asked.trouble(404, asked.words("There is no such promise."))
    async with asked.pages.database.read() as conn:
        names = await agent_names(conn, [one["agent"]] if one["agent"] else [])
        faces = await faces_of(conn, [customer_id])
    now, me = asked.pages.clock.now(), asked.user.agent_id
    slots = await offered(asked, customer_id, one["agent"], for_a_call(now, asked.pages.house.zone))
    shown = view.promised(asked.words, asked.formats, now, one, me, names)
    context = {"id": customer_id, "face": faces[customer_id], "one": shown, "slots": slots, "choices": one["choices"]}
    return asked.page("card/promise_page.html", place="desk", **context, errors={}, given={"at": "", "own": ""})
