from datetime import timedelta

import pytest

from callbacks.attempts import CallAgain, GiveUp, after_attempt
from routing.plan import Plan
from tests.routing.people import NOW


@pytest.mark.parametrize("n", [1, 2])
def test_somebody_not_reached_is_called_again_a_quarter_of_an_hour_later(n: int) -> None:
    assert after_attempt(n, Plan(), now=NOW) == CallAgain(NOW + timedelta(minutes=15))


@pytest.mark.parametrize("n", [3, 4])
def test_after_three_attempts_it_is_enough(n: int) -> None:
    assert after_attempt(n, Plan(), now=NOW) == GiveUp()


def test_the_plan_says_how_often_and_how_far_apart() -> None:
    plan = Plan(callback_attempts=1, callback_retry_minutes=60)
    assert after_attempt(1, plan, now=NOW) == GiveUp()
    plan = Plan(callback_attempts=5, callback_retry_minutes=60)
    assert after_attempt(4, plan, now=NOW) == CallAgain(NOW + timedelta(hours=1))
