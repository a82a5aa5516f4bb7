"""One agent's page: what can be changed is changed where it stands, and what that does to people is said before."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.responses import Response

from crm import audit, people
from crm.audit import What
from desk.agents import forms, listing, theirs
from desk.agents.known import colleagues, presence_of, to_choose
from desk.asking import Refused
from desk.pages import Asked, errors_of
from desk.site import Site
from desk.softphone.presence import told_reason

PLACE = "agents"
MOST_SHOWN = 20
WORDS_FOR = {"made", "handed", "removed"}


class Profile:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, asked: Asked) -> Response:
        told = asked.request.query_params.get("told")
        context = await self._context(asked)
        return asked.page("agents/profile.html", place=PLACE, told=told if told in WORDS_FOR else None, **context)

    async def now(self, asked: Asked) -> Response:
        """What changes by itself: whether they are there."""
        return asked.page("agents/now.html", **await self._now(asked, await _agent(asked)))

    async def part(self, asked: Asked) -> Response:
        """One part as it stands; with `?edit` its fields."""
        part = _part(asked)
        if part is None:
            return asked.trouble(404, asked.words("There is no such page."))
        agent = await _agent(asked)
        if "edit" not in asked.request.query_params:
            return asked.page("agents/part.html", part=part, saved=False, **await self._facts(asked, agent))
        return await self._form(asked, agent, part, forms.values_of(agent), {})

    async def save(self, asked: Asked) -> Response:
        part, agent = _part(asked), await _agent(asked)
        if part is None:
            return asked.trouble(404, asked.words("There is no such page."))
        typed = forms.read(await asked.form(), asked.words, [part])
        if typed.body.get("address") == "client:":
            typed.errors["client"] = asked.words("Please say which one it is.")
        errors = dict(typed.errors)
        if not errors:
            try:
                agent = await asked.api.patch(f"/agents/{agent['id']}", typed.body)
                return asked.page("agents/part.html", part=part, saved=True, **await self._facts(asked, agent))
            except Refused as refused:
                errors = errors_of(refused, asked.words, forms.field_names(typed))
        return await self._form(asked, agent, part, forms.values_of(agent) | typed.values, errors, status=422)

    async def absences(self, asked: Asked) -> Response:
        return await self._absences(asked, await _agent(asked))

    async def add_absence(self, asked: Asked) -> Response:
        agent, given = await _agent(asked), await asked.form()
        starts_at, ends_at, errors = _span(asked, given)
        if not errors:
            body = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
            try:
                await asked.api.post(
                    f"/agents/{agent['id']}/absences", body | {"reason": _text(given, "reason") or None}
                )
            except Refused as refused:
                errors = errors_of(refused, asked.words, {"starts_at": "from_day", "ends_at": "to_day"})
        if errors:
            return await self._absences(asked, agent, given, errors, status=422)
        return await self._absences(asked, agent, saved=True)

    async def remove_absence(self, asked: Asked) -> Response:
        agent = await _agent(asked)
        await asked.api.delete(f"/agents/{agent['id']}/absences/{asked.request.path_params['absence_id']}")
        return await self._absences(asked, agent)

    async def touched(self, asked: Asked) -> Response:
        """Whose promises fall into the time that is being typed; said before it is saved."""
        agent = await _agent(asked)
        starts_at, ends_at, errors = _span(asked, await asked.form())
        if errors:
            return asked.page("agents/touched.html", asking=False, touched=[], agent=agent)
        touched = await self._promises(asked, agent, starts_at, ends_at)
        return asked.page("agents/touched.html", asking=True, touched=touched, agent=agent)

    async def people(self, asked: Asked) -> Response:
        """Whom they know best."""
        agent, pages = await _agent(asked), asked.pages
        known = await theirs.best_known(pages.database, asked.user.principal, agent["id"], pages.clock.now())
        return asked.page("agents/people.html", agent=agent, known=known)

    async def leave(self, asked: Asked) -> Response:
        agent = await _agent(asked)
        return asked.page("agents/leave.html", place=PLACE, error=None, **await self._leaving(asked, agent, None))

    async def figures(self, asked: Asked) -> Response:
        """The same with somebody chosen, who is remembered."""
        agent, chosen = await _agent(asked), _text(await asked.form(), "successor")
        error = None
        try:
            agent = await asked.api.patch(f"/agents/{agent['id']}", {"successor": chosen or None})
        except Refused as refused:
            error = errors_of(refused, asked.words).get("successor", asked.words.problem(refused.detail))
        return asked.page("agents/leaving.html", error=error, **await self._leaving(asked, agent, None))

    async def hand_over(self, asked: Asked) -> Response:
        agent = await _agent(asked)
        try:
            moved = await asked.api.post(f"/agents/{agent['id']}/hand-over", {"successor": None})
        except Refused as refused:
            told = asked.words.problem(refused.detail)
            return asked.page("agents/leaving.html", 409, error=told, **await self._leaving(asked, agent, None))
        return asked.page("agents/leaving.html", error=None, **await self._leaving(asked, agent, moved))

    async def remove(self, asked: Asked) -> Response:
        agent = await _agent(asked)
        try:
            await asked.api.delete(f"/agents/{agent['id']}")
        except Refused as refused:
            told = asked.words.problem(refused.detail)
            return asked.page("agents/leaving.html", 409, error=told, **await self._leaving(asked, agent, None))
        return asked.redirect("/console/agents?told=removed")

    async def _context(self, asked: Asked) -> dict[str, Any]:
        agent = await _agent(asked)
        now, house = asked.pages.clock.now(), asked.pages.house
        return {
            **await self._facts(asked, agent),
            **await self._now(asked, agent),
            "shift": listing.shift(agent["hours"], house, now),
            "hold": await theirs.held_by(asked.pages.database, agent["id"], now),
        }

    async def _facts(self, asked: Asked, agent: dict[str, Any]) -> dict[str, Any]:
        return {
            "agent": agent,
            "values": forms.values_of(agent),
            "known": await colleagues(
                asked.pages.database, [one for one in (agent["stand_in"], agent["successor"]) if one]
            ),
        }

    async def _now(self, asked: Asked, agent: dict[str, Any]) -> dict[str, Any]:
        found = await listing.beside(asked.pages.database, asked.pages.clock.now(), agent["id"])
        presence = presence_of(agent["availability"], agent["activity"])
        why = told_reason(agent["reason"], asked.words) if presence == "away" else ""
        return {"agent": agent, "presence": presence, "why": why, "beside": found.get(agent["id"], listing.Beside())}

    async def _form(
        self,
        asked: Asked,
        agent: dict[str, Any],
        part: str,
        values: dict[str, Any],
        errors: dict[str, str],
        status: int = 200,
    ) -> Response:
        known = await colleagues(asked.pages.database)
        everybody = await listing.everybody(asked.api) if part in ("who", "skills") else []
        return asked.page(
            "agents/part_form.html",
            status,
            part=part,
            agent=agent,
            values=values,
            errors=errors,
            nobody=to_choose(known, asked.words("Nobody"), but=[agent["id"]]),
            languages=forms.LANGUAGES,
            choices=listing.choices(everybody),
        )

    async def _absences(
        self,
        asked: Asked,
        agent: dict[str, Any],
        given: FormData | None = None,
        errors: dict[str, str] | None = None,
        *,
        saved: bool = False,
        status: int = 200,
    ) -> Response:
        now = asked.pages.clock.now()
        found = (await asked.api.get(f"/agents/{agent['id']}/absences", limit=MOST_SHOWN))["items"]
        coming = [one for one in found if datetime.fromisoformat(one["ends_at"]) > now]
        for one in coming:
            span = (datetime.fromisoformat(one[edge]) for edge in ("starts_at", "ends_at"))
            one["touched"] = await self._promises(asked, agent, *span)
        return asked.page(
            "agents/absences.html",
            status,
            agent=agent,
            coming=sorted(coming, key=lambda one: one["starts_at"]),
            over=[one for one in found if one not in coming],
            values={name: _text(given, name) if given else "" for name in _SPAN_FIELDS},
            errors=errors or {},
            saved=saved,
        )

    async def _promises(
        self, asked: Asked, agent: dict[str, Any], starts_at: datetime, ends_at: datetime
    ) -> list[dict[str, Any]]:
        """Open ones of this agent that come due in that time, with whose they are."""
        query = {"agent": agent["id"], "state": "open", "order": "due", "limit": MOST_SHOWN}
        spanned = {"due_from": starts_at.isoformat(), "due_to": ends_at.isoformat()}
        found: list[dict[str, Any]] = (await asked.api.get("/callbacks", **query, **spanned))["items"]
        database, now = asked.pages.database, asked.pages.clock.now()
        async with database.read() as conn:
            who = await people.load(conn, sorted({one["customer"] for one in found}))
        await audit.seen(database, asked.user.principal, What.SEARCHED, who, now=now)
        for one in found:
            one["name"] = who[one["customer"]].name if one["customer"] in who else None
        return found

    async def _leaving(self, asked: Asked, agent: dict[str, Any], moved: dict[str, Any] | None) -> dict[str, Any]:
        database, now = asked.pages.database, asked.pages.clock.now()
        known = await colleagues(database)
        shared = await theirs.who_knows_their_people(database, agent["id"], now)
        return {
            "agent": agent,
            "hold": await theirs.held_by(database, agent["id"], now),
            "known": known,
            "moved": moved,
            "nobody": to_choose(known, asked.words("Nobody yet"), but=[agent["id"]]),
            "suggested": [
                (known[one], shared.get(one, 0), one == agent["stand_in"]) for one in _suggested(agent, shared, known)
            ],
            "successor": known.get(agent["successor"] or ""),
        }


_SPAN_FIELDS = ("from_day", "from_time", "to_day", "to_time", "reason")
MOST_SUGGESTED = 3


def _suggested(agent: dict[str, Any], shared: Any, known: Any) -> list[str]:
    """Who might follow: the stand-in, then who knows most of the same people."""
    by_people = sorted(shared, key=lambda one: (-shared[one], one))
    named = [one for one in (agent["stand_in"], *by_people) if one in known and one != agent["id"]]
    return list(dict.fromkeys(named))[:MOST_SUGGESTED]


def _span(asked: Asked, given: FormData) -> tuple[datetime, datetime, dict[str, str]]:
    """From the first day's beginning to the last day's end, or the times that were given; in the house's zone."""
    zone, errors = ZoneInfo(asked.pages.house.zone), dict[str, str]()
    never = datetime.min.replace(tzinfo=zone)

    def moment(edge: str, otherwise: time, days: int) -> datetime:
        day, clock = _text(given, f"{edge}_day"), _text(given, f"{edge}_time")
        try:
            read = date.fromisoformat(day)
            if clock:
                return datetime.combine(read, time.fromisoformat(clock), zone)
            return datetime.combine(read + timedelta(days=days), otherwise, zone)
        except (ValueError, OverflowError):
            errors[f"{edge}_day"] = asked.words("Please give a day.")
            return never

    starts_at, ends_at = moment("from", time(), 0), moment("to", time(), 1)
    if not errors and ends_at <= starts_at:
        errors["to_day"] = asked.words("An absence ends after it has begun.")
    return starts_at, ends_at, errors


async def _agent(asked: Asked) -> dict[str, Any]:
    """Raises Refused."""
    found: dict[str, Any] = await asked.api.get(f"/agents/{asked.request.path_params['agent_id']}")
    return found


def _part(asked: Asked) -> str | None:
    part = str(asked.request.path_params["part"])
    return part if part in forms.PARTS else None


def _text(given: FormData, name: str) -> str:
    return str(given.get(name) or "").strip()
