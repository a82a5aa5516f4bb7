"""What a check says of a draft, in sentences, each beside what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from desk.pages import Asked
from desk.plan.changes import page_of
from desk.plan.editor import ADDRESS, Editor
from desk.plan.paths import Path, at
from desk.plan.views import PAGES, View

_PAGES: Mapping[str, str] = {"rule": "rules", "step": "skills", "agents": "worth", "phrases": "talks"}


@dataclass(frozen=True)
class Findings:
    editor: Editor

    async def show(self, asked: Asked) -> Response:
        """A piece for each place that the page has for one."""
        view = await self.editor.view(asked)
        places: dict[str, list[str]] = {}
        for where, what in await found(asked, view):
            places.setdefault(_slot(where), []).append(what)
        page, number = (asked.request.query_params.get(name, "") for name in ("page", "number"))
        slots = _slots(page, number, view)
        kinds = {place.partition(":")[0] for place in places if place not in slots}
        pages = {_PAGES.get(kind, "lines") for kind in kinds}
        rest = [(name, label) for name, label in PAGES if name in pages]
        return asked.page("plan/findings.html", places=places, slots=slots, rest=rest)


async def found(asked: Asked, view: View) -> list[tuple[str, str]]:
    """Place and sentence; nothing while the draft cannot be read: that is told beside the fields."""
    if view.errors:
        return []
    checked = await asked.api.post("/plan/check", view.body)
    return [(one["where"], asked.words.problem(one["what"])) for one in checked["findings"]]


def about(view: View, where: str) -> tuple[str, str]:
    """The page on which a finding is mended, and what is called so there."""
    kind, _, which = _slot(where).partition(":")
    page = _PAGES.get(kind, "lines")
    if kind == "rule":
        return _rule(view, int(which))
    if kind == "line":
        return _line(view, which)
    return _page(view, page)


def wrong_at(view: View, path: Path) -> tuple[str, str]:
    """The same of a place that is refused."""
    match path:
        case ("rules", int(n), *_):
            return _rule(view, n)
        case ("lines", str(number), *_):
            return _line(view, number)
        case ():
            return _page(view, "lines")
    return _page(view, page_of(path))


def _rule(view: View, n: int) -> tuple[str, str]:
    address, page = _page(view, "rules")
    name = at(view.body, ("rules", n, "name")) or view.words("(no name)")
    return f"{address}?open={n}", f"{page}, «{name}»"


def _line(view: View, number: str) -> tuple[str, str]:
    return f"{ADDRESS}/lines/{quote(number)}", view.tell.line(number)


def _page(view: View, name: str) -> tuple[str, str]:
    address = "/console/phrases" if name == "phrases" else f"{ADDRESS}/{name}"
    return address, view.words(dict(PAGES).get(name, "Phrases"))


def _slot(where: str) -> str:
    """Where a finding is shown: house, line:+39…, rule:2, step:1, agents, phrases."""
    for head, slot in (("rules[", "rule"), ("widen[", "step")):
        if where.startswith(head):
            return f"{slot}:{where.removeprefix(head).partition(']')[0]}"
    if where.startswith("lines."):
        return f"line:{where.split('.')[1]}"
    return {"hours": "house", "worth": "agents", "phrases": "phrases"}.get(where.partition(".")[0], "rest")


def _slots(page: str, number: str, view: View) -> Sequence[str]:
    """Those that the page has."""
    match page:
        case "lines":
            return ["house", *(f"line:{one}" for one, _ in view.lines)]
        case "line":
            return [f"line:{number}"]
        case "rules":
            return [f"rule:{n}" for n in range(len(view.rules))]
        case "skills":
            return [f"step:{n}" for n in range(len(view.value(("widen",))))]
        case "worth":
            return ["agents"]
        case "talks":
            return ["phrases"]
        case _:
            return []
