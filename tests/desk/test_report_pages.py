"""The reports' pages: figures as the API gives them, a time of one's own, files that run nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from desk.formats import Formats
from desk.report_pages.figures import REPORTS, tile, value, written
from desk.words import words_in
from tests.desk.browsing import Premises
from tests.routing.rows import add_call

pytestmark = pytest.mark.anyio
F = Formats(words_in("en"), "Europe/Rome", "IT")
FAMILIAR = REPORTS["people"].lead[0]


def of(count: int, all: int) -> dict[str, Any]:
    return {"returning_reached_familiar": {"count": count, "of": all, "share": count / all if all else None}}


def test_a_figure_says_how_it_changed_and_whether_that_is_good() -> None:
    shown = tile(FAMILIAR, of(60, 80), of(50, 80), F)
    assert (shown.told, shown.count, shown.change, shown.good) == ("75%", "60 of 80", "+12.5 points", True)
    assert tile(FAMILIAR, of(40, 80), of(50, 80), F).good is False
    assert tile(FAMILIAR, of(50, 80), of(50, 80), F).change == "as before"


def test_no_data_is_a_dash_and_no_change() -> None:
    shown = tile(FAMILIAR, of(0, 0), of(50, 80), F)
    assert (shown.told, shown.count, shown.change, shown.good) == ("–", "", "", None)


def test_what_cannot_be_known_yet_is_said() -> None:
    first = next(figure for figure in REPORTS["people"].lead if figure.path == "solved_at_first_contact")
    share = {"count": 3, "of": 4, "share": 0.75, "undecided": 2}
    assert tile(first, {first.path: share}, {}, F).count == "3 of 4, 2 not known yet"
    assert tile(first, {first.path: share | {"count": 0, "of": 0, "share": None}}, {}, F).count == "2 not known yet"


def test_nobody_is_measured_by_how_long_they_talk() -> None:
    shown = [figure for report in REPORTS.values() for figure in (*report.lead, *report.columns)]
    assert [figure.path for figure in shown if "talk_seconds" in figure.path or "handle" in figure.path] == []
    assert "agent" not in REPORTS["load"].groups + REPORTS["waiting"].groups


async def past(premises: Premises) -> None:
    """A call each on three days; the line's name would run in a sheet."""
    plan = await premises.api.get("/plan")
    lines = {"+390699990000": {"name": "=cmd|' /C calc'!A0"}}
    await premises.api.put("/plan", json=plan.json() | {"lines": lines}, headers={"If-Match": plan.headers["etag"]})
    now = premises.clock.now()
    async with premises.database.write() as conn:
        for n in range(3):
            at = now - timedelta(days=n, hours=1)
            ended = {"state": "ended", "outcome": "agent", "waited_seconds": 10.0 + n, "ended_at": at}
            await add_call(conn, f"call_{n}", at, sid=f"CA{n:032}", **ended)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_page_shows_what_the_api_says(premises: Premises) -> None:
    await past(premises)
    browser = await premises.browser()
    page = await browser.get("/console/reports/waiting?days=28")
    assert page.status_code == 200
    (address,) = re.findall(r'hx-get="(/console/reports/waiting/figures[^"]*)"', page.text)
    figures = await browser.get(unescape(address))
    total = (await premises.api.get("/reports/floor")).json()["total"]
    usual = REPORTS["waiting"].lead[1]
    assert written(value(total, usual), "seconds", F) == "11 s"
    assert "11 s" in figures.text
    (drawn,) = [unescape(text) for text in re.findall(r'data-chart="([^"]*)"', figures.text)][-1:]
    assert json.loads(drawn)["series"][0]["values"] == [12.0, 11.0, 10.0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_file_has_numbers_and_nothing_that_runs(premises: Premises) -> None:
    await past(premises)
    browser = await premises.browser()
    answer = await browser.get("/console/reports/waiting.csv?days=28&group=line")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["Line"] for row in rows] == ["'=cmd|' /C calc'!A0"]
    assert rows[0]["Usual wait (s)"] == "11"
    assert "attachment" in answer.headers["content-disposition"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_each_figure_that_leads_stands_in_the_table_and_the_file_as_well(premises: Premises) -> None:
    await past(premises)
    browser = await premises.browser()
    for name, report in REPORTS.items():
        assert set(report.lead) <= set(report.columns), name
        head = (await browser.get(f"/console/reports/{name}.csv?days=28")).text.splitlines()[0]
        assert [figure.label for figure in report.columns if figure.label not in head] == []
    people = list(csv.reader(io.StringIO((await browser.get("/console/reports/people.csv?days=28")).text)))
    assert sum(cell.startswith(FAMILIAR.label) for cell in people[0]) == 5  # of all, and by how often they had talked
    assert {len(row) for row in people} == {len(people[0])}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_time_of_ones_own_and_what_cannot_be_one(premises: Premises) -> None:
    await past(premises)
    browser = await premises.browser()
    own = await browser.get("/console/reports/waiting/figures?days=own&from=2026-03-03&to=2026-03-03")
    assert "10 s" in own.text
    turned = await browser.get("/console/reports/waiting/figures?days=own&from=2026-03-03&to=2026-02-03")
    assert turned.status_code == 422
    assert "begins before it ends" in turned.text
    assert (await browser.get("/console/reports/waiting?days=own&from=31%2F12&to=x")).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_reports_are_for_managers_and_an_empty_house_says_so(premises: Premises) -> None:
    agent = await premises.browser("agent", agent_id=await premises.agent())
    assert (await agent.get("/console/reports")).status_code == 403
    manager = await premises.browser(language="it")
    assert "non è successo nulla" in (await manager.get("/console/reports/people/figures")).text
