"""`/console/calls/{id}`: one call, live or past, with everything that is known of why it went where it went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response
from starlette.routing import BaseRoute

from crm.tables import cases, customers
from desk import elsewhere
from desk.asking import Refused
from desk.floor import rows
from desk.floor.story import Parts, story
from desk.floor.view import named
from desk.formats import Formats
from desk.pages import MANAGERS, Asked
from desk.sheet import done
from desk.site import Site
from routing.tables import agents, reservations

RECORDING = {"paused": "The recording is paused.", "recording": "The recording goes on.", "stopped": "It is stopped."}

STATES: Mapping[str, tuple[str, str]] = {
    "greeting": ("Being greeted", "calm"),
    "choosing": ("Choosing", "calm"),
    "waiting": ("Waits in line", "warn"),
    "ringing": ("Being put through", "calm"),
    "ended": ("Over", "plain"),
}
IDENTITIES: Mapping[str, str] = {
    "unknown": "Nobody we know",
    "withheld": "Number withheld",
    "number": "Their number alone",
    "name": "The name they said",
    "verified": "A code of ours that came back",
}
LEG_STATES: Mapping[str, str] = {
    "intended": "about to be rung",
    "queued": "about to be rung",
    "initiated": "being rung",
    "ringing": "ringing",
    "in-progress": "on the line",
    "completed": "over",
    "busy": "busy",
    "failed": "not reached",
    "no-answer": "no answer",
    "canceled": "rung in vain",
}


def routes(site: Site) -> list[BaseRoute]:
    at, route = _Calls(site), site.pages.route
    address = "/console/calls/{call_id}"
    return [
        route(address, at.page, roles=MANAGERS),
        route(f"{address}/part", at.part, roles=MANAGERS),
        route(f"{address}/recording", at.refused, roles=MANAGERS),
        route(f"{address}/recording", at.recording, roles=MANAGERS, methods=("POST",)),
    ]


class _Calls:
    def __init__(self, site: Site) -> None:
        self._site, self._database = site, site.pages.database

    async def page(self, asked: Asked) -> Response:
        return asked.page("floor/call.html", place="floor", **await self._context(asked))

    async def part(self, asked: Asked) -> Response:
        return asked.page("floor/call_part.html", **await self._context(asked))

    async def refused(self, asked: Asked) -> Response:
        address = f"/console/calls/{asked.request.path_params['call_id']}/recording"
        return asked.page("floor/refused.html", address=address)

    async def recording(self, asked: Asked) -> Response:
        call_id, form = asked.request.path_params["call_id"], await asked.form()
        state = str(form.get("state") or "")
        refused = form.get("refused") == "on"
        shown = await asked.api.get(f"/calls/{call_id}")
        await asked.api.post(f"/calls/{shown['sid']}/recording", {"state": state, "refused": refused})
        told = "It is stopped, and deleted." if refused else RECORDING.get(state, "")
        return done(asked, asked.words(told), back=f"/console/calls/{call_id}")

    async def _context(self, asked: Asked) -> dict[str, Any]:
        """Read through the API first: who looks at a call of somebody's is written down."""
        call_id = asked.request.path_params["call_id"]
        call = await asked.api.get(f"/calls/{call_id}")
        async with self._database.read() as conn:
            row = await rows.one_call(conn, call_id)
            if row is None:
                raise Refused(404, {"detail": "There is no such call."})
            parts = await _parts(conn, row, call)
            person = await _person(conn, row)
        f = asked.formats
        return {
            "call": call,
            "call_id": row.id,
            "person": person,
            "who": named(person, f),
            "steps": story(parts, f),
            "names": parts.names,
            "live": row.state != "ended",
            "mine": next((one for one in call["supervisors"] if one["by"] == asked.user.user_id), None),
            "clocks": self._site.individual_clocks,
            "talking": row.state == "talking",
            "state_told": _state(row, call, f),
            "identity_told": f.words(IDENTITIES[call["identity"]]),
            "leg_states": {state: f.words(told) for state, told in LEG_STATES.items()},
        }


def _state(row: Row[Any], call: Mapping[str, Any], f: Formats) -> tuple[str, str]:
    """What a pill says of it, and its kind."""
    if row.state == "choosing" and call["decisions"] and call["decisions"][-1]["action"] == "voicemail":
        return f.words("Leaves a message"), "calm"
    if row.state != "talking":
        text, kind = STATES[row.state]
        return f.words(text), kind
    if row.dropped_at is not None:
        return f.words("The line broke: reconnecting"), "bad"
    held = call["on_hold_since"] is not None
    return (f.words("On hold"), "warn") if held else (f.words("Talking"), "good")


async def _parts(conn: AsyncConnection, row: Row[Any], call: Mapping[str, Any]) -> Parts:
    read: dict[str, list[Row[Any]]] = {}
    for name, table in (
        ("reservations", reservations),
        ("transfers", elsewhere.transfers),
        ("supervisions", elsewhere.supervisions),
        ("interventions", elsewhere.interventions),
    ):
        read[name] = list(await conn.execute(select(table).where(table.c.call_id == row.id).order_by(table.c.id)))
    ids = {one.agent_id for one in read["reservations"]} | {row.agent_id}
    ids |= {agent for one in read["transfers"] for agent in (one.from_agent, one.to_agent)}
    ids |= {leg["agent"] for leg in call["legs"]}
    known = await conn.execute(select(agents.c.id, agents.c.name).where(agents.c.id.in_(ids - {None})))
    return Parts(call=row, decisions=call["decisions"], names={one.id: one.name for one in known}, **read)


async def _person(conn: AsyncConnection, row: Row[Any]) -> Row[Any]:
    """Their name and face, and the matter; what the floor shows of a call anyhow."""
    query = (
        select(
            customers.c.called, customers.c.name.label("person"), customers.c.photo_url, cases.c.title, cases.c.topic
        )
        .add_columns(elsewhere.calls.c.from_number, elsewhere.calls.c.to_number, elsewhere.calls.c.direction)
        .select_from(elsewhere.calls)
        .outerjoin(customers, customers.c.id == elsewhere.calls.c.customer_id)
        .outerjoin(cases, cases.c.id == elsewhere.calls.c.case_id)
        .where(elsewhere.calls.c.id == row.id)
    )
    found: Row[Any] = (await conn.execute(query)).one()
    return found
