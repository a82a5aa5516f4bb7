"""A whole house in real time for browsers: server, simulated carrier and softphones' signalling, people in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from desk.viewer import COOKIE
from simulator.app import build as build_carrier
from simulator.app import settings_for
from simulator.network import Application, Network
from simulator.phones import Phone
from store.clock import SystemClock
from store.sql import Database
from switchboard.app import assemble, build
from switchboard.settings import Settings
from tests.browser.conftest import PATIENCE_MILLISECONDS, Serve, watch
from tests.desk.browsing import KEY, Premises, add_session, add_user
from tests.ports import free_port

LINE = "+390699990000"
ACCOUNT, TOKEN = "AC" + "a" * 32, "0123456789abcdef0123456789abcdef"
API_KEY, SECRET, TWIML_APP = "SK" + "b" * 32, "a-secret-of-more-than-thirty-two-letters", "AP" + "c" * 32
AXE = Path(__file__).parent / "vendor" / "axe.min.js"

_SETTLED = """() => Promise.race([new Promise(over => setTimeout(over, 3000)), Promise.all(document.getAnimations()
    .filter(animation => animation.effect.getComputedTiming().endTime !== Infinity)
    .map(animation => animation.finished.catch(() => {})))])"""


@dataclass
class LiveHouse:
    """`premises.api` sets the stage; `open_as` gives a window in which somebody is signed in."""

    url: str
    carrier_url: str
    premises: Premises
    network: Network
    chromium: Browser
    windows: AsyncExitStack
    complaints: list[str] = field(default_factory=list)

    async def context(
        self, role: str = "manager", *, agent_id: str | None = None, language: str = "en", **window: Any
    ) -> BrowserContext:
        """A browser of its own, signed in; its pages must not complain (`complaints` stays empty)."""
        if role == "agent" and agent_id is None:
            agent_id = await self.premises.agent()
        user_id = await add_user(
            self.premises.database, self.premises.clock, role, agent_id=agent_id, language=language
        )
        secret = await add_session(self.premises.database, self.premises.clock, user_id)
        context = await self.chromium.new_context(locale="en-GB", **window)
        await context.add_cookies([{"name": COOKIE, "value": secret, "url": self.url}])
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.complaints = watch(context, self.complaints)
        self.windows.push_async_callback(context.close)
        return context

    async def open_as(self, role: str, path: str, *, agent_id: str | None = None, **more: Any) -> Page:
        page = await (await self.context(role, agent_id=agent_id, **more)).new_page()
        await page.goto(f"{self.url}{path}")
        return page

    def telephone(self, number: str) -> Phone:
        """A caller's, driven by the test: `dial(LINE)`, `press`, `speak`, `hang_up`."""
        return self.network.plug_in(number)

    async def ready(self, agent_id: str) -> None:
        answer = await self.premises.api.put(f"/agents/{agent_id}/presence", json={"availability": "ready"})
        assert answer.status_code == 200, answer.text


async def accessible(page: Page) -> list[str]:
    """What axe-core finds on this page as it stands: rule and place, nothing if all is well."""
    await page.evaluate(AXE.read_text())
    await page.evaluate(_SETTLED)  # halfway from light to dark no colour is what it will be
    found = await page.evaluate("async () => (await axe.run()).violations.map(v => [v.id, v.nodes.map(n => n.html)])")
    return [f"{rule}: {html[:160]}" for rule, nodes in found for html in nodes]


async def until(is_so: Callable[[], bool], within_seconds: float = 15) -> None:
    end = time.monotonic() + within_seconds
    while not is_so():
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.02)


async def looks_right(page: Page) -> None:
    """In both themes, and no wider than a telephone; the page is left light and in its own size."""
    size = page.viewport_size
    assert size is not None
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        assert await accessible(page) == []
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await accessible(page) == []
    await page.set_viewport_size(size)


@asynccontextmanager
async def living(
    database_url: str,
    redis_url: str,
    home: Path,
    serve: Serve,
    chromium: Browser,
    *,
    empty: bool = False,
    **settings: Any,
) -> AsyncIterator[LiveHouse]:
    """Open day and night, wrap-ups of a second; ends with an assertion that no page has complained.

    `empty`: as it is installed, without any rules of its own.
    """
    port, carrier_port, clock = free_port(), free_port(), SystemClock()
    url, carrier_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{carrier_port}"
    network = Network(
        clock,
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        public_url=carrier_url,
        numbers={LINE: settings_for(url)},
        calls_per_second=100,
        api_keys={API_KEY: SECRET},
        applications={TWIML_APP: Application(voice_url=f"{url}/twilio/voice")},
    )
    given = Settings(
        _env_file=None,
        database_url=database_url,
        centralino_home=home,
        public_url=url,
        api_token=KEY,
        company_name="Officine Lume",
        calls_per_second=100,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_api_key_sid=API_KEY,
        twilio_api_key_secret=SECRET,
        twilio_twiml_app_sid=TWIML_APP,
        twilio_api_url=carrier_url,
        **settings,
    )
    parts = assemble(given, redis_url=redis_url, clock=clock)
    app = build(parts)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serve(build_carrier(network), carrier_port))
        await stack.enter_async_context(serve(app, port))
        windows = await stack.enter_async_context(AsyncExitStack())
        premises = Premises(app, Database(parts.database.url), clock)
        house = LiveHouse(url, carrier_url, premises, network, chromium, windows)
        if not empty:
            plan = await premises.api.get("/plan")
            changed = plan.json() | {"hours": "24/7", "wrap_up_seconds": 1}
            await premises.api.put("/plan", json=changed, headers={"If-Match": plan.headers["etag"]})
        yield house
        await windows.aclose()
        await premises.close()
        await premises.database.close()
    assert house.complaints == [], house.complaints
