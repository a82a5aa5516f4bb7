from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm.csvfile import UnusableFile
from crm.intake import Event, Notice, Progress, Result, Skipped
from routing.imports import import_agents
from routing.tables import agents
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import Asking

pytestmark = pytest.mark.anyio


async def load(database: Database, clock: VirtualClock, folder: Path, content: str) -> list[Event]:
    file = folder / "agents.csv"
    file.write_text(content, encoding="utf-8")
    return [event async for event in import_agents(database, clock, file, "IT", "it-IT")]


async def stored(database: Database) -> dict[str, dict[str, Any]]:
    async with database.read() as conn:
        return {row.external_id: dict(row._mapping) for row in await conn.execute(select(agents))}


def skipped(told: list[Event]) -> list[tuple[int, str]]:
    return [(event.line, event.reason) for event in told if isinstance(event, Skipped)]


async def test_agents_are_loaded_and_a_second_time_changes_nothing(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    content = (
        "hours;stand_in;external_id;name;shoe;address;languages;skills;team\n"
        "Mo-Fr 09:00-17:00;A-2;A-1;Anna D'Amico;38;client:anna;it_IT|en-GB;billing:4|english|at:night:2;support\n"
        ";A-1;A-2;Ugo;;333 1234567;;;\n"
    )
    told = await load(database, clock, tmp_path, content)
    assert told[1] == Notice("columns that are not known and were ignored: shoe")
    size = (tmp_path / "agents.csv").stat().st_size
    assert told[-2:] == [Progress(size, size), Result(2, 0)]
    before = await stored(database)
    anna, ugo = before["A-1"], before["A-2"]
    assert (anna["name"], anna["languages"], anna["team"]) == ("Anna D'Amico", ["it-IT", "en-GB"], "support")
    assert anna["skills"] == {"billing": 4, "english": 1, "at:night": 2}
    assert (anna["hours"], anna["availability"], anna["activity"]) == ("Mo-Fr 09:00-17:00", "offline", "idle")
    assert (ugo["address"], ugo["languages"], ugo["skills"]) == ("+393331234567", ["it-IT"], {})
    assert (anna["stand_in"], ugo["stand_in"]) == (ugo["id"], anna["id"])
    assert (await load(database, clock, tmp_path, content))[-1] == Result(2, 0)
    assert await stored(database) == before


async def test_only_what_the_file_says_otherwise_is_changed(ask: Asking, clock: VirtualClock, tmp_path: Path) -> None:
    written = {
        "name": "Anna",
        "address": "client:anna",
        "external_id": "A-1",
        "skills": {"billing": 4},
        "team": "sales",
    }
    anna = await ask.made("/agents", written)
    await ask("PUT", f"/agents/{anna['id']}/presence", {"availability": "ready"})
    await load(ask.database, clock, tmp_path, "external_id,name,address,team\nA-1,Anna B,client:anna,\n")
    now = (await ask.get(f"/agents/{anna['id']}")).json()
    assert now == anna | {"name": "Anna B", "team": None, "availability": "ready"}


async def test_a_bad_agent_is_told_by_line_and_the_others_are_loaded(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    told = await load(
        database,
        clock,
        tmp_path,
        "external_id,name,address,languages,skills,stand_in,hours\n"
        "A-1,Anna,client:anna,,,,\n"
        ",Nobody,client:x,,,,\n"
        "A-2,,client:x,,,,\n"
        "A-3,Ugo,nowhere,,,,\n"
        "A-4,Ugo,client:x,italiano,,,\n"
        "A-5,Ugo,client:x,,billing:high,,\n"
        "A-6,Ugo,client:x,,billing:0,,\n"
        "A-7,Ugo,client:x,,,,9-17\n"
        "A-8,Ugo,client:anna,,,,\n"
        "A-9,Ugo,client:x,,,A-99,\n"
        "A-10,Ugo,client:x,,,A-9,\n"
        "A-11,Ugo,client:x,,,A-11,\n"
        "A-12,Ugo,client:x,,,A-8,\n"
        "A-13,Ugo,client:y,,,A-1,\n",
    )
    assert [(line, reason.split(":")[0]) for line, reason in skipped(told)] == [
        (3, "external_id"),
        (4, "name"),
        (5, "address"),
        (6, "languages[0]"),
        (7, "skills"),
        (8, "skills.billing"),
        (9, "hours"),
        (10, "address"),
        (11, "stand_in"),
        (12, "stand_in"),
        (13, "stand_in"),
        (14, "stand_in"),
    ]
    assert told[-1] == Result(2, 12)
    now = await stored(database)
    assert now["A-13"]["stand_in"] == now["A-1"]["id"]


async def test_a_file_without_addresses_is_refused_whole(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    with pytest.raises(UnusableFile, match="lacks address"):
        await load(database, clock, tmp_path, "external_id,name\nA-1,Anna\n")


async def test_an_empty_file_loads_nobody(database: Database, clock: VirtualClock, tmp_path: Path) -> None:
    assert (await load(database, clock, tmp_path, "external_id,name,address\n"))[-1] == Result(0, 0)
