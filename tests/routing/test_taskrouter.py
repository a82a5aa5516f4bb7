"""Twilio TaskRouter's workflows as rules: what maps, and what is listed because it does not."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from routing.plan import Plan
from routing.taskrouter import Unmapped, from_workflow
from tests.routing.people import applied, under
from tests.routing.test_rules import LOANS, facts

AGENTS = {"Anna Bianchi": "agt_anna", "WK123": "agt_luca"}


def imported(*filters: Any, plan: Plan | None = None, **routing: Any) -> tuple[Plan, list[Unmapped]]:
    workflow = {"task_routing": {"filters": list(filters)} | routing}
    return from_workflow(workflow, plan or Plan(), AGENTS)


def one(expression: Any, *targets: dict[str, Any], name: str = "one") -> dict[str, Any]:
    return {"filter_friendly_name": name, "expression": expression, "targets": list(targets)}


def when(expression: str) -> Any:
    """The condition it becomes; all of the expression maps."""
    plan, unmapped = imported(one(expression))
    assert unmapped == []
    return plan.rules[0].model_dump(mode="json", exclude_none=True)["when"]


def then(*targets: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What the targets become, and where something did not map."""
    plan, unmapped = imported(one("1 == 1", *targets))
    changes = plan.rules[0].then.model_dump(mode="json", exclude_defaults=True)
    return changes, [place.removeprefix("task_routing.filters[0].targets") for place, _ in unmapped]


IT, VIP, LINE = {"caller": {"language": "it"}}, {"caller": {"tag": "vip"}}, {"line": LOANS}
ALWAYS = {"waited_at_least_seconds": 0}


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ("language == 'it'", IT),
        ('selected_language=="Italian"', IT),
        ("task.language = 'IT'", IT),
        ("'it' == language", IT),
        ("language != 'it'", {"not": IT}),
        ("language IN ['it']", IT),
        ("language in ['it', \"en_GB\"]", {"any": [IT, {"caller": {"language": "en-GB"}}]}),
        ("language NOT IN ['it']", {"not": IT}),
        ("NOT language == 'it'", {"not": IT}),
        ("tags HAS 'vip'", VIP),
        ("'vip' IN tags", VIP),
        ("tags NOT HAS 'vip'", {"not": VIP}),
        (f"to == '{LOANS}'", LINE),
        ("known_customer == true", {"caller": {"known": True}}),
        ("known_customer", {"caller": {"known": True}}),
        ("1==1", ALWAYS),
        ("1 != 1", {"not": ALWAYS}),
        ("language == 'it' AND tags HAS 'vip'", {"all": [IT, VIP]}),
        ("language=='it' and tags has 'vip' or to=='+390612345678'", {"any": [{"all": [IT, VIP]}, LINE]}),
        ("language=='it' AND (tags HAS 'vip' OR to=='+390612345678')", {"all": [IT, {"any": [VIP, LINE]}]}),
    ],
)
def test_what_is_said_of_the_task_becomes_a_condition(expression: str, condition: Any) -> None:
    assert when(expression) == condition


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("type == 'ticket'", "Nothing is known here of type"),
        ("language == 'it' AND vip_level > 3", "Nothing is known here of vip_level"),
        ("language == 'Klingonese'", "no language"),
        ("language == 3", "A word is needed"),
        ("language > 'it'", "not compared by >"),
        ("language == other_language", "depends on other_language"),
        ("known == 'yes'", "neither true nor false"),
        ("taskrouter.dayOfWeek IN ['Mon']", "in UTC"),
        ("1 < 2", "nothing of the caller"),
        ("", "A value is missing"),
        ("language ==", "A value is missing"),
        ("(language == 'it'", "A ) is missing"),
        ("language == 'it' tags", "what tags does there"),
        ("language == 'it", "from character 13"),
        ("language IN ['it'", "A ] is missing"),
        ("['it'] IN language", "not compared by HAS"),
        ("['it'] == 'it'", "A list stands on the right"),
        ("language NOT == 'it'", "A comparison is missing"),
        ("(" * 50 + "1==1" + ")" * 50, "too deep"),
        ("(" * 5000, "too deep"),
        ("x" * 10_001, "too long"),
        (17, "no expression"),
        (None, "no expression"),
        ("tags HAS 'a\x00b'", "cannot be read (when.caller.tag"),
        ("tags HAS '" + "x" * 201 + "'", "cannot be read (when.caller.tag"),
    ],
)
def test_a_filter_that_does_not_map_is_left_out_and_named_with_the_reason(expression: Any, why: str) -> None:
    plan, unmapped = imported(one(expression))
    assert plan.rules == []
    assert unmapped[0].where in ("task_routing.filters[0].expression", "task_routing.filters[0]")
    assert why in unmapped[0].what


@pytest.mark.parametrize(
    ("expression", "needed"),
    [
        ("worker.skills HAS 'loans'", {"skills": {"loans": 1}}),
        ("'loans' IN skills", {"skills": {"loans": 1}}),
        ("routing.skills HAS 'loans' AND worker.routing.levels.loans >= 3", {"skills": {"loans": 3}}),
        ("worker.levels.loans > 2.5 AND worker.levels.calm >= 2.5", {"skills": {"loans": 3, "calm": 3}}),
        ("worker.languages HAS 'German'", {"language": "de"}),
        ("task.language IN worker.languages", {}),
        ("worker.languages HAS task.language", {}),
        ("worker.team == 'north'", {"teams": ["north"]}),
        ("worker.team IN ['north', 'south']", {"teams": ["north", "south"]}),
        ("worker.team == 'north' OR worker.team == 'south'", {"teams": ["north", "south"]}),
        ("1==1", {}),
    ],
)
def test_what_is_said_of_the_worker_becomes_a_need(expression: str, needed: dict[str, Any]) -> None:
    assert then({"expression": expression}) == (needed, [])


@pytest.mark.parametrize(
    "expression",
    [
        "worker.contact_uri != task.ignore",
        "worker.skills HAS 'a' OR worker.skills HAS 'b'",
        "worker.shoe_size == 42",
        "worker.levels.loans == 3",
        "worker.levels.loans >= " + "9" * 400,
        "worker.skills IN ['a', 'b']",
        "worker.sid == 'WK999'",
        "worker.team == 'north' AND worker.team == 'south'",
        "NOT worker.team == 'north'",
        "1 == 2",
        "((",
        17,
    ],
)
def test_a_target_that_does_not_map_is_named_and_the_rule_stays(expression: Any) -> None:
    assert then({"expression": expression}) == ({}, ["[0].expression"])


def test_the_agent_a_caller_knows_is_waited_for() -> None:
    for known in ({"known_worker_sid": "task.last_agent"}, {"expression": "worker.sid IN task.preferred_agents"}):
        assert then(known | {"timeout": 15}, {}) == ({"wait_unasked_seconds": 15}, [])
    assert then({"known_worker_sid": "task.last_agent"}) == ({}, ["[0]"])  # without end


def test_an_agent_who_is_named_is_ours_by_name_or_external_id() -> None:
    hers = {"agent": "agt_anna", "agent_seconds": 20, "wait_unasked_seconds": 20}
    assert then({"known_worker_friendly_name": "Anna Bianchi", "timeout": "20"}, {}) == (hers, [])
    assert then({"expression": "worker.sid == 'WK123'", "timeout": 120}, {})[0]["agent"] == "agt_luca"
    assert then({"known_worker_sid": "WK999", "timeout": 20}, {}) == ({}, ["[0].known_worker_sid"])


def test_later_targets_that_ask_less_become_steps_in_time() -> None:
    strict = "worker.levels.loans >= 3 AND worker.team == 'north' AND worker.languages HAS 'de'"
    changes, lost = then(
        {"known_worker_sid": "task.last_agent", "timeout": 10},
        {"expression": strict, "timeout": 30},
        {
            "expression": "worker.levels.loans >= 2 AND worker.team == 'north' AND worker.languages HAS 'de'",
            "timeout": 60,
        },
        {"expression": "worker.levels.loans >= 1 AND worker.languages HAS 'de'", "timeout": 60},
        {"expression": "worker.skills HAS 'loans'"},
    )
    assert lost == []
    assert changes["skills"] == {"loans": 3}
    assert changes["widen"] == [
        {"after_seconds": 40, "lower_skills_by": 1},
        {"after_seconds": 100, "lower_skills_by": 2, "any_team": True},
        {"after_seconds": 160, "lower_skills_by": 2, "any_language": True, "any_team": True},
    ]


def test_steps_that_go_elsewhere_are_named() -> None:
    changes, lost = then(
        {"expression": "worker.skills HAS 'loans' AND worker.team == 'north'", "timeout": 30},
        {"expression": "worker.skills HAS 'ships'", "timeout": 30},
        {"expression": "worker.skills HAS 'loans' AND worker.team == 'south'"},
    )
    assert changes == {"skills": {"loans": 1}, "teams": ["north"], "widen": [{"after_seconds": 30, "any_team": True}]}
    assert lost == ["[1]", "[2]"]


def test_a_priority_becomes_urgency_and_that_is_told() -> None:
    assert then({"priority": "3"}) == ({"urgency_seconds": 180}, ["[0].priority"])
    assert then({"priority": 1000}) == ({"urgency_seconds": 7200}, ["[0].priority"])
    assert then({"priority": 0}) == ({}, [])
    assert then({"priority": 1}, {"priority": 5})[1] == ["[0].priority", "[1].priority"]
    for nonsense in ("high", -1, True, None, [], "nan", "inf", 10**400):
        assert then({"priority": nonsense}) == ({}, ["[0].priority"]), nonsense


def test_everything_else_is_named_where_it_stands() -> None:
    target = {"queue": "WQ1", "skip_if": "1==1", "order_by": "worker.level DESC", "timeout": 20, "colour": "red"}
    assert sorted(then(target)[1]) == ["[0].colour", "[0].order_by", "[0].queue", "[0].skip_if", "[0].timeout"]
    _, unmapped = imported(3, one("1==1") | {"shape": "round"}, default_filter={"queue": "WQ2"}, speed="fast")
    assert sorted(place for place, _ in unmapped) == [
        *(
            "task_routing.default_filter",
            "task_routing.filters[0]",
            "task_routing.filters[1].shape",
            "task_routing.speed",
        )
    ]


def test_as_there_only_the_first_filter_that_matches_counts() -> None:
    vip = one("tags HAS 'vip'", {"priority": 1}, name="vip")
    plan, _ = imported(vip, one("1==1", {"priority": 2}, name="rest"))
    known = facts(known=True, tags=frozenset({"vip"}))
    assert (applied(plan, known), applied(plan, facts())) == (["vip"], ["rest"])
    assert under(plan, known).urgency.extra_seconds == 60
    assert under(plan, facts()).urgency.extra_seconds == 120


def test_rules_come_behind_the_plans_own_and_a_second_import_replaces_the_first() -> None:
    own = {"name": "own", "when": {"waiting_at_least": 1}, "then": {"ring_seconds": 30}}
    plan = Plan.model_validate({"ring_seconds": 33, "rules": [own]})
    first, _ = imported(one("1==1"), one("1==1"), one("1==1", name=" "), plan=plan)
    assert [rule.name for rule in first.rules] == ["own", "one", "one (2)", "filter 3"]
    again, _ = imported(one("1==1"), one("1==1"), one("1==1", name=" "), plan=first)
    assert again == first
    assert again.ring_seconds == 33


def test_more_filters_than_a_plan_has_room_for_are_named() -> None:
    plan, unmapped = imported(*(one("1==1", name=f"f{n}") for n in range(102)))
    assert len(plan.rules) == 100
    assert [what for _, what in unmapped] == [f"A plan has at most 100 rules: f{n} is left out." for n in (100, 101)]


@pytest.mark.parametrize(
    "given", ["x", "[]", "{}", "3", "[" * 100_000, {}, {"task_routing": []}, {"task_routing": {"filters": {}}}]
)
def test_what_is_no_workflow_changes_nothing_and_is_told(given: Any) -> None:
    plan, unmapped = from_workflow(given, Plan(ring_seconds=33), AGENTS)
    assert plan == Plan(ring_seconds=33)
    assert len(unmapped) == 1


def test_whatever_is_brought_becomes_a_plan_that_can_be_published() -> None:
    """Pieces of workflows thrown together, a few thousand of them."""
    chance = random.Random(11)
    pieces = [
        "language",
        "tags",
        "worker.skills",
        "task.x",
        "==",
        "HAS",
        "IN",
        "NOT",
        "AND",
        "OR",
        "(",
        ")",
        "[",
        "]",
        ",",
    ]
    pieces += ["'it'", '"vip"', "3", "-1.5", "true", "null", "=", "é", "'", "1==1", "worker.levels.x", ">="]
    values: list[Any] = [None, 3, -1, "15", "x", [], {}, True, 1e400, "task.a", "1==1"]
    names = ["queue", "priority", "timeout", "expression", "skip_if", "known_worker_sid", "order_by", "odd"]
    for _ in range(1000):
        targets = [{chance.choice(names): chance.choice(values) for _ in range(4)} for _ in range(chance.randrange(4))]
        expression = " ".join(chance.choices(pieces, k=chance.randrange(1, 6)))
        plan, _ = imported(one(expression, *targets), one("1==1", *targets, {"expression": expression}))
        assert Plan.model_validate(json.loads(json.dumps(plan.model_dump(mode="json")))) == plan
