"""A server with an endless stream, in a process of its own, for test_serve.py.  Prints where it listens."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from switchboard.serve import address, listen, run_server


async def ticks() -> AsyncIterator[str]:
    while True:
        yield "tick"
        await asyncio.sleep(0.05)


async def stream(request: Request) -> Response:
    return EventSourceResponse(ticks())


if __name__ == "__main__":
    with listen("127.0.0.1", 0) as listener:
        print(address("127.0.0.1", listener.getsockname()[1]), flush=True)
        sys.exit(run_server(Starlette(routes=[Route("/stream", stream)]), listener))
