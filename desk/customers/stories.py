"""`/console/stories`: what people have told us, in their words; found by word, tag and time, and taken along without
names by those who make the product."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import FormData
from starlette.responses import Response
from starlette.routing import BaseRoute

from crm.searching import LONGEST_QUERY
from crm.tables import cases, customers, interactions
from desk.agents.known import colleagues
from desk.asking import Refused
from desk.customers.past import tags_in
from desk.customers.profile import PLACE
from desk.elsewhere import calls
from desk.pages import MANAGERS, Asked, errors_of
from desk.site import Site

HERE = "/console/stories"
AT_ONCE = 20
TAGS_AT_ONCE = 16  # the others unfold
BEGINS_AS_UTF_8 = b"\xef\xbb\xbf"  # or a spreadsheet takes it for something else
_KEPT_HEADERS = ("content-type", "content-disposition", "cache-control")


def routes(site: Site) -> list[BaseRoute]:
    route = site.pages.route
    return [
        route(HERE, _show, roles=MANAGERS),
        route(f"{HERE}/found", _found, roles=MANAGERS, methods=("POST",)),
        route(f"{HERE}/export", _export, roles=MANAGERS, methods=("POST",)),
        route(f"{HERE}/{{note_id}}/tags", _change_tags, roles=MANAGERS, methods=("POST",)),
    ]


@dataclass(frozen=True, slots=True)
class Filters:
    """As the form holds them.  `start` and `end` are days, both included."""

    q: str = ""
    tag: str = ""
    start: str = ""
    end: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Filters:
        """`choose` is the tag whose button was pressed, `tag` the one that was chosen before."""
        chosen = given.get("choose", given.get("tag"))
        return cls(
            q=str(given.get("q") or "").strip()[:LONGEST_QUERY].strip(),
            tag=str(chosen or "").strip()[:LONGEST_QUERY],
            start=str(given.get("from") or "").strip(),
            end=str(given.get("to") or "").strip(),
        )

    @property
    def narrowed(self) -> bool:
        return any((self.q, self.tag, self.start, self.end))

    def told(self, zone: str) -> dict[str, str | None]:
        """Words and time, as the API is asked; a day that cannot be read narrows nothing."""
        return {
            "q": self.q or None,
            "from": _midnight(self.start, ZoneInfo(zone)),
            "to": _midnight(self.end, ZoneInfo(zone), days=1),
        }

    def query(self, zone: str) -> dict[str, str | None]:
        return self.told(zone) | {"tag": self.tag or None}


async def _show(asked: Asked) -> Response:
    """With `again` nothing is read yet: the page asks at once for what was looked for before."""
    if "again" in asked.request.query_params:
        return asked.page("customers/stories.html", place=PLACE, waits=True)
    filters = Filters()
    context = await _page(asked, filters, None) | await _tags(asked, filters)
    return asked.page("customers/stories.html", place=PLACE, waits=False, **context)


async def _found(asked: Asked) -> Response:
    """As one types; or the next ones."""
    form = await asked.form()
    filters, cursor = Filters.read(form), str(form.get("cursor") or "")
    context = await _page(asked, filters, cursor or None)
    if cursor:
        return asked.page("customers/stories_more.html", **context)
    return asked.page("customers/stories_found.html", **context, **await _tags(asked, filters))


async def _export(asked: Asked) -> Response:
    """What is found, without names; it is written down who took it."""
    filters = Filters.read(await asked.form())
    answer = await asked.api.ask("GET", "/stories/export", query=filters.query(asked.pages.house.zone))
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    return Response(BEGINS_AS_UTF_8 + answer.body, headers=headers)


async def _change_tags(asked: Asked) -> Response:
    """Of one story, where it stands; who changed nothing undoes nothing of a colleague's."""
    form, note_id = await asked.form(), asked.request.path_params["note_id"]
    customer, typed = str(form.get("customer") or ""), str(form.get("tags") or "").strip()
    was = _was(form)
    story, error = {"id": note_id, "customer": customer, "tags": was}, None
    if typed != ", ".join(was):
        try:
            story = await asked.api.patch(f"/customers/{customer}/notes/{note_id}", {"tags": tags_in(typed)})
        except Refused as refused:
            if not refused.fields:
                raise
            error = next(iter(errors_of(refused, asked.words).values()))
    filters = Filters.read(form)
    return asked.page(
        "customers/stories_changed.html",
        422 if error else 200,
        one=story,
        error=error,
        saved=error is None,
        typed=typed if error else ", ".join(story["tags"]),
        filters=filters,
        **await _tags(asked, filters),
    )


def _was(form: FormData) -> list[str]:
    """The tags as they stood when the form was made."""
    try:
        was = json.loads(str(form.get("was") or "[]"))
    except ValueError:
        return []
    return [str(tag) for tag in was] if isinstance(was, list) else []


async def _page(asked: Asked, filters: Filters, cursor: str | None) -> dict[str, Any]:
    query = filters.query(asked.pages.house.zone)
    found = await asked.api.get("/stories", limit=AT_ONCE, cursor=cursor, **query)
    items = found["items"]
    async with asked.pages.database.read() as conn:
        people, topics = await _people(conn, items), await _topics(conn, items)
    return {
        "filters": filters,
        "items": items,
        "next": found["next"],
        "further": cursor is not None,
        "people": people,
        "topics": topics,
        "agents": await colleagues(asked.pages.database, {one["agent"] for one in items if one["agent"]}),
    }


async def _tags(asked: Asked, filters: Filters) -> dict[str, Any]:
    """Those of the stories with these words of that time, the most told of first; the chosen one is among them."""
    counted = (await asked.api.get("/stories/tags", **filters.told(asked.pages.house.zone)))["items"]
    tags = [(one["tag"], one["stories"]) for one in counted]
    first, rest = tags[:TAGS_AT_ONCE], tags[TAGS_AT_ONCE:]
    if filters.tag and filters.tag not in dict(first):
        first.append((filters.tag, dict(rest).get(filters.tag, 0)))
    return {"tags": first, "more_tags": [one for one in rest if one[0] != filters.tag]}


async def _people(conn: AsyncConnection, stories: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Whose reading has been written down with their stories."""
    who = customers.c
    query = select(who.id, who.name, who.called, who.photo_url).where(who.id.in_(_all("customer", stories)))
    return {row.id: row for row in await conn.execute(query)}


async def _topics(conn: AsyncConnection, stories: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By story, what the call was about in which it was told: as its talk says (who wrote the story down, first), else
    the case of the call."""
    sids, whose, talk = _all("call", stories), _all("customer", stories), interactions.c
    if not sids:
        return {}
    parts = [talk.external_id.startswith(f"{sid}/", autoescape=True) for sid in sids]  # of who was passed on
    of_calls = and_(talk.customer_id.in_(whose), or_(talk.external_id.in_(sids), *parts))
    topic = func.coalesce(talk.topic, cases.c.topic, cases.c.title).label("topic")
    talks = select(talk.external_id, talk.agent_id, topic).where(of_calls).order_by(talk.started_at)
    matters = select(calls.c.sid, func.coalesce(cases.c.topic, cases.c.title).label("topic")).where(
        calls.c.sid.in_(sids), calls.c.case_id == cases.c.id, cases.c.customer_id.in_(whose)
    )
    told: dict[tuple[str, str | None], str] = {}
    for row in await conn.execute(talks.outerjoin_from(interactions, cases, cases.c.id == talk.case_id)):
        sid = row.external_id.partition("/")[0]
        if row.topic:
            told.setdefault((sid, row.agent_id), row.topic)
            told.setdefault((sid, None), row.topic)
    for sid, about in (await conn.execute(matters)).all():
        if about:
            told.setdefault((sid, None), about)
    found = {one["id"]: told.get((one["call"], one["agent"])) or told.get((one["call"], None)) for one in stories}
    return {story: topic for story, topic in found.items() if topic}


def _all(name: str, stories: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted({one[name] for one in stories if one[name]})


def _midnight(day: str, zone: ZoneInfo, days: int = 0) -> str | None:
    """The midnight at which a day begins, or ends, by the clock of the house; null for what is no day."""
    try:
        found = date.fromisoformat(day) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return datetime.combine(found, time(), zone).isoformat() if 1900 < found.year < 2200 else None
