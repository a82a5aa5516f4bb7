"""What the greeting webhook costs: `python bench/greeting.py [--database-url postgresql://…]`.

A real `centralino serve` with a thousand known callers and two hundred ready agents, and, in the same run and in turns,
a bare Starlette route that answers the same body.  Each request is a new, signed call; the agents' rings go to a
carrier that says yes to everything.  Prints requests a second and p50/p99, and the ratio to the floor.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from twilio.request_validator import RequestValidator

ACCOUNT, TOKEN, LINE = "AC" + "b" * 32, "0123456789abcdef0123456789abcdef", "+390699990000"
SERVER_PORT, FLOOR_PORT, CARRIER_PORT = 8731, 8732, 8733
CUSTOMERS, AGENTS = 1000, 200
VALIDATOR = RequestValidator(TOKEN)
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


def signed_call(n: int) -> tuple[str, dict[str, str]]:
    number = f"+39333{1_000_000 + n % CUSTOMERS:07d}"
    form = {
        "CallSid": f"CA{secrets.token_hex(16)}",
        "AccountSid": ACCOUNT,
        "From": number,
        "To": LINE,
        "Caller": number,
        "Called": LINE,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
    }
    signature = VALIDATOR.compute_signature(f"http://127.0.0.1:{SERVER_PORT}/twilio/voice", form)
    return urlencode(form), HEADERS | {"X-Twilio-Signature": signature}


async def carrier(request: Request) -> JSONResponse:
    sid = f"CA{secrets.token_hex(16)}"
    return JSONResponse({"sid": sid, "status": "queued", "incoming_phone_numbers": []}, status_code=201)


async def measure(
    session: aiohttp.ClientSession, port: int, calls: list[tuple[str, dict[str, str]]], at_once: int
) -> tuple[float, list[float]]:
    """Requests a second, and each request's seconds."""
    waiting, took = iter(calls), list[float]()

    async def one_after_the_other() -> None:
        for body, headers in waiting:
            began = time.perf_counter()
            async with session.post(f"http://127.0.0.1:{port}/twilio/voice", data=body, headers=headers) as response:
                text = await response.text()
            took.append(time.perf_counter() - began)
            assert response.status == 200, text

    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return len(calls) / (time.perf_counter() - began), took


def report(name: str, rates: list[float], took: list[float], floor: float | None) -> float:
    took.sort()
    p50, p99 = statistics.median(took) * 1000, took[int(len(took) * 0.99)] * 1000
    rate = statistics.median(rates)
    ratio = "" if floor is None else f"   {rate / floor:.3f} of the floor"
    print(f"  {name:<9} {rate:8.0f} requests/s   p50 {p50:7.2f} ms   p99 {p99:7.2f} ms{ratio}", flush=True)
    return rate


async def bench(rounds: int, size: int) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await stage(session)
        for at_once in (1, 32):
            print(f"{at_once} at once:")
            rates: dict[int, list[float]] = {FLOOR_PORT: [], SERVER_PORT: []}
            took: dict[int, list[float]] = {FLOOR_PORT: [], SERVER_PORT: []}
            for _ in range(rounds):
                for port in rates:
                    rate, seconds = await measure(session, port, [signed_call(n) for n in range(size)], at_once)
                    rates[port].append(rate)
                    took[port] += seconds
            floor = report("floor", rates[FLOOR_PORT], took[FLOOR_PORT], None)
            report("greeting", rates[SERVER_PORT], took[SERVER_PORT], floor)


async def stage(session: aiohttp.ClientSession) -> None:
    """People and agents, by the API."""
    api = f"http://127.0.0.1:{SERVER_PORT}/api/v1"
    bearer = {"Authorization": "Bearer bench"}

    async def post(method: Callable[..., Any], path: str, body: dict[str, Any]) -> Any:
        async with method(f"{api}{path}", json=body, headers=bearer) as response:
            assert response.status in (200, 201), await response.text()
            return await response.json()

    for n in range(AGENTS):
        agent = await post(session.post, "/agents", {"name": f"Agent {n}", "address": f"client:agent{n}"})
        await post(session.put, f"/agents/{agent['id']}/presence", {"availability": "ready"})
    for n in range(CUSTOMERS):
        phones = [f"+39333{1_000_000 + n:07d}"]
        await post(session.post, "/customers", {"name": f"Caller {n}", "called": f"Caller {n}", "phones": phones})


@contextmanager
def process(*command: str, **environment: str) -> Iterator[None]:
    started = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        started.terminate()
        started.wait(10)


async def up(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(300):
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise SystemExit(f"nothing came up at {url}")


async def run(arguments: argparse.Namespace, work: Callable[[], Awaitable[None]]) -> None:
    app = Starlette(routes=[Route("/{path:path}", carrier, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=CARRIER_PORT, log_level="critical"))
    serving = asyncio.create_task(server.serve())
    body = "<Response><Say>" + "Buongiorno. " * 40 + "</Say></Response>"
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as home:
        settings = {
            "CENTRALINO_HOME": home,
            "PUBLIC_URL": f"http://127.0.0.1:{SERVER_PORT}",
            "TWILIO_API_URL": f"http://127.0.0.1:{CARRIER_PORT}",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "API_TOKEN": "bench",
            "CALLS_PER_SECOND": "10000",
        } | ({"DATABASE_URL": arguments.database_url} if arguments.database_url else {})
        serve = [sys.executable, "-m", "switchboard", "serve", "--port", str(SERVER_PORT)]
        floor = [sys.executable, "-m", "uvicorn", "bench.floor:app", "--port", str(FLOOR_PORT), "--log-level", "error"]
        migrate = ["--migrate"] if arguments.database_url else []
        with process(*serve, *migrate, **settings), process(*floor, FLOOR_BODY=body):
            await up(f"http://127.0.0.1:{SERVER_PORT}/healthz")
            await up(f"http://127.0.0.1:{FLOOR_PORT}/")
            await work()
    server.should_exit = True
    await serving


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url", help="PostgreSQL, else the embedded SQLite")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=300, help="requests a round")
    arguments = parser.parse_args()
    where = "PostgreSQL" if arguments.database_url else "SQLite"
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {where}")
    asyncio.run(run(arguments, lambda: bench(arguments.rounds, arguments.size)))


if __name__ == "__main__":
    main()
