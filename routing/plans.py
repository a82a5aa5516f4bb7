"""The plan in force, its versions, and the version a call began with.

A call is never harmed by what was published: a version that cannot be read any more (somebody edited a row by hand)
gives way to the newest that can, and at last to the plan that is there without anybody having written one.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import datetime

import structlog
from sqlalchemy import Text, cast, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from routing.plan import Plan
from routing.tables import plan_versions

log = structlog.get_logger()

REMEMBERED = 32  # versions that are kept parsed
LOOKED_AT = 50  # versions that are tried, newest first, when one cannot be read
BODY = cast(plan_versions.c.body, Text)  # as text: what is no JSON must not fail where rows are fetched
BUILT_IN = Plan()


class Plans:
    """Reads the newest version; parses each version once."""

    def __init__(self) -> None:
        self._parsed: OrderedDict[int, Plan] = OrderedDict()

    async def current(self, conn: AsyncConnection) -> tuple[int, Plan]:
        """The newest version's number, and what holds.  Version 0 is the plan that nobody has written."""
        version = await conn.scalar(select(func.max(plan_versions.c.version))) or 0
        return version, await self.of(conn, version)

    async def of(self, conn: AsyncConnection, version: int) -> Plan:
        """What holds for a call that began under this version."""
        if version == 0:
            return BUILT_IN
        plan = self._parsed.get(version)
        if plan is None:
            plan = await self._read(conn, version)
            self._parsed[version] = plan
            if len(self._parsed) > REMEMBERED:
                self._parsed.popitem(last=False)
        else:
            self._parsed.move_to_end(version)
        return plan

    async def _read(self, conn: AsyncConnection, version: int) -> Plan:
        plan = readable(await conn.scalar(select(BODY).where(plan_versions.c.version == version)))
        if plan is not None:
            return plan
        newest_first = select(plan_versions.c.version, BODY).order_by(plan_versions.c.version.desc()).limit(LOOKED_AT)
        for other, body in await conn.execute(newest_first):
            if (plan := readable(body)) is not None:
                log.error("plan version cannot be read", version=version, instead=other)
                return plan
        log.error("plan version cannot be read", version=version, instead=0)
        return BUILT_IN

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


def readable(body: str | None) -> Plan | None:
    """A stored version; None when it is no plan."""
    try:
        return None if body is None else Plan.model_validate(json.loads(body))
    except (ValueError, RecursionError):
        return None
