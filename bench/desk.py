"""How quick a desk is: `python -m bench.desk [--database-url postgresql://…] [--rounds N] [--desks N] [--write]`.

A real `centralino serve`, the simulated carrier in this process, and Chromium with the Voice SDK as it is.  Measured on
one machine, whose clocks are one:
- ring: from the decision's row to the SDK's `incoming` at the desk (goal: p50 at most 300 ms);
- together: from the click on Answer, once the greeting is over, to both being in the conference (at most 1 s);
- presence: from the click on Ready to the news in another browser (at most 200 ms), and to what that one then shows;
- again: from a browser that is closed in the middle of a talk to the ring at a colleague's desk (at most 20 s);
- all: one change heard by 200 desks on one process (p99 at most 100 ms).
In the same run the floors: an echo over a bare WebSocket and a bare request from a page, and one event told to as many
bare listeners.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from sqlalchemy import select
from starlette.types import ASGIApp

from bench.desk_floor import bare
from bench.greeting import process, up
from desk import sessions, users
from desk.viewer import COOKIE
from ivr.tables import calls as calls_table
from routing.tables import decisions
from simulator.app import build as build_carrier
from simulator.app import settings_for
from simulator.network import Application, Network
from store.clock import SystemClock
from store.sql import Database, database_url

ACCOUNT, TOKEN, LINE, MARIA = "AC" + "b" * 32, "0123456789abcdef0123456789abcdef", "+390699990000", "+393331234567"
API_KEY, SECRET, TWIML_APP = "SK" + "b" * 32, "a-secret-of-more-than-thirty-two-letters", "AP" + "c" * 32
SERVER_PORT, CARRIER_PORT, FLOOR_PORT = 8741, 8742, 8743
SERVER, CARRIER, BARE = (f"http://127.0.0.1:{port}" for port in (SERVER_PORT, CARRIER_PORT, FLOOR_PORT))
RESULTS = Path(__file__).parent / "results"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
PATIENCE_SECONDS = 40.0


@dataclass
class Bench:
    session: aiohttp.ClientSession
    database: Database
    network: Network
    browser: Browser
    lines: list[str]

    def told(self, text: str) -> None:
        self.lines.append(text)
        print(text, flush=True)

    def row(self, name: str, took: Sequence[float], goal: str) -> None:
        ordered = sorted(took)
        p50, p99 = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        self.told(f"| {name} | {len(ordered)} | {p50:.0f} | {p99:.0f} | {goal} |")

    async def api(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {"Authorization": "Bearer bench"} | headers
        async with self.session.request(method, f"{SERVER}/api/v1{path}", json=body, headers=given) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def agent(self, name: str) -> str:
        return str((await self.api("POST", "/agents", {"name": name, "address": f"client:{name.lower()}"}))["id"])

    async def cookie(self, name: str, role: str, agent_id: str | None) -> str:
        now = datetime.now(UTC)
        async with self.database.write() as conn:
            user_id = await users.add(
                conn, name=name, email=f"{name.lower()}@lume.example", role=role, agent_id=agent_id, now=now
            )
            return await sessions.begin(conn, user_id, "password", None, now)

    async def window(self, name: str, role: str, agent_id: str | None, path: str) -> Page:
        context: BrowserContext = await self.browser.new_context(permissions=["microphone", "notifications"])
        cookie = {"name": COOKIE, "value": await self.cookie(name, role, agent_id), "url": SERVER}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        await page.goto(f"{SERVER}{path}")
        return page

    async def desk(self, name: str) -> Page:
        """Connected, ready, and noting when what happens."""
        page = await self.window(name, "agent", await self.agent(name), "/desk")
        await page.wait_for_selector('#line-state[data-state="on"]', timeout=30_000)
        await page.evaluate(
            """() => { window.at = {};
                const now = () => performance.timeOrigin + performance.now();
                telephone.line.addEventListener("ring", () => { window.at.ring = now(); });
                document.addEventListener("click", () => { window.at.click = now(); }, true); }"""
        )
        await page.click('#phone [data-phone="ready"]')
        await page.wait_for_selector('#phone[data-availability="ready"]')
        return page

    async def rings(self, page: Page) -> None:
        await page.wait_for_selector('#phone [data-phone="answer"]:not([disabled])', timeout=PATIENCE_SECONDS * 1000)

    async def decided_at(self) -> float:
        """The last decision to ring, in ms since the epoch."""
        newest = select(decisions.c.at).where(decisions.c.action == "ring").order_by(decisions.c.id.desc()).limit(1)
        async with self.database.read() as conn:
            at = await conn.scalar(newest)
        assert at is not None
        return float(at.timestamp() * 1000)

    async def greeted(self) -> None:
        """Callers hear their greeting to its end, however quickly somebody answers."""
        async with self.database.read() as conn:
            until = await conn.scalar(select(calls_table.c.greeted_at).order_by(calls_table.c.id.desc()).limit(1))
        assert until is not None
        await asyncio.sleep(max((until - datetime.now(UTC)).total_seconds(), 0) + 0.3)

    async def together(self) -> float:
        """When two are in the caller's conference, in ms since the epoch."""
        rooms = self.network.rooms.all
        await until(lambda: any(len(room.participants) == 2 and room.started for room in rooms.values()))
        return time.time() * 1000


async def until(happened: Callable[[], bool]) -> None:
    """Looks every two milliseconds."""
    for _ in range(round(PATIENCE_SECONDS / 0.002)):
        if happened():
            return
        await asyncio.sleep(0.002)
    raise SystemExit("it has not happened")


async def calls(at: Bench, rounds: int) -> None:
    page = await at.desk("Anna")
    await at.api("POST", "/customers", {"name": "Maria Rossi", "called": "Maria", "phones": [MARIA]})
    maria = at.network.plug_in(MARIA)
    ring, joined = list[float](), list[float]()
    for _ in range(rounds):
        await maria.dial(LINE)
        await at.rings(page)
        ring.append(await page.evaluate("at.ring") - await at.decided_at())
        await at.greeted()
        await page.click('#phone [data-phone="answer"]')
        both = await at.together()
        joined.append(both - await page.evaluate("at.click"))
        maria.hang_up()
        await page.wait_for_selector('#phone[data-mode="idle"]', timeout=PATIENCE_SECONDS * 1000)
    at.row("ring: decision to the SDK's `incoming`", ring, "p50 300")
    at.row("together: Answer to both in the conference", joined, "1,000")
    await page.context.close()


async def presence(at: Bench, rounds: int) -> None:
    page = await at.desk("Bruno")
    other = await at.window("Paola", "manager", None, "/console/floor")
    await other.wait_for_selector("#link.on", state="attached")
    await other.evaluate(
        """() => { window.at = {};
            const now = () => performance.timeOrigin + performance.now();
            document.body.addEventListener("live-agents", () => { window.at.news ??= now(); });
            new MutationObserver(() => { if (window.at.news) window.at.shown ??= now(); })
              .observe(document.getElementById("main"), {subtree: true, childList: true, characterData: true,
                attributes: true, attributeFilter: ["class", "title"]}); }"""
    )
    heard, seen = list[float](), list[float]()
    for n in range(rounds):
        await asyncio.sleep(0.4)  # after what was still on its way
        await other.evaluate("() => { window.at = {}; }")
        await page.click('#phone form:has([value="offline"]) button' if n % 2 == 0 else '#phone [data-phone="ready"]')
        await page.wait_for_selector(f'#phone[data-availability="{"offline" if n % 2 == 0 else "ready"}"]')
        await asyncio.sleep(0.4)
        clicked, told = await page.evaluate("at.click"), await other.evaluate("at")
        heard.append(told["news"] - clicked)
        if "shown" in told:
            seen.append(told["shown"] - clicked)
    at.row("presence: click to the news in another browser", heard, "200")
    if seen:
        at.row("presence: click to what the floor then shows", seen, "–")
    await page.context.close()
    await other.context.close()


async def again(at: Bench) -> None:
    """The browser of who talks is closed; the colleague has been ready all the time."""
    anna = await at.desk("Carla")
    maria = at.network.plug_in("+393337654321")
    await at.api("POST", "/customers", {"name": "Rosa Neri", "called": "Rosa", "phones": ["+393337654321"]})
    await maria.dial(LINE)
    await at.rings(anna)
    await anna.click('#phone [data-phone="answer"]')
    await at.together()
    await anna.wait_for_selector('#phone[data-mode="talking"]')
    dario = await at.desk("Dario")
    closed = time.time() * 1000
    await anna.context.close()
    await at.rings(dario)
    at.row("again: browser closed to the ring at another desk", [await dario.evaluate("at.ring") - closed], "20,000")
    maria.hang_up()
    await dario.context.close()


async def listening(
    url: str, cookies: Sequence[str], topic: str, heard: dict[int, float], tasks: AsyncExitStack
) -> None:
    """As many streams as cookies, each noting when it hears `topic`; returns once all of them have been greeted."""
    session = await tasks.enter_async_context(
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None))
    )
    greeted = [asyncio.Event() for _ in cookies]

    async def one(n: int, cookie: str) -> None:
        """As a page does, which tries again when it is not let in."""
        while True:
            with suppress(aiohttp.ClientError):
                async with session.get(url, headers={"Cookie": f"{COOKIE}={cookie}"}) as stream:
                    if stream.status == 200:
                        await hear(n, stream.content)
            await asyncio.sleep(0.5)

    async def hear(n: int, lines: aiohttp.StreamReader) -> None:
        async for line in lines:
            if line.startswith(b"event: hello"):
                greeted[n].set()
            elif line.strip() == b"event: " + topic.encode():
                heard.setdefault(n, time.time() * 1000)

    for n, cookie in enumerate(cookies):
        task = asyncio.create_task(one(n, cookie))
        tasks.callback(task.cancel)
    async with asyncio.timeout(60):
        await asyncio.gather(*(event.wait() for event in greeted))


async def everybody(at: Bench, desks: int, rounds: int) -> None:
    changing = await at.agent("Elena")
    names = [f"Desk{n}" for n in range(desks)]
    cookies = [await at.cookie(name, "agent", await at.agent(name)) for name in names]
    took: dict[str, list[float]] = {"bare": [], "live": []}
    async with AsyncExitStack() as tasks:
        heard: dict[str, dict[int, float]] = {"bare": {}, "live": {}}
        await listening(f"{SERVER}/live", cookies, "agents", heard["live"], tasks)
        await listening(f"{BARE}/live", cookies, "agents", heard["bare"], tasks)
        for n in range(rounds):
            for kind in took:
                heard[kind].clear()
                began = time.time() * 1000
                if kind == "bare":
                    async with at.session.post(f"{BARE}/tell"):
                        pass
                else:
                    await at.api(
                        "PUT", f"/agents/{changing}/presence", {"availability": "ready" if n % 2 else "offline"}
                    )
                await until(partial(_all_heard, heard[kind], desks))
                took[kind] += [instant - began for instant in heard[kind].values()]
    at.row(f"floor: one event to {desks} bare listeners", took["bare"], "–")
    at.row(f"all: request to {desks} desks' news", took["live"], "p99 100")


def _all_heard(heard: dict[int, float], desks: int) -> bool:
    return len(heard) == desks


async def floors(at: Bench, rounds: int) -> None:
    page = await (await at.browser.new_context()).new_page()
    await page.goto(f"{BARE}/")
    took = await page.evaluate(
        """async ([echo, rounds]) => {
            const socket = new WebSocket(echo);
            await new Promise((open) => { socket.onopen = open; });
            const times = {echo: [], rest: []};
            for (let n = 0; n < rounds; n++) {
              let began = performance.now();
              await new Promise((back) => { socket.onmessage = back; socket.send("x"); });
              times.echo.push(performance.now() - began);
              began = performance.now();
              await (await fetch("/")).text();
              times.rest.push(performance.now() - began);
            }
            return times; }""",
        [BARE.replace("http", "ws") + "/echo", rounds * 10],
    )
    at.row("floor: echo over a bare WebSocket", took["echo"], "–")
    at.row("floor: a bare request", took["rest"], "–")
    await page.context.close()


@asynccontextmanager
async def serving(app: ASGIApp, port: int) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server._serve())
    await until(lambda: server.started)
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def run(arguments: argparse.Namespace) -> list[str]:
    network = Network(
        SystemClock(),
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        public_url=CARRIER,
        numbers={LINE: settings_for(SERVER)},
        calls_per_second=100,
        api_keys={API_KEY: SECRET},
        applications={TWIML_APP: Application(voice_url=f"{SERVER}/twilio/voice")},
    )
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as home:
        settings = {
            "CENTRALINO_HOME": home,
            "PUBLIC_URL": SERVER,
            "TWILIO_API_URL": CARRIER,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_KEY_SID": API_KEY,
            "TWILIO_API_KEY_SECRET": SECRET,
            "API_TOKEN": "bench",
            "CALLS_PER_SECOND": "100",
        } | ({"DATABASE_URL": arguments.database_url} if arguments.database_url else {})
        serve = [sys.executable, "-m", "switchboard", "serve", "--port", str(SERVER_PORT)]
        migrate = ["--migrate"] if arguments.database_url else []
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(serving(build_carrier(network), CARRIER_PORT))
            await stack.enter_async_context(serving(bare(), FLOOR_PORT))
            stack.enter_context(process(*serve, *migrate, **settings))
            await up(f"{SERVER}/healthz")
            database = Database(database_url(arguments.database_url, Path(home)))
            stack.push_async_callback(database.close)
            playwright = await stack.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            stack.push_async_callback(browser.close)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            at = Bench(session, database, network, browser, [])
            await _measure(at, arguments)
            return at.lines


async def _measure(at: Bench, arguments: argparse.Namespace) -> None:
    where = "PostgreSQL" if arguments.database_url else "SQLite"
    at.told(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {where}; ms\n")
    async with at.session.get(f"{SERVER}/api/v1/plan", headers={"Authorization": "Bearer bench"}) as answer:
        plan, tag = await answer.json(), answer.headers["etag"]
    await at.api("PUT", "/plan", plan | {"hours": "24/7", "wrap_up_seconds": 0}, **{"If-Match": tag})
    at.told("| what | times | p50 | p99 | goal |\n|---|---|---|---|---|")
    await floors(at, arguments.rounds)
    await calls(at, arguments.rounds)
    await presence(at, arguments.rounds)
    await everybody(at, arguments.desks, arguments.rounds)
    await again(at)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url", help="PostgreSQL, else the embedded SQLite")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--desks", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="into bench/results/desk.md")
    arguments = parser.parse_args()
    lines = asyncio.run(run(arguments))
    if arguments.write:
        (RESULTS / "desk.md").write_text("# How quick a desk is\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
