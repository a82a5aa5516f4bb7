"""The pages of agents: the list, a new one, and each one's own."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from desk.agents import listing, profile
from desk.agents.listing import Narrowed
from desk.agents.making import Making
from desk.agents.rows import Telling
from desk.agents.rows import rows as agent_rows
from desk.pages import MANAGERS, Asked
from desk.site import Site

PLACE = "agents"


def routes(site: Site) -> list[BaseRoute]:
    route, own, making = site.pages.route, profile.Profile(site), Making(site, PLACE)

    def at(path: str, endpoint: Any, *methods: str) -> BaseRoute:
        return route(f"/console/agents{path}", endpoint, roles=MANAGERS, methods=methods or ("GET",))

    one = "/{agent_id}"
    return [
        at("", _list),
        at("/found", _found, "POST"),
        at("/new", making.new),
        at("/new", making.make, "POST"),
        at(one, own.show),
        at(f"{one}/now", own.now),
        at(f"{one}/parts/{{part}}", own.part),
        at(f"{one}/parts/{{part}}", own.save, "POST"),
        at(f"{one}/absences", own.absences),
        at(f"{one}/absences", own.add_absence, "POST"),
        at(f"{one}/absences/touched", own.touched, "POST"),
        at(f"{one}/absences/{{absence_id}}/remove", own.remove_absence, "POST"),
        at(f"{one}/people", own.people),
        at(f"{one}/leave", own.leave),
        at(f"{one}/leave", own.figures, "POST"),
        at(f"{one}/hand-over", own.hand_over, "POST"),
        at(f"{one}/remove", own.remove, "POST"),
    ]


async def _list(asked: Asked) -> Response:
    told = asked.request.query_params.get("told")
    return asked.page("agents/list.html", place=PLACE, told=told, **await _rows(asked, Narrowed()))


async def _found(asked: Asked) -> Response:
    """The rows that were asked for; agents' names are typed here, so it is no address."""
    return asked.page("agents/rows.html", **await _rows(asked, Narrowed.from_form(await asked.form())))


async def _rows(asked: Asked, narrowed: Narrowed) -> dict[str, Any]:
    now, house = asked.pages.clock.now(), asked.pages.house
    everybody = await listing.everybody(asked.api)
    beside = await listing.beside(asked.pages.database, now)
    names = {one["id"]: one["name"] for one in everybody}
    telling = Telling(asked.words, asked.formats, house, now)
    fitting = [one for one in everybody if narrowed.fits(one)]
    rows = agent_rows(telling, fitting, beside, names)
    return {"rows": rows, "all": len(everybody), "narrowed": narrowed, "choices": listing.choices(everybody)}
