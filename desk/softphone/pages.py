"""`/desk` and what it asks for: the telephone's state, its token, that it is still there, and the agent's presence."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from crm import audit
from desk.asking import Refused
from desk.pages import MANAGERS, Asked, Endpoint
from desk.site import Site
from desk.softphone import desks, presence, wrap_up
from desk.softphone.line import Line, in_hand
from desk.softphone.reading import BadRequest, desk_of, read_beat
from desk.softphone.tokens import TTL_SECONDS, access_token, ear_of, identity_of, missing
from routing.agents import Availability
from routing.floor import UnknownAgent, set_availability
from routing.tables import agents

MOST_NAMES = 1000


def routes(site: Site) -> list[BaseRoute]:
    at = Telephone(site)
    route = site.pages.route

    def add(path: str, endpoint: Endpoint, *methods: str) -> BaseRoute:
        return route(path, at.of_an_agent(endpoint), methods=methods or ("GET",))

    return [
        add("/desk", at.whole),
        add("/desk/phone", at.part),
        route("/desk/token", at.token),
        route("/desk/beat", at.beat, methods=("POST",)),
        route("/desk/leave", at.leave, methods=("POST",)),
        add("/desk/presence", at.presence, "POST"),
        add("/desk/stand-in", at.stand_in, "POST"),
        add("/desk/wrap-up/{what:str}", at.wrap_up, "POST"),
        add("/desk/call/{what:str}", at.call, "POST"),
    ]


@dataclass
class Telephone:
    site: Site
    _named: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)

    def of_an_agent(self, endpoint: Endpoint) -> Endpoint:
        async def answer(asked: Asked) -> Response:
            if asked.user.agent_id is None:
                return asked.trouble(403, asked.words("Only those who answer calls have a desk."))
            return await endpoint(asked)

        return answer

    # what is shown

    async def whole(self, asked: Asked) -> Response:
        agent = await asked.api.get(f"/agents/{_mine(asked)}")
        return asked.page(
            "softphone/desk.html",
            place="desk",
            identity=identity_of(agent["address"]),
            missing=missing(self.site.account),
            colleagues=await self._colleagues(_mine(asked)),
            minutes=presence.BACK_IN,
            choices=presence.CHOICES,
            errors={},
            typed={},
            **await self._situation(asked, agent),
        )

    async def part(self, asked: Asked) -> Response:
        return asked.page("softphone/phone.html", **await self._situation(asked))

    async def _situation(self, asked: Asked, agent: Any = None) -> dict[str, Any]:
        agent = agent or await asked.api.get(f"/agents/{_mine(asked)}")
        async with self.site.pages.database.read() as conn:
            line = await in_hand(conn, _mine(asked))
        await self._name_shown(asked, line)
        return {
            "agent": agent,
            "line": line,
            "reason": presence.told_reason(agent["reason"], asked.words),
            "by_browser": agent["address"].startswith("client:"),
        }

    async def _name_shown(self, asked: Asked, line: Line | None) -> None:
        """That a name was shown is written once for each call, not each time that the telephone looks."""
        if line is None or line.customer_id is None or line.who is None:
            return
        key = (asked.user.user_id, line.call_id)
        if key in self._named:
            return
        pages = self.site.pages
        await audit.part_seen(pages.database, asked.user.principal, line.customer_id, "name", now=pages.clock.now())
        self._named[key] = None
        if len(self._named) > MOST_NAMES:
            self._named.popitem(last=False)

    async def _colleagues(self, agent_id: str) -> list[tuple[str, str]]:
        query = select(agents.c.id, agents.c.name).where(agents.c.id != agent_id).order_by(agents.c.name)
        async with self.site.pages.database.read() as conn:
            return [(row.id, row.name) for row in await conn.execute(query)]

    # what the browser's telephone asks

    async def token(self, asked: Asked) -> Response:
        """`ear=1`: for a manager who listens in; else for the agent who looks."""
        if lacking := missing(self.site.account):
            told = asked.words("The telephone is not set up: %(names)s is missing.", names=", ".join(lacking))
            return JSONResponse({"told": told, "missing": lacking}, 409)
        identity = await self._ear(asked) if asked.request.query_params.get("ear") else await self._identity(asked)
        if identity is None:
            return JSONResponse({"told": asked.words("Calls do not come to this browser."), "missing": []}, 404)
        token = access_token(self.site.account, identity)
        return JSONResponse({"identity": identity, "token": token, "ttl": TTL_SECONDS})

    async def _ear(self, asked: Asked) -> str | None:
        return ear_of(asked.user) if asked.user.role in MANAGERS else None

    async def _identity(self, asked: Asked) -> str | None:
        if asked.user.agent_id is None:
            return None
        agent = await asked.api.get(f"/agents/{asked.user.agent_id}")
        return identity_of(agent["address"])

    async def beat(self, asked: Asked) -> Response:
        try:
            given = read_beat(await asked.body(), asked.user)
            told = await desks.beat(self.site.pages.database, given, now=self.site.pages.clock.now())
        except BadRequest as error:
            return JSONResponse({"told": str(error)}, 422)
        except desks.NotTheirs:
            return JSONResponse({"told": "This desk is somebody else's."}, 403)
        if told.restored:
            self.site.floor_changed()
        return JSONResponse({"phone": told.phone, "refused": told.refused, "restored": told.restored})

    async def leave(self, asked: Asked) -> Response:
        """Sent as the window closes: nobody waits for the answer."""
        try:
            given = read_beat(await asked.body(), asked.user)
        except BadRequest as error:
            return JSONResponse({"told": str(error)}, 422)
        pages = self.site.pages
        if await desks.leave(pages.database, given.desk_id, asked.user.user_id, now=pages.clock.now()):
            self.site.floor_changed()
        return Response(status_code=204)

    # what the agent does

    async def presence(self, asked: Asked) -> Response:
        pages, form = self.site.pages, await asked.form()
        typed = {name: str(value) for name, value in form.items()}
        try:
            chosen = presence.read(typed, now=pages.clock.now())
        except presence.Unclear as unclear:
            return self._away_again(asked, typed, {unclear.field: asked.words(str(unclear))})
        agent = await asked.api.get(f"/agents/{_mine(asked)}")
        # Whoever has a telephone of their own stays where they are when the window is closed.
        set_by = desk_of(asked.request) if identity_of(agent["address"]) else None
        try:
            async with pages.database.write() as conn:
                await set_availability(
                    conn,
                    _mine(asked),
                    chosen.availability,
                    chosen.reason,
                    now=pages.clock.now(),
                    back_at=chosen.back_at,
                    set_by=set_by if chosen.availability != Availability.OFFLINE else None,
                )
        except UnknownAgent:
            return asked.trouble(404, asked.words("This agent is not there any more."))
        self.site.floor_changed()
        return await self._after(asked)

    def _away_again(self, asked: Asked, typed: dict[str, str], errors: dict[str, str]) -> Response:
        if not asked.of_a_part:
            return asked.trouble(422, next(iter(errors.values())))
        answer = asked.page(
            "softphone/away.html", 422, typed=typed, errors=errors, minutes=presence.BACK_IN, choices=presence.CHOICES
        )
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#away-form", "outerMorph"
        return answer

    async def stand_in(self, asked: Asked) -> Response:
        chosen = str((await asked.form()).get("agent") or "") or None
        errors: dict[str, str] = {}
        try:
            await asked.api.put(f"/agents/{_mine(asked)}/stand-in", {"agent": chosen})
        except Refused as refused:
            errors["agent"] = asked.words.problem(refused.fields.get("agent") or refused.detail)
        if not asked.of_a_part:
            return asked.redirect("/desk") if not errors else asked.trouble(422, errors["agent"])
        agent = await asked.api.get(f"/agents/{_mine(asked)}")
        colleagues = await self._colleagues(_mine(asked))
        shown = {"agent": agent, "colleagues": colleagues, "errors": errors, "saved": not errors}
        return asked.page("softphone/stand_in.html", 422 if errors else 200, **shown)

    async def wrap_up(self, asked: Asked) -> Response:
        """`ready`: done with it; `more`: a minute longer."""
        what, agent_id, pages = asked.request.path_params["what"], _mine(asked), self.site.pages
        if what == "ready":
            await asked.api.post(f"/agents/{agent_id}/wrap-up/end")
        elif what == "more":
            if not await wrap_up.more_time(pages.database, agent_id, now=pages.clock.now()):
                return await self._after(asked, asked.words("That is as long as it gets; you may choose to be away."))
        else:
            return asked.trouble(404, asked.words("There is no such page."))
        return await self._after(asked)

    async def call(self, asked: Asked) -> Response:
        """Something is done with the call in hand, and only with the one that the page means."""
        what, meant = asked.request.path_params["what"], str((await asked.form()).get("call") or "")
        if what not in ("hold", "resume", "hang-up"):
            return asked.trouble(404, asked.words("There is no such page."))
        async with self.site.pages.database.read() as conn:
            line = await in_hand(conn, _mine(asked))
        if line is None or line.call_id != meant:
            return await self._after(asked)  # it is over already
        try:
            if what == "hang-up":
                await asked.api.post(f"/calls/{meant}/hang-up")
            else:
                await asked.api.post(f"/calls/{meant}/hold", {"on": what == "hold"})
        except Refused as refused:
            if refused.status not in (404, 409):
                raise
            return await self._after(asked, asked.words.problem(refused.detail))
        return await self._after(asked)

    async def _after(self, asked: Asked, problem: str | None = None) -> Response:
        """The telephone as it is now; `problem` stands in it once."""
        if not asked.of_a_part:
            return asked.redirect("/desk")
        return asked.page("softphone/phone.html", refused=problem, **await self._situation(asked))


def _mine(asked: Asked) -> str:
    assert asked.user.agent_id is not None, "the route is for who answers calls"
    return asked.user.agent_id
