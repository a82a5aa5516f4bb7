"""How what has changed looks to whoever watches the floor: the API's JSON, by the name of the event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import callbacks.api
import ivr.api
from api import tokens_api
from callbacks.promises import Promises
from callbacks.tables import callbacks as callbacks_table
from desk import sessions
from desk.live import View
from ivr.tables import calls
from routing import roster
from routing.tables import decisions
from store.clock import Clock


def views(clock: Clock, promises: Promises) -> Mapping[str, View]:
    async def call(conn: AsyncConnection, ref: str) -> dict[str, Any] | None:
        row = (await conn.execute(select(calls).where(calls.c.id == ref))).one_or_none()
        if row is None:
            return None
        shown = (await ivr.api.shown(conn, [row], clock.now()))[0]
        return shown.model_dump(mode="json", by_alias=True)

    async def agent(conn: AsyncConnection, ref: str) -> dict[str, Any] | None:
        shown = await roster.load_one(conn, ref)
        return None if shown is None else shown.model_dump(mode="json", by_alias=True)

    async def callback(conn: AsyncConnection, ref: str) -> dict[str, Any] | None:
        row = (await conn.execute(select(callbacks_table).where(callbacks_table.c.id == ref))).one_or_none()
        if row is None:
            return None
        return (await callbacks.api.shown(conn, promises, [row]))[0].model_dump(mode="json", by_alias=True)

    async def decision(conn: AsyncConnection, ref: str) -> dict[str, Any] | None:
        query = (
            select(decisions, calls.c.sid).join(calls, calls.c.id == decisions.c.call_id).where(decisions.c.id == ref)
        )
        row = (await conn.execute(query)).one_or_none()
        if row is None:
            return None
        return {**ivr.api.decision_shown(row).model_dump(mode="json", by_alias=True), "call": row.sid}

    async def limit(conn: AsyncConnection, ref: str) -> dict[str, Any] | None:
        name, _, day = ref.partition(" ")
        return {"limit": name, "day": day} if day else None

    async def ended(conn: AsyncConnection, ref: str) -> dict[str, Any]:
        return {"id": ref}  # there is nothing to load any more

    return {
        "call.changed": call,
        "agent.changed": agent,
        "callback.changed": callback,
        "callback.soon": callback,
        "limit.near": limit,
        "decision.made": decision,
        sessions.ENDED: ended,
        tokens_api.ENDED: ended,
    }
