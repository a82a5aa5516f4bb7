from typing import Any

import pytest
from pydantic import ValidationError

from routing.plan import Line, Plan


def test_the_plan_nobody_has_written_is_that_of_the_contract() -> None:
    plan = Plan()
    assert plan.hours == "Mo-Fr 09:00-18:00; PH off"
    assert (plan.ring_seconds, plan.wrap_up_seconds, plan.wait_unasked_seconds) == (20, 30, 30)
    assert plan.offer_after_seconds <= 20
    assert (plan.misses_until_away, plan.callback_window_seconds) == (2, 300)
    assert (plan.callback_attempts, plan.callback_retry_minutes) == (3, 15)


def test_every_number_is_one_line_until_somebody_says_otherwise() -> None:
    plan = Plan(lines={"+39061": Line(hours="24/7"), "+39062": Line(name="loans", skills={"loans": 2})})
    assert plan.hours_of("+39061") == "24/7"
    assert plan.hours_of("+39062") == plan.hours_of("+39063") == plan.hours
    assert plan.line("+39062").skills == {"loans": 2}
    assert plan.line("+39063") == Line()


def test_a_plan_written_down_reads_back_the_same() -> None:
    plan = Plan(hours="24/7", lines={"+39061": Line(language="de-DE")}, ring_seconds=30)
    assert Plan.model_validate(plan.model_dump(mode="json")) == plan


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ({"ring_seconds": 4}, ("ring_seconds",)),
        ({"ring_seconds": 121}, ("ring_seconds",)),
        ({"offer_after_seconds": 61}, ("offer_after_seconds",)),
        ({"misses_until_away": 0}, ("misses_until_away",)),
        ({"callback_attempts": 0}, ("callback_attempts",)),
        ({"callback_retry_minutes": 0}, ("callback_retry_minutes",)),
        ({"talk_seconds": 0}, ("talk_seconds",)),
        ({"wrap_up_seconds": -1}, ("wrap_up_seconds",)),
        ({"wait_unasked_seconds": 7201}, ("wait_unasked_seconds",)),
        ({"hours": "9-17"}, ("hours",)),
        ({"lines": {"+39061": {"hours": "9-17"}}}, ("lines", "+39061", "hours")),
        ({"lines": {"+39061": {"opens": "24/7"}}}, ("lines", "+39061", "opens")),
        ({"worth": {"preferred_seconds": -1}}, ("worth", "preferred_seconds")),
        ({"worth": {"liked_seconds": 1}}, ("worth", "liked_seconds")),
        ({"music": "Vivaldi"}, ("music",)),
    ],
)
def test_what_no_plan_can_say_is_refused_where_it_stands(written: dict[str, Any], where: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        Plan.model_validate(written)
    assert [error["loc"] for error in refused.value.errors()] == [where]


def test_nobody_changes_a_plan_in_place() -> None:
    with pytest.raises(ValidationError):
        Plan().ring_seconds = 30  # type: ignore[misc]
