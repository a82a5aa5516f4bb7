"""What every server beside a story would load and work out anew: it is there already where they are forked from."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from importlib import import_module

from store.clock import VirtualClock
from switchboard.app import assemble, build
from switchboard.settings import Settings

LOADED_LATE = [
    "anyio._backends._asyncio",
    "babel.numbers",
    "encodings.idna",
    "phonenumbers.shortdata",
    "psycopg",
    "twilio.http.async_http_client",
    "twilio.rest.api.v2010.account.call",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
]
for module in LOADED_LATE:
    import_module(module)
build(
    assemble(
        Settings(_env_file=None, database_url="postgresql+psycopg://nobody/none", public_url="http://nobody.test"),
        redis_url="redis://nobody.test",
        clock=VirtualClock(datetime(2026, 3, 3, tzinfo=UTC)),
    )
)
gc.collect()
gc.freeze()
