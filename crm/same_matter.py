"""The same matter again: a conversation finds the case it belongs to, and one left open opens a solved case again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from crm.case_history import by_agent
from crm.cases import is_same, kept, reopen
from crm.matters import CaseKept, same_topic
from crm.references import AT_ONCE


async def join(conn: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Of conversations about to be written, those on the topic of a case of that person get its id.

    The case must have been there when the conversation ended, and be open, or solved no more than a month before.  The
    outcome `open` opens a solved one again, with the owner it had; `solved` leaves an open one to its owner.
    """
    about = [row for row in rows if row["case_id"] or same_topic(row.get("topic"))]
    people = sorted({row["customer_id"] for row in about})
    for start in range(0, len(people), AT_ONCE):
        part = set(people[start : start + AT_ONCE])
        theirs: dict[str, list[CaseKept]] = {}
        for case in await kept(conn, part):
            theirs.setdefault(case.customer_id, []).append(case)
        for row in sorted(about, key=lambda row: row["started_at"]):
            if row["customer_id"] in theirs:
                await _join(conn, row, theirs[row["customer_id"]])


async def _join(conn: AsyncConnection, row: dict[str, Any], cases: list[CaseKept]) -> None:
    at = _ended_at(row)
    if row["case_id"]:
        found = [case for case in cases if case.id == row["case_id"]]
    else:
        found = [case for case in cases if is_same(case, row.get("topic"), at)]
    case = max(found, key=lambda case: case.is_open, default=None)  # of equals the newest
    if case is None:
        return
    row["case_id"] = case.id
    if row["outcome"] == "open" and not case.is_open:
        await reopen(conn, case.id, by_agent(row["agent_id"]), at)
        cases[cases.index(case)] = replace(case, solved_at=None)


def _ended_at(row: dict[str, Any]) -> datetime:
    ended_at: datetime = row["started_at"] + timedelta(seconds=row["talk_seconds"])
    return ended_at
