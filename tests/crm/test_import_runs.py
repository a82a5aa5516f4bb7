"""A load that is interrupted goes on where it stopped, and tells each bad row once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crm import intake
from crm.import_runs import new_run
from crm.imports import import_customers, import_history
from crm.intake import Begun, Event, Notice, Progress, Result, Skipped
from crm.tables import customers, import_runs
from store.clock import VirtualClock
from store.sql import Database

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "ROWS_IN_A_COMMIT", 10)


def written(path: Path, rows: list[str]) -> Path:
    path.write_text("external_id,name,phones\n" + "".join(f"{row}\n" for row in rows))
    return path


def many(count: int) -> list[str]:
    """Every seventh is bad."""
    return [f"C-{n},n{n},{'no number' if n % 7 == 3 else ''}" for n in range(count)]


async def told(loading: AsyncIterator[Event], commits: int | None = None) -> list[Event]:
    """What was told until so many commits were told, and then nobody listens any more."""
    heard: list[Event] = []
    async for event in loading:
        heard.append(event)
        if commits is not None and sum(isinstance(one, Progress) for one in heard) == commits:
            break
    return heard


def bad_lines(heard: list[Event]) -> list[int]:
    return [event.line for event in heard if isinstance(event, Skipped)]


async def names(database: Database) -> dict[str, str]:
    async with database.read() as conn:
        return {row.external_id: row.name for row in await conn.execute(select(customers))}


async def test_an_interrupted_load_goes_on_where_it_stopped(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    file = written(tmp_path / "c.csv", many(60))
    before = await told(import_customers(database, clock, file, "IT"), commits=4)
    assert len(await names(database)) == 34
    async with database.write() as conn:  # who looked at the first rows again would put this name back
        await conn.execute(customers.update().where(customers.c.external_id == "C-1").values(name="changed since"))
    after = await told(import_customers(database, clock, file, "IT"))
    assert after[0] == Begun(["external_id", "name", "phones"], ",", from_line=32)
    assert after[1] == Notice(
        "an earlier load was interrupted: it goes on at line 32, 26 loaded and 4 skipped before it"
    )
    assert after[-1] == Result(51, 9)
    assert sorted({*bad_lines(before), *bad_lines(after)}) == list(range(5, 62, 7))
    found = await names(database)
    assert len(found) == 51
    assert found["C-1"] == "changed since"


@on_sqlite
async def test_a_row_whose_customer_comes_again_later_is_not_forgotten_by_an_interruption(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    rows = ["twice,first,", *(f"C-{n},n{n}," for n in range(30)), "twice,,no number", "again,a,", "again,b,"]
    file = written(tmp_path / "c.csv", rows)
    await told(import_customers(database, clock, file, "IT"), commits=2)
    after = await told(import_customers(database, clock, file, "IT"))
    assert after[-1] == Result(33, 1)
    found = await names(database)
    assert (found["twice"], found["again"], len(found)) == ("first", "b", 32)


@on_sqlite
async def test_a_whole_load_is_known_again_unless_something_else_was_loaded_since(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    first, second = written(tmp_path / "a.csv", ["C-1,Maria,"]), written(tmp_path / "b.csv", ["C-1,Mary,"])

    async def load(file: Path, *, again: bool = False) -> tuple[Result, bool]:
        await clock.advance(1)
        heard = await told(import_customers(database, clock, file, "IT", again=again))
        assert isinstance(heard[-1], Result)
        return heard[-1], any(isinstance(event, Progress) for event in heard)

    assert await load(first) == (Result(1, 0), True)
    assert await load(first) == (Result(1, 0), False)
    assert await load(first, again=True) == (Result(1, 0), True)
    assert await load(second) == (Result(1, 0), True)
    assert await load(first) == (Result(1, 0), True)
    assert (await names(database))["C-1"] == "Maria"


@on_sqlite
async def test_a_load_with_bad_rows_is_looked_at_again_for_what_hindered_them_may_be_gone(
    database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    past = tmp_path / "h.csv"
    past.write_text("external_id,customer,started_at,outcome\nh-1,C-1,2026-03-02T10:00:00+01:00,solved\n")
    for result in (Result(0, 1), Result(0, 1)):
        assert (await told(import_history(database, clock, past)))[-1] == result
    await told(import_customers(database, clock, written(tmp_path / "c.csv", ["C-1,Maria,"]), "IT"))
    assert (await told(import_history(database, clock, past)))[-1] == Result(1, 0)
    async with database.read() as conn:
        assert await conn.scalar(select(func.count()).select_from(import_runs)) == 2


def test_a_mended_file_is_another_file_and_so_is_one_read_otherwise(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", many(3))
    runs = [new_run("customers", file, "IT"), new_run("customers", file, "DE"), new_run("history", file)]
    written(file, many(4))
    runs.append(new_run("customers", file, "IT"))
    assert len({run.id for run in runs if run}) == 4
