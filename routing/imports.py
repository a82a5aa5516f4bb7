"""Loading agents from CSV.

A stand-in may be named before their own row, and two may stand in for each other; so the whole file is read first,
rows that name nobody are set aside, then agents are written, and who stands in for whom at the end.  Of two rows
about one agent the later counts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import Problem
from crm.csvfile import CsvFile, CsvRow, listed
from crm.imports import checked, filled, read_row
from crm.intake import (
    ROWS_IN_A_COMMIT,
    BadCell,
    Begun,
    Event,
    Parsed,
    Progress,
    Result,
    Skipped,
    commit,
    notices,
)
from crm.references import agent_ids
from routing import roster
from routing.schemas import AgentFields
from store.clock import Clock
from store.sql import Database

LONGEST_LEVEL = 9  # characters: more digits than that are no level, and too many are no number even
AGENT_COLUMNS = ("external_id", "name", "address", "languages", "skills", "team", "stand_in", "hours")


async def import_agents(
    database: Database, clock: Clock, path: Path, region: str, language: str
) -> AsyncIterator[Event]:
    """Raises UnusableFile before anything is loaded."""
    with CsvFile(path, AGENT_COLUMNS, ["external_id", "name", "address"]) as file:
        yield Begun(file.header, file.delimiter)
        for notice in notices(file):
            yield notice
        read = [read_row(row, lambda row: agent_row(row, region)) for row in file.rows()]
        size = file.size_bytes
    good = [row for row in read if isinstance(row, Parsed)]
    bad = [row for row in read if isinstance(row, Skipped)]
    async with database.read() as conn:
        bad += await _set_aside(conn, good)
    good = list({row.values["external_id"]: row for row in _without(good, bad)}.values())
    for start in range(0, len(good), ROWS_IN_A_COMMIT):
        batch = good[start : start + ROWS_IN_A_COMMIT]
        bad += await commit(database, batch, lambda conn, rows: _write(conn, rows, clock, language))
        yield Progress(size * (start + len(batch)) // len(good), size)
    good = _without(good, bad)
    bad += await commit(database, good, lambda conn, rows: _write_stand_ins(conn, rows, clock))
    for row in sorted(bad, key=lambda row: row.line):
        yield row
    yield Progress(size, size)
    yield Result(len(read) - len(bad), len(bad))


def _without(rows: Sequence[Parsed], bad: Sequence[Skipped]) -> list[Parsed]:
    lines = {row.line for row in bad}
    return [row for row in rows if row.line not in lines]


def agent_row(row: CsvRow, region: str) -> Parsed:
    if not row.cells.get("external_id"):
        raise BadCell("external_id: is missing")
    values = filled(row, "external_id", "team", "stand_in", "hours")
    values |= {"name": row.cells["name"], "address": row.cells["address"]}
    if row.cells.get("languages"):
        values["languages"] = listed(row.cells["languages"])
    if "skills" in row.cells:
        values["skills"] = dict(_skill(part) for part in listed(row.cells["skills"]))
    clean = checked(AgentFields, values).model_dump(exclude_unset=True)
    try:
        clean["address"] = roster.read_address(clean["address"], region)
        if clean.get("hours") is not None:
            roster.check_hours(clean["hours"])
    except Problem as problem:
        raise BadCell(f"{problem.field}: {problem.detail}") from None
    return Parsed(row.line, clean, row.raw)


def _skill(part: str) -> tuple[str, int]:
    """`billing:4`; a skill without a level is of level 1."""
    name, separator, level = part.rpartition(":")
    if not separator:
        return part, 1
    if not level.strip().isdecimal() or len(level) > LONGEST_LEVEL or not name.strip():
        raise BadCell(f"skills: {part!r} is not written as NAME:LEVEL")
    return name.strip(), int(level)


async def _set_aside(conn: AsyncConnection, rows: Sequence[Parsed]) -> list[Skipped]:
    """Rows whose stand-in is neither known nor in a good row of the file; which may leave others without theirs."""
    named = [row.values["stand_in"] for row in rows if row.values.get("stand_in")]
    known = set(await agent_ids(conn, named))
    aside: dict[int, Skipped] = {}
    while True:
        here = known | {row.values["external_id"] for row in rows if row.line not in aside}
        lost = [(row, reason) for row in rows if row.line not in aside and (reason := _lost(row, here))]
        if not lost:
            return list(aside.values())
        aside |= {row.line: Skipped(row.line, reason, row.raw) for row, reason in lost}


def _lost(row: Parsed, here: set[str]) -> str | None:
    stand_in = row.values.get("stand_in")
    if stand_in is None:
        return None
    if stand_in == row.values["external_id"]:
        return "stand_in: nobody can stand in for themselves"
    return None if stand_in in here else f"stand_in: there is no agent {stand_in}"


async def _write(conn: AsyncConnection, rows: Sequence[Parsed], clock: Clock, language: str) -> list[Skipped]:
    known = await roster.by_external_id(conn, [row.values["external_id"] for row in rows])
    skipped: list[Skipped] = []
    for row in rows:
        values = {name: value for name, value in row.values.items() if name != "stand_in"}
        before = known.get(values["external_id"])
        try:
            await roster.refuse_twin(conn, {"address": values["address"]}, before.id if before else None)
        except Problem as problem:
            skipped.append(Skipped(row.line, f"address: {problem.detail}", row.raw))
            continue
        if before is None:
            fresh: dict[str, Any] = {"languages": [language], "skills": {}} | values
            await roster.add(conn, fresh, clock.now())
        else:
            changed = {name: value for name, value in values.items() if getattr(before, name) != value}
            await roster.change(conn, before.id, changed, clock.now())
    return skipped


async def _write_stand_ins(conn: AsyncConnection, rows: Sequence[Parsed], clock: Clock) -> list[Skipped]:
    naming = [row for row in rows if "stand_in" in row.values]
    known = await roster.by_external_id(conn, [row.values["external_id"] for row in naming])
    ids = await agent_ids(conn, [row.values["stand_in"] for row in naming if row.values["stand_in"]])
    skipped: list[Skipped] = []
    for row in naming:
        before, stand_in = known[row.values["external_id"]], row.values["stand_in"]
        if stand_in is not None and stand_in not in ids:  # their own row could not be taken in the end
            skipped.append(Skipped(row.line, f"stand_in: there is no agent {stand_in}", row.raw))
        elif before.stand_in != ids.get(stand_in or ""):
            await roster.change(conn, before.id, {"stand_in": ids.get(stand_in or "")}, clock.now())
    return skipped
