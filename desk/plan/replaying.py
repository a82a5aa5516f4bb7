"""Past days under the draft and under the plan in force: told as it goes, and then what would have come of it.

The replay runs in a process of its own beside this one and ends with the page that asked for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sse_starlette import EventSourceResponse
from starlette.responses import Response

from api.problems import Problem
from desk.pages import Asked
from desk.plan.editor import Editor
from desk.plan.views import View
from routing.past import MOST_CONTACTS, contacts_in
from routing.plan import Plan
from routing.replay_api import LONGEST_SPAN, USUAL_SPAN, beside
from routing.replay_work import Question

SPANS = (1, 7, 14, 31)  # days
SHOWN = 30  # people who would fare worse


@dataclass(frozen=True)
class Replaying:
    editor: Editor

    async def run(self, asked: Asked) -> Response:
        """Events: `progress` with a share of 0 to 1, then `done` with the page's part."""
        return EventSourceResponse(self._events(asked), headers={"Cache-Control": "no-store"})

    async def _events(self, asked: Asked) -> AsyncIterator[dict[str, str]]:
        view = await self.editor.view(asked)
        days = asked.request.query_params.get("days", "")
        span = int(days) if days.isascii() and days.isdigit() and int(days) in SPANS else USUAL_SPAN.days
        refused = await self._refused(asked, view, span)
        if refused is not None:
            yield _done(asked, view, problem_told=refused)
            return
        told: asyncio.Queue[float] = asyncio.Queue()
        work = asyncio.ensure_future(
            beside(self._question(view, span), lambda done, of: told.put_nowait(done / of if of else 1.0))
        )
        try:
            while not work.done():
                waiting = asyncio.ensure_future(told.get())
                await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    yield {"event": "progress", "data": f"{waiting.result():.3f}"}
                else:
                    waiting.cancel()
            yield _answered(asked, view, work, span)
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await work

    async def _refused(self, asked: Asked, view: View, days: int) -> str | None:
        if view.errors:
            return asked.words("The draft cannot be tried before what is marked in it has been corrected.")
        end = view.now
        async with self.editor.site.pages.database.read() as conn:
            calls = await contacts_in(conn, end - days * LONGEST_SPAN / LONGEST_SPAN.days, end)
        if not calls:
            return asked.words("Nobody has called in these days, so there is nothing to try it on.")
        if calls > MOST_CONTACTS:
            return asked.words("These are more calls than a replay takes. Please choose fewer days.")
        return None

    def _question(self, view: View, days: int) -> Question:
        pages = self.editor.site.pages
        return Question(
            database=pages.database.url.render_as_string(hide_password=False),
            plan=Plan.model_validate(view.body),
            plan_version=None if view.draft.begun else view.draft.present_version,
            house=pages.house,
            start=view.now - days * LONGEST_SPAN / LONGEST_SPAN.days,
            end=view.now,
            beside=Plan.model_validate(view.draft.present) if view.draft.begun else None,
            told_in=view.words.language,
        )


def _answered(asked: Asked, view: View, work: asyncio.Future[bytes], days: int) -> dict[str, str]:
    try:
        answer = json.loads(work.result())
    except Problem as problem:
        return _done(asked, view, problem_told=asked.words.problem(problem.detail or problem.title))
    anyhow = set(answer.get("worse_anyhow") or ())
    worse = [one | {"anyhow": one["customer"] in anyhow} for one in answer["worse_off"]]
    worse.sort(key=lambda one: one["anyhow"])
    only = sum(not one["anyhow"] for one in worse)
    return _done(asked, view, answer=answer, worse=worse[:SHOWN], only=only, days=days)


def _done(asked: Asked, view: View, **context: Any) -> dict[str, str]:
    given = {"answer": None, "worse": [], "only": 0, "problem_told": None, "days": 7} | context
    page = asked.page("plan/replayed.html", v=view, **given)
    return {"event": "done", "data": bytes(page.body).decode()}
