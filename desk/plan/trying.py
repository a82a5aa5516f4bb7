"""One caller tried on the draft: who would be put through to whom at this moment, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.responses import Response

from desk.asking import Refused
from desk.pages import Asked, errors_of
from desk.plan.editor import Editor, words_of
from desk.plan.views import View
from desk.words import Words

PEOPLE_FOUND = 6
_BECAUSE: Mapping[str, str] = {
    "kept": "keeps them until it is solved",
    "preferred": "chosen by them",
    "case_owner": "holds their open matter",
    "familiar": "knows them",
    "stand_in": "stands in",
    "rule": "a rule says so",
    "skill": "more skill than is needed",
}
_SPARE: Mapping[str, str] = {
    "wanted": "often asked for by others",
    "load": "has had more work",
    "promise": "has promised a call",
}
_URGENT: Mapping[str, str] = {
    "repeated": "calls again about the same thing",
    "transferred": "was passed on",
    "broken_promise": "a promise was broken",
    "cut_off": "was cut off",
    "rule": "a rule says so",
}


@dataclass(frozen=True)
class Trying:
    editor: Editor

    async def show(self, asked: Asked) -> Response:
        view = await self.editor.view(asked)
        return self.editor.show(asked, view, "try", lines=view.line_options(None))

    async def people(self, asked: Asked) -> Response:
        """Customers who are found by what was typed; one letter finds nobody."""
        typed = str((await asked.asking()).get("q", "")).strip()[:200]
        items: list[Any] = []
        told = ""
        if len(typed) > 1:
            try:
                items = (await asked.api.get("/customers", q=typed, limit=PEOPLE_FOUND))["items"]
            except Refused as refused:
                told = errors_of(refused, asked.words).get("q", asked.words.problem(refused.detail))
        return asked.page("plan/people.html", items=items, typed=typed, told=told)

    async def matters(self, asked: Asked) -> Response:
        """The open cases of whoever was chosen."""
        customer = asked.request.query_params.get("customer", "")
        cases: list[Any] = []
        if customer:
            listed = await asked.api.get("/cases", customer=customer, state="open", limit=20)
            cases = [
                (one["id"], one["title"] or one["topic"] or asked.words("An open matter")) for one in listed["items"]
            ]
        return asked.page("plan/matters.html", cases=cases)

    async def answer(self, asked: Asked) -> Response:
        form = await asked.form()
        view = await self.editor.view(asked)
        if view.errors:
            told = asked.words("The draft cannot be tried before what is marked in it has been corrected.")
            return asked.page("plan/tried.html", v=view, wrong={"": told}, tried=None)
        try:
            given = _given(form, view)
        except ValueError as error:
            return asked.page("plan/tried.html", v=view, wrong={"at": asked.words(str(error))}, tried=None)
        try:
            tried = await asked.api.post("/plan/try", given)
        except Refused as refused:
            return asked.page("plan/tried.html", v=view, wrong=errors_of(refused, asked.words), tried=None)
        busy = set(given["busy"])
        others = [_row(one, asked.words) | {"busy": one["agent"] in busy} for one in tried["alternatives"]]
        gone = [(agent, view.tell.agent(agent)) for agent in busy if all(one["agent"] != agent for one in others)]
        urgent = [(asked.words(_URGENT.get(why, why)), seconds) for why, seconds in tried["urgent"].items()]
        return asked.page("plan/tried.html", v=view, wrong={}, tried=tried, others=others, urgent=urgent, gone=gone)


def _given(form: FormData, view: View) -> dict[str, Any]:
    """As the API takes it.  Raises ValueError for a time that is none."""
    given: dict[str, Any] = {"plan": view.body, "told_in": view.words.language}
    for name in ("customer", "case", "line", "language"):
        if text := words_of(form, name, 200):
            given[name] = text
    if moment := words_of(form, "at", 40):
        try:
            at = datetime.fromisoformat(moment)
        except ValueError:
            raise ValueError("Please give a day and a time.") from None
        given["at"] = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(view.house.zone))).isoformat()
    waited = words_of(form, "waited", 10).strip()
    given["waited_seconds"] = int(waited) if waited.isascii() and waited.isdigit() else 0
    given["floor"] = "on_shift" if words_of(form, "floor") == "on_shift" or moment else "now"
    given["busy"] = [agent for agent in form.getlist("busy") if isinstance(agent, str) and agent]
    return given


def _row(one: Mapping[str, Any], words: Words) -> dict[str, Any]:
    spare = sum(one["spare"].values())
    reasons: Sequence[str] = [_BECAUSE.get(why, why) for why in one["because"]]
    held: Sequence[str] = [_SPARE.get(why, why) for why in one["spare"]]
    return {
        "agent": one["agent"],
        "name": one["name"],
        "ready": one["ready"],
        "wait": one["wait_seconds"],
        "worth": one["worth_seconds"],
        "spare": spare,
        "cost": one["wait_seconds"] - one["worth_seconds"] + spare,
        "because": [words(reason) for reason in reasons],
        "held": [words(reason) for reason in held],
    }


def texts() -> list[str]:
    return [*_BECAUSE.values(), *_SPARE.values(), *_URGENT.values(), "Please give a day and a time."]
