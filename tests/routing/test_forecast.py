from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agents import Activity, Availability
from routing.forecast import free_in_seconds, line_wait_seconds, spoken_seconds
from routing.plan import Plan
from tests.routing.people import NOW, agent, talking, wrapping_up

PLAN = Plan()  # talks of 240 s, wrap-ups of 30 s


def test_who_is_ready_is_free_now() -> None:
    assert free_in_seconds(agent(), PLAN, NOW) == 0.0


@pytest.mark.parametrize("absent", [Availability.AWAY, Availability.OFFLINE])
@pytest.mark.parametrize("activity", Activity)
def test_who_is_not_coming_back_by_himself_has_no_forecast(absent: Availability, activity: Activity) -> None:
    """Also in the middle of a talk: after it he is away."""
    assert free_in_seconds(agent(availability=absent, activity=activity), PLAN, NOW) is None


@pytest.mark.parametrize(("left", "expected"), [(25, 25), (0.4, 1), (-10, 1)])
def test_a_wrap_up_lasts_until_it_ends_and_an_overdue_one_ends_at_once(left: float, expected: float) -> None:
    assert free_in_seconds(wrapping_up(left=left), PLAN, NOW) == pytest.approx(expected)


def test_a_wrap_up_without_an_end_is_about_to_end() -> None:
    assert free_in_seconds(replace(wrapping_up(left=9), wrap_up_until=None), PLAN, NOW) == 1.0


def test_who_is_being_rung_has_the_whole_talk_before_him() -> None:
    assert free_in_seconds(agent(activity=Activity.RESERVED, seconds=15), PLAN, NOW) == 270


@pytest.mark.parametrize(("lasted", "expected"), [(0, 270), (100, 170), (160, 110), (161, 110), (3600, 110)])
def test_a_talk_that_has_lasted_longer_than_usual_is_not_about_to_end(lasted: float, expected: float) -> None:
    assert free_in_seconds(talking(seconds=lasted), PLAN, NOW) == pytest.approx(expected)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(30, 7200), st.integers(0, 7200))
def test_the_longer_a_talk_has_lasted_the_sooner_it_ends_within_bounds(
    some: float, more: float, talk: int, wrap_up: int
) -> None:
    plan = Plan(talk_seconds=talk, wrap_up_seconds=wrap_up)
    early, late = sorted((some, more))
    before, after = (free_in_seconds(talking(seconds=lasted), plan, NOW) for lasted in (early, late))
    assert before is not None
    assert after is not None
    assert before >= after
    assert talk / 3 + wrap_up - 0.001 <= after <= before <= talk + wrap_up + 0.001


def test_with_nobody_there_is_no_wait_to_tell() -> None:
    assert line_wait_seconds([], 3, PLAN) is None


def test_each_who_stands_before_takes_the_next_agent_and_then_a_whole_turn() -> None:
    assert [line_wait_seconds([50, 10], ahead, PLAN) for ahead in range(4)] == [10, 50, 280, 320]


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=20), st.integers(0, 100))
def test_who_stands_further_back_waits_no_less(frees: list[float], ahead: int) -> None:
    mine, next_one = line_wait_seconds(frees, ahead, PLAN), line_wait_seconds(frees, ahead + 1, PLAN)
    assert mine is not None
    assert next_one is not None
    assert min(frees) <= mine
    if max(frees) - min(frees) <= 270:
        assert mine <= next_one + 0.001


@given(st.lists(st.floats(0, 5000), min_size=2, max_size=20), st.integers(0, 100))
def test_the_order_of_the_agents_changes_no_estimate(frees: list[float], ahead: int) -> None:
    assert line_wait_seconds(frees, ahead, PLAN) == line_wait_seconds(frees[::-1], ahead, PLAN)


@pytest.mark.parametrize(
    ("exact", "told"),
    [(0, 10), (-5, 10), (10, 10), (10.1, 20), (59, 60), (90, 90), (90.5, 120), (120, 120), (121, 180), (3600, 3600)],
)
def test_an_estimate_is_rounded_up_to_what_people_say(exact: float, told: int) -> None:
    assert spoken_seconds(exact) == told


@given(st.floats(0, 1e7))
def test_an_estimate_never_promises_less_than_the_forecast(exact: float) -> None:
    told = spoken_seconds(exact)
    assert told >= exact
    assert told - exact <= (10 if told <= 90 else 60)
    assert told % (10 if told <= 90 else 60) == 0
