"""The demo's company as it stands: set up once, open day and night, and shown with names to whoever looks inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.states import OPEN
from callbacks.tables import callbacks
from crm.tables import customers
from desk.live import View
from ivr.tables import calls
from routing import floor
from routing.plan import Line, Plan
from routing.plans import Plans
from routing.tables import agents
from store.clock import Clock
from store.sql import Database
from switchboard import company
from switchboard.company_people import COMPANY_NAME, LINE
from switchboard.demo_seats import seat

WRAP_UP_SECONDS = 15
RECENT = 6  # calls and promises of earlier that the page still shows


async def furnish(database: Database, clock: Clock) -> company.Company:
    """People, past and rules if there are none yet; everybody is at work."""
    now = clock.now()
    async with database.write() as connection:
        founded_at = await company.invented_at(connection)
        invented = company.invent(founded_at or now)
        if founded_at is None:
            await company.load(connection, invented)
            plan = Plan(hours="24/7", lines={LINE: Line(name=COMPANY_NAME)}, wrap_up_seconds=WRAP_UP_SECONDS)
            await Plans().publish(connection, plan, after=0, author="demo", note="open day and night", now=now)
            await seat(connection, clock)
        for row in invented.agents:
            await floor.set_availability(connection, row["id"], "ready", None, now=now)
    return invented


def with_names(views: Mapping[str, View]) -> Mapping[str, View]:
    """Calls and promises also say whose they are: the page shows people, not ids."""
    return {
        type: _named(view) if type in ("call.changed", "callback.changed") else view for type, view in views.items()
    }


def _named(view: View) -> View:
    async def shown(connection: AsyncConnection, ref: str) -> Mapping[str, Any] | None:
        body = await view(connection, ref)
        if body is None:
            return None
        name = select(customers.c.name).where(customers.c.id == body["customer"])
        return {**body, "id": ref, "customer_name": await connection.scalar(name)}

    return shown


class Snapshot:
    """Everything as it is now, in the same words as the news; of what is over, only what was played in this demo."""

    def __init__(self, database: Database, views: Mapping[str, View]) -> None:
        self._database, self._views = database, views

    async def __call__(self) -> Mapping[str, Any]:
        async with self._database.read() as connection:
            played = await company.invented_at(connection)
            return {
                "agents": await self._all(connection, "agent.changed", select(agents.c.id).order_by(agents.c.id)),
                "calls": await self._latest(
                    connection, "call.changed", calls.c.id, calls.c.state != "ended", calls.c.arrived_at >= played
                ),
                "callbacks": await self._latest(
                    connection,
                    "callback.changed",
                    callbacks.c.id,
                    callbacks.c.state.in_(OPEN),
                    callbacks.c.made_at >= played,
                ),
            }

    async def _latest(
        self,
        connection: AsyncConnection,
        type: str,
        id: ColumnElement[str],
        live: ColumnElement[bool],
        played: ColumnElement[bool],
    ) -> list[Mapping[str, Any]]:
        """All that are live and some of the others, oldest first."""
        found = set(await connection.scalars(select(id).where(live, played)))
        found |= set(await connection.scalars(select(id).where(played).order_by(id.desc()).limit(RECENT)))
        return await self._all(connection, type, select(id).where(id.in_(found)).order_by(id))

    async def _all(self, connection: AsyncConnection, type: str, ids: Select[str]) -> list[Mapping[str, Any]]:
        shown = [await self._views[type](connection, ref) for ref in await connection.scalars(ids)]
        return [body for body in shown if body is not None]
