"""A manager's browser at a real server, and what they wait for in it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Page, async_playwright
from sqlalchemy.engine import URL
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bench.desk import ACCOUNT, CHROMIUM, FLAGS, TOKEN, serving
from bench.greeting import process, up
from bench.pages_house import LINE
from bench.pages_list import FRAME, Seen
from desk import sessions, users
from desk.pages import STATIC
from desk.viewer import COOKIE
from simulator.app import build as build_carrier
from simulator.app import settings_for
from simulator.network import Network
from store.clock import SystemClock
from store.sql import Database
from tests.ports import free_port

WATCHES = Path(__file__).with_name("pages.js")
WINDOW = {"width": 1440, "height": 900}
MISSING = "/there/is/no/such/page"
PLAN = {
    "hours": "24/7",
    "lines": {LINE: {"name": "Lamps", "skills": {"lamp": 1}}},
    "rules": [
        {"name": "Tired of us", "when": {"caller": {"weary_level_at_least": 2}}, "then": {"urgency_seconds": 60}},
        {"name": "Has waited long", "when": {"waited_at_least_seconds": 120}, "then": {"urgency_seconds": 30}},
    ],
}


@dataclass
class Took:
    """Of one page, in milliseconds, a value for each time; `first` is empty for a search."""

    server: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    complete: list[float] = field(default_factory=list)

    def add(self, told: Mapping[str, Any]) -> None:
        self.server.append(told["server"])
        self.complete.append(told["complete"])
        if told["first"] is not None:
            self.first.append(told["first"])


@dataclass(frozen=True, slots=True)
class Looking:
    """The window, where the server is, and where the frame alone."""

    page: Page
    server: str
    bare: str
    browser: str

    async def at(self, seen: Seen) -> Mapping[str, Any]:
        address = f"{self.bare if seen is FRAME else self.server}{seen.path}"
        answer = await self.page.goto(address, wait_until="commit")
        assert answer is not None
        assert answer.status == 200, f"{seen.path}: {answer.status}"
        told = await self.page.evaluate("bench.shown")
        await self.page.evaluate("bench.quiet()")
        if seen.search is not None:
            told = await self.page.evaluate(
                "given => bench.looked(...given)", [seen.search.form, seen.search.field, seen.search.words]
            )
            await self.page.evaluate("bench.quiet()")
        assert told["refused"] == [], f"{seen.path}: {told['refused']}"
        return dict(told)


async def measured(looking: Looking, pages: Sequence[Seen], times: int) -> list[tuple[Seen, Took]]:
    """All pages in turns; the first turn is not counted: templates, plans and the browser's cache are made in it."""
    took = [(seen, Took()) for seen in pages]
    for turn in range(times + 1):
        for seen, of in took:
            told = await looking.at(seen)
            if turn:
                of.add(told)
    return took


@asynccontextmanager
async def open_house(url: URL, home: Path) -> AsyncIterator[Looking]:
    """The server without background work, which would clear the stage, and the simulated carrier beside it."""
    port, carrier_port, bare_port = (free_port() for _ in range(3))
    server, carrier, bare = (f"http://127.0.0.1:{one}" for one in (port, carrier_port, bare_port))
    network = Network(
        SystemClock(), account_sid=ACCOUNT, auth_token=TOKEN, public_url=carrier, numbers={LINE: settings_for(server)}
    )
    settings = {
        "CENTRALINO_HOME": str(home),
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "PUBLIC_URL": server,
        "TWILIO_API_URL": carrier,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "API_TOKEN": "bench",
        "COMPANY_NAME": "Officine Lume",
    }
    serve = [sys.executable, "-m", "switchboard", "serve", "--no-keeper", "--port", str(port)]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(build_carrier(network), carrier_port))
        stack.enter_context(process(*serve, **settings))
        await up(f"{server}/healthz")
        await _publish(server)
        secret = await _manager(url)
        await stack.enter_async_context(serving(await _frame(server, secret), bare_port))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        stack.push_async_callback(browser.close)
        context = await browser.new_context(locale="en-GB", viewport=WINDOW)  # type: ignore[arg-type]
        await context.add_cookies([{"name": COOKIE, "value": secret, "url": server}])
        await context.add_init_script(path=WATCHES)
        yield Looking(await context.new_page(), server, bare, f"Chromium {browser.version}")


async def _publish(server: str) -> None:
    address, bearer = f"{server}/api/v1/plan", {"Authorization": "Bearer bench"}
    async with aiohttp.ClientSession() as session:
        async with session.get(address, headers=bearer) as answer:
            bearer["If-Match"] = answer.headers["etag"]
        async with session.put(address, json=PLAN, headers=bearer) as answer:
            assert answer.status == 200, await answer.text()


async def _manager(url: URL) -> str:
    """What the cookie of their browser holds."""
    database, now = Database(url), datetime.now(UTC)
    try:
        async with database.write() as conn:
            user_id = await users.add(
                conn, name="Paola Neri", email="paola@lume.example", role="manager", agent_id=None, now=now
            )
            return await sessions.begin(conn, user_id, "password", None, now)
    finally:
        await database.close()


class _Lasting(StaticFiles):
    """As the server hands them out: a browser keeps them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


async def _frame(server: str, secret: str) -> Starlette:
    """The frame of a page that is not there, as a page that nothing is done for."""
    async with aiohttp.ClientSession() as session:
        headers = {"Cookie": f"{COOKIE}={secret}", "Accept-Language": "en-GB", "Sec-Fetch-Site": "none"}
        async with session.get(f"{server}{MISSING}", headers=headers) as answer:
            assert answer.status == 404, answer.status
            body = (await answer.text()).replace(' data-live="/live"', "")

    async def shown(request: Request) -> HTMLResponse:
        return HTMLResponse(body)

    return Starlette(routes=[Route(FRAME.path, shown), Mount("/static", _Lasting(directory=STATIC))])
