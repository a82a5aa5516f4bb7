"""Everything that a browser may open, in one place: each section hands in its routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from desk.live import LiveFeed
from desk.live_pages import live_routes
from desk.pages import STATIC, Asked, Pages
from desk.security import OnlyOurOwn, page_headers
from routing.plans import Plans


@dataclass(frozen=True, slots=True)
class Account:
    """What the carrier's account gives a softphone; without a key there is none."""

    account_sid: str | None = None
    api_key_sid: str | None = None
    api_key_secret: str | None = None
    twiml_app_sid: str | None = None


@dataclass(frozen=True, slots=True)
class SignOn:
    """A company's own sign-in by OpenID Connect; without an issuer there is none."""

    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    name: str = "OpenID Connect"


async def _nothing_to_say() -> list[dict[str, Any]]:
    return []


@dataclass(frozen=True, slots=True)
class Site:
    """What the sections are made with.  `tell` nudges every process by name; `examine` is what `doctor` finds:
    items with `name`, `state` (ok | note | failed) and `told`."""

    pages: Pages
    feed: LiveFeed
    plans: Plans
    account: Account
    sign_on: SignOn
    public_url: str
    secret: str
    tell: Callable[[str], None]
    region: str
    examine: Callable[[], Awaitable[list[dict[str, Any]]]] = _nothing_to_say


def routes(site: Site) -> list[BaseRoute]:
    sections: list[Sequence[BaseRoute]] = [
        [site.pages.open_route("/", _start)],
        live_routes(site.pages, site.feed),
        [site.pages.open_route("/{path:path}", _nowhere)],  # the last: whatever no section knows
    ]
    return [
        Mount("/static", _Static(directory=STATIC), name="static"),
        Mount(
            "",
            routes=[route for section in sections for route in section],
            middleware=[Middleware(OnlyOurOwn, headers=page_headers(signalling=site.pages.signalling))],
        ),
    ]


async def _start(asked: Asked) -> Response:
    """Where each of them works."""
    viewer = asked.viewer
    if viewer is None:
        return asked.redirect("/sign-in")
    return asked.redirect("/console/floor" if viewer.manages else "/desk")


async def _nowhere(asked: Asked) -> Response:
    return asked.trouble(404, asked.words("There is no such page."))


class _Static(StaticFiles):
    """A file asked for by its digest never changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        lasting = b"v=" in scope["query_string"]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
