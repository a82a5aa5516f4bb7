"""The demo's people at their desks: one address signs each of them in, for who plays on this machine alone.

Each desk has a host name of its own under `localhost`, so one browser may be everybody at once: cookies and streams are
kept apart by host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from desk import sessions, users
from desk.tables import users as users_table
from routing.tables import agents
from store.clock import Clock
from store.sql import Database
from switchboard.company_people import AGENTS, MANAGER

MANAGER_KEY = "manager"
DOMAIN = "officine-lume.example"


async def seat(conn: AsyncConnection, clock: Clock) -> None:
    """A user for each agent, and one who manages them; once."""
    now = clock.now()
    found = {row.address: row.id for row in await conn.execute(select(agents.c.address, agents.c.id))}
    await users.add(conn, name=MANAGER, email=f"{MANAGER_KEY}@{DOMAIN}", role="manager", agent_id=None, now=now)
    for colleague in AGENTS:
        own = {"email": f"{colleague.key}@{DOMAIN}", "agent_id": found[f"client:{colleague.key}"]}
        await users.add(conn, name=colleague.name, role="agent", now=now, **own)


def address(here: str, key: str) -> str:
    """Where somebody takes their seat: `http://anna.localhost:8000/demo/sit/anna`."""
    parts = urlsplit(here)
    return f"{parts.scheme}://{key}.localhost:{parts.port}/demo/sit/{key}"


def addresses(here: str) -> Mapping[str, Any]:
    """For the demo's page: the manager's, and each agent's by the address at which they are rung."""
    return {
        "manager": {"name": MANAGER, "address": address(here, MANAGER_KEY)},
        "desks": {f"client:{colleague.key}": address(here, colleague.key) for colleague in AGENTS},
    }


def routes(database: Database, clock: Clock) -> list[BaseRoute]:
    async def sit(request: Request) -> Response:
        email = f"{request.path_params['key']}@{DOMAIN}"
        async with database.write() as conn:
            user_id = await conn.scalar(select(users_table.c.id).where(users_table.c.email == email))
            if user_id is None:
                return RedirectResponse("/sign-in", status_code=303)
            browser = request.headers.get("user-agent")
            secret = await sessions.begin(conn, user_id, "invite", browser, clock.now())
        response = RedirectResponse("/console/floor" if email.startswith(MANAGER_KEY) else "/desk", status_code=303)
        sessions.cookie(response, secret, False)
        return response

    return [Route("/demo/sit/{key}", sit)]
