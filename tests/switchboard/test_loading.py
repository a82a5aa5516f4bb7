"""`centralino import` and `export` as an operator has them: bad rows in a file, whole files back again."""

from __future__ import annotations

import asyncio
import csv
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select

from crm.tables import audit, customers
from store.sql import Database
from switchboard.bad_rows import BadCards, BadRows, beside
from switchboard.cli import run
from switchboard.settings import Settings

BAD = "C-2;Ug\udce9;;x\nC-3;too;few\n;nobody;;y\n"
FILE = "\ufeffexternal_id;name;phones;shoe\nC-1;Maria \U0001f600;06 12345678;38\n" + BAD + 'C-4;"never closed;;\n'


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


async def counted() -> tuple[int, list[tuple[str, dict[str, object]]]]:
    database = Database(make_url("sqlite+aiosqlite:///.centralino/centralino.db"))
    async with database.read() as conn:
        count = await conn.scalar(select(func.count()).select_from(customers))
        told = [(row.what, row.detail) for row in await conn.execute(select(audit).order_by(audit.c.id))]
    await database.close()
    return count or 0, told


def test_bad_rows_are_kept_as_they_were_and_loaded_once_they_are_mended(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home / "c.csv", FILE)
    assert run(["import", "customers", "c.csv"]) == 3
    assert capsys.readouterr().err.endswith("what was skipped stands in c.errors.csv, to be mended and loaded\n")
    kept = (home / "c.errors.csv").read_bytes().decode("utf-8", "surrogateescape")
    assert list(csv.reader(kept.splitlines(keepends=True), delimiter=";")) == [
        ["line", "reason", "\ufeffexternal_id".strip("\ufeff"), "name", "phones", "shoe"],
        ["3", "not UTF-8", "C-2", "Ug\udce9", "", "x"],
        ["4", "3 cells where the header names 4 columns", "C-3", "too", "few"],
        ["5", "external_id: is missing", "", "nobody", "", "y"],
        ["6", "not readable as CSV: a quote is opened and not closed", 'C-4;"never closed;;'],
    ]
    mended = kept.replace("Ug\udce9", "Ugo").replace(";too;few", ";too;;few").replace(";;nobody", ";C-5;nobody")
    write(home / "mended.csv", "".join(mended.splitlines(keepends=True)[:-1]))
    assert run(["import", "customers", "mended.csv"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("3 loaded, 0 skipped\n", "columns that are not known and were ignored: shoe\n")
    assert not (home / "mended.errors.csv").exists()
    count, audited = asyncio.run(counted())
    assert count == 4
    assert audited == [
        ("imported", {"kind": "customers", "loaded": 1, "skipped": 4}),
        ("imported", {"kind": "customers", "loaded": 3, "skipped": 0}),
    ]


def test_of_many_bad_rows_the_first_are_told_and_all_are_kept(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "c.csv", "external_id,email\n" + "".join(f"C-{n},nobody\n" for n in range(25)))
    assert run(["import", "customers", "c.csv", "--errors", "bad.csv"]) == 3
    told = capsys.readouterr().err.splitlines()
    assert (len(told), told[-1]) == (21, "… and 5 more in bad.csv")
    assert len((home / "bad.csv").read_text().splitlines()) == 26


@pytest.mark.parametrize("errors", ["nowhere/bad.csv", "somebodys.csv"])
def test_where_bad_rows_cannot_be_kept_the_others_are_loaded_all_the_same(
    home: Path, capsys: pytest.CaptureFixture[str], errors: str
) -> None:
    write(home / "somebodys.csv", "external_id,shoe\nC-1,38\n")
    write(home / "c.csv", "external_id,email\nC-1,nobody\nC-2,\n")
    assert run(["import", "customers", "c.csv", "--errors", errors]) == 3
    told = capsys.readouterr()
    assert told.out == "1 loaded, 1 skipped\n"
    assert f"the bad rows cannot be written into {errors}: " in told.err
    assert (home / "somebodys.csv").read_text() == "external_id,shoe\nC-1,38\n"


@pytest.mark.parametrize(("kept", "raw"), [(BadRows, ["C-1", "é\nx"]), (BadCards, ["BEGIN:VCARD\nFN:é\nEND:VCARD\n"])])
def test_bad_rows_of_a_load_that_goes_on_stand_there_once(kept: type[BadRows], raw: list[str], home: Path) -> None:
    path = beside(home / "c.csv")
    first = kept(path)
    first.begin(["id", "name"], ",", goes_on=False)
    first.add(3, "bad", raw)
    first.add(4, "bad", raw)
    first.close()
    with path.open("a") as file:
        file.write("BEGIN:VCARD\nX-CENTRALINO-REASON:card 5: to" if kept is BadCards else '5,"torn')
    second = kept(path)
    second.begin(["id", "name"], ",", goes_on=True)
    for line in (4, 5):
        second.add(line, "bad", raw)
    second.close()
    whole = kept(home / "whole")
    whole.begin(["id", "name"], ",", goes_on=False)
    for line in (3, 4, 5):
        whole.add(line, "bad", raw)
    whole.close()
    assert path.read_bytes() == (home / "whole").read_bytes()


def test_a_load_that_is_killed_goes_on_when_it_is_run_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The real process and the real signal: what it had stored and told by then is not done again."""
    rows = [f"C-{n},n{n},{'nobody' if n % 100 == 99 else ''}\n" for n in range(3000)]
    write(home / "c.csv", "external_id,name,email\n" + "".join(rows))
    command = [sys.executable, "-m", "switchboard", "import", "customers", str(home / "c.csv")]
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": root}, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    told = [process.stderr.readline() for _ in range(6)]
    process.send_signal(signal.SIGKILL)
    told += process.communicate()[1].splitlines(keepends=True)
    before, _ = asyncio.run(counted())
    assert 0 < before < 2970
    assert run(["import", "customers", "c.csv"]) == 3
    said = capsys.readouterr()
    assert said.out == "2970 loaded, 30 skipped\n"
    assert "an earlier load was interrupted: it goes on at line " in said.err
    assert asyncio.run(counted())[0] == 2970
    kept = (home / "c.errors.csv").read_text().splitlines()
    lines = [int(line.partition(",")[0]) for line in kept[1:]]
    assert lines == [*range(101, 3002, 100)]
    assert len(told) >= 6


def test_everybody_can_be_written_into_a_file_and_loaded_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(home / "a.csv", "external_id,name,address\nA-1,Anna,client:anna\n")
    write(
        home / "c.csv",
        "external_id,name,phones,addresses,gender,formal,preferred_agent,stand_ins,tags,notes,life_notes\n"
        "C-1,=cmd|'/c calc'!A1,06 12345678|+393331234567,client:m|sip:a@b.example,f,no,A-1,A-1,@x|y,'-1,\"-a\nb\"\n"
        "C-2,\uff1dMaria,,,masculine,,,,,+39,\n",
    )
    assert run(["import", "agents", "a.csv"]) == run(["import", "customers", "c.csv"]) == 0
    for name in ("out.csv", "out.vcf"):
        assert run(["export", "customers", name]) == 0
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    exported = (home / "out.csv").read_text()
    for row in csv.reader(exported.splitlines(keepends=True)[1:]):
        assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\uff1d")]
    assert "'+390612345678|+393331234567" in exported
    assert run(["import", "customers", "out.csv", "--again"]) == run(["import", "vcard", "out.vcf"]) == 0
    capsys.readouterr()
    assert run(["export", "customers", "again.csv"]) == 0
    assert capsys.readouterr().out == "2 written\n"
    assert (home / "again.csv").read_text() == exported
    count, audited = asyncio.run(counted())
    assert count == 2
    assert audited[-1] == ("exported", {"kind": "csv", "customers": 2})
    assert run(["export", "customers", "out.txt"]) == 2
    assert run(["export", "customers", "nowhere/out.csv"]) == 1
