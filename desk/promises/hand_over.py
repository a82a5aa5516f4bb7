"""`/console/promises/hand-over`: Anna is ill; her promises go to somebody who can keep them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response
from starlette.routing import BaseRoute

from callbacks.slots import GRID
from desk.asking import Refused
from desk.pages import MANAGERS, Asked
from desk.promises.view import Known, Promise, promise
from desk.site import Site

AT_ONCE = 20  # each is looked at for itself, in the book of everything that is promised
ADDRESS = "/console/promises/hand-over"


@dataclass(frozen=True, slots=True)
class Row:
    """`fits`: the new agent can call at its time; else `instead`, their first time after it, or null."""

    promise: Promise
    fits: bool | None
    instead: datetime | None
    ticked: bool
    told: str | None = None  # what became of it
    good: bool = False


def routes(site: Site, known: Callable[[Iterable[str]], Awaitable[Known]]) -> list[BaseRoute]:
    at, route = _HandOver(site, known), site.pages.route
    return [
        route(ADDRESS, at.page, roles=MANAGERS),
        route(ADDRESS, at.give, roles=MANAGERS, methods=("POST",)),
    ]


class _HandOver:
    def __init__(self, site: Site, known: Callable[[Iterable[str]], Awaitable[Known]]) -> None:
        self._site, self._known = site, known

    async def page(self, asked: Asked) -> Response:
        query = asked.request.query_params
        return await self._page(asked, query.get("agent", ""), query.get("to", ""))

    async def give(self, asked: Asked) -> Response:
        """One after another, each by what then is promised: what does not fit stays, or is moved if that was ticked."""
        form = await asked.form()
        agent, to = str(form.get("agent") or ""), str(form.get("to") or "")
        if not to:
            return await self._page(asked, agent, to, error=asked.words("Please choose who takes them."))
        told = {one: await self._one(asked, str(one), to, form) for one in form.getlist("promise")}
        return await self._page(asked, agent, to, told=told)

    async def _one(self, asked: Asked, promise_id: str, to: str, form: FormData) -> tuple[str, bool]:
        """What became of it, and whether it is in good hands."""
        path = f"/callbacks/{promise_id}"
        try:
            await asked.api.post(f"{path}/take", {"agent": to})
            return asked.words("Given, at its time."), True
        except Refused as refused:
            slots = refused.problem.get("slots") or []
            if not slots:
                return asked.words("Stays: they have no time then, or it is being kept now."), False
            later = next((one["due_at"] for one in slots if one["agent"] == to), slots[0]["due_at"])
        when = asked.formats.when(later, self._now())
        if form.get("move") != "on":
            return asked.words("Stays: their next time is %(time)s.", time=when), False
        try:
            await asked.api.patch(path, {"agent": to, "due_at": later})
        except Refused:
            return asked.words("Stays: their next time is %(time)s.", time=when), False
        return asked.words("Given, and moved to %(time)s.", time=when), True

    async def _page(
        self,
        asked: Asked,
        agent: str,
        to: str,
        *,
        error: str | None = None,
        told: Mapping[Any, tuple[str, bool]] | None = None,
    ) -> Response:
        told = told or {}
        items: list[Mapping[str, Any]] = []
        more = False
        if agent:
            query = {"owner": agent, "state": "promised,due", "order": "due", "limit": AT_ONCE}
            page = await asked.api.get("/callbacks", **query)
            items, more = page["items"], page["next"] is not None
        gone = [await asked.api.get(f"/callbacks/{one}") for one in told if one not in {item["id"] for item in items}]
        items = sorted([*items, *gone], key=lambda item: str(item["due_at"]))
        known = await self._known([item["customer"] for item in items])
        owner = known.agents.get(agent)
        to = to or (owner.stand_in if owner and owner.stand_in else "")
        rows = [await self._row(asked, item, known, to, told) for item in items]
        context = {
            "agent": owner,
            "to": known.agents.get(to),
            "rows": rows,
            "left": [row for row in rows if row.told is None],
            "more": more,
            "owners": _options(known, asked),
            "takers": [option for option in _options(known, asked) if option[0] != agent],
            "error": error,
            "told": bool(told),
            "address": ADDRESS,
        }
        return asked.page("promises/hand_over.html", 422 if error else 200, place="promises", **context)

    async def _row(
        self, asked: Asked, item: Mapping[str, Any], known: Known, to: str, told: Mapping[Any, tuple[str, bool]]
    ) -> Row:
        shown = promise(item, known, asked.formats, self._now())
        became, good = told.get(item["id"], (None, False))
        if became is not None or not to:
            return Row(shown, None, None, ticked=became is None, told=became, good=good)
        first = await self._first(asked, item, to)
        fits = first is not None and first - max(shown.at, self._now()) < GRID
        return Row(shown, fits, None if fits else first, ticked=True)

    async def _first(self, asked: Asked, item: Mapping[str, Any], to: str) -> datetime | None:
        """Their first time from the promised one on, of that day."""
        start = max(datetime.fromisoformat(item["due_at"]), self._now())
        query = {"customer": item["customer"], "agent": to, "limit": 1, "from": start.isoformat()}
        slots = (await asked.api.get("/callbacks/slots", **query))["items"]
        return datetime.fromisoformat(slots[0]["due_at"]) if slots else None

    def _now(self) -> datetime:
        return self._site.pages.clock.now()


def _options(known: Known, asked: Asked) -> list[tuple[str, str]]:
    names = sorted(((one.id, one.name) for one in known.agents.values()), key=lambda one: one[1].casefold())
    return [("", asked.words("Choose …")), *names]
