"""The floor that a desk is measured beside: a bare echo, a bare request, and one event told to all who listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


def bare() -> Starlette:
    listeners: set[asyncio.Queue[str]] = set()

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            return

    async def live(request: Request) -> EventSourceResponse:
        queue: asyncio.Queue[str] = asyncio.Queue()
        listeners.add(queue)

        async def frames() -> AsyncIterator[dict[str, str]]:
            yield {"event": "hello", "data": ""}
            while True:
                yield {"event": await queue.get(), "data": ""}

        return EventSourceResponse(frames())

    async def tell(request: Request) -> PlainTextResponse:
        for queue in listeners:
            queue.put_nowait("agents")
        return PlainTextResponse("")

    async def nothing(request: Request) -> PlainTextResponse:
        return PlainTextResponse("", media_type="text/html")

    return Starlette(
        routes=[
            WebSocketRoute("/echo", echo),
            Route("/live", live),
            Route("/tell", tell, methods=["POST"]),
            Route("/", nothing),
        ]
    )
