from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm import intake, people
from crm.imports import import_customers, import_history
from crm.intake import Event, Notice, Progress, Result, Skipped
from crm.tables import customers, interactions
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import Asking

pytestmark = pytest.mark.anyio


async def events(loading: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in loading]


def result(told: list[Event]) -> Result:
    assert isinstance(told[-1], Result)
    return told[-1]


def skipped(told: list[Event]) -> list[tuple[int, str]]:
    return [(event.line, event.reason) for event in told if isinstance(event, Skipped)]


async def everything(database: Database, table: Any) -> list[dict[str, Any]]:
    async with database.read() as conn:
        return [dict(row._mapping) for row in await conn.execute(select(table).order_by(table.c.external_id))]


@pytest.fixture
async def anna(ask: Asking) -> str:
    return str((await ask.made("/agents", {"name": "Anna", "address": "client:anna", "external_id": "A-1"}))["id"])


async def test_customers_are_loaded_and_a_second_time_changes_nothing(
    ask: Asking, anna: str, tmp_path: Path, clock: VirtualClock
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(
        "\ufefftags;colour;external_id;name;called;title;say;language;formal;phones;email;preferred_agent;notes\n"
        "vip|press;red;C-1;D'Amico, Zoë;Zoë;dottoressa;zo-E;it_it;no;"
        "06 12345678|+39 333 1234567;z@example.org;A-1;a cat\n"
        ";;C-2;;;;;;;;;;\n",
        encoding="utf-8",
    )
    told = await events(import_customers(ask.database, clock, file, "IT"))
    assert [event for event in told if isinstance(event, Notice)] == [
        Notice("columns that are not known and were ignored: colour")
    ]
    assert result(told) == Result(2, 0)
    before = await everything(ask.database, customers)
    async with ask.database.read() as conn:
        zoe, nobody = (await people.load(conn, [row["id"] for row in before])).values()
    assert (zoe.name, zoe.language, zoe.formal, zoe.preferred_agent) == ("D'Amico, Zoë", "it-IT", False, anna)
    assert (zoe.phones, zoe.tags) == (["+390612345678", "+393331234567"], ["vip", "press"])
    assert (nobody.name, nobody.formal, nobody.phones, nobody.tags) == (None, True, [], [])
    await clock.advance(60)
    assert result(await events(import_customers(ask.database, clock, file, "IT"))) == Result(2, 0)
    assert await everything(ask.database, customers) == before


async def test_only_what_the_file_says_otherwise_is_changed(ask: Asking, tmp_path: Path, clock: VirtualClock) -> None:
    written = {"external_id": "C-1", "name": "Maria", "notes": "a cat", "title": "dottoressa", "phones": ["0612345678"]}
    made = await ask.made("/customers", written)
    file = tmp_path / "customers.csv"
    file.write_text("external_id,name,title,phones\nC-1,Mary,,02 8901234\n")
    await events(import_customers(ask.database, clock, file, "IT"))
    now = (await ask.get(f"/customers/{made['id']}")).json()
    assert (now["name"], now["title"], now["phones"], now["notes"]) == ("Mary", None, ["+39028901234"], "a cat")


async def test_many_customers_change_at_once_each_into_their_own(
    ask: Asking, tmp_path: Path, clock: VirtualClock
) -> None:
    file = tmp_path / "customers.csv"
    header = "external_id,name,formal,phones,tags\n"
    file.write_text(header + "".join(f"C-{n},old,no,0612345678,old\n" for n in range(5)))
    await events(import_customers(ask.database, clock, file, "IT"))
    await clock.advance(60)
    rows = [f"C-{n},n{n},{'yes' if n % 2 else ''},02890123{n}|0612345678,a|b\n" for n in range(4)]
    file.write_text(header + "".join(rows) + "C-4,old,no,0612345678,old\n")
    await events(import_customers(ask.database, clock, file, "IT"))
    async with ask.database.read() as conn:
        now = await people.load(conn, [row["id"] for row in await everything(ask.database, customers)])
    *changed, same = now.values()
    for n, one in enumerate(changed):
        assert (one.name, one.formal, one.tags) == (f"n{n}", bool(n % 2), ["a", "b"])
        assert one.phones == [f"+3902890123{n}", "+390612345678"]
        assert one.changed_at > one.made_at
    assert (same.name, same.formal, same.phones, same.changed_at) == ("old", False, ["+390612345678"], same.made_at)


async def test_a_bad_customer_is_told_by_line_and_the_others_are_loaded(
    ask: Asking, anna: str, tmp_path: Path, clock: VirtualClock
) -> None:
    file = tmp_path / "customers.csv"
    file.write_bytes(
        b"external_id,name,language,formal,phones,email,preferred_agent\n"
        b"C-1,Maria,it-IT,true,0612345678,m@example.org,A-1\n"
        b",Nobody,,,,,\n"
        b"C-2,Ugo,italiano,,,,\n"
        b"C-3,Ugo,,perhaps,,,\n"
        b"C-4,Ugo,,,0612345678|hello,,\n"
        b"C-5,Ugo,,,,nobody,\n"
        b"C-6,Ugo,,,,,A-2\n"
        b"C-7,Ugo\n"
        b"C-8,U\xffgo,,,,,\n"
        b"C-9,U\x00go,,,,,\n"
        b"C-10,Ugo,,,,,\n"
    )
    told = await events(import_customers(ask.database, clock, file, "IT"))
    assert [(line, reason.split(":")[0]) for line, reason in skipped(told)] == [
        (3, "external_id"),
        (4, "language"),
        (5, "formal"),
        (6, "phones[1]"),
        (7, "email"),
        (8, "preferred_agent"),
        (9, "2 cells where the header names 7 columns"),
        (10, "not UTF-8"),
        (11, "name"),
    ]
    assert result(told) == Result(2, 9)
    assert [row["external_id"] for row in await everything(ask.database, customers)] == ["C-1", "C-10"]


async def test_a_customer_who_comes_twice_in_a_file_is_one(ask: Asking, tmp_path: Path, clock: VirtualClock) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("external_id,name\nC-1,Maria\nC-1,Mary\n")
    for _ in range(2):
        assert result(await events(import_customers(ask.database, clock, file, "IT"))) == Result(2, 0)
        (row,) = await everything(ask.database, customers)
        assert row["name"] == "Mary"


async def test_many_are_loaded_in_short_commits(
    ask: Asking, tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "ROWS_IN_A_COMMIT", 10)
    file = tmp_path / "customers.csv"
    file.write_text("external_id,name\n" + "".join(f"C-{n},n{n}\n" for n in range(25)) + ",bad\n")
    stored = []
    async for event in import_customers(ask.database, clock, file, "IT"):
        if isinstance(event, Progress):
            stored.append(len(await everything(ask.database, customers)))
            assert 0 < event.read_bytes <= event.of_bytes == file.stat().st_size
    assert stored == [10, 20, 25]


async def test_the_past_is_loaded_once(ask: Asking, anna: str, tmp_path: Path) -> None:
    maria = (await ask.made("/customers", {"name": "Maria", "external_id": "C-1"}))["id"]
    file = tmp_path / "history.csv"
    file.write_text(
        "external_id,customer,agent,channel,started_at,talk_seconds,outcome,topic,summary\n"
        "h-1,C-1,A-1,voice,2026-03-02T10:00:00+01:00,312,solved,ipad update,it works\n"
        f"h-2,{maria},,,2026-03-02 10:00:00Z,,Open,,\n"
        "h-1,C-1,A-1,voice,2026-03-02T10:00:00+01:00,312,open,other,other\n"
    )
    for _ in range(2):
        assert result(await events(import_history(ask.database, ask.clock, file))) == Result(3, 0)
        first, second = await everything(ask.database, interactions)
        assert (first["customer_id"], first["agent_id"], first["talk_seconds"]) == (maria, anna, 312)
        assert (first["outcome"], first["topic"], first["summary"]) == ("solved", "ipad update", "it works")
        assert (second["channel"], second["agent_id"], second["outcome"]) == ("voice", None, "open")
        assert first["started_at"].isoformat() == "2026-03-02T09:00:00+00:00"


async def test_a_bad_conversation_is_told_by_line_and_the_others_are_loaded(
    ask: Asking, anna: str, tmp_path: Path
) -> None:
    await ask.made("/customers", {"name": "Maria", "external_id": "C-1"})
    file = tmp_path / "history.csv"
    file.write_text(
        "external_id,customer,agent,started_at,talk_seconds,outcome\n"
        "h-1,C-1,A-1,2026-03-02T10:00:00+01:00,312,solved\n"
        "h-2,C-2,A-1,2026-03-02T10:00:00+01:00,312,solved\n"
        "h-3,C-1,A-2,2026-03-02T10:00:00+01:00,312,solved\n"
        "h-4,C-1,A-1,2026-03-02T10:00:00,312,solved\n"
        "h-5,C-1,A-1,2026-03-02T10:00:00+01:00,long,solved\n"
        "h-6,C-1,A-1,2026-03-02T10:00:00+01:00,-1,solved\n"
        "h-7,C-1,A-1,2026-03-02T10:00:00+01:00,312,fine\n"
        "h-8,,A-1,2026-03-02T10:00:00+01:00,312,solved\n"
        ",C-1,A-1,2026-03-02T10:00:00+01:00,312,solved\n"
        "h-9,C-1,A-1,2026-03-02T10:00:00+01:00,312.6,abandoned\n"
    )
    told = await events(import_history(ask.database, ask.clock, file))
    assert [(line, reason.split(":")[0]) for line, reason in skipped(told)] == [
        (3, "customer"),
        (4, "agent"),
        (5, "started_at"),
        (6, "talk_seconds"),
        (7, "talk_seconds"),
        (8, "outcome"),
        (9, "customer"),
        (10, "external_id"),
    ]
    assert result(told) == Result(2, 8)
    assert [row["talk_seconds"] for row in await everything(ask.database, interactions)] == [312, 313]
