"""A whole house in virtual time: the real server here or in a process of its own, both databases, a real Valkey, and
the carrier over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from sqlalchemy.engine import URL, make_url

from api import tokens
from simulator.app import build as build_carrier
from simulator.app import settings_for
from simulator.http import OverSockets
from simulator.network import Network
from simulator.phones import AutoAnswer, Phone
from store.clock import VirtualClock
from store.sql import Database
from switchboard.logs import configure
from switchboard.serve import listen
from switchboard.settings import Settings
from switchboard.stage import on_stage, served
from tests.story.in_step import serving

ACCOUNT = "AC" + "a" * 32
TOKEN = "0123456789abcdef0123456789abcdef"
OURS = "https://centralino.test"
LINE = "+390699990000"
MARIA, PAOLO, SOMEBODY = "+393331234567", "+393337654321", "+393339990001"
ROME = ZoneInfo("Europe/Rome")


@dataclass
class World:
    """What a story needs: time, telephones, and the API to set the stage and look behind it."""

    clock: VirtualClock
    network: Network
    api: httpx2.AsyncClient
    transport: httpx2.AsyncBaseTransport
    database: str
    ids: dict[str, str] = field(default_factory=dict)

    async def agent(self, name: str, *, ready: bool = True, **more: Any) -> Phone:
        """An agent with a softphone `client:<first name>`."""
        first = name.split()[0].lower()
        body = {"name": name, "address": f"client:{first}", "languages": ["it-IT"]} | more
        made = await self.post("/agents", body)
        self.ids[first] = made["id"]
        phone = self.network.plug_in(made["address"])
        if ready:
            await self.presence(first, "ready")
        return phone

    async def presence(self, first: str, availability: str) -> None:
        answer = await self.api.put(f"/agents/{self.ids[first]}/presence", json={"availability": availability})
        assert answer.status_code == 200, answer.text

    async def customer(self, called: str, number: str | None, **more: Any) -> Phone:
        body = {"name": f"{called} Rossi", "called": called, "language": "it-IT", "phones": [number] if number else []}
        made = await self.post("/customers", body | more)
        self.ids[called] = made["id"]
        return self.network.plug_in(number or "+390000000000")

    async def has_talked(self, called: str, first: str, times: int = 1, **more: Any) -> None:
        """A past: so many solved conversations, the last one a week ago."""
        items = [
            {
                "customer": self.ids[called],
                "agent": self.ids[first],
                "started_at": (self.clock.now() - timedelta(days=7 * (n + 1))).isoformat(),
                "talk_seconds": 200,
                "outcome": "solved",
            }
            | more
            for n in range(times)
        ]
        await self.post("/interactions", {"items": items})

    async def plan(self, **changes: Any) -> None:
        now = await self.api.get("/plan")
        answer = await self.api.put("/plan", json=now.json() | changes, headers={"If-Match": now.headers["etag"]})
        assert answer.status_code == 200, answer.text

    async def token(self, name: str, role: str, agent_id: str | None = None) -> str:
        database = Database(make_url(self.database))
        async with database.write() as conn:
            token = await tokens.create(conn, name=name, role=role, agent_id=agent_id, now=self.clock.now())
        await database.close()
        return token

    @asynccontextmanager
    async def address(self) -> AsyncIterator[str]:
        """Where the server is on a socket, which endless answers need."""
        if isinstance(self.transport, httpx2.ASGITransport):
            async with served(self.transport.app) as url:
                yield url
        else:
            yield str(self.api.base_url.join("/")).rstrip("/")

    async def post(self, path: str, body: dict[str, Any], status: int | None = None) -> Any:
        answer = await self.api.post(path, json=body)
        if status is None:
            assert answer.status_code in (200, 201), answer.text
        else:
            assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str) -> Any:
        answer = await self.api.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def call(self, phone: Phone, sid: str | None = None) -> Any:
        return await self.get(f"/calls/{sid or phone.call}")

    async def state_of(self, first: str) -> str:
        agent = await self.get(f"/agents/{self.ids[first]}")
        return f"{agent['availability']} {agent['activity']}"

    async def until(self, condition: Callable[[], bool], limit: float = 60.0) -> None:
        await self.clock.run_until(condition, limit)

    async def talk(self, caller: Phone, agent: Phone) -> None:
        """The caller rings, the agent picks up, and the two are together."""
        await caller.dial(LINE)
        await self.until(lambda: agent.state == "ringing")
        agent.answer()
        await self.until(lambda: bool(caller.partners))

    async def hears(self, phone: Phone, words: str, limit: float = 60.0) -> None:
        """Until these words have been said to this telephone."""
        try:
            await self.clock.run_until(lambda: words.lower() in phone.words.lower(), limit)
        except TimeoutError:
            raise AssertionError(f"never said: {words!r}; heard: {phone.words}") from None


@pytest.fixture(autouse=True)
def _quiet_logs() -> None:
    configure("WARNING")


@pytest.fixture(params=["here", "beside"])
def house(request: pytest.FixtureRequest) -> str:
    """Where a story is played: in this process with SQLite, or by `serve` in a process of its own with PostgreSQL."""
    return str(request.param)


@pytest.fixture
def database_url(house: str, request: pytest.FixtureRequest) -> URL:
    url: URL = request.getfixturevalue("sqlite_url" if house == "here" else "postgres_url")
    return url


def settings_of(database_url: URL, redis_url: str, folder: Path, **more: Any) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database_url.render_as_string(hide_password=False),
        redis_url=redis_url,
        centralino_home=folder / "home",
        public_url=OURS,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        api_token="bootstrap",
        company_name="Officine Lume",
        calls_per_second=100.0,
        **more,
    )


@pytest.fixture
async def world(
    house: str, clock: VirtualClock, database_url: URL, redis_url: str, tmp_path: Path
) -> AsyncIterator[World]:
    settings = settings_of(database_url, redis_url, tmp_path)
    database = database_url.render_as_string(hide_password=False)
    played = _here if house == "here" else _beside
    async with played(settings, clock, redis_url) as (clock, network, address, transport):
        client = httpx2.AsyncClient(
            transport=transport, base_url=f"{address}/api/v1", headers={"Authorization": "Bearer bootstrap"}
        )
        async with client:
            yield World(clock, network, client, transport, database)


Played = tuple[VirtualClock, Network, str, httpx2.AsyncBaseTransport]


@asynccontextmanager
async def _here(settings: Settings, clock: VirtualClock, redis_url: str) -> AsyncIterator[Played]:
    async with on_stage(settings, clock, redis_url=redis_url, line=LINE) as (network, app):
        yield clock, network, OURS, httpx2.ASGITransport(app=app)


@asynccontextmanager
async def _beside(settings: Settings, clock: VirtualClock, redis_url: str) -> AsyncIterator[Played]:
    """The carrier here, on a socket; the server elsewhere."""
    listener, carrier_listener = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
    here, carrier = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in (listener, carrier_listener))
    settings = settings.model_copy(update={"public_url": here, "twilio_api_url": carrier})
    with serving(settings, redis_url, clock.now(), listener) as in_step:
        listener.close()
        network = Network(
            in_step,
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            numbers={LINE: settings_for(here, "Centralino")},
            http=OverSockets(),
            calls_per_second=100.0,
        )
        async with served(build_carrier(network), carrier_listener):
            # Nothing here is encrypted: reading all certificates for each story takes as long as a call.
            yield in_step, network, here, httpx2.AsyncHTTPTransport(verify=False)
            await network.close()


__all__ = ["LINE", "MARIA", "PAOLO", "SOMEBODY", "AutoAnswer", "World", "datetime", "served"]
