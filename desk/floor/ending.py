"""What is stuck is ended by hand, with a reason: a call that cannot go on, an agent who is held for nobody."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from desk.asking import Refused
from desk.pages import MANAGERS, Asked, errors_of
from desk.sheet import done, refused_in
from desk.site import Site

TEMPLATE = "floor/end.html"


def routes(site: Site) -> list[BaseRoute]:
    route = site.pages.route
    found: list[BaseRoute] = []
    for address, sheet, act in (
        ("/console/calls/{call_id}/end", _end_sheet, _end),
        ("/console/floor/agents/{agent_id}/release", _release_sheet, _release),
    ):
        found += [route(address, sheet, roles=MANAGERS), route(address, act, roles=MANAGERS, methods=("POST",))]
    return found


async def _end_sheet(asked: Asked) -> Response:
    return asked.page(TEMPLATE, **_of_call(asked))


async def _end(asked: Asked) -> Response:
    call_id = asked.request.path_params["call_id"]
    told = asked.words("The call has been ended.")
    return await _done(asked, f"/calls/{call_id}/end", _of_call(asked), told)


async def _release_sheet(asked: Asked) -> Response:
    return asked.page(TEMPLATE, **await _of_agent(asked))


async def _release(asked: Asked) -> Response:
    shown = await _of_agent(asked)
    told = asked.words("%(who)s is free again.", who=shown["who"])
    return await _done(asked, f"/agents/{asked.request.path_params['agent_id']}/release", shown, told)


async def _done(asked: Asked, path: str, shown: dict[str, Any], told: str) -> Response:
    reason = str((await asked.form()).get("reason") or "").strip()
    shown["reason"] = reason
    if not reason:
        shown["errors"] = {"reason": asked.words("Please say why: it is kept with the call.")}
        return asked.page(TEMPLATE, 422, **shown)
    try:
        await asked.api.post(path, {"reason": reason})
    except Refused as refused:
        shown["errors"] = errors_of(refused, asked.words)
        return refused_in(asked, refused, TEMPLATE, shown)
    return done(asked, told)


def _of_call(asked: Asked) -> dict[str, Any]:
    address = f"/console/calls/{asked.request.path_params['call_id']}/end"
    return {"what": "call", "who": "", "address": address, "reason": "", "errors": {}}


async def _of_agent(asked: Asked) -> dict[str, Any]:
    agent_id = asked.request.path_params["agent_id"]
    agent = await asked.api.get(f"/agents/{agent_id}")
    address = f"/console/floor/agents/{agent_id}/release"
    return {"what": "agent", "who": agent["name"], "address": address, "reason": "", "errors": {}}
