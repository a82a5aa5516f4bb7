"""Reaching the application over real sockets, and the whole carrier with real webhooks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from simulator.http import AnswerFailed, ConnectFailed, OverSockets, Patience
from simulator.network import Network, NumberSettings
from store.clock import SystemClock

pytestmark = pytest.mark.anyio
LINE, CARLA = "+390612345678", "+393331234567"


async def answer(request: Request) -> Response:
    if request.url.path == "/slow":
        await asyncio.sleep(2)
    response = PlainTextResponse((await request.body()).decode() + request.url.query)
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none", lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await task


@pytest.fixture
async def http() -> AsyncIterator[OverSockets]:
    http = OverSockets()
    yield http
    await http.close()


APPLICATION = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


async def test_an_answer_comes_whole(http: OverSockets) -> None:
    async with serving(APPLICATION) as address:
        got = await http.send("POST", f"{address}/x?q=%2B1", {}, b"body ", Patience())
    assert (got.status, got.body, got.headers["content-type"]) == (200, b"body q=%2B1", "text/plain; charset=utf-8")
    assert [line.partition(";")[0] for line in got.cookies] == ["a=1", "b=2"]


async def test_nobody_there_is_a_failed_connection(http: OverSockets) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ConnectFailed):
        await http.send("GET", f"http://127.0.0.1:{port}/", {}, b"", Patience())


async def test_too_slow_is_a_failed_answer(http: OverSockets) -> None:
    async with serving(APPLICATION) as address:
        with pytest.raises(AnswerFailed):
            await http.send("GET", f"{address}/slow", {}, b"", Patience(total_seconds=0.1))


async def test_a_call_runs_in_real_time_over_real_sockets() -> None:
    async def voice(request: Request) -> Response:
        return Response("<Response><Say>Hello over a socket.</Say></Response>", media_type="text/xml")

    async with serving(Starlette(routes=[Route("/voice", voice, methods=["POST"])])) as address:
        network = Network(
            SystemClock(),
            account_sid="AC" + "a" * 32,
            auth_token="token",
            numbers={LINE: NumberSettings(f"{address}/voice")},
            characters_per_second=1000.0,
        )
        phone = network.plug_in(CARLA)
        await phone.dial(LINE)
        async with asyncio.timeout(5):
            while phone.state != "idle":
                await asyncio.sleep(0.01)
        assert phone.words == "Hello over a socket."
        await network.close()
