import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agents import Activity, Availability
from routing.forecast import (
    Free,
    Talk,
    first_free_seconds,
    free,
    free_in_seconds,
    spoken_seconds,
    told_seconds,
    usual_talk,
)
from routing.plan import Plan
from tests.routing.people import NOW, agent, free_chance, talking, wrapping_up

PLAN = Plan()  # talks of 240 s, wrap-ups of 30 s
USUAL = usual_talk(PLAN)
TALKS = st.builds(Talk, st.floats(10, 3600), st.floats(0.3, 1.5))
SECONDS = st.floats(0, 1e6)


def test_a_usual_talk_lasts_as_long_on_average_as_the_plan_says() -> None:
    assert USUAL.mean_seconds == pytest.approx(240)
    assert USUAL.median_seconds == pytest.approx(240 / 2**0.5)  # spread as widely as the mean


@given(TALKS, SECONDS, SECONDS, SECONDS)
def test_a_chance_is_a_chance_and_grows_with_time(talk: Talk, elapsed: float, within: float, more: float) -> None:
    sooner, later = (talk.chance_over_by(elapsed, seconds) for seconds in (within, within + more))
    assert 0.0 <= sooner <= later <= 1.0
    assert talk.chance_over_by(elapsed, -1.0) == 0.0


@given(TALKS, st.floats(0, 1e4), st.floats(0.01, 0.99))
def test_what_remains_and_the_chance_say_the_same(talk: Talk, elapsed: float, share: float) -> None:
    assert talk.chance_over_by(elapsed, talk.remaining(elapsed, share)) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("sigma", [0.1, 0.3, 0.83, 1.5])
@pytest.mark.parametrize("elapsed", [1e4, 1e6, 1e9])
def test_a_talk_without_an_end_still_has_a_forecast(sigma: float, elapsed: float) -> None:
    """So far out that the chance of lasting so long is smaller than any float."""
    talk = Talk(170, sigma)
    median, mean = talk.remaining(elapsed), talk.mean_remaining(elapsed)
    assert 0 < median < mean < 2 / talk.hazard(elapsed)
    assert talk.chance_over_by(elapsed, median) == pytest.approx(0.5, abs=0.05)


def test_what_remains_agrees_with_talks_drawn() -> None:
    chance = random.Random(3)
    lasted = [left for left in (chance.lognormvariate(5.0, 0.8) - 200 for _ in range(40_000)) if left > 0]
    lasted.sort()
    talk = Talk(2.718281828**5, 0.8)
    assert talk.remaining(200, 0.5) == pytest.approx(lasted[len(lasted) // 2], rel=0.05)
    assert talk.remaining(200, 0.9) == pytest.approx(lasted[len(lasted) * 9 // 10], rel=0.05)
    assert talk.mean_remaining(200) == pytest.approx(sum(lasted) / len(lasted), rel=0.05)
    assert talk.chance_over_by(200, 60) == pytest.approx(sum(left <= 60 for left in lasted) / len(lasted), abs=0.015)
    ends_within_a_second = talk.chance_over_by(199.5, 1.0)
    assert talk.hazard(200) == pytest.approx(ends_within_a_second, rel=0.01)


def test_who_is_ready_is_free_now() -> None:
    assert free_in_seconds(agent(), PLAN, NOW) == 0.0
    assert free_chance(agent(), PLAN, NOW, 0.0) == 1.0


@pytest.mark.parametrize("absent", [Availability.AWAY, Availability.OFFLINE])
@pytest.mark.parametrize("activity", Activity)
def test_who_is_not_coming_back_by_himself_has_no_forecast(absent: Availability, activity: Activity) -> None:
    """Also in the middle of a talk: after it he is away."""
    assert free_in_seconds(agent(availability=absent, activity=activity), PLAN, NOW) is None
    assert free_chance(agent(availability=absent, activity=activity), PLAN, NOW, 1e6) == 0.0


def test_whose_shift_is_over_has_no_forecast() -> None:
    assert free_in_seconds(agent(present=False), PLAN, NOW) is None


@pytest.mark.parametrize(("left", "expected"), [(25, 25), (0.4, 1), (-10, 1)])
def test_a_wrap_up_lasts_until_it_ends_and_an_overdue_one_ends_at_once(left: float, expected: float) -> None:
    assert free_in_seconds(wrapping_up(left=left), PLAN, NOW) == pytest.approx(expected)
    assert free_chance(wrapping_up(left=left), PLAN, NOW, expected - 0.1) == 0.0
    assert free_chance(wrapping_up(left=left), PLAN, NOW, expected + 0.1) == 1.0


def test_a_wrap_up_without_an_end_is_about_to_end() -> None:
    assert free_in_seconds(replace(wrapping_up(left=9), wrap_up_until=None), PLAN, NOW) == 1.0


def test_who_is_being_rung_has_the_whole_talk_before_him() -> None:
    rung = agent(activity=Activity.RESERVED, seconds=15)
    assert free_in_seconds(rung, PLAN, NOW) == pytest.approx(USUAL.median_seconds + 30)
    assert free_chance(rung, PLAN, NOW, 30) == 0.0


def test_nobody_is_free_before_the_wrap_up_of_this_talk() -> None:
    assert free_chance(talking(seconds=240), PLAN, NOW, 30) == 0.0
    assert free_chance(talking(seconds=240), PLAN, NOW, 31) > 0.0


def test_a_talk_that_has_lasted_longer_than_usual_is_not_about_to_end() -> None:
    after = {lasted: free_in_seconds(talking(seconds=lasted), PLAN, NOW) or 0 for lasted in (0, 60, 240, 600, 3600)}
    assert after[0] > after[60]
    assert after[60] < after[240] < after[600] < after[3600]


def test_what_is_known_of_the_talk_comes_before_what_is_known_of_the_agent() -> None:
    slow, quick = Talk(600, 0.5), Talk(60, 0.5)
    assert free(talking(), PLAN, NOW) == Free(30.0, USUAL, 0.0)
    assert free(talking(talk=slow), PLAN, NOW) == Free(30.0, slow, 0.0)
    assert free(talking(talk=slow), PLAN, NOW, quick) == Free(30.0, quick, 0.0)
    assert free_in_seconds(talking(), PLAN, NOW, quick) == pytest.approx(90)


def test_with_nobody_there_is_no_wait_to_tell() -> None:
    assert told_seconds([], 3, PLAN) is None
    assert first_free_seconds([], 0, PLAN) is None


def test_the_first_in_line_is_told_when_the_first_of_all_is_free() -> None:
    busy = [Free(30.0, USUAL, 60.0)] * 3
    told = told_seconds(busy, 0, PLAN)
    assert told is not None
    nobody = (1 - busy[0].chance(told)) ** 3
    assert nobody == pytest.approx(0.2, abs=0.02)
    assert told_seconds(busy[:1], 0, PLAN) == pytest.approx(busy[0].seconds(0.8), rel=0.02)


@pytest.mark.parametrize("certain", [0.0, 25.0, 400.0])
def test_who_is_certain_to_be_free_is_waited_for_so_long(certain: float) -> None:
    assert told_seconds([Free(certain)], 0, PLAN) == pytest.approx(certain, abs=4)


@pytest.mark.parametrize(("agents", "ahead"), [(1, 0), (1, 3), (2, 1), (4, 2), (4, 10), (12, 0), (12, 6), (12, 20)])
def test_eight_of_ten_wait_no_longer_than_they_are_told(agents: int, ahead: int) -> None:
    """Against a line in which each agent takes one caller after the other."""
    chance = random.Random(agents * 100 + ahead)
    busy = [Free(30.0, USUAL, chance.expovariate(1 / 200)) for _ in range(agents)]
    told = told_seconds(busy, ahead, PLAN) or 0.0
    waits = [_wait(busy, ahead, chance) for _ in range(400)]
    assert 0.73 <= sum(wait <= told for wait in waits) / len(waits) <= 0.93


def _wait(busy: list[Free], ahead: int, chance: random.Random) -> float:
    frees = sorted(one.seconds(chance.random()) for one in busy)
    for _ in range(ahead):
        frees[0] += USUAL.remaining(0, chance.random()) + PLAN.wrap_up_seconds
        frees.sort()
    return frees[0]


@given(st.lists(st.floats(0, 2000), min_size=1, max_size=8), st.integers(0, 12))
def test_who_stands_further_back_is_told_no_less(elapsed: list[float], ahead: int) -> None:
    busy = [Free(30.0, USUAL, lasted) for lasted in elapsed] + [Free(10.0)]
    mine, behind = (told_seconds(busy, places, PLAN) or 0.0 for places in (ahead, ahead + 1))
    assert mine <= behind * 1.02 + 1
    assert (first_free_seconds(busy, ahead, PLAN, 0.5) or 0.0) <= mine * 1.02 + 1


def test_who_waits_behind_impatient_callers_is_told_less_and_behind_nobody_the_same() -> None:
    busy = [Free(30.0, USUAL, 60.0)] * 4
    patient, usual, hasty = (told_seconds(busy, 8, PLAN, None, patience) or 0 for patience in (None, 600.0, 60.0))
    assert hasty * 1.5 < usual * 1.1 < patient
    assert told_seconds(busy, 0, PLAN, None, 60.0) == told_seconds(busy, 0, PLAN)


def test_if_talks_to_come_are_long_so_is_the_wait_behind_others() -> None:
    busy = [Free(30.0, USUAL, 60.0)] * 2
    assert (told_seconds(busy, 6, PLAN, Talk.of_mean(900)) or 0) > 1.5 * (told_seconds(busy, 6, PLAN) or 0)


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
