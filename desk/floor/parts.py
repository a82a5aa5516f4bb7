"""The parts of the floor: for each what it reads, and what its template is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.spend import Spend
from carrier.tables import account_numbers
from desk.floor import rows, supervised, view
from desk.floor.alerts import Alert, alerts, read_lines
from desk.floor.first_steps import first_steps
from desk.floor.rows import Rows
from desk.floor.stuck import stuck
from desk.floor.teams import teams
from desk.pages import Asked
from desk.promises.words import RISKS
from desk.site import Site
from routing.absences import absent_now

SHOWN_TALKS = 100  # more lines than that nobody reads; the others are counted
SHOWN_WAITS = 60
Context = Mapping[str, Any]


class Glance:
    """What one request reads of the floor at one instant: each statement at most once."""

    def __init__(self, conn: AsyncConnection, now: datetime) -> None:
        self.conn, self.now = conn, now
        self._read: dict[str, Rows] = {}

    async def calls(self) -> Rows:
        return await self._once("calls", rows.live_calls)

    async def agents(self) -> Rows:
        return await self._once("agents", rows.everybody)

    async def supervisions(self) -> Rows:
        return await self._once("supervisions", rows.live_supervisions)

    async def _once(self, name: str, read: Callable[[AsyncConnection], Awaitable[Rows]]) -> Rows:
        if name not in self._read:
            self._read[name] = await read(self.conn)
        return self._read[name]


class Parts:
    """By name, as their templates and addresses are called."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._spend = Spend(site.pages.house)
        self.all: Mapping[str, Callable[[Glance, Asked], Awaitable[Context]]] = {
            "first_steps": self.first_steps,
            "alerts": self.alerts,
            "talks": self.talks,
            "waits": self.waits,
            "promises": self.promises,
            "decisions": self.decisions,
            "teams": self.teams,
            "ear": self.ear,
        }

    async def first_steps(self, glance: Glance, asked: Asked) -> Context:
        version, plan = await self._site.plans.current(glance.conn)
        agents, who = bool(await glance.agents()), asked.user.user_id
        return {"first_steps": await first_steps(glance.conn, who, version, plan, asked.words, agents=agents)}

    async def talks(self, glance: Glance, asked: Asked) -> Context:
        clocks = self._site.individual_clocks
        by_call: dict[str, list[Any]] = {}
        for row in await glance.supervisions():
            by_call.setdefault(row.call_id, []).append(row)
        found = view.talks(await glance.calls(), by_call, asked.formats, glance.now, clocks=clocks)
        return {"talks": found[:SHOWN_TALKS], "more_talks": max(len(found) - SHOWN_TALKS, 0), "n_talks": len(found)}

    async def waits(self, glance: Glance, asked: Asked) -> Context:
        found = view.waits(await glance.calls(), asked.formats, glance.now)
        return {"waits": found[:SHOWN_WAITS], "more_waits": max(len(found) - SHOWN_WAITS, 0), "n_waits": len(found)}

    async def promises(self, glance: Glance, asked: Asked) -> Context:
        found = await rows.coming_promises(glance.conn, glance.now)
        counted = await rows.promises_by_instant(glance.conn, glance.now)
        n = sum(row.n for row in counted)
        return {
            "coming": view.coming(found, asked.formats, glance.now, RISKS),
            "quarters": view.quarters(counted, glance.now),
            "n_promises": n,
            "more_promises": max(n - len(found), 0),
        }

    async def decisions(self, glance: Glance, asked: Asked) -> Context:
        return {"decisions": view.decided(await rows.latest_decisions(glance.conn), asked.formats)}

    async def teams(self, glance: Glance, asked: Asked) -> Context:
        clocks = self._site.individual_clocks
        return {"teams": teams(await glance.agents(), asked.formats, glance.now, clocks=clocks)}

    async def ear(self, glance: Glance, asked: Asked) -> Context:
        mine = [row for row in await glance.supervisions() if row.by == asked.user.user_id]
        talks = {row.id: row for row in await glance.calls()} if mine else {}
        return {"ears": [supervised.ear(row, talks.get(row.call_id), asked.formats) for row in mine]}

    async def alerts(self, glance: Glance, asked: Asked) -> Context:
        conn, now, house = glance.conn, glance.now, self._site.pages.house
        _, plan = await self._site.plans.current(conn)
        agents, calls, legs = await glance.agents(), await glance.calls(), await rows.live_legs(conn)
        numbers = list(await conn.scalars(select(account_numbers.c.number).limit(100)))
        absent = await absent_now(conn, now)
        share = await self._spend.share(conn, plan, now=now)
        found: list[Alert] = alerts(
            stuck(agents, calls, legs, plan.ring_seconds, now),
            # Where nobody works yet nobody can be missing: the first steps say so.
            read_lines(plan, numbers, agents, absent, house, asked.formats, now) if agents else [],
            waiting=sum(call.state == "waiting" and call.direction == "inbound" for call in calls),
            at_risk=await rows.at_risk(conn, now),
            spent=share if share is not None and share >= plan.limits.spend_alarm_share else None,
            f=asked.formats,
        )
        return {"alerts": found}
