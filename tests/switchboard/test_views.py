"""What watchers of the floor are shown is what the API shows."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from callbacks.promises import Promises
from ivr import calls
from routing.house import House
from routing.tables import decisions
from store.clock import VirtualClock
from store.sql import Database
from switchboard.views import views

pytestmark = pytest.mark.anyio


async def test_a_decision_names_its_call(database: Database, clock: VirtualClock) -> None:
    sid, now = "CA" + "1" * 32, clock.now()
    async with database.write() as connection:
        call = await calls.open_call(
            connection,
            now=now,
            sid=sid,
            direction="inbound",
            from_number="+393205550142",
            to_number="+390655550100",
            language="it-IT",
            state="greeting",
        )
        row = {
            "id": "dec_1",
            "call_id": call.id,
            "at": now,
            "action": "wait",
            "sentence": "Nobody is free.",
            "reasons": {},
        }
        await connection.execute(insert(decisions).values(row))
    shown = views(clock, Promises(House("Officine Lume", "it-IT", "IT", "Europe/Rome")))
    async with database.read() as connection:
        decision = await shown["decision.made"](connection, "dec_1")
        assert decision is not None
        assert (decision["call"], decision["action"], decision["sentence"]) == (sid, "wait", "Nobody is free.")
        whole = await shown["call.changed"](connection, call.id)
        assert whole is not None
        assert whole["decisions"] == [{name: value for name, value in decision.items() if name != "call"}]


async def test_what_is_not_there_any_more_is_not_shown(database: Database, clock: VirtualClock) -> None:
    shown = views(clock, Promises(House("Officine Lume", "it-IT", "IT", "Europe/Rome")))
    async with database.read() as connection:
        found = {type: await view(connection, "gone") for type, view in shown.items()}
    ended = {type: {"id": "gone"} for type in shown if type.endswith(".ended")}  # what has ended is gone, and is told
    assert found == dict.fromkeys(shown) | ended
