"""The one place where the real parts are put together; tests put the same app together with their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from api.app import Mounted, build_api
from api.tokens import Guard
from carrier.port import Network
from carrier.twilio import TwilioNetwork
from desk.asking import Api
from ivr.webhooks import DEADLINE_SECONDS
from store.clock import Clock, SystemClock
from store.due import POLL_SECONDS
from store.faults import told
from store.live import Live, Nudges, connect
from store.skew import clock_of
from store.sql import Database
from switchboard.desk_site import desk_routes
from switchboard.health import Health
from switchboard.logs import RequestLog
from switchboard.metrics import Metrics
from switchboard.settings import Settings
from switchboard.wiring import wire

log = structlog.get_logger()

REST_AFTER_FAULT_SECONDS = 1.0
GOODBYE_SECONDS = 2.0


class Loop(Protocol):
    """Background work without an end; it stops when its task is cancelled."""

    async def run(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What is open while the server or a keeper runs."""

    settings: Settings
    clock: Clock
    database: Database
    live: Live
    nudges: Nudges
    routes: Sequence[BaseRoute]
    network: Network
    everywhere: Sequence[Loop]  # in every process that may be asked: what programs hear, who is free and who waits
    loops: Sequence[Loop]  # the keeper's; any number of processes may run them


def assemble(
    settings: Settings,
    *,
    redis_url: str,
    clock: Clock | None = None,
    network: Network | None = None,
    public_url: str | None = None,
    poll: float = POLL_SECONDS,
    deadline: float = DEADLINE_SECONDS,
) -> Parts:
    """Opens nothing yet: engines and pools connect when they are first asked.

    `public_url`: where this server listens, for when the settings do not say how the carrier reaches it;
    `poll`: seconds after which each loop looks by itself for what other processes wrote; `deadline`: real seconds
    after which a webhook gets the safe document.
    """
    database = Database(settings.database)
    database_clock = clock_of(database) if clock is None else None
    clock = clock or SystemClock()
    live = Live(connect(redis_url))
    nudges = Nudges(live)
    bootstrap = settings.api_token.get_secret_value() if settings.api_token else None
    guard = Guard(database, bootstrap)
    metrics = Metrics(database, live, clock, guard, settings.timezone)
    network = metrics.watched(network or twilio_network(settings))
    public_url = settings.public_url or public_url or "http://127.0.0.1:8000"
    wired = wire(settings, public_url, database, clock, live, nudges, guard, network, poll, deadline, database_clock)
    api = build_api(wired.routers, guard, database, clock)
    house, plans = wired.rooms.house, wired.rooms.plans
    desk = desk_routes(settings, public_url, database, clock, house, plans, wired.feed, nudges, Api(api))
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        live=live,
        nudges=nudges,
        routes=[*Health(database, live).routes, *metrics.routes, Mounted(api), *metrics.timed(wired.routes), *desk],
        everywhere=wired.everywhere,
        loops=wired.loops,
        network=network,
    )


def twilio_network(settings: Settings) -> TwilioNetwork:
    """Without credentials every request is refused by the other side, which is logged and repeated as any refusal."""
    user, password = settings.rest_credentials or ("", "")
    return TwilioNetwork(
        settings.twilio_account_sid or user, password, api_key=(user, password), api_url=settings.twilio_api_url
    )


@asynccontextmanager
async def running(parts: Parts, *, keeper: bool) -> AsyncIterator[None]:
    """Background work runs inside; at the end it is stopped and everything is closed."""
    await parts.network.open()
    tasks = [asyncio.create_task(parts.nudges.run(), name="nudges")]
    loops = [*parts.everywhere, *(parts.loops if keeper else ())]
    tasks += [parts.clock.spawn(_lasting(loop, parts.clock), f"loop-{type(loop).__name__}") for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await asyncio.gather(*tasks, return_exceptions=True)
                await _drain()
        await parts.network.close()
        await parts.live.close()
        await parts.database.close()


def build(parts: Parts, *, keeper: bool = True) -> Starlette:
    """The whole server as one ASGI app."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with running(parts, keeper=keeper):
            yield

    return Starlette(routes=parts.routes, middleware=[Middleware(RequestLog)], lifespan=lifespan)


async def _lasting(loop: Loop, clock: Clock) -> None:
    """A loop that breaks is a bug, and no reason to stop keeping promises."""
    while True:
        try:
            await loop.run()
        except Exception as error:
            log.error("loop_broke", loop=type(loop).__name__, **told(error))
        await clock.sleep(REST_AFTER_FAULT_SECONDS)


async def _drain() -> None:
    """Work that was claimed gets the time to finish; what does not is taken up again when its lease ends."""
    claimed: list[asyncio.Task[Any]] = [task for task in asyncio.all_tasks() if task.get_name().startswith("due-")]
    if claimed:
        await asyncio.wait(claimed)
