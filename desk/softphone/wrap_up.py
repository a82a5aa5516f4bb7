"""A minute more for what is left to do after a talk: the time is theirs, within reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from routing.agents import Activity
from routing.tables import agents
from store.events import emit
from store.sql import Database

MORE = timedelta(minutes=1)
HAND, LEFT = timedelta(seconds=20), timedelta(seconds=40)  # whoever writes with so little left, has so much
LONGEST = timedelta(minutes=15)  # whoever needs longer says that they are away


async def more_time(database: Database, agent_id: str, *, now: datetime) -> bool:
    """False: it is over already, or long enough."""
    return await _longer(database, agent_id, now, lambda due_at: max(due_at, now) + MORE)


async def writes(database: Database, agent_id: str | None, *, now: datetime) -> bool:
    """The time does not end under the hand that writes; True: there is more of it."""
    return agent_id is not None and await _longer(
        database, agent_id, now, lambda due_at: now + LEFT if due_at < now + HAND else due_at
    )


async def _longer(database: Database, agent_id: str, now: datetime, until: Callable[[datetime], datetime]) -> bool:
    async with database.write() as conn:
        wraps_up = (agents.c.id == agent_id, agents.c.activity == Activity.WRAP_UP, agents.c.due_at.is_not(None))
        query = select(agents.c.due_at, agents.c.since_at).where(*wraps_up).with_for_update(key_share=True)
        row = (await conn.execute(query)).one_or_none()
        if row is None:
            return False
        due_at = until(row.due_at)
        if due_at == row.due_at or due_at - row.since_at > LONGEST:
            return False
        await conn.execute(update(agents).where(*wraps_up).values(due_at=due_at))
        await emit(conn, "agent.changed", agent_id, now)
    return True
