"""The editor's pages without a server or a browser: drawn, read as forms, and sent back as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from starlette.datastructures import FormData

from desk.formats import Formats
from desk.pages import _environment
from desk.plan import conditions, effects, operations, rule_forms, week_forms, weeks
from desk.plan.drafts import Draft
from desk.plan.fields import GROUPS
from desk.plan.pages import _set_hours
from desk.plan.paths import Path, at, path_of, put
from desk.plan.views import PAGES, AgentSeen, View
from desk.words import words_in
from routing.house import House

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
PEOPLE = (
    AgentSeen("agt_1", "Anna Bianchi", "north", {"loans": 3}, ("it-IT", "en-GB")),
    AgentSeen("agt_2", "Luca Verdi", None, {}, ("it-IT",)),
)
OF_THE_DRAFT, OF_HOURS, OF_A_RULE = "/console/plan/draft", "/console/plan/hours", "/console/plan/rules/"


def view_of(body: Mapping[str, Any], language: str = "en", open_rule: int | None = None) -> View:
    words = words_in(language)
    draft = Draft(3, body, body, 3, body)
    formats = Formats(words, HOUSE.zone, HOUSE.country)
    return View(draft, words, formats, HOUSE, NOW, PEOPLE, ("+390655550100",), open_rule=open_rule)


def drawn(view: View, page: str, **more: Any) -> str:
    environment = _environment(view.words.language)
    template = environment.get_template(f"plan/{'figures' if page in GROUPS else page}.html")
    context = {"v": view, "page": page, "pages": PAGES, "groups": GROUPS.get(page, ()), "f": view.formats, "now": NOW}
    return template.render(context | more)


def all_pages(body: Mapping[str, Any], language: str = "en") -> Iterator[str]:
    """Every page on which something is written, with each line and each rule opened."""
    view = view_of(body, language)
    for page in ("lines", "worth", "skills", "promises", "talks"):
        yield drawn(view, page)
    for number, _ in view.lines:
        yield drawn(view, "line", number=number)
    for n in range(max(len(view.rules), 1)):
        yield drawn(view_of(body, language, n), "rules")


@dataclass
class Form:
    action: str
    items: list[tuple[str, str]] = field(default_factory=list)
    typed: set[str] = field(default_factory=set)  # names of what a person can change

    @property
    def sent(self) -> FormData:
        return FormData(list(self.items))

    @property
    def path(self) -> Path:
        return path_of(dict(self.items)["path"])


class _Forms(HTMLParser):
    """What a browser would send of each form, had nobody pressed a button in it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._choice: tuple[str, list[tuple[str, bool]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._form = Form(given.get("action", ""))
            self.forms.append(self._form)
        elif tag == "input" and name and self._form is not None:
            if given.get("type") != "hidden":
                self._form.typed.add(name)
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._form.items.append((name, given.get("value", "")))
        elif tag == "select" and name:
            self._choice = (name, [])
        elif tag == "option" and self._choice is not None:
            self._choice[1].append((given.get("value", ""), "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._choice is not None and self._form is not None:
            name, options = self._choice
            self._choice = None
            chosen = next((value for value, on in options if on), options[0][0] if options else None)
            self._form.typed.add(name)
            if chosen is not None:
                self._form.items.append((name, chosen))


def forms_in(html: str) -> list[Form]:
    reader = _Forms()
    reader.feed(html)
    return reader.forms


def figures(form: Form) -> bool:
    """One that sets something, and does not add, remove or move."""
    return form.action == OF_THE_DRAFT and "value" in form.typed


def applied(form: Form, body: Any) -> Any:
    """The body once this form is sent as it stands."""
    sent = form.sent
    if figures(form):
        return operations.written(body, form.path, [str(one) for one in sent.getlist("value")])
    if form.action == OF_HOURS and form.typed & {"always", "r.0.opens"}:
        sheet = week_forms.sheet_of(sent, NOW.date())
        assert sheet.wrong == {}
        return _set_hours(form.path, None, sheet)(body)
    if form.action == OF_HOURS and "text" in form.typed:
        text = str(sent.get("text"))
        return body if weeks.week_of(text) is not None else _set_hours(form.path, text, sheet=_NO_SHEET)(body)
    if form.action.startswith(OF_A_RULE):
        n = int(form.action.removeprefix(OF_A_RULE))
        return put(body, ("rules", n), rule_forms.rule_of(sent, at(body, ("rules", n)), ""))
    return body


_NO_SHEET = week_forms.Sheet(weeks.Week())


def sent_back(pages: Iterator[str], body: Any) -> Any:
    """The body once every form of these pages is sent."""
    for html in pages:
        for form in forms_in(html):
            body = applied(form, body)
    return body


def meaning(body: Any) -> Any:
    """The same for two plans that say the same in other words: hours, conditions, what a rule changes."""
    found = {name: value for name, value in body.items() if name not in ("hours", "rules", "lines", "service")}
    found["hours"] = _hours(body["hours"])
    found["lines"] = {
        number: line | {"hours": line["hours"] and _hours(line["hours"])} for number, line in body["lines"].items()
    }
    found["service"] = body["service"] | {"call_hours": _hours(body["service"]["call_hours"])}
    found["rules"] = [
        (rule["name"], conditions.tidy(conditions.tree_of(rule["when"])), effects.rows_of(rule["then"]), rule["last"])
        for rule in body["rules"]
    ]
    return found


def _hours(text: str) -> Any:
    return weeks.week_of(text) or text
