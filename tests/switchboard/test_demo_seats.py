"""Whoever plays in the demo takes anybody's seat: each desk at an address of its own, beside the web phone."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx2
import pytest
from starlette.applications import Starlette

from desk.viewer import COOKIE, viewer_of
from store.clock import VirtualClock
from store.sql import Database
from switchboard import demo_seats
from switchboard.company_people import AGENTS, MANAGER
from tests.routing.rows import add_agent

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
HERE = "http://127.0.0.1:8000"


async def test_every_desk_and_the_console_can_be_opened_at_once(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        for colleague in AGENTS:
            await add_agent(conn, colleague.key, clock.now(), name=colleague.name)
        await demo_seats.seat(conn, clock)
    app, shown = Starlette(routes=demo_seats.routes(database, clock)), demo_seats.addresses(HERE)
    seats = {f"client:{colleague.key}": colleague.name for colleague in AGENTS}
    assert shown["desks"].keys() == seats.keys()
    addresses = [shown["manager"]["address"], *shown["desks"].values()]
    assert len({urlsplit(address).hostname for address in addresses}) == len(addresses)  # each keeps its own cookie
    for address, name, leads_to in (
        (shown["manager"]["address"], MANAGER, "/console/floor"),
        *((shown["desks"][at], name, "/desk") for at, name in seats.items()),
    ):
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as browser:
            answer = await browser.get(address)
            assert (answer.status_code, answer.headers["location"]) == (303, leads_to)
            secret = answer.cookies[COOKIE]
        viewer = await viewer_of(database, secret, None, house="it-IT", now=clock.now())
        assert viewer is not None
        assert viewer.name == name
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=HERE) as browser:
        assert (await browser.get("/demo/sit/nobody")).headers["location"] == "/sign-in"
