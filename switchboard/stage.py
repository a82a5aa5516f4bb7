"""The whole house on a virtual clock, with the simulated carrier, in this process: hours pass in seconds.

The official client speaks HTTP to the carrier on a loopback socket; webhooks come in process.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette

import simulator.app
from simulator.http import InProcess
from simulator.network import Network
from store.clock import VirtualClock
from switchboard.app import assemble, build
from switchboard.serve import listen
from switchboard.settings import Settings

POLL_SECONDS = 5.0  # virtual; in one process every news arrives by itself
DEADLINE_SECONDS = 30.0  # real: on a slow machine the scene is slower, and not another one


@asynccontextmanager
async def on_stage(
    settings: Settings, clock: VirtualClock, *, redis_url: str, line: str
) -> AsyncIterator[tuple[Network, Starlette]]:
    """The carrier with our number `line`, and the server; `settings` name account, token and public URL."""
    assert settings.public_url is not None
    assert settings.twilio_account_sid is not None
    transport = InProcess({})
    network = Network(
        clock,
        account_sid=settings.twilio_account_sid,
        auth_token=settings.auth_tokens[0],
        numbers={line: simulator.app.settings_for(settings.public_url, settings.company_name)},
        http=transport,
        calls_per_second=settings.calls_per_second,
    )
    async with served(simulator.app.build(network)) as carrier_url:
        own = settings.model_copy(update={"twilio_api_url": carrier_url})
        app = build(assemble(own, redis_url=redis_url, clock=clock, poll=POLL_SECONDS, deadline=DEADLINE_SECONDS))
        transport.applications[settings.public_url] = app
        async with app.router.lifespan_context(app):
            yield network, app
        await network.close()


class served:
    """An ASGI app on a loopback socket of this event loop.

    By itself uvicorn looks only ten times a second whether it shall end, and once more whether everybody has gone.
    """

    def __init__(self, app: Any, listener: socket.socket | None = None) -> None:
        self._socket = listener or listen("127.0.0.1", 0)
        self._config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(self._config)

    async def __aenter__(self) -> str:
        self._config.load()
        self._server.lifespan = self._config.lifespan_class(self._config)
        await self._server.startup([self._socket])
        self._ticking = asyncio.create_task(self._server.main_loop())  # which tells answers what time it is
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def __aexit__(self, *error: object) -> None:
        self._ticking.cancel()
        await asyncio.wait([self._ticking])
        for listening in self._server.servers:
            listening.close()
        under_way = self._server.server_state
        for connection in list(under_way.connections):
            connection.shutdown()
        while under_way.tasks:
            await asyncio.wait(under_way.tasks)
        await asyncio.sleep(0)  # what was closed just now goes
