"""A minute more for what is left to do after a talk: the time is theirs, within reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from routing.agents import Activity
from routing.tables import agents
from store.events import emit
from store.sql import Database

MORE = timedelta(minutes=1)
LONGEST = timedelta(minutes=15)  # whoever needs longer says that they are away


async def more_time(database: Database, agent_id: str, *, now: datetime) -> bool:
    """False: it is over already, or long enough."""
    async with database.write() as conn:
        wraps_up = (agents.c.id == agent_id, agents.c.activity == Activity.WRAP_UP, agents.c.due_at.is_not(None))
        query = select(agents.c.due_at, agents.c.since_at).where(*wraps_up).with_for_update(key_share=True)
        row = (await conn.execute(query)).one_or_none()
        if row is None:
            return False
        due_at = max(row.due_at, now) + MORE
        if due_at - row.since_at > LONGEST:
            return False
        await conn.execute(update(agents).where(*wraps_up).values(due_at=due_at))
        await emit(conn, "agent.changed", agent_id, now)
    return True
