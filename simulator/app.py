"""The carrier as one web application: Twilio's REST API, the web phone and its page.

`build` wires a network that somebody else made; `network_from` makes one from the environment, state in memory.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles

from simulator import control
from simulator.network import Application, Network, NumberSettings
from simulator.phone.socket import PhoneSockets
from simulator.rest.routes import routes
from simulator.signalling import Signalling
from store.clock import Clock

PAGE = Path(__file__).parent / "phone" / "static"
DEFAULT_ACCOUNT = "AC" + "0" * 31 + "1"
DEFAULT_TOKEN = "simulated-auth-token"
DEFAULT_KEY = "SK" + "0" * 31 + "1"
DEFAULT_SECRET = "simulated-secret-of-the-only-api-key"
DEFAULT_NUMBER = "+390600000000"
DEFAULT_APPLICATION_URL = "http://127.0.0.1:8000"


def build(network: Network) -> Starlette:
    sockets = PhoneSockets(network)
    network.softphones.changed = sockets.publish_directory

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await network.close()

    served: list[BaseRoute] = [
        *routes(network),
        *control.routes(network),
        WebSocketRoute("/phone/ws", sockets.endpoint),
        WebSocketRoute("/signal", Signalling(network).endpoint),
    ]
    if PAGE.is_dir():
        served.append(Mount("/", StaticFiles(directory=PAGE, html=True)))
    app = Starlette(routes=served, lifespan=lifespan)
    app.state.network = network
    return app


def network_from(environment: Mapping[str, str], clock: Clock, *, public_url: str) -> Network:
    """Reads TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN (the first of several), TWILIO_API_KEY_SID and _SECRET,
    TWILIO_TWIML_APP_SID, PUBLIC_URL (of the application), CARRIER_NUMBERS (comma separated) and CALLS_PER_SECOND."""
    application = environment.get("PUBLIC_URL", "").rstrip("/") or DEFAULT_APPLICATION_URL
    numbers = [n.strip() for n in environment.get("CARRIER_NUMBERS", DEFAULT_NUMBER).split(",") if n.strip()]
    key, secret = environment.get("TWILIO_API_KEY_SID"), environment.get("TWILIO_API_KEY_SECRET")
    app_sid = environment.get("TWILIO_TWIML_APP_SID")
    return Network(
        clock,
        account_sid=environment.get("TWILIO_ACCOUNT_SID") or DEFAULT_ACCOUNT,
        auth_token=(environment.get("TWILIO_AUTH_TOKEN") or DEFAULT_TOKEN).partition(",")[0].strip(),
        public_url=public_url,
        numbers={number: settings_for(application) for number in numbers},
        calls_per_second=float(environment.get("CALLS_PER_SECOND") or 1.0),
        api_keys={key: secret} if key and secret else {DEFAULT_KEY: DEFAULT_SECRET},
        applications={app_sid: application_for(application)} if app_sid else {},
        seed=another_seed(),
    )


def another_seed() -> int:
    """An application remembers calls for longer than we run: none of the next ones may be named like them."""
    return secrets.randbits(64)


def application_for(application: str) -> Application:
    """What its softphones dial into."""
    return Application(
        voice_url=f"{application}/twilio/voice",
        voice_fallback_url=f"{application}/twilio/voice/fallback",
        status_callback=f"{application}/twilio/status",
    )


def settings_for(application: str, friendly_name: str = "") -> NumberSettings:
    """A number whose calls and texts go to the addresses that the application documents."""
    return NumberSettings(
        voice_url=f"{application}/twilio/voice",
        voice_fallback_url=f"{application}/twilio/voice/fallback",
        status_callback=f"{application}/twilio/status",
        sms_url=f"{application}/twilio/sms",
        friendly_name=friendly_name,
    )
