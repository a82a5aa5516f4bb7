"""What a manager is writing: one draft of the plan for each, kept at every change and on every browser of theirs.

A draft may hold what is no plan yet.  One that says the same as what it was begun from is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.tables import plan_drafts
from routing.plan import Plan
from routing.plans import Plans
from store.clock import Clock
from store.sql import Database


@dataclass(frozen=True, slots=True)
class Draft:
    """`base` is version `base_version`, from which it was begun; `body` what is written now; `present` what holds."""

    base_version: int
    base: Mapping[str, Any]
    body: Mapping[str, Any]
    present_version: int
    present: Mapping[str, Any]
    at: datetime | None = None  # when it was changed last; None: there is none

    @property
    def begun(self) -> bool:
        return self.at is not None

    @property
    def overtaken(self) -> bool:
        """Somebody has published since it was begun."""
        return self.begun and self.base_version != self.present_version


Change = Callable[[Any], Any]


class Drafts:
    def __init__(self, database: Database, clock: Clock, plans: Plans) -> None:
        self._database, self._clock, self._plans = database, clock, plans

    async def of(self, user_id: str) -> Draft:
        async with self._database.read() as conn:
            return await self._read(conn, user_id)

    async def change(self, user_id: str, change: Change) -> Draft:
        """With what `change` makes of the body.  Whatever it raises leaves the draft as it was."""
        async with self._database.write() as conn:
            draft = await self._read(conn, user_id, lock=True)
            body = change(draft.body)
            if body == draft.body:
                return draft
            if body == draft.base and not draft.overtaken:
                await _drop(conn, user_id)
            else:
                await self._keep(conn, user_id, draft.base_version, body)
            return await self._read(conn, user_id)

    async def rebase(self, user_id: str, version: int, body: Any) -> None:
        """From now on it is begun from this version."""
        async with self._database.write() as conn:
            await _drop(conn, user_id)
            base = await self._plans.of(conn, version)
            if body != as_written(base):
                await self._keep(conn, user_id, version, body)

    async def discard(self, user_id: str) -> None:
        async with self._database.write() as conn:
            await _drop(conn, user_id)

    async def _read(self, conn: AsyncConnection, user_id: str, *, lock: bool = False) -> Draft:
        version, plan = await self._plans.current(conn)
        query = select(plan_drafts).where(plan_drafts.c.user_id == user_id)
        row = (await conn.execute(query.with_for_update() if lock else query)).one_or_none()
        present = as_written(plan)
        if row is None:
            return Draft(version, present, present, version, present)
        base = as_written(await self._plans.of(conn, row.base_version))
        return Draft(row.base_version, base, row.body, version, present, row.at)

    async def _keep(self, conn: AsyncConnection, user_id: str, version: int, body: Any) -> None:
        values = {"base_version": version, "body": body, "at": self._clock.now()}
        kept = await conn.execute(update(plan_drafts).where(plan_drafts.c.user_id == user_id).values(values))
        if not kept.rowcount:
            await conn.execute(insert(plan_drafts).values(user_id=user_id, **values))


async def _drop(conn: AsyncConnection, user_id: str) -> None:
    await conn.execute(delete(plan_drafts).where(plan_drafts.c.user_id == user_id))


def as_written(plan: Plan) -> dict[str, Any]:
    return plan.model_dump(mode="json")
