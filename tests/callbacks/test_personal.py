"""Promises in a person's story and export."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callbacks import personal
from crm.timeline import Wanted
from tests.callbacks.conftest import MARIA, Ground

pytestmark = pytest.mark.anyio


async def test_a_promise_stands_in_the_story_at_the_moment_it_was_made(ground: Ground) -> None:
    await ground.agents("anna")
    row, _ = await ground.make(ground.wish(reason="the lamp", agent_id="anna"))
    await ground.make(ground.wish("Paolo"))
    async with ground.database.read() as conn:
        (item,) = await personal.tell(conn, ground.ids["Maria"], Wanted(None, 10))
        before = await personal.tell(conn, ground.ids["Maria"], Wanted(ground.clock.now() - timedelta(seconds=1), 10))
    assert (item.at, item.kind, item.agent, item.ref) == (ground.clock.now(), "promise", "anna", row.id)
    assert "the lamp" in item.summary
    assert before == []


async def test_a_message_to_answer_is_told_as_one(ground: Ground) -> None:
    await ground.make(ground.wish(kind="voicemail"), honest=False)
    async with ground.database.read() as conn:
        (item,) = await personal.tell(conn, ground.ids["Maria"], Wanted(None, 10))
    assert item.kind == "voicemail"


async def test_what_was_promised_to_somebody_is_theirs_to_have(ground: Ground) -> None:
    await ground.agents("anna")
    row, _ = await ground.make(ground.wish(reason="the lamp"))
    async with ground.database.read() as conn:
        (promise,) = await personal.export(conn, ground.ids["Maria"])
    assert {name: value for name, value in promise.items() if value is not None} == {
        "id": row.id,
        "number": MARIA,
        "kind": "asap",
        "reason": "the lamp",
        "state": "promised",
        "channel": "call",
        "made_by": "service",
        "made_with": "api",
        "wall": "2026-03-03T10:00",
        "moves": 0,
        "history": [
            {
                "at": ground.clock.now().isoformat(),
                "what": "made",
                "by": "service",
                "before": None,
                "after": {"due_at": ground.clock.now().isoformat(), "agent": None, "kind": "asap"},
            }
        ],
        "due_at": ground.clock.now().isoformat(),
        "made_at": ground.clock.now().isoformat(),
    }
