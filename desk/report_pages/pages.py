"""The reports' pages.  The frame stands at once; figures follow, since a long span takes its time to count."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import BaseRoute

from crm.stories import harmless
from desk.asking import Refused
from desk.pages import MANAGERS, Asked
from desk.report_pages import figures
from desk.report_pages.figures import REPORTS, Report
from desk.site import Site

SPANS = {"7": "Last 7 days", "28": "Last 28 days", "91": "Last 13 weeks"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: `days` up to now, or from one day to another, both included."""

    report: Report
    days: str
    start: str
    end: str
    group: str

    def span(self, now: datetime, zone: str) -> tuple[datetime, datetime]:
        """From midnight to midnight by the house's clock, or to the present minute."""
        here = now.astimezone(ZoneInfo(zone))
        minute = here.replace(second=0, microsecond=0)
        midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.days in SPANS:
            return midnight - timedelta(days=int(self.days) - 1), minute
        start = datetime.fromisoformat(self.start).replace(tzinfo=here.tzinfo)
        end = datetime.fromisoformat(self.end).replace(tzinfo=here.tzinfo) + timedelta(days=1)
        return start, min(end, minute)

    @property
    def query(self) -> str:
        given = {"days": self.days, "from": self.start, "to": self.end, "group": self.group}
        return urlencode({name: value for name, value in given.items() if value})


def wanted(asked: Asked) -> Wanted:
    """What the address says; whatever it does not say is the usual."""
    query = asked.request.query_params
    report = REPORTS.get(asked.request.path_params.get("report", "people"), REPORTS["people"])
    start, end = (_day(query.get(name)) for name in ("from", "to"))
    days = query.get("days", "")
    if days not in SPANS and not (days == "own" and start and end):
        days = "7"
    group = query.get("group", "")
    return Wanted(report, days, start, end, group if group in report.groups else report.groups[0])


def _day(text: str | None) -> str:
    try:
        return datetime.strptime(text or "", "%Y-%m-%d").date().isoformat()
    except ValueError:
        return ""


def routes(site: Site) -> list[BaseRoute]:
    route = site.pages.route
    return [
        route("/console/reports", _frame, roles=MANAGERS),
        route("/console/reports/{report}.csv", _sheet, roles=MANAGERS),
        route("/console/reports/{report}/figures", _figures, roles=MANAGERS),
        route("/console/reports/{report}", _frame, roles=MANAGERS),
    ]


async def _frame(asked: Asked) -> Response:
    want = wanted(asked)
    words = asked.words
    named = {"day": words("Day"), "line": words("Line"), "team": words("Team"), "agent": words("Agent")}
    return asked.page(
        "reports/reports.html",
        place="reports",
        want=want,
        reports=[(one.name, words(one.label)) for one in REPORTS.values()],
        spans=[*((days, words(label)) for days, label in SPANS.items()), ("own", words("From … to …"))],
        groups=[(group, named[group]) for group in want.report.groups],
    )


async def _figures(asked: Asked) -> Response:
    want, f = wanted(asked), asked.formats
    start, end = want.span(asked.pages.clock.now(), asked.pages.house.zone)
    try:
        now, before, *by_day = await asyncio.gather(
            _ask(asked, want, start, end, want.group),
            _ask(asked, want, start - (end - start), start, None),
            *([] if want.group == "day" else [_ask(asked, want, start, end, "day")]),
        )
    except Refused as refused:
        return asked.trouble(refused.status, asked.words.problem(refused.detail))
    days = by_day[0] if by_day else now
    return asked.page(
        "reports/figures.html",
        want=want,
        tiles=[figures.tile(one, now["total"], before["total"], f) for one in want.report.lead],
        bars=figures.bars(want.report, now["total"], f),
        charts=figures.charts(want.report, days["items"], f) if len(days["items"]) > 1 else [],
        table=figures.table(want.report, now["items"], want.group, f),
        empty=not now["items"],
    )


async def _sheet(asked: Asked) -> Response:
    want = wanted(asked)
    start, end = want.span(asked.pages.clock.now(), asked.pages.house.zone)
    found = await _ask(asked, want, start, end, want.group)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in figures.sheet(want.report, found["items"], want.group, asked.formats, asked.words):
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    name = f"{want.report.name}-{start:%Y-%m-%d}-{end:%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # A spreadsheet takes a file for UTF-8 only if it begins so.
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


async def _ask(asked: Asked, want: Wanted, start: datetime, end: datetime, group: str | None) -> Mapping[str, Any]:
    query = {"from": start.isoformat(), "to": end.isoformat(), "group_by": group}
    found: Mapping[str, Any] = await asked.api.get(want.report.api, **query)
    return found
