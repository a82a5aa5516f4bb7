"""Rows that routing's tables need before anything can happen: agents, and calls to hold them for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.tables import calls
from routing.tables import agents
from store.sql import Database


async def add_agent(conn: AsyncConnection, agent_id: str, now: datetime, **more: Any) -> None:
    usual: dict[str, Any] = {
        "id": agent_id,
        "name": agent_id.title(),
        "address": f"client:{agent_id}",
        "languages": ["it-IT"],
        "skills": {},
        "availability": "ready",
        "activity": "idle",
        "since_at": now,
        "made_at": now,
    }
    await conn.execute(insert(agents).values(usual | more))


async def add_call(conn: AsyncConnection, call_id: str, now: datetime, **more: Any) -> None:
    usual: dict[str, Any] = {
        "id": call_id,
        "direction": "inbound",
        "from_number": "+393331234567",
        "to_number": "+390699990000",
        "language": "it-IT",
        "state": "waiting",
        "arrived_at": now,
    }
    await conn.execute(insert(calls).values(usual | more))


async def agent_row(database: Database, agent_id: str = "anna") -> Row[Any]:
    async with database.read() as conn:
        return (await conn.execute(select(agents).where(agents.c.id == agent_id))).one()
