"""`centralino demo`: an invented company, the simulated carrier with its web phone, and the server, in one process.

Everything lives in `demo/` under the home, on embedded stores, whatever the environment says of databases and
accounts: a demo never touches real data.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import socket
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
import uvloop
from pydantic import SecretStr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

import simulator.app
from callbacks.promises import Promises
from desk import inside
from desk.live import LiveFeed
from routing.house import House
from simulator.network import Network
from store.clock import Clock, SystemClock
from switchboard import company, demo_seats, logs, serve
from switchboard.app import assemble, build
from switchboard.company_people import COMPANY_NAME, LINE
from switchboard.demo_floor import Snapshot, furnish, with_names
from switchboard.handsets import Handsets, Seat
from switchboard.settings import Settings, secret_key
from switchboard.views import views

HOST = "127.0.0.1"
CALLS_PER_SECOND = 5.0
GOODBYE_SECONDS = 2
INVITATION = """
  {company}, a company that does not exist, answers the telephone.

    What happens inside   {here}
    Telephones            {carrier}

  Your first call: open {here} and press Ring beside Maria Rossi.
  She is greeted by name, and Anna, who knows her, picks up. Open Anna's desk there to answer yourself, with
  your own voice; the manager's console is one click away too.

  Ctrl-C ends it. The log is {log}
"""


def run(given: Settings, *, port: int, carrier_port: int, browser: bool) -> int:
    """Until SIGTERM or SIGINT; gives the exit code.  Raises serve.AddressTaken."""
    with serve.listen(HOST, port) as listener, _listen_for_carrier(carrier_port) as carrier_listener:
        settings = demo_settings(given, port=_port(listener), carrier_port=_port(carrier_listener))
        log = settings.home / "demo.log"
        with _logged_to(log):
            serve.prepare_schema(settings, migrate=True)
            with (
                serve.redis_address(settings) as redis_url,
                asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
            ):
                started = runner.run(_play(settings, redis_url, listener, carrier_listener, log, browser))
    if not started:
        print(f"centralino: the demo could not start; {log} says why", file=sys.stderr)
    return 0 if started else 1


def demo_settings(given: Settings, *, port: int, carrier_port: int) -> Settings:
    """A folder of its own in the owner's home, and nothing else of theirs."""
    own = Settings.model_construct(centralino_home=given.make_home() / "demo")
    own.make_home()
    seed = hashlib.sha256(secret_key(own).encode()).hexdigest()
    return own.model_copy(
        update={
            "public_url": serve.address(HOST, port),
            "twilio_account_sid": f"AC{seed[:32]}",
            "twilio_auth_token": SecretStr(seed[32:]),
            "twilio_api_key_sid": f"SK{seed[16:48]}",
            "twilio_api_key_secret": SecretStr(seed),
            "twilio_twiml_app_sid": f"AP{seed[8:40]}",
            "twilio_api_url": serve.address(HOST, carrier_port),
            "company_name": COMPANY_NAME,
            "calls_per_second": CALLS_PER_SECOND,
        }
    )


async def _play(
    settings: Settings,
    redis_url: str,
    listener: socket.socket,
    carrier_listener: socket.socket,
    log: Path,
    browser: bool,
) -> bool:
    """False when the servers could not start."""
    clock = SystemClock()
    network = _network(settings, clock)
    app, book = await _server(settings, redis_url, clock, network)
    carrier = serve.InnerServer(_config(_with_book(simulator.app.build(network), book)))
    server = _Leader(_config(app), carrier)
    serving = [
        asyncio.create_task(carrier.serve(sockets=[carrier_listener])),
        asyncio.create_task(server.serve(sockets=[listener])),
    ]
    await carrier.tried.wait()
    await server.tried.wait()
    started = server.started and carrier.started
    if started:
        _invite(settings, log, browser)
    else:
        server.should_exit = carrier.should_exit = True
    await asyncio.gather(*serving)
    return started


async def _server(settings: Settings, redis_url: str, clock: Clock, network: Network) -> tuple[ASGIApp, dict[str, Any]]:
    """The server with the demo's page and its automatic agents, and the telephone book."""
    parts = assemble(settings, redis_url=redis_url, clock=clock)
    invented = await furnish(parts.database, clock)
    book = company.book(invented)
    house = House(settings.company_name, settings.default_language, settings.default_region, settings.timezone)
    shown = with_names(views(clock, Promises(house)))
    feed = LiveFeed(parts.database, clock, shown)
    here = settings.public_url or ""
    place = {"company": settings.company_name, "zone": settings.timezone, "line": LINE}
    page = {**book, **place, **demo_seats.addresses(here), "phones": f"{settings.twilio_api_url}/"}
    languages = company.languages(invented)
    handsets = Handsets(network, clock, [Seat(**seat) for seat in company.seats(invented)], languages.get)
    front = [*inside.routes(feed, Snapshot(parts.database, shown), page), *demo_seats.routes(parts.database, clock)]
    return build(replace(parts, routes=[*front, *parts.routes], loops=[*parts.loops, feed, handsets])), book


def _network(settings: Settings, clock: Clock) -> Network:
    assert settings.public_url is not None
    assert settings.twilio_account_sid is not None
    assert settings.twilio_api_key_sid is not None
    assert settings.twilio_api_key_secret is not None
    assert settings.twilio_twiml_app_sid is not None
    return Network(
        clock,
        account_sid=settings.twilio_account_sid,
        auth_token=settings.auth_tokens[0],
        public_url=settings.twilio_api_url,
        numbers={LINE: simulator.app.settings_for(settings.public_url, COMPANY_NAME)},
        calls_per_second=settings.calls_per_second,
        api_keys={settings.twilio_api_key_sid: settings.twilio_api_key_secret.get_secret_value()},
        applications={settings.twilio_twiml_app_sid: simulator.app.application_for(settings.public_url)},
        seed=simulator.app.another_seed(),
    )


def _with_book(carrier: ASGIApp, book: Mapping[str, Any]) -> ASGIApp:
    """The web phone asks for people to choose from; the carrier itself knows nobody."""
    answer = JSONResponse(dict(book))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["path"] == "/phone/people.json"
        await (answer if asked else carrier)(scope, receive, send)

    return app


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )


class _Leader(serve.QuietServer):
    """Ends its follower too."""

    def __init__(self, config: uvicorn.Config, follower: uvicorn.Server) -> None:
        super().__init__(config)
        self._follower = follower

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._follower.handle_exit(sig, frame)


def _invite(settings: Settings, log: Path, browser: bool) -> None:
    here, carrier = settings.public_url, settings.twilio_api_url
    print(INVITATION.format(company=COMPANY_NAME, here=here, carrier=carrier, log=log), flush=True)
    if browser and here is not None and _has_screen():
        webbrowser.open(here)


def _has_screen() -> bool:
    """Without one, a browser in text mode would take over the terminal."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _listen_for_carrier(port: int) -> socket.socket:
    try:
        return serve.listen(HOST, port)
    except serve.AddressTaken as error:
        raise serve.AddressTaken(str(error).replace("--port", "--carrier-port")) from error


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


@contextmanager
def _logged_to(path: Path) -> Iterator[None]:
    """The terminal is for the person who plays; what a server has to say goes to a file."""
    logs.configure()
    streams = [handler for handler in logging.getLogger().handlers if isinstance(handler, logging.StreamHandler)]
    with path.open("w", encoding="utf-8") as file:
        for stream in streams:
            stream.setStream(file)
        try:
            yield
        finally:
            for stream in streams:
                stream.setStream(sys.stderr)
