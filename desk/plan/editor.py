"""What the routes of the editor have in common: who writes, their draft, and how a page of it is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from desk.pages import Asked
from desk.plan.drafts import Drafts
from desk.plan.fields import GROUPS
from desk.plan.operations import Unusable
from desk.plan.paths import BadPath, Path
from desk.plan.views import PAGES, View, agents_seen, numbers_called
from desk.plan.week_forms import Sheet
from desk.site import Site

PLACE, ADDRESS = "plan", "/console/plan"
Says = Callable[[View], Mapping[str, Any]]  # what a page shows besides the draft


@dataclass(frozen=True)
class Editor:
    site: Site
    drafts: Drafts

    @classmethod
    def of(cls, site: Site) -> Editor:
        return cls(site, Drafts(site.pages.database, site.pages.clock, site.plans))

    async def view(
        self,
        asked: Asked,
        *,
        sheets: Mapping[Path, Sheet] | None = None,
        refused: Mapping[Path, str] | None = None,
        open_rule: int | None = None,
    ) -> View:
        pages = self.site.pages
        draft = await self.drafts.of(asked.user.user_id)
        async with pages.database.read() as conn:
            people, numbers = await agents_seen(conn), await numbers_called(conn)
        return View(
            draft,
            asked.words,
            asked.formats,
            pages.house,
            pages.clock.now(),
            people,
            numbers,
            sheets or {},
            open_rule,
            refused or {},
        )

    def show(self, asked: Asked, view: View, page: str, **more: Any) -> Response:
        """A page of the editor, or the part of it that changes with each change."""
        template = f"plan/{'figures' if page in GROUPS else page}.html"
        context: dict[str, Any] = {
            "v": view,
            "page": page,
            "pages": PAGES,
            "groups": GROUPS.get(page, ()),
            "part": template,
        } | more
        if asked.of_a_part:
            return asked.page(template, **context)
        return asked.page("plan/whole.html", place=PLACE, **context)

    def again(self, asked: Asked, view: View, page: str, number: str = "") -> Response:
        """The page that a change came from, as it is now."""
        if page == "line" and number in view.value(("lines",)):
            if asked.of_a_part:
                return self.show(asked, view, page, number=number)
            return asked.redirect(f"{ADDRESS}/lines/{number}")
        page = page_named(page)
        if asked.of_a_part:
            return self.show(asked, view, page)
        opened = f"?open={view.open_rule}" if page == "rules" and view.open_rule is not None else ""
        return asked.redirect(f"{ADDRESS}/{page if page != 'lines' else ''}{opened}".rstrip("/"))

    def today(self, asked: Asked) -> date:
        today = asked.formats.instant(self.site.pages.clock.now())
        assert today is not None
        return today.date()

    async def changed(self, asked: Asked, change: Callable[[Any], Any]) -> str | None:
        """Carries a change out; why it could not be done, in words."""
        try:
            await self.drafts.change(asked.user.user_id, change)
        except BadPath:
            return asked.words("This has changed meanwhile; here is how it stands now.")
        except Unusable as error:
            return asked.words(str(error))
        return None


def at_place(path: Path, told: str | None) -> dict[Path, str]:
    return {} if told is None else {path: told}


def saved(response: Response, **told: Any) -> Response:
    """Tells the page that the draft has changed, and whatever else it is to know."""
    response.headers["HX-Trigger"] = json.dumps({"plan-saved": True} | told)
    return response


def words_of(form: FormData, name: str, longest: int = 2000) -> str:
    value = form.get(name)
    return value[:longest] if isinstance(value, str) else ""


def page_named(name: str) -> str:
    """Of a form that says where it stands; the first for anything else."""
    return name if name in dict(PAGES) else PAGES[0][0]
