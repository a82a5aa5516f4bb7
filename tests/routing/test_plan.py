import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from routing.plan import Line, Plan

REFERENCE = Path(__file__).parents[2] / "docs" / "plan.md"


def test_the_plan_nobody_has_written_is_that_of_the_contract() -> None:
    plan = Plan()
    assert plan.hours == "Mo-Fr 09:00-18:00; PH off"
    assert (plan.ring_seconds, plan.wrap_up_seconds, plan.wait_unasked_seconds) == (20, 30, 30)
    assert (plan.service.choice_after_seconds, plan.service.callback_window_seconds) == (20, 300)
    assert plan.misses_until_away == 2
    assert (plan.widen, plan.rules, plan.load.spread_points, plan.wait_unasked_chance) == ([], [], 20, 0.5)
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
        ({"service": {"choice_after_seconds": 61}}, ("service", "choice_after_seconds")),
        ({"offer_after_seconds": 61}, ("service", "choice_after_seconds")),
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


def test_the_two_promises_that_once_stood_alone_are_still_read() -> None:
    once = {"offer_after_seconds": 10, "callback_window_seconds": 600, "ring_seconds": 30}
    plan = Plan.model_validate(once)
    assert (plan.service.choice_after_seconds, plan.service.callback_window_seconds) == (10, 600)
    assert plan.ring_seconds == 30
    half = Plan.model_validate({"offer_after_seconds": 10, "service": {"callback_window_seconds": 600}})
    assert half.service == plan.service
    assert once == {"offer_after_seconds": 10, "callback_window_seconds": 600, "ring_seconds": 30}


def test_a_promise_given_twice_is_refused_rather_than_lost() -> None:
    with pytest.raises(ValidationError, match="offer_after_seconds"):
        Plan.model_validate({"offer_after_seconds": 10, "service": {"choice_after_seconds": 20}})


def test_what_has_been_allowed_stays_allowed_in_whatever_order_it_is_written() -> None:
    steps = [
        {"after_seconds": 120, "any_team": True},
        {"after_seconds": 30, "lower_skills_by": 2},
        {"after_seconds": 60, "lower_skills_by": 1, "any_language": True},
    ]
    plan = Plan.model_validate({"widen": steps})
    assert plan.widened(29.9) == (0, False, False)
    assert plan.widened(30) == (2, False, False)
    assert plan.widened(60) == (2, True, False)
    assert plan.widened(500) == (2, True, True)


def test_hours_that_cannot_be_read_are_told_in_words() -> None:
    with pytest.raises(ValidationError, match=r"Not understood as opening hours, from character 4 on; Mo-Fr"):
        Plan.model_validate({"hours": "Mo 9-17"})


def test_the_schema_knows_every_field_with_its_meaning() -> None:
    """What an editor shows beside a field is there for each of them."""
    schema = Plan.model_json_schema()
    silent = {
        (title, name)
        for title, part in ({"Plan": schema} | schema["$defs"]).items()
        for name, field in part["properties"].items()
        if "description" not in field
    }
    assert silent == set()


def test_the_reference_names_every_field_and_its_examples_are_plans() -> None:
    text = REFERENCE.read_text()
    schema = Plan.model_json_schema()
    named = {name for part in (schema, *schema["$defs"].values()) for name in part["properties"]}
    assert {name for name in named if not re.search(rf"\b{name}\b", text)} == set()
    examples = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        Plan.model_validate(json.loads(example))


def test_the_defaults_the_reference_tells_are_those_that_hold() -> None:
    told = dict(re.findall(r"^\| `(?:\w+\.)?(\w+)` \| ([\d.]+|true|false) \|", REFERENCE.read_text(), re.MULTILINE))
    plan = Plan().model_dump(mode="json")
    parts = (plan, *(plan[name] for name in ("worth", "urgency", "load", "service", "limits", "retention")))
    of_no_number = dict | list | str | None
    real = {name: value for part in parts for name, value in part.items() if not isinstance(value, of_no_number)}
    assert {name: json.loads(value) for name, value in told.items() if name != "last"} == real
