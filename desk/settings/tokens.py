"""Tokens: what programs are let in with, over the API that they use themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from desk.asking import Refused
from desk.pages import Asked, errors_of
from desk.settings.named import named
from desk.settings.tabs import tab
from routing.tables import agents

PAGE = 100
TYPED = {"name": "", "role": "service", "agent": ""}


class Tokens:
    async def show(self, asked: Asked) -> Response:
        return tab(asked, "tokens", "tokens", **await self._context(asked))

    async def make(self, asked: Asked) -> Response:
        form = await asked.form()
        typed = {name: str(form.get(name, "")).strip() for name in TYPED}
        wanted = {name: value for name, value in typed.items() if name != "agent" or typed["role"] == "agent"}
        try:
            made = await asked.api.post("/tokens", wanted)
        except Refused as refused:
            if refused.status != 422:
                raise
            return await self._part(asked, 422, typed=typed, errors=errors_of(refused, asked.words))
        return await self._part(asked, made=made)

    async def revoke(self, asked: Asked) -> Response:
        try:
            await asked.api.delete(f"/tokens/{asked.request.path_params['token_id']}")
        except Refused as refused:
            if refused.status != 404:  # somebody else was quicker
                raise
        return await self._part(asked, saved=asked.words("Revoked. It opens nothing any more."))

    async def _part(self, asked: Asked, status: int = 200, **more: Any) -> Response:
        context = await self._context(asked) | more
        if asked.of_a_part:
            return asked.page("settings/tokens_part.html", status, **context)
        return tab(asked, "tokens", "tokens", status, **context)

    async def _context(self, asked: Asked) -> dict[str, Any]:
        cursor = asked.request.query_params.get("cursor")
        listed = await asked.api.get("/tokens", limit=PAGE, cursor=cursor)
        async with asked.pages.database.read() as conn:
            choices = [(row.id, row.name) for row in await conn.execute(_agents)]
            makers = await named(conn, {token["made_by"] for token in listed["items"]})
        names = dict(choices)
        return {
            "tokens": listed["items"],
            "next": listed["next"],
            "makers": makers,
            "names": names,
            "choices": choices,
            "typed": TYPED,
            "errors": {},
            "made": None,
            "saved": None,
        }


_agents = select(agents.c.id, agents.c.name).order_by(agents.c.name, agents.c.id)
