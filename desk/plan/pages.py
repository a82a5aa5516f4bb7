"""`/console/plan`: the managers' rules, written without JSON.  Every change is kept at once, in one's own draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import phonenumbers
from starlette.responses import Response
from starlette.routing import BaseRoute

from desk.pages import Asked
from desk.plan import operations, rule_forms, week_forms, weeks
from desk.plan.editor import ADDRESS, Editor, at_place, page_named, saved, words_of
from desk.plan.findings import Findings
from desk.plan.operations import USUAL_LINE, Unusable
from desk.plan.paths import BadPath, Path, at, path_of, put
from desk.plan.publishing import Publishing
from desk.plan.replaying import Replaying
from desk.plan.trying import Trying
from desk.plan.views import tags_of
from desk.site import Site
from desk.viewer import Role

MOST_RULES = 100
PATTERNS: Mapping[str, tuple[str, Mapping[str, Any]]] = {  # what a new rule may begin as
    "empty": ("New rule", {"when": {"caller": {"known": True}}, "then": {}}),
    "weary": (
        "Tired of us",
        {"when": {"caller": {"weary_level_at_least": 2}}, "then": {"urgency_seconds": 60}},
    ),
    "tag": ("Special customers", {"when": {"caller": {"tag": ""}}, "then": {"urgency_seconds": 120}}),
    "lunch": (
        "Lunch",
        {
            "when": {"all": [{"hours": "Mo-Fr 12:30-14:00"}, {"floor": {"ready_at_most": 2}}]},
            "then": {"wait_unasked_seconds": 10},
        },
    ),
    "long": (
        "Has waited long",
        {"when": {"waited_at_least_seconds": 120}, "then": {"widen": [{"after_seconds": 0, "any_team": True}]}},
    ),
}


def routes(site: Site) -> list[BaseRoute]:
    editor = Editor.of(site)
    at, out = _Editing(editor), Publishing(editor)
    trying, replaying = Trying(editor), Replaying(editor)
    only: tuple[Role, ...] = ("manager",)
    post = ("POST",)
    add = site.pages.route
    return [
        add(ADDRESS, at.show, roles=only),
        add(f"{ADDRESS}/lines/{{number}}", at.line, roles=only),
        add(f"{ADDRESS}/lines", at.add_line, roles=only, methods=post),
        add(f"{ADDRESS}/draft", at.change, roles=only, methods=post),
        add(f"{ADDRESS}/hours", at.hours, roles=only, methods=post),
        add(f"{ADDRESS}/rules", at.add_rule, roles=only, methods=post),
        add(f"{ADDRESS}/rules/{{n:int}}", at.rule, roles=only, methods=post),
        add(f"{ADDRESS}/tags", at.tags, roles=only),
        add(f"{ADDRESS}/open", at.open_now, roles=only),
        add(f"{ADDRESS}/findings", Findings(editor).show, roles=only),
        add(f"{ADDRESS}/discard", out.discard, roles=only, methods=post),
        add(f"{ADDRESS}/review", out.review, roles=only),
        add(f"{ADDRESS}/publish", out.publish, roles=only, methods=post),
        add(f"{ADDRESS}/merge", out.merge, roles=only, methods=post),
        add(f"{ADDRESS}/history", out.history, roles=only),
        add(f"{ADDRESS}/restore", out.restore, roles=only, methods=post),
        add(f"{ADDRESS}/try", trying.show, roles=only),
        add(f"{ADDRESS}/try", trying.answer, roles=only, methods=post),
        add(f"{ADDRESS}/try/people", trying.people, roles=only, methods=post),
        add(f"{ADDRESS}/try/matters", trying.matters, roles=only),
        add(f"{ADDRESS}/replay", replaying.run, roles=only),
        add(f"{ADDRESS}/{{page}}", at.show, roles=only),
    ]


@dataclass(frozen=True)
class _Editing:
    editor: Editor

    async def show(self, asked: Asked) -> Response:
        page = asked.request.path_params.get("page", "lines")
        if page != page_named(page) or page in ("try", "history"):
            return asked.trouble(404, asked.words("There is no such page."))
        asked_for = asked.request.query_params.get("open", "")
        open_rule = int(asked_for) if asked_for.isascii() and asked_for.isdigit() else None
        return self.editor.show(asked, await self.editor.view(asked, open_rule=open_rule), page)

    async def line(self, asked: Asked) -> Response:
        number = asked.request.path_params["number"]
        view = await self.editor.view(asked)
        if number not in view.value(("lines",)):
            return asked.redirect(ADDRESS)
        return self.editor.show(asked, view, "line", number=number)

    async def add_line(self, asked: Asked) -> Response:
        """A number of ours that gets a name, hours or needs of its own."""
        form = await asked.form()
        typed, name = words_of(form, "number", 40), words_of(form, "name", 200).strip()
        number = _number(typed, self.editor.site.region)
        if number is None:
            wrong = asked.words("This is no telephone number. Please write it like +39 06 1234 5678.")
            view = await self.editor.view(asked, refused={("lines", "+"): wrong})
            return self.editor.show(asked, view, "lines", typed_number=typed, typed_name=name)

        def add(body: Any) -> Any:
            line = at(body, ("lines", number)) or dict(USUAL_LINE)
            return put(body, ("lines", number), line | ({"name": name} if name else {}))

        await self.editor.changed(asked, add)
        return asked.redirect(f"{ADDRESS}/lines/{number}")

    async def change(self, asked: Asked) -> Response:
        """One figure, or one entry more, less, higher or lower."""
        form = await asked.form()
        try:
            path = path_of(words_of(form, "path"))
            sent = [value for value in form.getlist("value") if isinstance(value, str)]
            do, key = words_of(form, "do"), words_of(form, "key").strip()
            change = operations.change_of(do, path, sent, key)
        except BadPath:
            return asked.trouble(400, asked.words("This page is out of date. Please load it again."))
        refused = at_place(path, await self.editor.changed(asked, change))
        return await self._again(asked, form, refused, moved=_moved(path, do, key))

    async def _again(self, asked: Asked, form: Any, refused: Mapping[Path, str], moved: int | None = None) -> Response:
        page, number = words_of(form, "page"), words_of(form, "number")
        open_rule = words_of(form, "open")
        opened = int(open_rule) if open_rule.isascii() and open_rule.isdigit() else None
        if moved is not None and page == "rules" and opened is not None:
            opened = moved if opened == _from(form) else None
        view = await self.editor.view(asked, refused=refused, open_rule=opened)
        response = self.editor.again(asked, view, page, number)
        if moved is None or refused:
            return saved(response)
        count = len(view.rules if page == "rules" else view.value(("widen",)))
        to = min(max(moved, 0), count - 1)
        told = asked.words("Now in place %(place)s of %(count)s.", place=to + 1, count=count)
        return saved(response, **{"entry-moved": {"to": to, "told": told, "list": page}})

    async def hours(self, asked: Asked) -> Response:
        """Opening hours by rows, or as text where rows do not do."""
        form = await asked.form()
        try:
            path = path_of(words_of(form, "path"))
            if operations.unit_of(path) not in ("text", "required"):
                raise BadPath(path)
        except BadPath:
            return asked.trouble(400, asked.words("This page is out of date. Please load it again."))
        page, number = words_of(form, "page"), words_of(form, "number")
        sheet = week_forms.sheet_of(form, self.editor.today(asked))
        text = _hours_text(words_of(form, "do"), words_of(form, "text"))
        if sheet.wrong and text is None:
            view = await self.editor.view(asked, sheets={path: sheet})
        else:
            told = await self.editor.changed(asked, _set_hours(path, text, sheet))
            view = await self.editor.view(asked, refused=at_place(path, told))
        return saved(self.editor.again(asked, view, page, number))

    async def add_rule(self, asked: Asked) -> Response:
        """A new one, from a pattern or as a copy of another (`copy`); it is opened."""
        form = await asked.form()
        pattern, copied = words_of(form, "pattern"), words_of(form, "copy")
        view = await self.editor.view(asked)
        names = {str(rule.get("name")) for rule in view.rules}

        def add(body: Any) -> Any:
            rules = at(body, ("rules",), [])
            if len(rules) >= MOST_RULES:
                raise Unusable("There are as many rules as there may be.")
            if copied.isascii() and copied.isdigit() and int(copied) < len(rules):
                n, rule = int(copied) + 1, dict(rules[int(copied)])
                rule["name"] = _free_name(str(rule.get("name")), names)
            else:
                name, begun = PATTERNS.get(pattern, PATTERNS["empty"])
                n, rule = len(rules), {"last": False, **begun, "name": _free_name(asked.words(name), names)}
            return put(body, ("rules",), [*rules[:n], rule, *rules[n:]])

        refused = at_place(("rules",), await self.editor.changed(asked, add))
        n = int(copied) + 1 if copied.isascii() and copied.isdigit() else len(view.rules)
        view = await self.editor.view(asked, open_rule=n, refused=refused)
        return saved(self.editor.again(asked, view, "rules"), **{"entry-opened": n})

    async def rule(self, asked: Asked) -> Response:
        """One rule as its form has it."""
        form, n = await asked.form(), asked.request.path_params["n"]
        line = (await self.editor.view(asked)).first_line

        def change(body: Any) -> Any:
            before = at(body, ("rules", n))
            if not isinstance(before, dict):
                raise BadPath(n)
            return put(body, ("rules", n), rule_forms.rule_of(form, before, line))

        refused = at_place(("rules",), await self.editor.changed(asked, change))
        view = await self.editor.view(asked, open_rule=n, refused=refused)
        return saved(self.editor.again(asked, view, "rules"))

    async def open_now(self, asked: Asked) -> Response:
        """Whether the house and its lines (or the one line `number`) are open now, to be shown anew."""
        view, number = await self.editor.view(asked), asked.request.query_params.get("number")
        house = view.value(("hours",))
        if number is not None:
            shown = [(one, line.get("hours") or house, "") for one, line in view.lines if one == number]
        else:
            shown = [("house", house, ""), *((one, line.get("hours") or house, "small") for one, line in view.lines)]
        return asked.page("plan/open.html", v=view, shown=shown)

    async def tags(self, asked: Asked) -> Response:
        async with self.editor.site.pages.database.read() as conn:
            return asked.page("plan/tags.html", tags=await tags_of(conn))


def _number(typed: str, region: str) -> str | None:
    try:
        read = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(read):
        return None
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def _hours_text(do: str, text: str) -> str | None:
    """What was said of the hours as a whole; None: the rows say it."""
    match do:
        case "text":
            return text.strip()
        case "own":
            return "Mo-Fr 09:00-18:00; PH off"
        case "house":
            return ""
        case _:
            return None


def _set_hours(path: Path, text: str | None, sheet: week_forms.Sheet) -> Any:
    def change(body: Any) -> Any:
        if not isinstance(at(body, path[:-1]), dict):
            raise BadPath(path)
        if text is not None:
            return put(body, path, text or (None if path[0] == "lines" else ""))
        before = weeks.week_of(at(body, path))
        week = replace(sheet.week, rows=() if sheet.week.always else sheet.week.rows)
        if before is not None and before.always and not (week.always or week.rows):
            week = replace(week, rows=(week_forms.OFFICE,))  # no more day and night is not closed for good
        if before == week:
            return body
        return put(body, path, weeks.text_of(week))

    return change


def _free_name(name: str, taken: set[str]) -> str:
    n, free = 1, name
    while free in taken:
        n += 1
        free = f"{name} {n}"
    return free


def _moved(path: Path, do: str, key: str) -> int | None:
    n = path[-1]
    if not isinstance(n, int) or do not in ("up", "down", "to"):
        return None
    return int(key) if do == "to" and key.isascii() and key.isdigit() else n + (-1 if do == "up" else 1)


def _from(form: Any) -> int | None:
    n = path_of(words_of(form, "path"))[-1]
    return n if isinstance(n, int) else None
