"""What the invented company's conversations left behind in the last four weeks: calls, who was reserved, promises.

Made from the conversations that are there, so that reports and timelines agree; the same every time.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callbacks
from crm.tables import cases, notes
from ivr.tables import calls
from routing.tables import reservations
from switchboard.company_people import LINE, STORIES, TO_COME

ROME = ZoneInfo("Europe/Rome")
RECENT = timedelta(days=28)
CALLED_BACK, LEFT_A_MESSAGE = 0.07, 0.02  # of those who waited, what they took instead
FOLLOWED_UP = 0.04  # of the solved talks
ASKED, INTRODUCED = 0.35, 0.75  # who told us whether it is solved; transfers with an introduction
OFFERED_AFTER, TOLD_AFTER = 14.0, 9.0  # seconds
ROWS_AT_ONCE = 500

Row = dict[str, Any]


@dataclass(slots=True)
class Ledger:
    """Rows as the tables take them, of what was until a moment."""

    until: datetime = datetime.max
    calls: list[Row] = field(default_factory=list)
    reservations: list[Row] = field(default_factory=list)
    promises: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    notes: list[Row] = field(default_factory=list)


def keep(
    interactions: Sequence[Row],
    customers: Sequence[Row],
    phones: Sequence[Row],
    agents: Mapping[str, str],
    now: datetime,
    new_id: Any,
    seed: int = 2,
) -> Ledger:
    """`interactions` in order of time; those of the last weeks get the SID of their call as `external_id`.

    `agents`: key -> id; `new_id(prefix, at, dice)` as the company makes its own.
    """
    dice, ledger = random.Random(seed), Ledger(now)
    people = {row["id"]: row for row in customers}
    names = {row["name"]: row["id"] for row in customers}
    numbers = {row["customer_id"]: row["number"] for row in reversed(phones)}
    known: dict[str, set[str]] = {}
    for row in interactions:
        met = known.setdefault(row["customer_id"], set())
        row["warm"] = row["outcome"] == "transferred" and dice.random() < INTRODUCED
        if now - row["started_at"] <= RECENT:
            _call(ledger, row, people[row["customer_id"]], numbers[row["customer_id"]], met, dice, new_id)
        if row["agent_id"]:
            met.add(row["agent_id"])
    _matters(ledger, interactions, dice, new_id)
    _stories(ledger, names, agents, now, dice, new_id)
    _to_come(ledger, names, numbers, agents, now, dice, new_id)
    return ledger


async def load(connection: AsyncConnection, ledger: Ledger) -> None:
    heads: Sequence[tuple[Table, list[Row]]] = (
        (cases, ledger.cases),
        (calls, ledger.calls),
        (reservations, ledger.reservations),
        (callbacks, ledger.promises),
        (notes, ledger.notes),
    )
    for table, rows in heads:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            await connection.execute(insert(table), rows[start : start + ROWS_AT_ONCE])


def _call(ledger: Ledger, talk: Row, person: Row, number: str, met: set[str], dice: random.Random, new_id: Any) -> None:
    sid = f"CA{dice.getrandbits(128):032x}"
    talk["external_id"] = sid
    waited = round(min(dice.lognormvariate(2.1, 0.9), 240.0), 1)
    arrived = talk["started_at"] - timedelta(seconds=waited)
    answered = talk["agent_id"] is not None
    ended = talk["started_at"] + timedelta(seconds=talk["talk_seconds"])
    told = waited > TOLD_AFTER
    call = {
        "id": new_id("call", arrived, dice),
        "sid": sid,
        "direction": "inbound",
        "from_number": number,
        "to_number": LINE,
        "customer_id": person["id"],
        "language": person["language"],
        "said": talk["summary"] if dice.random() < 0.4 else None,
        "state": "ended",
        "outcome": "agent" if answered else "abandoned",
        "agent_id": talk["agent_id"],
        "familiar": talk["agent_id"] in met,
        "arrived_at": arrived,
        "offered_at": arrived + timedelta(seconds=OFFERED_AFTER + dice.random() * 7) if waited > 20 else None,
        "talking_at": talk["started_at"] if answered else None,
        "joined_at": talk["started_at"] if answered else None,
        "ended_at": ended,
        "waited_seconds": waited if answered else None,
        "told_seconds": _told(waited, dice) if told else None,
        "told_at": arrived + timedelta(seconds=TOLD_AFTER) if told else None,
        "callback_id": None,
        "case_id": None,
    }
    ledger.calls.append(call)
    if answered and dice.random() < ASKED:
        talk["confirmed"] = talk["outcome"] == "solved" and dice.random() < 0.93
    if answered:
        _reserved(ledger, call, talk, dice, new_id)
    if answered and talk["outcome"] == "solved" and dice.random() < FOLLOWED_UP:
        _followed_up(ledger, call, person, number, dice, new_id)
    if waited > 20 and dice.random() < CALLED_BACK * 4:
        _instead(ledger, call, person, number, talk, dice, new_id)


def _told(waited: float, dice: random.Random) -> float:
    """Eight in ten wait no longer than they are told."""
    rest = max(waited - TOLD_AFTER, 1.0)
    return float(math.ceil(rest * dice.uniform(1.0, 1.9) if dice.random() < 0.83 else rest * dice.uniform(0.5, 0.95)))


def _reserved(ledger: Ledger, call: Row, talk: Row, dice: random.Random, new_id: Any) -> None:
    ledger.reservations.append(
        {
            "id": new_id("rsv", call["arrived_at"], dice),
            "call_id": call["id"],
            "agent_id": talk["agent_id"],
            "state": "talk_ended",
            "live": False,
            "made_at": call["arrived_at"],
            "accepted_at": talk["started_at"],
            "ended_at": call["ended_at"],
        }
    )


def _instead(ledger: Ledger, later: Row, person: Row, number: str, talk: Row, dice: random.Random, new_id: Any) -> None:
    """Somebody who did not want to wait, an hour or two before this call: they were rung back, mostly in time."""
    arrived = later["arrived_at"] - timedelta(minutes=dice.randint(40, 150))
    if arrived.astimezone(ROME).hour < 9:
        return
    message = dice.random() < LEFT_A_MESSAGE / CALLED_BACK
    due = arrived + timedelta(minutes=dice.randint(12, 35))
    late = round(max(dice.gauss(6, 9), 0.0), 1)
    state = dice.choices(("kept", "broken", "unreachable"), (94, 2, 4))[0]
    kept_at = due + timedelta(seconds=late + 22) if state == "kept" else None
    promise = _promise(person, number, due, arrived, new_id("cb", arrived, dice)) | {
        "kind": "voicemail" if message else "asap",
        "agent_id": talk["agent_id"],
        "reason": talk["topic"],
        "state": state,
        "kept_at": kept_at,
        "late_seconds": late if state != "unreachable" else None,
        "missed_at": due + timedelta(minutes=6) if state == "broken" else None,
    }
    ledger.promises.append(promise)
    call = later | {
        "id": new_id("call", arrived, dice),
        "sid": f"CA{dice.getrandbits(128):032x}",
        "outcome": "voicemail" if message else "callback",
        "agent_id": None,
        "familiar": False,
        "arrived_at": arrived,
        "offered_at": arrived + timedelta(seconds=OFFERED_AFTER),
        "talking_at": None,
        "joined_at": None,
        "ended_at": arrived + timedelta(seconds=48),
        "waited_seconds": None,
        "told_at": arrived + timedelta(seconds=TOLD_AFTER),
        "told_seconds": float(dice.randint(90, 400)),
        "said": None,
    }
    promise["origin_call"] = call["sid"]
    ledger.calls.append(call)


def _followed_up(ledger: Ledger, call: Row, person: Row, number: str, dice: random.Random, new_id: Any) -> None:
    """Two days later, by the same agent; what would still lie ahead is left to the promises to come."""
    due = call["ended_at"] + timedelta(days=2)
    if due > ledger.until:
        return
    late = round(max(dice.gauss(4, 6), 0.0), 1)
    kept = dice.random() < 0.96
    ledger.promises.append(
        _promise(person, number, due, call["ended_at"], new_id("cb", call["ended_at"], dice))
        | {"kind": "follow_up", "agent_id": call["agent_id"], "origin_call": call["sid"], "late_seconds": late}
        | {"state": "kept" if kept else "broken", "kept_at": due + timedelta(seconds=late + 20) if kept else None}
    )


def _promise(person: Row, number: str, due: datetime, made: datetime, promise_id: str) -> Row:
    """All columns, so that many rows make one statement."""
    row: Row = dict.fromkeys(("agent_id", "reason", "origin_call", "kept_at", "late_seconds", "missed_at", "due_at"))
    wall = due.astimezone(ROME)
    return row | {
        "id": promise_id,
        "customer_id": person["id"],
        "number": number,
        "from_number": LINE,
        "promised_at": due,
        "zone": "Europe/Rome",
        "wall": f"{wall:%Y-%m-%dT%H:%M}",
        "window_seconds": 300,
        "kind": "scheduled",
        "state": "promised",
        "made_at": made,
        "made_by": "customer",
        "made_with": "phone",
    }


def _matters(ledger: Ledger, interactions: Sequence[Row], dice: random.Random, new_id: Any) -> None:
    """What is still open is a case of whoever talked with them last."""
    last: dict[str, Row] = {}
    for row in interactions:
        if row["agent_id"]:
            last[row["customer_id"]] = row
    for row in last.values():
        if row["outcome"] == "open":
            case_id = row["case_id"] = new_id("cas", row["started_at"], dice)
            ledger.cases.append(
                {
                    "id": case_id,
                    "customer_id": row["customer_id"],
                    "owner": row["agent_id"],
                    "topic": row["topic"],
                    "title": row["summary"],
                    "state": "open",
                    "made_at": row["started_at"],
                }
            )


def _stories(
    ledger: Ledger, names: Mapping[str, str], agents: Mapping[str, str], now: datetime, dice: random.Random, new_id: Any
) -> None:
    for story in STORIES:
        at = now - timedelta(days=story.days, hours=2)
        ledger.notes.append(
            {
                "id": new_id("not", at, dice),
                "customer_id": names[story.name],
                "agent_id": agents[story.agent],
                "at": at,
                "kind": "story" if story.told else "note",
                "words": story.words,
                "tags": list(story.tags),
            }
        )


def _to_come(
    ledger: Ledger,
    names: Mapping[str, str],
    numbers: Mapping[str, str],
    agents: Mapping[str, str],
    now: datetime,
    dice: random.Random,
    new_id: Any,
) -> None:
    """What is promised for the next working days."""
    for ahead in TO_COME:
        customer_id = names[ahead.name]
        due = _workday(now, ahead.days, ahead.hour)
        made = now - timedelta(days=2, hours=3)
        ledger.promises.append(
            _promise({"id": customer_id}, numbers[customer_id], due, made, new_id("cb", made, dice))
            | {"kind": ahead.kind, "agent_id": agents[ahead.agent], "reason": ahead.reason, "due_at": due}
        )


def _workday(now: datetime, days: int, hour: float) -> datetime:
    day = now.astimezone(ROME).date()
    for _ in range(days):
        day = next(_after(day))
    return datetime.combine(day, time(int(hour), int(hour % 1 * 60)), tzinfo=ROME).astimezone(now.tzinfo)


def _after(day: Any) -> Iterator[Any]:
    while True:
        day += timedelta(days=1)
        if day.weekday() < 5:
            yield day
