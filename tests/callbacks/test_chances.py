"""Chances of being kept: each formula against what it stands for."""

from __future__ import annotations

import heapq
import itertools
import math
from bisect import bisect_right
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.chances import at_least, at_least_alike, freed, held_up, settled, waits_longer
from routing.forecast import Talk

USUAL = Talk.of_mean(240)
WRAP_UP = 30.0
talks = st.builds(Talk, st.floats(30, 900), st.floats(0.3, 1.5))


@given(st.integers(-1, 6), st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.93, 1.0]), max_size=5))
def test_so_many_of_several_is_the_sum_over_all_that_may_happen(count: int, chances: list[float]) -> None:
    whole = 0.0
    for free in itertools.product((False, True), repeat=len(chances)):
        if sum(free) >= count:
            whole += math.prod(one if is_free else 1 - one for is_free, one in zip(free, chances, strict=True))
    assert at_least(count, chances) == pytest.approx(whole)


@given(st.integers(-1, 40), st.integers(0, 30), st.sampled_from([0.0, 0.2, 0.77, 0.999, 1.0]))
def test_agents_who_are_alike_need_not_be_counted_one_by_one(count: int, of: int, chance: float) -> None:
    assert at_least_alike(count, of, chance) == pytest.approx(at_least(count, [chance] * of))


def test_thousands_of_agents_are_no_trouble() -> None:
    assert at_least_alike(900, 1000, 0.9) == pytest.approx(0.5, abs=0.03)
    assert at_least_alike(999, 1000, 0.1) == 0.0


@given(talks, st.floats(0, 120), st.floats(0, 3000))
def test_what_is_left_of_a_talk_met_at_random_is_the_tail_added_up(talk: Talk, wrap_up: float, within: float) -> None:
    steps = 4000
    width = within / steps
    middles = ((n + 0.5) * width for n in range(steps))
    tails = (1.0 if at <= wrap_up else 1.0 - talk.chance_over_by(0.0, at - wrap_up) for at in middles)
    assert freed(talk, wrap_up, within) == pytest.approx(sum(tails) * width / (talk.mean_seconds + wrap_up), abs=2e-3)


@given(talks, st.floats(0, 120))
def test_in_the_end_everybody_is_done(talk: Talk, wrap_up: float) -> None:
    assert freed(talk, wrap_up, -1.0) == freed(talk, wrap_up, 0.0) == 0.0
    assert freed(talk, wrap_up, 1e7) == pytest.approx(1.0, abs=1e-6)


def test_one_agent_is_busy_when_a_caller_comes_as_often_as_at_any_time() -> None:
    assert waits_longer(1, 0.4, USUAL, WRAP_UP, 0.0) == pytest.approx(0.4)
    assert waits_longer(2, 1.0, USUAL, WRAP_UP, 0.0) == pytest.approx(1 / 3)  # Erlang's C
    assert waits_longer(5, 0.0, USUAL, WRAP_UP, 0.0) == 0.0
    assert waits_longer(5, 5.0, USUAL, WRAP_UP, 9999.0) == 1.0


@given(st.integers(1, 60), st.floats(0.05, 1.2), st.floats(0, 900))
def test_more_agents_fewer_callers_and_more_time_make_no_line_longer(agents: int, busy: float, than: float) -> None:
    chance = waits_longer(agents, busy * agents, USUAL, WRAP_UP, than)
    assert 0.0 <= chance <= 1.0
    assert waits_longer(agents + 1, busy * (agents + 1), USUAL, WRAP_UP, than) <= chance + 1e-9
    assert waits_longer(agents, busy * agents * 0.9, USUAL, WRAP_UP, than) <= chance + 1e-9
    assert waits_longer(agents, busy * agents, USUAL, WRAP_UP, than + 10) <= chance + 1e-9


@pytest.mark.parametrize(("agents", "busy"), [(1, 0.3), (2, 0.6), (4, 0.8)])
def test_a_simulated_floor_keeps_as_many_as_was_said(agents: int, busy: float) -> None:
    """First come, first served, but for the last 100 s of 280, in which a promise goes first."""
    said = waits_longer(agents, busy * agents, USUAL, WRAP_UP, 180.0)
    said = 1.0 - said + said * at_least_alike(1, agents, freed(USUAL, WRAP_UP, 100.0))
    chance = Random(agents)
    free, now = [0.0] * agents, 0.0
    done, asked = list[float](), list[tuple[float, float]]()
    for _ in range(30_000):
        now += chance.expovariate(busy * agents / 270)
        asked.append((now, max(free[0] - now, 0.0)))  # a promise finds what a caller finds
        talk = chance.lognormvariate(math.log(USUAL.median_seconds), USUAL.sigma)
        done.append(max(heapq.heappop(free), now) + talk + WRAP_UP)
        heapq.heappush(free, done[-1])
    done.sort()
    kept = sum(waits <= 180 or bisect_right(done, at + 180) < bisect_right(done, at + 280) for at, waits in asked)
    assert kept / len(asked) == pytest.approx(said, abs=0.03)


def test_a_floor_with_somebody_idle_becomes_what_is_usual_the_sooner_the_busier_it_is() -> None:
    assert settled(0.5, 270, 0.0) == settled(1.0, 270, -5.0) == 0.0
    assert settled(0.2, 270, 120) < settled(0.5, 270, 120) < settled(0.9, 270, 120) < settled(1.0, 270, 120) == 1.0
    assert settled(0.5, 270, 3600) == pytest.approx(1.0)


def test_an_agent_is_the_surer_to_be_free_the_more_others_there_are_to_spare_them() -> None:
    by_others = [held_up(USUAL, WRAP_UP, 45.0, others, 300.0) for others in (0, 1, 4, 19, 99)]
    assert by_others == sorted(by_others, reverse=True)
    assert by_others[0] == 1.0 - freed(USUAL, WRAP_UP, 45.0) == pytest.approx(0.83, abs=0.01)
    assert by_others[-1] == pytest.approx(0.10, abs=0.01)
    assert held_up(USUAL, WRAP_UP, 45.0, 99, 0.0) == by_others[0]  # the plan spares nobody
    assert held_up(USUAL, WRAP_UP, 45.0, 99, 1000.0) < by_others[-1]
    assert held_up(USUAL, WRAP_UP, 280.0, 4, 300.0) < held_up(USUAL, WRAP_UP, 45.0, 4, 300.0)
