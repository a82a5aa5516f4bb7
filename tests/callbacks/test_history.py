"""What happened to a promise, one row a step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from callbacks.history import BY_PHONE, US, What, by_agent, differences, record, record_change, record_many
from callbacks.tables import callback_history
from tests.callbacks.conftest import Ground

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Promise:
    promised_at: datetime = NOW
    agent_id: str | None = "anna"
    window_seconds: int = 300
    number: str = "+393331234567"
    channel: str = "call"
    reason: str | None = "the lamp"
    words: str | None = None


WAS: Any = Promise()


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({}, {}, {}),
        ({"agent_id": None}, {"agent": "anna"}, {"agent": None}),
        (
            {"promised_at": NOW + timedelta(hours=1), "window_seconds": 60},
            {"due_at": "2026-03-03T09:00:00+00:00", "window_seconds": 300},
            {"due_at": "2026-03-03T10:00:00+00:00", "window_seconds": 60},
        ),
        ({"number": "+393339999967"}, {"number": "…67"}, {"number": "…67"}),
        ({"reason": None, "words": "private"}, {"reason": None, "words": None}, {"reason": None, "words": None}),
    ],
)
def test_what_changed_is_told_and_never_what_it_was_about(
    change: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert differences(WAS, replace(WAS, **change)) == (before, after)


@pytest.mark.anyio
async def test_steps_are_numbered_for_each_promise(ground: Ground) -> None:
    await ground.agents("anna", "luca")
    first, _ = await ground.make(ground.wish(agent_id="anna", by=BY_PHONE))
    second, _ = await ground.make(ground.wish("Paolo"))
    later: Any = SimpleNamespace(
        **dict(first._mapping) | {"promised_at": first.promised_at + timedelta(hours=1), "agent_id": "luca"}
    )
    async with ground.database.write() as conn:
        moved = await record_change(conn, first, later, by=by_agent("luca"), now=ground.clock.now())
        same = await record_change(conn, first, first, by=US, now=ground.clock.now())
        assert (moved, same) == (What.MOVED, None)
        lot = [(first.id, None, {"due_at": NOW}), (second.id, {"agent": None}, None)]
        await record_many(conn, lot, What.AT_RISK, by=US, now=ground.clock.now())
        await record_many(conn, [], What.AT_RISK, by=US, now=ground.clock.now())
        await record(conn, first.id, What.KEPT, by=US, now=ground.clock.now())
        rows = (await conn.execute(select(callback_history).order_by("callback_id", "n"))).all()
    assert [(row.callback_id == first.id, row.n, row.what, row.by) for row in rows] == [
        (True, 1, "made", "customer phone"),
        (True, 2, "moved", "agent:luca api"),
        (True, 3, "at_risk", "us keeper"),
        (True, 4, "kept", "us keeper"),
        (False, 1, "made", "service api"),
        (False, 2, "at_risk", "us keeper"),
    ]
    assert (rows[2].before, rows[2].after, rows[5].before) == (None, {"due_at": NOW.isoformat()}, {"agent": None})
