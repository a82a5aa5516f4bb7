"""The plan in force, and its versions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.plan import Plan
from routing.tables import plan_versions


class Plans:
    """Reads the newest version; parses each version once."""

    def __init__(self) -> None:
        self._known: tuple[int, Plan] = (0, Plan())

    async def current(self, conn: AsyncConnection) -> tuple[int, Plan]:
        """Version 0 is the plan that is there without anybody having written one."""
        version = await conn.scalar(select(func.max(plan_versions.c.version))) or 0
        if version != self._known[0]:
            body = await conn.scalar(select(plan_versions.c.body).where(plan_versions.c.version == version))
            self._known = (version, Plan.model_validate(body))
        return self._known

    async def publish(
        self, conn: AsyncConnection, plan: Plan, *, after: int, author: str, note: str | None, now: datetime
    ) -> int:
        """The new version's number.  Two managers who both saw `after` break on the primary key."""
        version = after + 1
        await conn.execute(
            insert(plan_versions).values(
                version=version, body=plan.model_dump(mode="json"), author=author, note=note, at=now
            )
        )
        return version
