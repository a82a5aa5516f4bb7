"""`/console/floor`: the floor, live; each of its parts asks for itself when what it shows has changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from desk.floor import call_pages, ending, supervised
from desk.floor.parts import Glance, Parts
from desk.pages import MANAGERS, Asked
from desk.site import Site


def routes(site: Site) -> list[BaseRoute]:
    floor, route = _Floor(site), site.pages.route
    parts = [route(f"/console/floor/{name}", floor.part(name), roles=MANAGERS) for name in floor.parts.all]
    return [
        route("/console/floor", floor.page, roles=MANAGERS),
        *parts,
        *supervised.routes(site),
        *ending.routes(site),
        *call_pages.routes(site),
    ]


class _Floor:
    def __init__(self, site: Site) -> None:
        self._site, self.parts = site, Parts(site)

    async def page(self, asked: Asked) -> Response:
        context: dict[str, Any] = {"clocks": self._site.individual_clocks, "region": self._site.region}
        async with self._site.pages.database.read() as conn:
            glance = Glance(conn, self._site.pages.clock.now())
            for read in self.parts.all.values():
                context |= await read(glance, asked)
        return asked.page("floor/floor.html", place="floor", **context)

    def part(self, name: str) -> Callable[[Asked], Awaitable[Response]]:
        async def answer(asked: Asked) -> Response:
            async with self._site.pages.database.read() as conn:
                context = await self.parts.all[name](Glance(conn, self._site.pages.clock.now()), asked)
            return asked.page(f"floor/{name}.html", clocks=self._site.individual_clocks, **context)

        return answer
