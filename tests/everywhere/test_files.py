"""CSV files as people bring them: whatever is wrong costs the row it stands in, told once, by its line, in words."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.csvfile import LONGEST_CELL, UnusableFile
from crm.imports import import_customers, import_history
from crm.intake import ROWS_IN_A_COMMIT, Event, Parsed, Result, Skipped, commit
from crm.tables import customers, interactions
from routing.imports import import_agents
from routing.tables import agents
from store.clock import VirtualClock
from store.sql import Database
from store.tables import events
from switchboard.cli import run
from switchboard.settings import Settings
from tests.api.asking import Asking

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HEADER = b"external_id,name,notes,email,preferred_agent\n"
GOOD = 'C-{n},"Rossi, Maria","two\nlines, and ""quotes""",m@example.org,\n'
BAD: Sequence[tuple[bytes, str]] = (  # each between good rows
    (b"C-x,Jos\xe9,,,\n", "not UTF-8"),
    (b"C-x,a\x00b,,,\n", "name: A text may not contain the NUL character."),
    (b"C-x,short\n", "2 cells where the header names 5 columns"),
    (b"C-x,long,,,,more\n", "6 cells where the header names 5 columns"),
    (b",nobody,,,\n", "external_id: is missing"),
    (b"C-x,,,nobody,\n", "email: This is not an e-mail address."),
    (b"C-x,,,,A-404\n", "preferred_agent: there is no agent A-404"),
    (b"C-x,a\rb,,,\n", "not readable as CSV: a line ends inside a cell that is not quoted"),
    (b'C-x,"never closed,,,\n', "not readable as CSV: inside a quoted cell a quote is written twice"),
    (b'C-x,"a "nick" name",,,\n', "not readable as CSV: inside a quoted cell a quote is written twice"),
    (
        b"C-x," + b"x" * (LONGEST_CELL + 1) + b",,,\n",
        f"not readable as CSV: a cell is longer than {LONGEST_CELL} characters",
    ),
    (b"C-x," + b"x" * 20_001 + b",,,\n", "name: String should have at most 20000 characters"),
    (b"C-\x1b[2J" + b"x" * 200 + b",,,,\n", "external_id: String should have at most 200 characters"),
)


async def told(loading: AsyncIterator[Event]) -> tuple[Result, list[tuple[int, str]]]:
    heard = [event async for event in loading]
    assert isinstance(heard[-1], Result)
    return heard[-1], [(event.line, event.reason) for event in heard if isinstance(event, Skipped)]


async def rows(database: Database, table: Any) -> list[dict[str, Any]]:
    async with database.read() as conn:
        return [dict(row._mapping) for row in await conn.execute(select(table).order_by(table.c.id))]


def mixed() -> tuple[bytes, int, list[tuple[int, str]]]:
    """A file, how many good rows it has, and its bad ones by line."""
    content, expected, n = HEADER, [], 0
    for bad, reason in BAD:
        for _ in range(2):
            content, n = content + GOOD.format(n=n).encode(), n + 1
        expected.append((content.count(b"\n") + 1, reason))
        content += bad
    content += b"C-last,last,,,\n"
    expected.append((content.count(b"\n") + 1, "not readable as CSV: a quote is opened and not closed"))
    return content + b'C-x,"the end,,,\nC-behind,behind,,,', n + 2, expected


async def test_every_bad_row_is_told_once_and_no_good_one_is_lost(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    content, good, expected = mixed()
    (tmp_path / "f.csv").write_bytes(content)
    result, bad = await told(import_customers(database, clock, tmp_path / "f.csv", "IT"))
    assert bad == expected
    assert result == Result(good, len(expected))
    kept = await rows(database, customers)
    assert len(kept) == good
    assert {row["notes"] for row in kept} == {'two\nlines, and "quotes"', None}
    await clock.advance(60)
    assert (await told(import_customers(database, clock, tmp_path / "f.csv", "IT")))[1] == expected
    assert await rows(database, customers) == kept


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_exit_code_says_how_it_went(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 nothing skipped, 3 some, 1 a file that is no use, 2 no file; without a terminal a line for each thing told."""
    content, good, expected = mixed()
    (home / "mixed.csv").write_bytes(content)
    (home / "good.csv").write_bytes(b"\xef\xbb\xbfnotes;external_id;shoe \x1b[31m\r\n;C-1;38\r\n")
    (home / "header.csv").write_bytes(HEADER)
    (home / "empty.csv").write_bytes(b"")
    (home / "latin.csv").write_bytes(b"external_id,t\xe9l\nC-1,1\n")
    (home / "wide.csv").write_bytes("external_id\n".encode("utf-16"))
    (home / "twice.csv").write_bytes(b"external_id,name,Name\n")
    for file, code, out, err in (
        (
            "mixed.csv",
            3,
            f"{good} loaded, {len(expected)} skipped\n",
            [f"line {n}: {why}" for n, why in expected]
            + ["what was skipped stands in mixed.errors.csv, to be mended and loaded"],
        ),
        ("good.csv", 0, "1 loaded, 0 skipped\n", ["columns that are not known and were ignored: shoe \\x1b[31m"]),
        ("header.csv", 0, "0 loaded, 0 skipped\n", []),
        ("empty.csv", 1, "", ["centralino: empty.csv: the header lacks external_id"]),
        ("latin.csv", 1, "", ["centralino: latin.csv: line 1, the header, is not UTF-8"]),
        ("wide.csv", 1, "", ["centralino: wide.csv: line 1, the header, is not UTF-8"]),
        ("twice.csv", 1, "", ["centralino: twice.csv: the header names a column twice: name"]),
    ):
        assert run(["import", "customers", file]) == code, file
        said = capsys.readouterr()
        assert (said.out, said.err.splitlines()) == (out, err), file
    for wrong in ("nowhere.csv", "."):
        assert run(["import", "customers", wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@on_sqlite
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
async def test_lines_may_end_in_any_way(
    database: Database, clock: VirtualClock, tmp_path: Path, end: bytes, mark: bytes
) -> None:
    """With blanks after the separator, as some write them, and none at the end of the last line."""
    lines = (b"external_id; name", b'C-1; "Rossi; Maria"', b"", b'C-2;"two', b'lines"', b"C-3", b"C-4;D'Amico")
    (tmp_path / "f.csv").write_bytes(mark + end.join(lines))
    result, bad = await told(import_customers(database, clock, tmp_path / "f.csv", "IT"))
    assert (result, bad) == (Result(3, 1), [(6, "1 cells where the header names 2 columns")])
    names = {row["external_id"]: row["name"] for row in await rows(database, customers)}
    assert names == {"C-1": "Rossi; Maria", "C-2": f"two{end.decode()}lines", "C-4": "D'Amico"}


@on_sqlite
async def test_of_rows_about_one_customer_the_last_good_one_counts_however_far_apart(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    between = [f"B-{n},between," for n in range(ROWS_IN_A_COMMIT * 2)]
    lines = ["external_id,name,email", "C-1,first,", *between, "C-1,last,", "C-1,bad,nobody"]
    (tmp_path / "f.csv").write_text("\n".join(lines))
    for _ in range(2):
        result, bad = await told(import_customers(database, clock, tmp_path / "f.csv", "IT"))
        assert (result, [line for line, _ in bad]) == (Result(len(between) + 2, 1), [len(lines)])
        (one,) = [row for row in await rows(database, customers) if row["external_id"] == "C-1"]
        assert (one["name"], one["changed_at"]) == ("last", one["made_at"])
        await clock.advance(60)


@on_sqlite
async def test_of_rows_about_one_agent_the_last_counts_and_a_second_time_changes_nothing(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    lines = (
        "external_id,name,address,stand_in",
        "A-1,Anna,client:anna,A-2",
        "A-2,Ugo,client:u,",
        "A-1,Anna B,client:ab,",
    )
    (tmp_path / "f.csv").write_text("\n".join(lines))
    before: list[Any] = []
    for _ in range(3):
        assert await told(import_agents(database, clock, tmp_path / "f.csv", "IT", "it-IT")) == (Result(3, 0), [])
        now = [await rows(database, agents), await rows(database, events)]
        assert {(row["name"], row["address"]) for row in now[0]} == {("Ugo", "client:u"), ("Anna B", "client:ab")}
        assert before in ([], now)
        before = now


@on_sqlite
async def test_a_chain_of_stand_ins_may_be_written_from_its_end(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    """Each is named before their own row; where the last of a chain is nobody, none of it can be taken."""
    chain = [f"A-{n},Agent,client:a{n},A-{n + 1}" for n in range(300)]
    lost = [f"L-{n},Agent,client:l{n},L-{n + 1}" for n in range(30)]
    (tmp_path / "f.csv").write_text(
        "\n".join(["external_id,name,address,stand_in", *lost, *chain, "A-300,Agent,client:a,A-0"])
    )
    result, bad = await told(import_agents(database, clock, tmp_path / "f.csv", "IT", "it-IT"))
    assert result == Result(301, 30)
    assert bad == [(n + 2, f"stand_in: there is no agent L-{n + 1}") for n in range(30)]
    known = {row["external_id"]: row for row in await rows(database, agents)}
    assert known["A-0"]["stand_in"] == known["A-1"]["id"]
    assert known["A-300"]["stand_in"] == known["A-0"]["id"]


@on_sqlite
async def test_a_figure_of_five_thousand_digits_costs_its_row_only(
    ask: Asking, clock: VirtualClock, tmp_path: Path
) -> None:
    digits = "9" * 5000
    file = tmp_path / "f.csv"
    file.write_text(
        f"external_id,name,address,skills\nA-1,Anna,client:a,x:{digits}\nA-2,Ugo,client:u,x:²\nA-3,Ada,client:c,x:3"
    )
    result, bad = await told(import_agents(ask.database, clock, file, "IT", "it-IT"))
    assert (result, [line for line, _ in bad]) == (Result(1, 2), [2, 3])
    await ask.made("/customers", {"external_id": "C-1"})
    started = "C-1,2026-03-02T10:00:00Z,solved"
    lines = [
        f"h-{n},{started},{seconds}" for n, seconds in enumerate((digits, "nan", "-1", "1e999", "1e12", "312", ""))
    ]
    file.write_text("\n".join(["external_id,customer,started_at,outcome,talk_seconds", *lines]))
    result, bad = await told(import_history(ask.database, ask.clock, file))
    assert (result, [line for line, _ in bad]) == (Result(2, 5), [2, 3, 4, 5, 6])
    assert sorted(row["talk_seconds"] for row in await rows(ask.database, interactions)) == [0, 312]


@on_sqlite
async def test_a_file_may_come_through_a_pipe(database: Database, clock: VirtualClock) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"external_id,name\nC-1,Maria\nC-1,Mary\n")
    os.close(writing)
    try:
        result, _ = await told(import_customers(database, clock, Path(f"/dev/fd/{reading}"), "IT"))
    finally:
        os.close(reading)
    assert result == Result(2, 0)
    assert [row["name"] for row in await rows(database, customers)] == ["Mary"]


class Raced:
    """Somebody else is quicker, so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.tried = times, 0

    async def write(self, conn: AsyncConnection, rows: Sequence[Parsed]) -> list[Skipped]:
        self.tried += 1
        if self.tried <= self.times:
            raise IntegrityError("INSERT", {}, ValueError("it is there already"))
        return [Skipped(2, "bad")]


@on_sqlite
async def test_what_somebody_else_writes_at_the_same_moment_costs_no_row(database: Database) -> None:
    for times, kept in ((2, True), (3, False)):
        raced = Raced(times)
        if kept:
            assert await commit(database, [], raced.write) == [Skipped(2, "bad")]
        else:
            with pytest.raises(IntegrityError):
                await commit(database, [], raced.write)
        assert raced.tried == 3


@on_sqlite
async def test_a_file_that_names_no_column_we_need_loads_nobody(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    for content in (b"name\nMaria\n", b"external_id\tname\nC-1\tMaria\n", b'"external_id\nC-1\n', b"\n", b"\x00\x00"):
        (tmp_path / "f.csv").write_bytes(content)
        with pytest.raises(UnusableFile):
            await told(import_customers(database, clock, tmp_path / "f.csv", "IT"))
    assert await rows(database, customers) == []
