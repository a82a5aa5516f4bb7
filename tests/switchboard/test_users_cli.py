"""`centralino user`: the first manager is let in by a command, and nobody ever types a password there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from crm.tables import audit
from desk import invites, second_factor, sessions, users
from store.clock import SystemClock
from store.sql import Database
from switchboard.cli import run

PAOLA = ("--name", "Paola Neri", "--email", "Paola@Lume.example")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CENTRALINO_HOME", str(tmp_path))
    monkeypatch.setenv("PUBLIC_URL", "https://phone.lume.example")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_manager_is_invited_by_an_address_alone_on_stdout(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["user", "create", *PAOLA, "--role", "manager"]) == 0
    link = capsys.readouterr().out.strip()
    found = re.fullmatch(r"https://phone\.lume\.example/invite/([\w-]{43})", link)
    assert found is not None
    assert found[1] not in (home / "centralino.db").read_bytes().decode("latin-1")
    assert asyncio.run(_invited(home, found[1])) == "paola@lume.example"
    assert run(["user", "reset", "paola@lume.example"]) == 0
    again = capsys.readouterr().out.strip().rpartition("/")[2]
    assert asyncio.run(_invited(home, found[1])) is None
    assert asyncio.run(_invited(home, again)) == "paola@lume.example"


async def _invited(home: Path, secret: str) -> str | None:
    database = Database(make_url(f"sqlite+aiosqlite:///{home}/centralino.db"))
    async with database.read() as conn:
        user = await invites.invited(conn, secret, SystemClock().now())
        made = (await conn.scalars(select(audit.c.what))).all()
    await database.close()
    assert "user_made" in made
    return None if user is None else user.email


def test_who_has_lost_the_second_factor_is_helped_by_the_command(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["user", "create", *PAOLA, "--role", "manager"]) == 0
    assert asyncio.run(_with_second_factor(home)) == ("a code is asked for", [])
    assert run(["user", "reset-second-factor", "paola@lume.example"]) == 0
    assert capsys.readouterr().out.endswith("by the password alone; 1 session(s) ended\n")
    assert asyncio.run(_second_factor(home)) == ("the password is enough", ["second_factor_reset"])
    assert run(["user", "reset-second-factor", "paola@lume.example"]) == 1
    assert "has no second factor" in capsys.readouterr().err


async def _with_second_factor(home: Path) -> tuple[str, list[str]]:
    database, now = Database(make_url(f"sqlite+aiosqlite:///{home}/centralino.db")), SystemClock().now()
    async with database.write() as conn:
        user = await users.by_email(conn, "paola@lume.example")
        assert user is not None
        await second_factor.turn_on(conn, "key", user.id, second_factor.fresh(), 0)
        await sessions.begin(conn, user.id, "password", None, now)
    await database.close()
    return await _second_factor(home)


async def _second_factor(home: Path) -> tuple[str, list[str]]:
    database = Database(make_url(f"sqlite+aiosqlite:///{home}/centralino.db"))
    async with database.read() as conn:
        user = await users.by_email(conn, "paola@lume.example")
        done = (await conn.scalars(select(audit.c.what).where(audit.c.what == "second_factor_reset"))).all()
    await database.close()
    assert user is not None
    return "the password is enough" if user.second_factor is None else "a code is asked for", list(done)


def test_what_is_wrong_is_one_line_with_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "create", *PAOLA, "--role", "manager"]) == 0
    refused = {
        ("create", *PAOLA, "--role", "manager"): "--email: Somebody already signs in with this address.",
        ("create", "--name", "x", "--email", "x", "--role", "manager"): "--email: This is not an e-mail address.",
        ("create", "--name", "x", "--email", "x@y", "--role", "agent", "--agent", "no"): "there is no agent no",
        ("disable", "x@y"): "nobody signs in with x@y",
        ("disable", "paola@lume.example"): "The last manager who can sign in stays one",
        ("reset", "x@y"): "nobody signs in with x@y",
    }
    capsys.readouterr()
    for arguments, told in refused.items():
        assert run(["user", *arguments]) == 1, arguments
        err = capsys.readouterr().err
        assert err.startswith(f"centralino: {told}"), err
        assert err.count("\n") == 1


@pytest.mark.parametrize("more", [("--role", "boss"), ("--role", "agent"), ()])
def test_wrong_usage_is_code_2(more: tuple[str, ...]) -> None:
    assert run(["user", "create", *PAOLA, *more]) == 2


def test_who_there_is_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "create", *PAOLA, "--role", "manager"]) == 0
    capsys.readouterr()
    assert run(["user", "list"]) == 0
    assert capsys.readouterr().out == "paola@lume.example\tPaola Neri\tmanager\tinvited\tno second factor\n"


def test_the_list_tells_who_has_a_second_factor(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["user", "create", *PAOLA, "--role", "manager"]) == 0
    asyncio.run(_with_second_factor(home))
    capsys.readouterr()
    assert run(["user", "list"]) == 0
    assert capsys.readouterr().out.endswith("\tsecond factor\n")
