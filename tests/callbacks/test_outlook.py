"""Which promises of the next minutes will not be kept, and why: pure, in one table of cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callbacks.outlook import (
    HOPELESS,
    LIKELY,
    NOBODY_FREE,
    OWNER_AWAY,
    OWNER_BUSY,
    RATE,
    Due,
    Floor,
    expected_free,
    outlook,
)
from routing.agents import Agent, Availability
from routing.plan import Plan
from tests.routing.people import NOW, agent, talking

PLAN = Plan()


def due(name: str = "maria", *, minutes: float = 10, window: int = 300, **more: Any) -> Due:
    promised_at = NOW + timedelta(minutes=minutes)
    usual: dict[str, Any] = {"agent": None, "language": "it-IT", "line": ""}
    return Due(id=name, promised_at=promised_at, latest=promised_at + timedelta(seconds=window), **usual | more)


def floor(*agents: Agent, waiting: int = 0, inflow: float = 0.0, rate: float = 10.0) -> Floor:
    return Floor(agents, waiting, inflow, rate, NOW)


def risks(dues: list[Due], on: Floor) -> dict[str, str]:
    return {name: risk.why for name, risk in outlook(dues, on, PLAN).items()}


def test_one_idle_agent_keeps_one_promise() -> None:
    assert risks([due(minutes=2)], floor(agent())) == {}


@pytest.mark.parametrize(
    ("minutes", "seconds", "expected"),
    [
        (10, 60, {}),  # a talk that has begun will be over by then
        (1, 60, {"maria": OWNER_BUSY}),
        (1, 2000, {"maria": OWNER_BUSY}),  # and one that has lasted long does not end soon
    ],
)
def test_an_agent_who_talks_may_not_be_free_for_their_own_promise(
    minutes: float, seconds: float, expected: dict[str, str]
) -> None:
    on = floor(talking("Anna", seconds=seconds), agent("Luca"))
    assert risks([due(minutes=minutes, agent="anna")], on) == expected


@pytest.mark.parametrize(
    ("minutes", "more", "expected"),
    [
        (10, {"availability": Availability.OFFLINE}, {"maria": OWNER_AWAY}),
        (10, {"present": False}, {"maria": OWNER_AWAY}),  # ill, or their shift is over
        (10, {"availability": Availability.AWAY}, {}),  # a break may be over by then
        (2, {"availability": Availability.AWAY}, {"maria": OWNER_AWAY}),
    ],
)
def test_an_agent_who_is_gone(minutes: float, more: dict[str, Any], expected: dict[str, str]) -> None:
    assert risks([due(minutes=minutes, agent="anna")], floor(agent("Anna", **more), agent("Luca"))) == expected


def test_an_agent_who_does_not_exist_any_more_will_not_call() -> None:
    assert risks([due(agent="anna")], floor(agent("Luca"))) == {"maria": OWNER_AWAY}


def test_of_too_many_promises_at_one_minute_the_later_ones_are_hopeless() -> None:
    """Two agents, who take a call of four and a half minutes each: two are sure, the twentieth is not to be."""
    dues = [due(f"cb{n:02}", minutes=1) for n in range(20)]
    found = outlook(dues, floor(agent("Anna"), agent("Luca")), PLAN)
    assert "cb00" not in found
    assert "cb01" not in found
    assert {risk.why for risk in found.values()} == {NOBODY_FREE}
    assert found["cb19"].chance < HOPELESS
    chances = [found[name].chance for name in sorted(found)]
    assert chances == sorted(chances, reverse=True)


def test_the_rate_of_the_account_is_a_limit_too() -> None:
    """One call a second, two calls a promise: within six minutes there is time for some 170."""
    agents = [agent(f"A{n}") for n in range(400)]
    dues = [due(f"cb{n:03}", minutes=1) for n in range(400)]
    found = outlook(dues, floor(*agents, rate=1.0), PLAN)
    assert {risk.why for risk in found.values()} == {RATE}
    assert 160 <= 400 - len(found) <= 175


def test_callers_on_the_line_take_their_part_but_not_the_whole() -> None:
    able = [talking(f"A{n}", seconds=60) for n in range(10)]
    alone = expected_free(able, 300, PLAN, floor(*able))
    crowded = expected_free(able, 300, PLAN, floor(*able, waiting=5))
    flooded = expected_free(able, 300, PLAN, floor(*able, waiting=500))
    assert alone.mean - 5 == pytest.approx(crowded.mean)
    assert flooded.mean == pytest.approx(alone.mean / 4)


def test_whoever_does_not_speak_the_language_keeps_no_promise() -> None:
    on = floor(agent("Anna", languages=("it-IT",)), agent("John", languages=("en-GB",)))
    dues = [due("a", minutes=1, window=60, language="en-GB"), due("b", minutes=1, window=60, language="en-GB")]
    assert risks(dues, on) == {"b": NOBODY_FREE}


def test_a_break_is_expected_to_end() -> None:
    away = agent("Anna", availability=Availability.AWAY)
    soon, later = (expected_free([away], seconds, PLAN, floor(away)).mean for seconds in (60, 900))
    assert soon < 0.1 < LIKELY < later
