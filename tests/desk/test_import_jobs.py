"""Files that were brought: what is kept of them, for how long, and what they are."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from crm.intake import Skipped
from desk.customers.import_jobs import Job, Jobs, State, as_line
from desk.customers.import_preview import guess


def test_a_row_that_was_told_twice_or_torn_is_there_once_or_not(tmp_path: Path) -> None:
    job = Job(tmp_path)
    rows = [
        Skipped(3, "not UTF-8", ("a\udcff", "b")),
        Skipped(2, "why", ("c",)),
        Skipped(3, "not UTF-8", ("a\udcff", "b")),
    ]
    job.bad.write_text("".join(as_line(row) for row in rows) + '{"line": 4, "rea', "ascii")
    assert [(row.line, row.raw) for row in job.bad_rows()] == [(2, ["c"]), (3, ["a\udcff", "b"])]


def test_of_many_bad_rows_no_more_is_read_than_is_shown(tmp_path: Path) -> None:
    job = Job(tmp_path)
    told = [as_line(Skipped(line, "why", ("x",))) for line in (2, 2, 3)]
    job.bad.write_text("".join(told) + "never read\n", "ascii")
    assert [row.line for row in job.first_bad_rows(2)] == [2, 3]


def test_what_has_been_lying_for_a_day_goes(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    for name, phase in (("imp_1", "brought"), ("imp_2", "loading"), ("imp_3", "brought")):
        folder = tmp_path / "imports" / name
        folder.mkdir(parents=True)
        job = Job(folder)
        job.write(State(phase, "customers"))  # type: ignore[arg-type]
        job.beat()
    yesterday = time.time() - 25 * 3600
    for name in ("imp_1", "imp_2"):
        os.utime(tmp_path / "imports" / name, (yesterday, yesterday))
    jobs.tidy()
    assert [job.id for job in jobs.all()] == ["imp_3", "imp_2"]
    assert jobs.find("../imports") is None


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("external_id,name,phones", "customers"),
        ("\ufeffname;external_id;address", "agents"),
        ("external_id,customer,started_at,outcome", "history"),
        ("BEGIN:VCARD\n", "vcard"),
        ("", "customers"),
    ],
)
def test_what_a_file_is_is_seen_at_its_beginning(tmp_path: Path, content: str, kind: str) -> None:
    path = tmp_path / "x"
    path.write_text(content)
    assert guess(path) == kind
