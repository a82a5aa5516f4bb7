"""`/console/promises`: the ledger, what may not be kept first; and one promise with all that happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response
from starlette.routing import BaseRoute

from callbacks.states import OPEN
from callbacks.tables import callbacks
from crm.tables import customers
from desk.asking import Refused
from desk.floor.teams import presence
from desk.pages import MANAGERS, Asked
from desk.promises import acts, hand_over
from desk.promises.history import steps
from desk.promises.view import Agent, Known, Person, promise, promises
from desk.promises.words import ATTEMPTS, KINDS
from desk.site import Site
from routing.tables import agents

SHOWN = 40
MOST_AT_RISK = 20  # above the others; all of them have a tab of their own
TABS: Mapping[str, tuple[str, dict[str, Any]]] = {  # their label, and what the API is asked for
    "open": ("Open", {"state": "open", "order": "due"}),
    "risk": ("At risk", {"state": "open", "at_risk": True, "order": "due"}),
    "broken": ("Not kept", {"state": "broken,unreachable", "order": "latest"}),
    "kept": ("Those kept", {"state": "kept", "order": "latest"}),
    "all": ("All", {"order": "latest"}),
}


def routes(site: Site) -> list[BaseRoute]:
    at, route = Ledger(site), site.pages.route
    return [
        route("/console/promises", at.page, roles=MANAGERS),
        route("/console/promises/list", at.part, roles=MANAGERS, methods=("GET", "POST")),
        *hand_over.routes(site, at.known),
        *acts.routes(site, at.known),
        route("/console/promises/{promise_id}", at.one, roles=MANAGERS),
        route("/console/promises/{promise_id}/part", at.one_part, roles=MANAGERS),
    ]


@dataclass(frozen=True, slots=True)
class Filters:
    show: str = "open"
    owner: str = ""
    day: str = ""
    kind: str = ""
    q: str = ""
    cursor: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Filters:
        text = {name: str(given.get(name) or "").strip() for name in cls.__dataclass_fields__}
        if text["show"] not in TABS:
            text["show"] = "open"
        return cls(**text)

    @property
    def narrowed(self) -> bool:
        return bool(self.owner or self.day or self.kind or self.q)

    def query(self, zone: str) -> dict[str, Any]:
        """As the API is asked.  A day that cannot be read narrows nothing."""
        start, end = _day(self.day, zone)
        return {
            "owner": self.owner or None,
            "kind": self.kind or None,
            "q": self.q or None,
            "due_from": start,
            "due_to": end,
        }


class Ledger:
    def __init__(self, site: Site) -> None:
        self._site, self._database = site, site.pages.database

    async def page(self, asked: Asked) -> Response:
        return asked.page("promises/ledger.html", place="promises", **await self._context(asked))

    async def part(self, asked: Asked) -> Response:
        return asked.page("promises/list.html", **await self._context(asked))

    async def _context(self, asked: Asked) -> dict[str, Any]:
        given = await asked.form() if asked.request.method == "POST" else asked.request.query_params
        filters, zone = Filters.read(given), self._site.pages.house.zone
        narrowed, errors = filters.query(zone), {}
        risky: list[Mapping[str, Any]] = []
        found: dict[str, Any] = {"items": [], "next": None}
        try:
            if filters.show == "open":
                if not filters.cursor:
                    query = narrowed | TABS["risk"][1] | {"limit": MOST_AT_RISK}
                    risky = (await asked.api.get("/callbacks", **query))["items"]
                narrowed = narrowed | {"at_risk": False}
            query = narrowed | TABS[filters.show][1] | {"limit": SHOWN, "cursor": filters.cursor or None}
            found = await asked.api.get("/callbacks", **query)
        except Refused as refused:
            errors = {name: asked.words.problem(message) for name, message in refused.fields.items()}
            errors = errors or {"": asked.words.problem(refused.detail)}
        now, f = self._site.pages.clock.now(), asked.formats
        async with self._database.read() as conn:
            known = await read_known(conn, [item["customer"] for item in (*risky, *found["items"])])
            counts = await _counts(conn)
        return {
            "filters": filters,
            "tabs": [(name, asked.words(label), counts.get(name)) for name, (label, _) in TABS.items()],
            "risky": promises(risky, known, f, now),
            "n_risky": counts["risk"] if len(risky) == MOST_AT_RISK else len(risky),
            "promises": promises(found["items"], known, f, now),
            "next": found["next"],
            "owners": sorted(((one.id, one.name) for one in known.agents.values()), key=lambda one: one[1].casefold()),
            "kinds": [(kind, asked.words(label)) for kind, label in KINDS.items()],
            "errors": errors,
        }

    async def one(self, asked: Asked) -> Response:
        return asked.page("promises/promise.html", place="promises", **await self._one(asked))

    async def one_part(self, asked: Asked) -> Response:
        return asked.page("promises/promise_part.html", **await self._one(asked))

    async def _one(self, asked: Asked) -> dict[str, Any]:
        promise_id, f, now = asked.request.path_params["promise_id"], asked.formats, self._site.pages.clock.now()
        item = await asked.api.get(f"/callbacks/{promise_id}")
        told = (await asked.api.get(f"/callbacks/{promise_id}/history", limit=200))["items"]
        known = await self.known([item["customer"]])
        return {
            "item": item,
            "p": promise(item, known, f, now),
            "steps": steps(told, known, f, now),
            "attempts": {name: asked.words(label) for name, label in ATTEMPTS.items()},
        }

    async def known(self, customer_ids: Iterable[str]) -> Known:
        async with self._database.read() as conn:
            return await read_known(conn, customer_ids)


async def read_known(conn: AsyncConnection, customer_ids: Iterable[str]) -> Known:
    """Names and faces; whose record is opened is written down where it is opened."""
    ids = sorted(set(customer_ids))
    query = select(customers.c.id, customers.c.name, customers.c.called, customers.c.photo_url)
    people = (await conn.execute(query.where(customers.c.id.in_(ids)))).all() if ids else []
    columns = (agents.c.id, agents.c.name, agents.c.photo_url, agents.c.availability, agents.c.activity)
    rows = await conn.execute(select(*columns, agents.c.stand_in))
    return Known(
        {row.id: Person(row.name or row.called or "?", row.photo_url) for row in people},
        {row.id: Agent(row.id, row.name, row.photo_url, presence(row), row.stand_in) for row in rows},
    )


async def _counts(conn: AsyncConnection) -> dict[str, int]:
    # As literals: only then do planners see that the index of the open ones will do.
    states: BindParameter[Any] = bindparam("states", list(OPEN), expanding=True, literal_execute=True)
    is_open = callbacks.c.state.in_(states)
    query = select(func.count(), func.count(callbacks.c.risk)).where(is_open)
    n, risky = (await conn.execute(query)).one()
    return {"open": n, "risk": risky}


def _day(written: str, zone: str) -> tuple[str | None, str | None]:
    try:
        day = date.fromisoformat(written)
        start = datetime.combine(day, time(), ZoneInfo(zone))
        end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    except (ValueError, OverflowError):
        return None, None
    return start.isoformat(), end.isoformat()
