"""When a rule holds, and what the plan is for a call to which it applies."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from routing.plan import Plan
from routing.rules import LATELY_DAYS, LONGEST_URGENCY_SECONDS, Facts, holds
from tests.routing.broken_plans import RICH
from tests.routing.people import NOW, applied, under

LOANS = "+390612345678"


def facts(**more: Any) -> Facts:
    """A stranger who has just rung on an ordinary Tuesday at ten; only what matters is said."""
    usual: dict[str, Any] = {"line": LOANS, "language": "it-IT", "at": NOW, "zone": "Europe/Rome", "country": "IT"}
    return Facts(**usual | more)


def plan(*rules: dict[str, Any], **more: Any) -> Plan:
    named = [{"name": f"rule {n}"} | rule for n, rule in enumerate(rules)]
    return Plan.model_validate(more | {"rules": named})


def rule(when: dict[str, Any], **then: Any) -> dict[str, Any]:
    return {"when": when, "then": then}


ALWAYS = {"waited_at_least_seconds": 0}
NEVER = {"not": ALWAYS}


@pytest.mark.parametrize(
    ("when", "yes", "no"),
    [
        ({"caller": {"known": True}}, {"known": True}, {}),
        ({"caller": {"known": False}}, {}, {"known": True}),
        ({"caller": {"tag": "vip"}}, {"tags": frozenset({"vip", "old"})}, {"tags": frozenset({"old"})}),
        ({"caller": {"language": "de"}}, {"language": "de-CH"}, {}),
        ({"caller": {"language": "it-CH"}}, {"language": "it-IT"}, {"language": "en-GB"}),
        ({"caller": {"weary_level_at_least": 2}}, {"weary_level": 2}, {"weary_level": 1}),
        ({"caller": {"open_matter": True}}, {"open_matters": 1}, {}),
        ({"caller": {"preferred_agent": True}}, {"preferred": "anna"}, {}),
        ({"caller": {"preferred_agent": False}}, {}, {"preferred": "anna"}),
        ({"caller": {"calls_lately_at_least": 3}}, {"calls_lately": 3}, {"calls_lately": 2}),
        ({"line": LOANS}, {}, {"line": "+390699990000"}),
        ({"floor": {"ready_at_most": 2}}, {"ready": 2}, {"ready": 3}),
        ({"floor": {"ready_at_least": 2}}, {"ready": 2}, {"ready": 1}),
        ({"waiting_at_least": 10}, {"waiting": 10}, {"waiting": 9}),
        ({"waited_at_least_seconds": 30}, {"waited_seconds": 30.0}, {"waited_seconds": 29.9}),
        ({"all": [{"line": LOANS}, {"caller": {"known": True}}]}, {"known": True}, {}),
        ({"any": [{"line": "+391"}, {"caller": {"known": True}}]}, {"known": True}, {}),
        ({"not": {"caller": {"known": True}}}, {}, {"known": True}),
        ({"caller": {"known": True, "tag": "vip"}}, {"known": True, "tags": frozenset({"vip"})}, {"known": True}),
    ],
)
def test_a_condition_holds_of_some_calls_and_not_of_others(
    when: dict[str, Any], yes: dict[str, Any], no: dict[str, Any]
) -> None:
    (condition,) = (one.when for one in plan(rule(when)).rules)
    assert holds(condition, facts(**yes))
    assert not holds(condition, facts(**no))


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        (NOW, False),
        (NOW + timedelta(hours=2), True),
        (NOW + timedelta(hours=4), False),
        (datetime.fromisoformat("2026-06-01T11:30:00+00:00"), True),  # half past one in Rome: a summer Monday
        (datetime.fromisoformat("2026-06-02T11:30:00+00:00"), False),  # and the Republic's day
    ],
)
def test_hours_are_those_of_the_house_with_its_holidays(at: datetime, open_: bool) -> None:
    (condition,) = (one.when for one in plan(rule({"hours": "Mo-Fr 12:00-14:00; PH off"})).rules)
    assert holds(condition, facts(at=at)) is open_


def test_a_plan_without_rules_is_the_plan_itself() -> None:
    bare = Plan()
    assert under(bare, facts()) is bare
    assert applied(bare, facts()) == []


def test_a_rule_that_does_not_apply_changes_nothing() -> None:
    written = plan(rule(NEVER, ring_seconds=50))
    assert under(written, facts()) == written.model_copy(update={"rules": []})


def test_all_that_match_apply_in_order_and_the_later_one_wins() -> None:
    written = plan(
        rule(ALWAYS, ring_seconds=30, wait_unasked_seconds=5),
        rule(NEVER, ring_seconds=40),
        rule(ALWAYS, ring_seconds=50, wait_unasked_chance=0.9),
    )
    changed = under(written, facts())
    assert (changed.ring_seconds, changed.wait_unasked_seconds, changed.wait_unasked_chance) == (50, 5, 0.9)
    assert applied(written, facts()) == ["rule 0", "rule 2"]


def test_behind_the_last_one_no_rule_applies() -> None:
    written = plan(
        rule(NEVER, ring_seconds=30) | {"last": True},
        rule(ALWAYS, ring_seconds=40) | {"last": True},
        rule(ALWAYS, ring_seconds=50),
    )
    assert under(written, facts()).ring_seconds == 40
    assert applied(written, facts()) == ["rule 1"]


def test_worth_changes_figure_by_figure() -> None:
    written = plan(
        rule(ALWAYS, worth={"familiar_seconds": 90}, agent="agt_anna", agent_seconds=45),
        rule(ALWAYS, agent="agt_luca"),
        worth={"preferred_seconds": 33, "agents": {"agt_old": 1}},
    )
    worth = under(written, facts()).worth
    assert (worth.preferred_seconds, worth.familiar_seconds) == (33, 90)
    assert worth.agents == {"agt_old": 1, "agt_anna": 45, "agt_luca": 120}


def test_urgency_adds_up_within_reason() -> None:
    written = plan(rule(ALWAYS, urgency_seconds=60), rule(ALWAYS, urgency_seconds=30), urgency={"extra_seconds": 5})
    assert under(written, facts()).urgency.extra_seconds == 95
    written = plan(*(rule(ALWAYS, urgency_seconds=7200) for _ in range(3)))
    assert under(written, facts()).urgency.extra_seconds == LONGEST_URGENCY_SECONDS


def test_needs_are_added_to_those_of_the_line() -> None:
    line = {"skills": {"loans": 2, "calm": 1}, "teams": ["north"], "hours": "24/7"}
    written = plan(
        rule(ALWAYS, skills={"loans": 1, "english": 3}),
        rule(ALWAYS, teams=["south"], language="en"),
        lines={LOANS: line},
    )
    changed = under(written, facts()).line(LOANS)
    assert changed.skills == {"loans": 2, "calm": 1, "english": 3}
    assert (changed.teams, changed.agent_language, changed.hours) == (["south"], "en", "24/7")
    other = under(written, facts(line="+390699990000"))
    assert other.line("+390699990000").skills == {"loans": 1, "english": 3}
    assert other.line(LOANS) == written.line(LOANS)


def test_a_rule_may_open_the_teams_and_replace_the_steps() -> None:
    steps = [{"after_seconds": 10, "any_team": True}]
    written = plan(rule(ALWAYS, teams=[], widen=steps), lines={LOANS: {"teams": ["north"]}})
    changed = under(written, facts())
    assert changed.line(LOANS).teams == []
    assert changed.widened(10).any_team
    assert not written.widened(10).any_team


def test_the_same_plan_for_the_same_rules_is_made_once() -> None:
    written = plan(rule({"waiting_at_least": 1}, ring_seconds=50))
    assert under(written, facts(waiting=1)) is under(written, facts(waiting=7))
    assert under(written, facts(waiting=1)) is not under(written, facts())
    twin = plan(rule({"waiting_at_least": 1}, ring_seconds=50))
    assert under(twin, facts(waiting=1)) == under(written, facts(waiting=1))


def test_what_rules_make_of_a_plan_could_have_been_written_by_hand() -> None:
    """Whatever is known of a call, the plan for it is one that could be published."""
    chance, written = random.Random(5), Plan.model_validate(RICH)
    seen = set()
    for _ in range(200):
        known = facts(
            line=chance.choice([LOANS, "+390699990000"]),
            at=NOW + timedelta(hours=chance.randrange(48)),
            known=chance.random() < 0.8,
            tags=frozenset({"vip"}) if chance.random() < 0.8 else frozenset(),
            weary_level=chance.choice([0, 2, 3]),
            open_matters=chance.choice([0, 1]),
            preferred=chance.choice([None, "anna"]),
            calls_lately=chance.choice([0, 5]),
            ready=chance.randrange(4),
            waiting=chance.choice([0, 20]),
        )
        changed = under(written, known)
        seen.add(tuple(applied(written, known)))
        assert changed.rules == []
        assert Plan.model_validate(changed.model_dump(mode="json")) == changed
    assert {(), ("Lunch at the loans desk",), ("Tired of us",)} <= seen


def test_lately_is_a_week_as_the_plan_says() -> None:
    schema = Plan.model_json_schema()
    described = schema["$defs"]["CallerIs"]["properties"]["calls_lately_at_least"]["description"]
    assert LATELY_DAYS == 7
    assert "seven days" in described
