"""What callers are told is measured: was the wait as long as it was said to be, and the choice there in time?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from desk.measures import FloorTally, Share, ToldTally
from store.sql import Database
from tests.api.asking import Asking
from tests.desk.test_reports_api import Past, ratio, report, when
from tests.routing.rows import add_agent

pytestmark = pytest.mark.anyio


def test_who_is_answered_by_the_time_they_were_told_was_told_the_truth() -> None:
    tally = ToldTally()
    tally.add(3, told=60, waited=40, answered=True)
    tally.add(1, told=60, waited=60, answered=True)
    tally.add(2, told=60, waited=61, answered=True)
    assert tally.true == Share(4, 6)
    assert (tally.mean_apart_seconds(in_time=True), tally.mean_apart_seconds(in_time=False)) == (15.0, 1.0)


def test_who_leaves_before_that_time_says_nothing_of_it_and_who_leaves_after_it_does() -> None:
    tally = ToldTally()
    tally.add(5, told=60, waited=60, answered=False)  # hung up, or still waits
    tally.add(7, told=None, waited=500, answered=False)  # took a call back in time
    assert tally.true == Share(0, 0)
    tally.add(1, told=60, waited=61, answered=False)
    assert (tally.told, tally.true) == (13, Share(0, 1))
    assert tally.mean_apart_seconds(in_time=False) is None  # how long it would have been nobody knows


def test_only_who_waited_so_long_had_to_hear_the_choice() -> None:
    tally = FloorTally()
    usual: dict[str, Any] = {"ended": True, "outcome": "agent", "short": False, "waited": 9.0}
    for n, choice in ((5, None), (3, True), (1, False)):
        tally.add(n, choice=choice, **usual)
    tally.add(1, choice=False, ended=False, outcome=None, short=False, waited=None)  # and still waits
    assert (tally.calls, tally.choice_in_time) == (10, Share(3, 5))


async def told_calls(past: Past) -> None:
    """It is ten o'clock on 3 March; everybody was told one minute, ten seconds after they rang."""

    def told(at: str, seconds: float | None = 60.0) -> dict[str, Any]:
        return {"told_at": when(at) + timedelta(seconds=10), "told_seconds": seconds}

    answered = {"agent_id": "anna", "seconds": 300}
    await past.call("03-02 10:00", "agent", waited_seconds=40.0, **answered, **told("03-02 10:00"))
    await past.call("03-02 11:00", "agent", waited_seconds=70.1, **answered, **told("03-02 11:00"))
    await past.call("03-02 12:00", "agent", waited_seconds=100.5, **answered, **told("03-02 12:00"))
    await past.call("03-02 13:00", "abandoned", seconds=69, **told("03-02 13:00"))
    await past.call("03-02 14:00", "abandoned", seconds=71, **told("03-02 14:00"))
    await past.call("03-02 15:00", "callback", seconds=200, **told("03-02 15:00", None))
    await past.call("03-03 09:58", None, state="waiting", **told("03-03 09:58"))
    await past.call("03-03 09:59", None, state="waiting", **told("03-03 09:59"))
    await past.call("03-02 16:00", "agent", waited_seconds=5.0, agent_id="anna")
    await past.call("03-02 17:00", None, direction="outbound", **told("03-02 17:00"))


async def test_the_share_of_callers_who_waited_no_longer_than_told(ask: Asking, database: Database) -> None:
    async with database.write() as conn:
        await add_agent(conn, "anna", when("01-01 09:00"))
        await told_calls(Past(conn))
    found = await report(ask, "floor", group_by="day")
    assert found["total"]["told"] == ratio(2, 5, 0.4) | {
        "told": 8,
        "mean_overstated_seconds": 15.0,
        "mean_understated_seconds": 31.0,
    }
    days = {item["group"]: (item["told"]["told"], item["told"]["of"]) for item in found["items"]}
    assert days == {"2026-03-02": (6, 4), "2026-03-03": (2, 1)}


async def test_the_share_of_callers_who_heard_the_choice_in_time(ask: Asking, database: Database) -> None:
    """Twenty seconds, of those who waited longer than that: answered, gone or still there."""
    async with database.write() as conn:
        await add_agent(conn, "anna", when("01-01 09:00"))
        past = Past(conn)
        for outcome, wait, named in (
            ("agent", 20.0, None),
            ("agent", 20.1, 20.0),
            ("agent", 30.0, 20.2),
            ("abandoned", 19.0, None),
            ("abandoned", 25.0, None),
            ("callback", 60.0, 12.5),
            (None, 60.0, 3.0),
        ):
            at = "03-03 09:59"
            more: dict[str, Any] = {"offered_at": None if named is None else when(at) + timedelta(seconds=named)}
            if outcome == "agent":
                more |= {"agent_id": "anna", "waited_seconds": wait}
            state = "ended" if outcome else "waiting"
            await past.call(at, outcome, state=state, seconds=900 if outcome == "agent" else wait, **more)
    found = await report(ask, "floor")
    assert found["total"]["choice_in_time"] == ratio(3, 5, 0.6) | {"seconds": 20}
