"""Whole processes: `centralino serve` as an operator runs it, and the phone network around it in real time.

`carrier` is the simulated network, in this process but over real sockets; `serve_process` starts a server that it
reaches; `house` sets the stage through the API and asks what became of it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from simulator.app import build
from simulator.network import Network
from store.clock import SystemClock
from switchboard.settings import Settings
from switchboard.stage import served
from tests.outside.around import HOSTED, LINE, OURS, Carrier, Roads
from tests.outside.house import API_TOKEN, Api, House
from tests.outside.process import Process
from tests.ports import free_port

ACCOUNT, TOKEN = "AC" + "a" * 32, "0123456789abcdef0123456789abcdef"
CALLS_PER_SECOND = 50.0

Starts = Callable[..., Awaitable[Process]]


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    """People and machines speak fast here, and the ringback is short: what is waited for is the server."""
    roads = Roads()
    network = Network(
        SystemClock(),
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        numbers={},
        http=roads,
        calls_per_second=CALLS_PER_SECOND,
        characters_per_second=150.0,
    )
    network.sound_seconds[f"{OURS}/twilio/sounds/ringback.wav"] = 3.0
    async with served(build(network)) as url:
        carrier = Carrier(network, roads, url)
        carrier.number(LINE)
        yield carrier
        await network.close()


@pytest.fixture
async def serve_process(carrier: Carrier, tmp_path: Path, pytestconfig: pytest.Config) -> AsyncIterator[Starts]:
    """Starts `centralino serve` with these further arguments and settings, and waits until it can take calls."""
    started: list[Process] = []

    async def start(*arguments: str, home: str = "home", **settings: str) -> Process:
        port = free_port()
        ours = {name.upper() for name in Settings.model_fields}
        environment = {name: value for name, value in os.environ.items() if name not in ours} | {
            "PYTHONPATH": str(pytestconfig.rootpath),
            "CENTRALINO_HOME": str(tmp_path / home),
            "PUBLIC_URL": OURS,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_URL": carrier.url,
            "TWILIO_FALLBACK_URL": HOSTED,
            "API_TOKEN": API_TOKEN,
            "DEFAULT_LANGUAGE": "en-GB",
            "CALLS_PER_SECOND": str(CALLS_PER_SECOND),
        }
        log = tmp_path / f"serve-{port}.log"
        url = f"http://127.0.0.1:{port}"
        process = Process(("serve", "--port", str(port), *arguments), environment | settings, log, url)
        started.append(process)
        process.start()
        await process.ready()
        carrier.roads.servers.append(process.url)
        return process

    yield start
    for process in started:
        await process.end()


@pytest.fixture(params=["postgresql", "sqlite"])
def stores(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings for stores of one's own (PostgreSQL without a schema, Valkey), or for none: then all is embedded."""
    if request.param == "sqlite":
        return {}
    shared: dict[str, str] = request.getfixturevalue("shared_stores")
    return shared


@pytest.fixture
def shared_stores(postgres_empty: URL, redis_url: str) -> dict[str, str]:
    plain = postgres_empty.set(drivername="postgresql").render_as_string(hide_password=False)
    return {"DATABASE_URL": plain, "REDIS_URL": redis_url}


@pytest.fixture
async def api() -> AsyncIterator[Callable[[Process], Api]]:
    """A client of one server."""
    async with AsyncExitStack() as opened:

        def of(process: Process) -> Api:
            client = Api(process.url)
            opened.push_async_callback(client.client.aclose)
            return client

        yield of


@pytest.fixture
def house(carrier: Carrier, api: Callable[[Process], Api]) -> Callable[[Process], House]:
    return lambda process: House(carrier, api(process))
