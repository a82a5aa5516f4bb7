"""`centralino demo`: an invented company, the simulated carrier with its web phone, and the server, in one process.

Everything lives in `demo/` under the home, on embedded stores, whatever the environment says of databases and
accounts: a demo never touches real data.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import signal
import socket
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
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
from routing import floor
from routing.agents import Availability
from routing.house import House
from routing.plan import Line, Plan
from routing.plans import Plans
from simulator.network import Network
from store.clock import Clock, SystemClock
from store.embedded import EmbeddedValkey
from store.sql import Database
from switchboard import company, logs, serve
from switchboard.app import Parts, assemble, build
from switchboard.company_people import COMPANY_NAME, LINE
from switchboard.demo_floor import DemoFloor
from switchboard.handsets import Handsets, Seat
from switchboard.settings import TWILIO_API_URL, Settings, secret_key
from switchboard.views import views

HOST = "127.0.0.1"
CALLS_PER_SECOND = 5.0
WRAP_UP_SECONDS = 15
LOG_FILE = "demo.log"
INVITATION = """
  {company}, a company that does not exist, is on the phone.

    What happens inside    {here}
    Telephones             {carrier}

  Your first call: open {here}, choose Maria Rossi and press Ring.
  She is greeted by name, and Anna, who knows her, picks up. Open Anna's handset to answer yourself.

  Ctrl-C ends it.  What it has to say is in {log}
"""


def run(given: Settings, *, port: int, carrier_port: int, browser: bool) -> int:
    """Until SIGTERM or SIGINT; gives the exit code.  Raises serve.AddressTaken."""
    with serve.listen(HOST, port) as listener, _carrier_listener(carrier_port) as carrier_listener:
        settings = demo_settings(given, port=_port(listener), carrier_port=_port(carrier_listener))
        serve.prepare_schema(settings, migrate=True)
        with _logged_to(settings), EmbeddedValkey(settings.home) as valkey:
            stage = Stage(settings, valkey.url, SystemClock())
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(stage.play(listener, carrier_listener, browser=browser))


def demo_settings(given: Settings, *, port: int, carrier_port: int) -> Settings:
    """The owner's home and secret, and nothing else of theirs."""
    home = given.home / "demo"
    home.mkdir(parents=True, exist_ok=True)
    own = given.model_copy(update={"centralino_home": home, "secret_key": None})
    seed = hashlib.sha256(secret_key(own).encode()).hexdigest()
    return Settings.model_construct(
        centralino_home=home,
        public_url=serve.address(HOST, port),
        twilio_account_sid=f"AC{seed[:32]}",
        twilio_auth_token=SecretStr(seed[32:]),
        twilio_api_url=serve.address(HOST, carrier_port),
        company_name=COMPANY_NAME,
        calls_per_second=CALLS_PER_SECOND,
    )
