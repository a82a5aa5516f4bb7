from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from api.tables import tokens
from api.tokens import Guard
from crm.tables import customers, interactions
from routing.tables import agents
from store.sql import Database
from switchboard.cli import run
from switchboard.settings import Settings


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder to work in, and nothing set."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".centralino"


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """What stands on stderr: one line, and nothing on stdout."""
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("centralino: ")
    assert told.err.count("\n") == 1
    return told.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "Missing command"),
        (["dance"], "dance"),
        (["serve", "--frobnicate"], "--frobnicate"),
        (["serve", "--port", "99999"], "--port"),
        (["serve", "--workers", "0"], "--workers"),
        (["import", "customers", "nowhere.csv"], "nowhere.csv"),
        (["import", "poems", "x.csv"], "poems"),
        (["token", "create", "--name", "n"], "--role"),
        (["replay", "--from", "soon", "--calls", "x.csv"], "--from"),
        (["token", "create", "--name", "n", "--role", "king"], "king"),
        (["token", "create", "--name", "n", "--role", "agent"], "--agent"),
        (["token", "create", "--name", "n", "--role", "manager", "--agent", "agt_1"], "--agent"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert word in complaint(capsys)


def test_a_bad_setting_is_one_line_and_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIMEZONE", "Europe/Roma")
    assert run(["migrate"]) == 1
    assert complaint(capsys) == "centralino: TIMEZONE: not an IANA time zone like Europe/Rome: 'Europe/Roma'\n"


def test_a_database_that_is_away_is_one_line_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hunter2@127.0.0.1:1/name")
    assert run(["migrate"]) == 1
    message = complaint(capsys)
    assert "the database does not answer" in message
    assert "check DATABASE_URL" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "serve",
        "keeper",
        "carrier",
        "rehearse",
        "replay",
        "migrate",
        "doctor",
        "twilio",
        "import",
        "export",
        "token",
        "user",
    ],
)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert "Usage: centralino" in capsys.readouterr().out


def test_migrate_brings_the_schema_to_its_head_and_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate"]) == 0
    assert run(["migrate"]) == 0
    assert (home / "centralino.db").exists()
    assert capsys.readouterr().out.startswith("the schema is at ")


def test_a_token_stands_alone_on_stdout_and_opens_the_api(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "create", "--name", "the CRM", "--role", "service"]) == 0
    token = capsys.readouterr().out.strip()
    principal = asyncio.run(_who(home, token))
    assert principal == "service"
    assert token not in (home / "centralino.db").read_bytes().decode("latin-1")


async def _who(home: Path, token: str) -> str | None:
    database = Database(make_url(f"sqlite+aiosqlite:///{home}/centralino.db"))
    principal = await Guard(database, None).identify(f"Bearer {token}")
    async with database.read() as connection:
        assert (await connection.scalars(select(tokens.c.name))).all() == ["the CRM"]
    await database.close()
    return None if principal is None else principal.role


def test_a_token_for_an_agent_who_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "create", "--name", "n", "--role", "agent", "--agent", "agt_nobody"]) == 1
    assert "there is no agent agt_nobody" in complaint(capsys)


AGENTS = "external_id,name,address,languages,skills\nanna,Anna Bianchi,client:anna,it-IT|en-GB,billing:4\n"
CUSTOMERS = (
    "external_id;name;phones;preferred_agent;shoe_size\n"
    "CRM-1;Maria Rossi;06 1234 5678;anna;38\n"
    "CRM-2;Luca Verdi;not a number;;44\n"
    ";Nobody;;;\n"
)
HISTORY = (
    "external_id,customer,agent,channel,started_at,talk_seconds,outcome,topic,summary\n"
    "old-1,CRM-1,anna,voice,2026-03-02T10:00:00+01:00,312,solved,ipad,done\n"
)


def test_files_are_loaded_bad_rows_are_told_and_a_second_time_changes_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("agents", AGENTS), ("customers", CUSTOMERS), ("history", HISTORY)):
        (tmp_path / f"{name}.csv").write_text(text)
    for _ in range(2):
        assert run(["import", "agents", "agents.csv"]) == 0
        capsys.readouterr()
        assert run(["import", "customers", "customers.csv"]) == 3
        told = capsys.readouterr()
        assert "line 3: " in told.err
        assert "line 4: external_id" in told.err
        assert "shoe_size" in told.err
        assert told.out == "1 loaded, 2 skipped\n"
        assert run(["import", "history", "history.csv"]) == 0
    assert asyncio.run(_counts(home)) == {"agents": 1, "customers": 1, "interactions": 1}


async def _counts(home: Path) -> dict[str, int]:
    database = Database(make_url(f"sqlite+aiosqlite:///{home}/centralino.db"))
    async with database.read() as connection:
        counts = {
            table.name: len((await connection.execute(select(table.c.id))).all())
            for table in (agents, customers, interactions)
        }
    await database.close()
    return counts


def test_a_file_that_is_no_table_at_all_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text("colour\nred\n")
    assert run(["import", "customers", "x.csv"]) == 1
    assert "x.csv: " in capsys.readouterr().err
