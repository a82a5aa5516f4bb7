"""A manager listens to a talk, whispers to its agent, or joins; what each of them hears is said before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from desk.asking import Refused
from desk.floor.view import named
from desk.formats import Formats
from desk.pages import MANAGERS, Asked
from desk.sheet import done, refused_in
from desk.site import Site

MODES = ("listen", "whisper", "join")
SITUATION = "joins"  # as the catalogue of what is said calls it
_EITHER = re.compile(r"\[([^|\]]*)\|[^\]]*\]")  # [formal|informal]


@dataclass(frozen=True, slots=True)
class Ear:
    """The viewer's own, on one call."""

    call: str
    mode: str
    who: str
    agent: str
    there: bool  # else their telephone still rings


def ear(supervision: Any, call: Any, f: Formats) -> Ear:
    who = f.words("the caller") if call is None else named(call, f)
    agent = f.words("the agent") if call is None or call.agent is None else str(call.agent)
    return Ear(supervision.call_id, supervision.mode, who, agent, supervision.joined_at is not None)


def joining(wordings: Sequence[str], name: str) -> str | None:
    """The first of them, as it is said to somebody who is addressed formally."""
    return _EITHER.sub(r"\1", wordings[0]).replace("{who}", name) if wordings else None


def routes(site: Site) -> list[BaseRoute]:
    at, route = _Supervised(site), site.pages.route
    address = "/console/calls/{call_id}/supervise"
    return [
        route(address, at.sheet, roles=MANAGERS),
        route(address, at.change, roles=MANAGERS, methods=("POST",)),
        route(f"{address}/leave", at.leave, roles=MANAGERS, methods=("POST",)),
    ]


class _Supervised:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def sheet(self, asked: Asked) -> Response:
        return asked.page("floor/supervise.html", **await self._context(asked))

    async def change(self, asked: Asked) -> Response:
        """Comes in by this mode, or changes to it."""
        call_id, mode = asked.request.path_params["call_id"], str((await asked.form()).get("mode") or "listen")
        viewer, path = asked.user, f"/calls/{call_id}/supervise"
        try:
            if await self._there(asked, call_id):
                await asked.api.patch(path, {"mode": mode})
            else:
                body = {"mode": mode, "address": self._address(asked), "name": viewer.name}
                await asked.api.post(path, body)
        except Refused as refused:
            shown = dict(await self._context(asked)) | {"error": asked.words.problem(refused.detail)}
            return refused_in(asked, refused, "floor/supervise.html", shown)
        told = {
            "listen": "You listen; nobody hears you.",
            "whisper": "You whisper; only the agent hears you.",
            "join": "You are joining; the customer is told first.",
        }
        return done(asked, asked.words(told.get(mode, "")))

    async def leave(self, asked: Asked) -> Response:
        await asked.api.delete(f"/calls/{asked.request.path_params['call_id']}/supervise")
        return done(asked, asked.words("You have left the call."))

    async def _context(self, asked: Asked) -> Mapping[str, Any]:
        call = await asked.api.get(f"/calls/{asked.request.path_params['call_id']}")
        name = await self._agent(asked, call["agent"])
        mine = next((one for one in call["supervisors"] if one["by"] == asked.user.user_id), None)
        return {
            "call": call,
            "agent": name,
            "mode": mine["mode"] if mine else None,
            "joins": await self._joins(asked, call["language"]),
            "address": asked.user.address,
            "error": None,
        }

    async def _there(self, asked: Asked, call_id: str) -> bool:
        call = await asked.api.get(f"/calls/{call_id}")
        return any(one["by"] == asked.user.user_id for one in call["supervisors"])

    def _address(self, asked: Asked) -> str:
        """Where their ear is: what stands in their account, else this browser."""
        return asked.user.address or f"client:user_{asked.user.user_id}"

    async def _joins(self, asked: Asked, language: str) -> str | None:
        """What the customer is told, in their language and with this manager's name; null: nobody can say."""
        cursor = None
        while True:
            page = await asked.api.get("/phrases", limit=200, cursor=cursor)
            wordings = next((one["languages"] for one in page["items"] if one["situation"] == SITUATION), None)
            if wordings is not None or page["next"] is None:
                break
            cursor = page["next"]
        code, ours = language.partition("-")[0].lower(), self._site.pages.house.language.partition("-")[0].lower()
        told = (wordings or {}).get(code) or (wordings or {}).get(
            ours
        )  # whose language we do not speak hears the house's
        return joining(told["yours"] or told["ours"], asked.user.name) if told else None

    async def _agent(self, asked: Asked, agent_id: str | None) -> str:
        if agent_id is None:
            return asked.words("the agent")
        try:
            return str((await asked.api.get(f"/agents/{agent_id}"))["name"])
        except Refused:
            return asked.words("the agent")
