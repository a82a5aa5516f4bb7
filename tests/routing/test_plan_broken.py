"""Hundreds of broken plans: each is refused by name, and none does anything else than being refused."""

from __future__ import annotations

import random

import pytest
from pydantic import ValidationError

from api.problems import field_errors
from routing.needs_check import Surroundings
from routing.plan import Plan
from routing.plan_check import findings
from tests.ivr.door import HOUSE
from tests.routing.broken_plans import RICH, broken, junk
from tests.routing.people import NOW, agent, under
from tests.routing.test_rules import facts


def refusal(plan: object) -> list[tuple[str, str]]:
    """Where and what; nothing for a plan that can be read."""
    try:
        Plan.model_validate(plan)
    except ValidationError as error:
        return field_errors(error.errors())
    return []


def test_the_plan_they_are_made_from_is_a_good_one() -> None:
    plan = Plan.model_validate(RICH)
    assert plan.model_dump(mode="json", exclude_none=True) == RICH


def test_every_broken_plan_is_refused_with_the_place_and_the_reason() -> None:
    plans = list(broken())
    assert len(plans) > 400
    missed = []
    for where, plan in plans:
        refused = dict(refusal(plan))
        if not refused.get(where or "body"):
            missed.append((where, refused))
    assert missed == []


def test_a_thousand_texts_that_nobody_meant_as_a_plan_are_refused_or_hold() -> None:
    chance = random.Random(7)
    around = Surroundings([agent()], HOUSE, NOW)
    refused = 0
    for _ in range(1000):
        written = junk(chance)
        if refusal(written):
            refused += 1
            continue
        plan = Plan.model_validate(written)
        assert Plan.model_validate(plan.model_dump(mode="json")) == plan
        list(findings(plan, around))
        under(plan, facts())
    assert 800 < refused < 1000


@pytest.mark.parametrize("name", ["rules", "widen", "lines", "worth", "service"])
def test_random_pieces_in_the_place_of_real_ones_are_refused_or_hold(name: str) -> None:
    chance = random.Random(name)
    around = Surroundings([agent()], HOUSE, NOW)
    refused = 0
    for _ in range(200):
        written = RICH | {name: junk(chance)}
        if refusal(written):
            refused += 1
        else:
            list(findings(Plan.model_validate(written), around))
    assert 100 < refused <= 200
