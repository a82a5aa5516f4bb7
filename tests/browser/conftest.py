"""A real browser, pages that must not complain, and servers on free ports."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from sqlalchemy.engine import URL
from starlette.types import ASGIApp

from tests.ports import free_port

if TYPE_CHECKING:
    from tests.browser.house import LiveHouse

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A softphone's microphone, without a person to allow it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
PATIENCE_MILLISECONDS = 15_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)

Serve = Callable[[ASGIApp, int], AbstractAsyncContextManager[str]]
Opens = Callable[..., AbstractAsyncContextManager[Page]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    executable = str(CHROMIUM) if CHROMIUM.exists() else shutil.which("chromium-browser") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Opens:
    """Opens an address in a new window.  A page that logs an error or asks another machine fails the test."""

    @asynccontextmanager
    async def opened(url: str, **window: object) -> AsyncIterator[Page]:
        context = await chromium.new_context(**window)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        complaints = watch(context)
        page = await context.new_page()
        await page.goto(url)
        try:
            yield page
        finally:
            await context.close()
        assert complaints == []

    return opened


def watch(context: BrowserContext, complaints: list[str] | None = None) -> list[str]:
    """What its pages complain of, in the list given or in a new one."""
    complaints = [] if complaints is None else complaints
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    def asked(url: str) -> None:
        host = urlsplit(url).hostname
        if host is not None and host != "127.0.0.1":
            complaints.append(f"asks {host}")

    context.on("request", lambda request: asked(request.url))
    return complaints


@pytest.fixture
def serve() -> Serve:
    """Runs an app on a port of this machine; the address it is at."""

    @asynccontextmanager
    async def served(app: ASGIApp, port: int) -> AsyncIterator[str]:
        config = uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve())  # without its signal handlers: those are the test runner's
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task

    return served


@pytest.fixture
async def live_house(
    sqlite_url: URL, redis_url: str, tmp_path: Path, serve: Serve, chromium: Browser
) -> AsyncIterator[LiveHouse]:
    """See tests/browser/house.py."""
    from tests.browser.house import living

    async with living(sqlite_url.render_as_string(), redis_url, tmp_path, serve, chromium) as house:
        yield house


@pytest.fixture(name="free_port")
def _free_port() -> int:
    return free_port()


def named(words: str) -> re.Pattern[str]:
    """A label that begins so."""
    return re.compile(rf"^{re.escape(words)}")
