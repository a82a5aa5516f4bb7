"""A draft becomes the plan: looked through, published with a note, brought onto what others did; and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from api.fields import parse_moment
from api.paging import encode_cursor
from crm.audit import What
from crm.tables import audit
from desk.asking import Refused
from desk.pages import Asked
from desk.plan.changes import changes
from desk.plan.drafts import as_written
from desk.plan.editor import ADDRESS, PLACE, Editor, words_of
from desk.plan.fields import field_at
from desk.plan.findings import about, found, wrong_at
from desk.plan.merging import merged
from desk.plan.paths import Path
from desk.plan.views import PAGES, View
from desk.tables import users
from routing.plan import Plan
from routing.plans import BUILT_IN

LONGEST_NOTE = 500
VERSIONS_SHOWN = 15


@dataclass(frozen=True)
class Publishing:
    editor: Editor

    async def discard(self, asked: Asked) -> Response:
        await self.editor.drafts.discard(asked.user.user_id)
        return asked.redirect(ADDRESS)

    async def review(self, asked: Asked) -> Response:
        return await self._review(asked, await self.editor.view(asked))

    async def _review(self, asked: Asked, view: View, status: int = 200, **more: Any) -> Response:
        context: dict[str, Any] = {"v": view, "page": "review", "pages": PAGES, "note": "", "problem_told": None} | more
        if view.draft.overtaken:
            context |= await self._conflict(asked, view)
        context["found"] = [(*about(view, where), what) for where, what in await found(asked, view)]
        context["wrong"] = [(*wrong_at(view, path), what) for path, what in view.errors.items()]
        template = "plan/review.html" if asked.of_a_part else "plan/whole.html"
        return asked.page(template, status, place=PLACE, part="plan/review.html", **context)

    async def _conflict(self, asked: Asked, view: View) -> Mapping[str, Any]:
        """What others have published since, and what both have touched."""
        draft = view.draft
        both = merged(draft.base, draft.body, draft.present).both
        newest = (await asked.api.get("/plan/versions", limit=1))["items"]
        authors = await self._authors(newest)
        return {
            "theirs": changes(draft.base, draft.present, view.tell),
            "both": [_named(path, view) for path in both],
            "author": authors.get(draft.present_version),
        }

    async def merge(self, asked: Asked) -> Response:
        """One's own changes onto the newest version."""
        draft = await self.editor.drafts.of(asked.user.user_id)
        body = merged(draft.base, draft.body, draft.present).body
        await self.editor.drafts.rebase(asked.user.user_id, draft.present_version, body)
        return asked.redirect(f"{ADDRESS}/review")

    async def publish(self, asked: Asked) -> Response:
        form = await asked.form()
        note = " ".join(words_of(form, "note", 5000).split())
        view = await self.editor.view(asked)
        if len(note) > LONGEST_NOTE:
            told = asked.words("A note has at most %(most)s letters.", most=LONGEST_NOTE)
            return await self._review(asked, view, 422, note=note, problem_told=told)
        if view.errors or view.draft.overtaken or not view.draft.begun:
            return await self._review(asked, view, 409, note=note)
        headers = {"If-Match": f'"{view.draft.base_version}"'} | ({"X-Note": note} if note else {})
        try:
            await asked.api.ask("PUT", "/plan", view.body, headers=headers)
        except Refused as refused:
            if refused.status == 412:  # between our look and this, somebody has published
                return await self._review(asked, await self.editor.view(asked), 409, note=note)
            told = "; ".join(asked.words.problem(what) for what in refused.fields.values()) or refused.detail
            return await self._review(asked, view, 422, note=note, problem_told=told)
        await self.editor.drafts.discard(asked.user.user_id)
        return asked.redirect(f"{ADDRESS}/history?published=1")

    async def history(self, asked: Asked) -> Response:
        cursor = asked.request.query_params.get("cursor")
        listed = await asked.api.get("/plan/versions", limit=VERSIONS_SHOWN + 1, cursor=cursor)
        view = await self.editor.view(asked)
        items = listed["items"]
        shown, more = items[:VERSIONS_SHOWN], len(items) > VERSIONS_SHOWN
        authors = await self._authors(shown)
        rows = []
        for n, one in enumerate(shown):
            before = items[n + 1]["plan"] if n + 1 < len(items) else as_written(BUILT_IN)
            readable = one["plan"] is not None and before is not None
            told = changes(before, one["plan"], view.tell) if readable else None
            rows.append(one | {"told": told, "by": authors.get(one["version"])})
        context = {"rows": rows, "next": encode_cursor((str(shown[-1]["version"]),)) if more else None}
        published = bool(asked.request.query_params.get("published"))
        return self.editor.show(asked, view, "history", published=published, first=cursor is None, **context)

    async def restore(self, asked: Asked) -> Response:
        """What an older version said becomes the draft's, to be looked through and published as any other."""
        form = await asked.form()
        version = words_of(form, "version", 12)
        if version == "0":
            plan: Any = as_written(BUILT_IN)
        else:
            plan = (await asked.api.get(f"/plan/versions/{version}"))["plan"]
        if plan is None:
            return asked.trouble(409, asked.words("This version cannot be read any more."))
        draft = await self.editor.drafts.of(asked.user.user_id)
        await self.editor.drafts.rebase(
            asked.user.user_id, draft.present_version, as_written(Plan.model_validate(plan))
        )
        return asked.redirect(f"{ADDRESS}/review")

    async def _authors(self, versions: Sequence[Mapping[str, Any]]) -> dict[int, str]:
        """Who published each of these, by name, where it was somebody at a desk: told by the audit's row."""
        instants = [parse_moment(one["at"]) for one in versions]
        query = (
            select(audit.c.detail, users.c.name)
            .join(users, users.c.id == audit.c.by)
            .where(audit.c.at.in_(instants), audit.c.what == What.PLAN_PUBLISHED)
        )
        async with self.editor.site.pages.database.read() as conn:
            rows = (await conn.execute(query)).all()
        return {row.detail["version"]: row.name for row in rows if row.detail}


def _named(path: Path, view: View) -> str:
    """What a place is called."""
    field = field_at(path)
    if field is not None:
        return view.words(field.label)
    match path:
        case ("rules", str(name)):
            return view.words("the rule «%(name)s»", name=name)
        case ("lines", str(number), *_):
            return view.tell.line(number)
        case ("worth", "agents", str(agent_id)):
            return view.tell.agent(agent_id)
        case ("hours",):
            return view.words("the house's hours")
        case ("widen", *_):
            return view.words("who else may answer")
        case ("phrases", str(language), *rest):
            return view.tell.situation(str(rest[0])) if rest else view.formats.language_name(language)
        case _:
            return view.words("a list")
