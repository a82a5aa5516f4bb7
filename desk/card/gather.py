"""Everything that is known of one person, asked of the API by who looks, so that rights and audit hold."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callbacks
from desk.asking import Refused
from desk.elsewhere import calls
from desk.pages import Asked
from routing.tables import agents, reservations

LATEST_STORIES = 1
MOST_OPEN = 50


async def known_of(asked: Asked, customer_id: str) -> dict[str, Any]:
    """The API's answers by what they are about; `promise_counts` by state.  Raises Refused."""
    theirs, get = f"/customers/{customer_id}", asked.api.get
    customer, familiar, weariness, stories, cases, promises, counts = await asyncio.gather(
        get(theirs),
        get(f"{theirs}/familiar"),
        get(f"{theirs}/weariness"),
        get(f"{theirs}/notes", kind="story", limit=LATEST_STORIES),
        get("/cases", customer=customer_id, limit=200),
        get("/callbacks", customer=customer_id, state="open", order="due", limit=MOST_OPEN),
        _promise_counts(asked, customer_id),
    )
    return {
        "customer": customer,
        "familiar": familiar["items"],
        "weariness": weariness,
        "stories": stories["items"],
        "cases": cases["items"],
        "promises": promises["items"],
        "promise_counts": counts,
    }


def agents_in(known: Mapping[str, Any]) -> set[str]:
    """Ids of all whose names the card says."""
    named = [one["agent"] for kind in ("familiar", "promises", "stories") for one in known[kind]]
    named += [one["owner"] for one in known["cases"]]
    return {one for one in named if one}


async def names_of(asked: Asked, agent_ids: Collection[str]) -> dict[str, str]:
    async with asked.pages.database.read() as conn:
        return await agent_names(conn, agent_ids)


async def agent_names(conn: AsyncConnection, agent_ids: Collection[str]) -> dict[str, str]:
    wanted = [one for one in agent_ids if one]
    if not wanted:
        return {}
    query = select(agents.c.id, agents.c.name).where(agents.c.id.in_(wanted))
    return {row.id: row.name for row in await conn.execute(query)}


async def _promise_counts(asked: Asked, customer_id: str) -> dict[str, int]:
    query = select(callbacks.c.state, func.count()).where(callbacks.c.customer_id == customer_id)
    async with asked.pages.database.read() as conn:
        rows = await conn.execute(query.group_by(callbacks.c.state))
        return {row[0]: row[1] for row in rows}


async def own_call(asked: Asked, customer_id: str, call_sid: str) -> None:
    """Raises Refused unless this is a call of this person's which the viewer answers or has answered."""
    mine = asked.user.agent_id
    rung = exists().where(reservations.c.call_id == calls.c.id, reservations.c.agent_id == mine)
    this = or_(calls.c.sid == call_sid, calls.c.id == call_sid)
    theirs = (calls.c.customer_id == customer_id, or_(calls.c.agent_id == mine, rung))
    query = select(calls.c.id).where(this, *theirs)
    async with asked.pages.database.read() as conn:
        if (await conn.execute(query)).first() is None:
            raise Refused(403, {"detail": asked.words("This is no call of yours with this person.")})
