"""The pages of customers: which address is answered by what.  The list and a new person are here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from starlette.responses import Response
from starlette.routing import BaseRoute

from crm import audit, people
from crm.audit import What
from crm.tables import interactions
from desk.agents.known import colleagues
from desk.asking import Refused
from desk.customers import doubles, erasing, exporting, facts, importing, past, profile, rights, stories, together
from desk.pages import MANAGERS, Asked, errors_of
from desk.site import Site

PLACE = "customers"
MOST_FOUND = 30
LATEST = 12  # people
LOOKED_AT = 80  # of the latest conversations, for so many people


def routes(site: Site) -> list[BaseRoute]:
    route = site.pages.route

    def at(path: str, endpoint: Any, *methods: str) -> BaseRoute:
        return route(f"/console/customers{path}", endpoint, roles=MANAGERS, methods=methods or ("GET",))

    one, bringing, everybody = "/{customer_id}", importing.Importing(site), exporting.Everybody(site)
    return [
        at("", _list),
        at("/found", _found, "POST"),
        at("/new", _new),
        at("/new", _make, "POST"),
        at("/export", everybody.show),
        at("/export", everybody.file, "POST"),
        at("/export/prove", everybody.prove, "POST"),
        at("/duplicates", doubles.show),
        at("/duplicates/more", doubles.more),
        at("/duplicates/merge", doubles.merge, "POST"),
        at("/duplicates/apart", doubles.tell_apart, "POST"),
        at("/merges/{merge_id}/undo", doubles.undo, "POST"),
        at("/import", bringing.start),
        at("/import/file", bringing.bring, "POST"),
        at("/import/{job_id}", bringing.show),
        at("/import/{job_id}/load", bringing.load, "POST"),
        at("/import/{job_id}/progress", bringing.progress),
        at("/import/{job_id}/bad", bringing.bad_rows),
        at("/import/{job_id}/discard", bringing.discard, "POST"),
        at(one, profile.show),
        at(f"{one}/facts/{{part}}", profile.part),
        at(f"{one}/facts/{{part}}", profile.save, "POST"),
        at(f"{one}/given-up", profile.give_up, "POST"),
        at(f"{one}/around", profile.around),
        at(f"{one}/cases", profile.cases),
        at(f"{one}/cases", profile.add_case, "POST"),
        at(f"{one}/cases/{{case_id}}", profile.change_case, "POST"),
        at(f"{one}/story", past.show),
        at(f"{one}/timeline", past.timeline, "POST"),
        at(f"{one}/notes", past.write, "POST"),
        at(f"{one}/notes/{{note_id}}", past.change, "POST"),
        at(f"{one}/notes/{{note_id}}/remove", past.remove, "POST"),
        at(f"{one}/rights", rights.show),
        at(f"{one}/consents/{{kind}}", rights.consent, "POST"),
        at(f"{one}/vetoes", rights.decline, "POST"),
        at(f"{one}/vetoes/{{agent_id}}/remove", rights.allow, "POST"),
        at(f"{one}/export/{{kind}}", exporting.one),
        at(f"{one}/erase", erasing.show),
        at(f"{one}/erase", erasing.erase, "POST"),
        at(f"{one}/with/{{agent_id}}", together.show),
        *stories.routes(site),
    ]


async def _list(asked: Asked) -> Response:
    """With `again` nobody is looked at yet: the page asks at once for what was looked for before."""
    query = asked.request.query_params
    shown = {"waits": True} if "again" in query else await _latest(asked)
    return asked.page("customers/list.html", place=PLACE, told=query.get("told"), **shown)


async def _found(asked: Asked) -> Response:
    """As one types; names and numbers are typed here, so it is no address."""
    words = str((await asked.form()).get("q") or "").strip()
    if not words:
        return asked.page("customers/found.html", **await _latest(asked))
    hint, items = None, []
    try:
        items = (await asked.api.get("/customers", q=words[:200], limit=MOST_FOUND))["items"]
    except Refused as refused:
        hint = errors_of(refused, asked.words).get("q") or asked.words.problem(refused.detail)
    return asked.page("customers/found.html", latest=False, hint=hint, **await _shown(asked, items))


async def _latest(asked: Asked) -> dict[str, Any]:
    """Those talked with last, who are most likely looked for."""
    pages = asked.pages
    talks = interactions.c
    query = select(talks.customer_id, talks.started_at).order_by(talks.started_at.desc()).limit(LOOKED_AT)
    async with pages.database.read() as conn:
        rows = (await conn.execute(query)).all()
        ids = list(dict.fromkeys(row.customer_id for row in rows))[:LATEST]
        loaded = await people.load(conn, ids)
    await audit.seen(pages.database, asked.user.principal, What.SEARCHED, loaded, now=pages.clock.now())
    last = {row.customer_id: row.started_at for row in reversed(rows)}
    items = [one.model_dump(mode="json") | {"last_at": last[one.id]} for one in loaded.values()]
    return {"waits": False, "latest": True, "hint": None, **await _shown(asked, items)}


async def _shown(asked: Asked, items: list[dict[str, Any]]) -> dict[str, Any]:
    chosen = {one["preferred_agent"] for one in items if one["preferred_agent"]}
    return {"items": items, "most": MOST_FOUND, "agents": await colleagues(asked.pages.database, chosen)}


async def _new(asked: Asked) -> Response:
    fresh = facts.values_of({"formal": True, "language": asked.pages.house.language})
    return asked.page("customers/new.html", place=PLACE, values=fresh, errors={}, languages=facts.languages(None))


async def _make(asked: Asked) -> Response:
    typed = facts.read(await asked.form(), facts.NEW)
    errors: dict[str, str] = {}
    if not any(typed.body[name] for name in ("name", "phones", "email")):
        errors["name"] = asked.words("A name, a number or an e-mail is needed, or nobody could be known by it.")
    else:
        try:
            made = await asked.api.post("/customers", typed.body)
            return asked.redirect(f"/console/customers/{made['id']}?told=made")
        except Refused as refused:
            errors = errors_of(refused, asked.words, facts.field_names(typed))
    own = typed.values["language"]
    template = "customers/new_form.html" if asked.of_a_part else "customers/new.html"
    context = {"values": typed.values, "errors": errors, "languages": facts.languages(own)}
    return asked.page(template, 422, place=PLACE, **context)
