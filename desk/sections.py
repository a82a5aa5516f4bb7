"""Everything that a browser may open, in one place: each section hands in its routes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from desk.agents import pages as agents_pages
from desk.card import pages as card_pages
from desk.customers import pages as customers_pages
from desk.floor import pages as floor_pages
from desk.live_pages import live_routes
from desk.pages import STATIC, Asked
from desk.phrases import pages as phrases_pages
from desk.plan import pages as plan_pages
from desk.promises import pages as promises_pages
from desk.report_pages import pages as report_pages
from desk.security import OnlyOurOwn, page_headers
from desk.settings import pages as settings_pages
from desk.sign_in import pages as sign_in_pages
from desk.site import Site
from desk.softphone import pages as softphone_pages


def routes(site: Site) -> list[BaseRoute]:
    sections: list[Sequence[BaseRoute]] = [
        [site.pages.open_route("/", _start)],
        live_routes(site.pages, site.feed),
        sign_in_pages.routes(site),
        report_pages.routes(site),
        softphone_pages.routes(site),
        agents_pages.routes(site),
        customers_pages.routes(site),
        card_pages.routes(site),
        floor_pages.routes(site),
        promises_pages.routes(site),
        settings_pages.routes(site),
        plan_pages.routes(site),
        phrases_pages.routes(site),
    ]
    known = [route for section in sections for route in section]
    nowhere = site.pages.open_route("/{path:path}", _nowhere, methods=("GET", "POST", "PUT", "PATCH", "DELETE"))
    return [
        Mount("/static", _Static(directory=STATIC), name="static"),
        Mount(
            "",
            routes=[*known, nowhere],
            middleware=[Middleware(OnlyOurOwn, page_headers(signalling=site.pages.signalling), known)],
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
