"""What a check finds in plans that can be read: doors that never open, hours nobody works, rules that never apply."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from routing.agents import Agent
from routing.house import House
from routing.needs_check import Surroundings
from routing.openings import YEAR, left_over, meeting, openings, shut
from routing.plan import Plan
from routing.plan_check import findings
from tests.routing.people import NOW, agent

HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
LOANS, OTHER = "+390612345678", "+390699990000"
ANNA = agent("Anna Bianchi", skills={"loans": 3}, team="north")
LUCA = agent("Luca Verdi", skills={"loans": 1}, team="south", languages=("de-DE",))


def found(written: dict[str, Any], *agents: Agent, tags: set[str] | None = None) -> dict[str, str]:
    around = Surroundings(agents or (ANNA, LUCA), HOUSE, NOW, tags)
    return {one.where: one.what for one in findings(Plan.model_validate(written), around)}


def rules(*written: dict[str, Any]) -> dict[str, Any]:
    return {"rules": [{"name": f"rule {n}", "then": {"ring_seconds": 30}} | one for n, one in enumerate(written)]}


def why_never(when: Any, **more: Any) -> str | None:
    """What is found at the `when` of the only rule."""
    return found(more | rules({"when": when})).get("rules[0].when")


def test_a_plan_with_everything_in_its_place_has_no_findings() -> None:
    rule = {
        "when": {"all": [{"line": LOANS}, {"hours": "Mo-Fr 12:00-14:00"}, {"caller": {"tag": "vip", "known": True}}]},
        "then": {"skills": {"loans": 2}, "teams": ["north"], "language": "it", "agent": "anna"},
    }
    line = {"hours": "Mo-Fr 09:00-18:00", "skills": {"loans": 1}, "teams": ["north", "south"], "language": "de"}
    widen = [{"after_seconds": 30, "lower_skills_by": 1}, {"after_seconds": 60, "lower_skills_by": 1, "any_team": True}]
    plan = rules(rule) | {"lines": {LOANS: line}, "widen": widen, "worth": {"agents": {"luca": 5}}}
    assert found(plan, tags={"vip"}) == {}
    assert found({}) == {}


def test_the_first_hour_in_which_the_house_is_open_and_nobody_works_is_named() -> None:
    early = agent("Anna Bianchi", hours="Mo-Fr 08:00-14:00")
    late = agent("Luca Verdi", hours="Mo,We-Fr 14:00-19:00")
    assert found({"hours": "Mo-Fr 09:00-18:00; PH off"}, early, late) == {
        "hours": "The house is open on 2026-03-03 from 14:00 to 18:00, and no agent works then."
    }
    always = agent("Rita Neri")
    assert found({"hours": "Mo-Fr 09:00-18:00; PH off"}, early, late, always) == {}


def test_an_hour_without_agents_is_found_though_it_comes_once_a_year() -> None:
    """Who is off on the patron saint's day leaves a house that is open then with nobody."""
    anna = agent("Anna Bianchi", hours="Mo-Fr 08:00-20:00; Jun 29 off")
    assert found({"hours": "Mo-Fr 09:00-18:00"}, anna) == {
        "hours": "The house is open on 2026-06-29 from 09:00 to 18:00, and no agent works then."
    }
    assert found({"hours": "Mo-Fr 09:00-18:00; Jun 29 off"}, anna) == {}


def test_a_line_is_held_against_those_who_may_take_its_calls() -> None:
    anna = agent("Anna Bianchi", skills={"loans": 3}, hours="Mo-Fr 09:00-13:00")
    lines = {LOANS: {"hours": "Mo-Fr 09:00-18:00", "skills": {"loans": 2}}, OTHER: {"hours": "Mo-Fr 09:00-13:00"}}
    alone = "This line is open on 2026-03-03 from 13:00 to 18:00, and no agent who may take its calls works then."
    assert found({"hours": "off", "lines": lines}, anna, agent("Luca Verdi")) == {
        "hours": "These hours never open: every caller would be asked to leave a message.",
        f"lines.{LOANS}": alone,
    }


def test_nights_that_go_on_for_days_are_named_from_the_first_to_the_last_moment() -> None:
    anna = agent("Anna Bianchi", hours="Mo-Fr 09:00-18:00")
    what = found({"hours": "24/7"}, anna)["hours"]
    assert "from 2026-03-03 18:00 to 2026-03-04 09:00" in what


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ({"skills": {"loans": 4}}, "skills"),
        ({"skills": {"ships": 1}}, "skills"),
        ({"teams": ["west", "north"]}, "teams[0]"),
        ({"skills": {"loans": 3}, "teams": ["south"]}, "teams"),
        ({"skills": {"loans": 3}, "teams": ["west"]}, "teams[0]"),
        ({"language": "fi"}, "language"),
        ({"agent_language": "fi"}, "agent_language"),
        ({"hours": "off"}, "hours"),
        ({"hours": "2020 Mo-Fr 09:00-18:00"}, "hours"),
    ],
)
def test_a_wish_that_nobody_meets_is_found_at_its_line(line: dict[str, Any], where: str) -> None:
    assert list(found({"lines": {LOANS: line}})) == [f"lines.{LOANS}.{where}"]


def test_names_that_do_not_exist_are_found_wherever_they_stand() -> None:
    plan = rules(
        {
            "when": {"any": [{"caller": {"tag": "vpi"}}, {"not": {"line": "loans"}}]},
            "then": {
                "skills": {"ships": 1},
                "teams": ["west"],
                "language": "fi",
                "agent": "agt_gone",
                "widen": [{"after_seconds": 9}],
            },
        }
    )
    then = [f"rules[0].then.{name}" for name in ("teams[0]", "skills", "language", "agent", "widen[0]")]
    when = ["rules[0].when.any[0].caller.tag", "rules[0].when.any[1].not.line"]
    assert list(found(plan | {"worth": {"agents": {"agt_left": 5}}}, tags={"vip"})) == [
        "worth.agents.agt_left",
        *when,
        *then,
    ]
    assert when[0] not in found(plan)  # where nobody has looked at the customers


def test_steps_that_come_in_no_order_or_allow_nothing_are_found() -> None:
    steps = [
        {"after_seconds": 60, "any_team": True},
        {"after_seconds": 30, "any_language": True},
        {"after_seconds": 90, "any_team": True},
    ]
    assert list(found({"widen": steps})) == ["widen[1].after_seconds", "widen[2]"]


def test_rules_that_look_alike_or_change_nothing_are_found() -> None:
    same = rules({"name": "x", "when": {"line": LOANS}}, {"name": "x", "when": {"line": OTHER}, "then": {}})
    assert list(found(same)) == ["rules[1].name", "rules[1].then"]
    assert found(rules({"when": {"line": LOANS}, "then": {}, "last": True})) == {}  # it keeps the others away


@pytest.mark.parametrize(
    "when",
    [
        {"all": [{"line": LOANS}, {"line": OTHER}]},
        {"all": [{"line": LOANS}, {"not": {"line": LOANS}}]},
        {"all": [{"caller": {"known": True}}, {"caller": {"known": False}}]},
        {"caller": {"known": False, "tag": "vip"}},
        {"caller": {"known": False, "calls_lately_at_least": 1}},
        {"all": [{"caller": {"language": "it"}}, {"caller": {"language": "de-CH"}}]},
        {"floor": {"ready_at_least": 3, "ready_at_most": 2}},
        {"all": [{"waiting_at_least": 5}, {"not": {"waiting_at_least": 5}}]},
        {"all": [{"waiting_at_least": 5}, {"not": {"any": [{"waiting_at_least": 3}, {"line": LOANS}]}}]},
        {"not": {"waited_at_least_seconds": 0}},
        {"not": {"any": [{"line": LOANS}, {"not": {"line": LOANS}}]}},
        {"all": [{"any": [{"line": LOANS}, {"line": OTHER}]}, {"line": "+390611111111"}]},
        {"hours": "off"},
        {"hours": "2020 Mo-Fr"},
        {"hours": "Su 09:00-18:00"},  # the house is shut
        {"hours": "Mo-Fr 19:00-23:00"},
        {"all": [{"hours": "Mo-Fr 09:00-12:00"}, {"hours": "Mo-Fr 14:00-18:00"}]},
        {"all": [{"hours": "Mo 09:00-12:00"}, {"not": {"hours": "Mo-Fr 08:00-13:00"}}]},
        {"all": [{"line": LOANS}, {"hours": "Mo 15:00-16:00"}]},  # the line shuts at noon
    ],
)
def test_a_rule_that_can_never_apply_is_found(when: Any) -> None:
    why = why_never(when, lines={LOANS: {"hours": "Mo-Fr 09:00-12:00"}, OTHER: {}})
    assert why is not None
    assert why.startswith("This can never apply")


@pytest.mark.parametrize(
    "when",
    [
        {"any": [{"line": LOANS}, {"line": OTHER}]},
        {"all": [{"any": [{"line": LOANS}, {"line": OTHER}]}, {"line": OTHER}]},
        {"all": [{"caller": {"tag": "vip"}}, {"caller": {"tag": "old"}}]},
        {"all": [{"caller": {"language": "de-DE"}}, {"caller": {"language": "de-CH"}}]},
        {"floor": {"ready_at_least": 2, "ready_at_most": 2}},
        {"not": {"caller": {"known": True, "tag": "vip"}}},
        {"all": [{"waiting_at_least": 5}, {"not": {"waiting_at_least": 6}}]},
        {"hours": "Jun 29 10:00-11:00"},
        {"all": [{"hours": "Mo-Fr 09:00-14:00"}, {"not": {"hours": "Mo-Fr 09:00-13:00"}}]},
        {"all": [{"line": LOANS}, {"hours": "Sa 10:00-12:00"}]},  # this line has hours of its own
    ],
)
def test_a_rule_that_may_apply_some_day_is_left_in_peace(when: Any) -> None:
    assert why_never(when, lines={LOANS: {"hours": "Sa 09:00-12:00"}, OTHER: {}}) is None


def test_a_rule_behind_the_last_one_that_always_applies_is_found() -> None:
    always = {"waited_at_least_seconds": 0}
    same = {"line": LOANS}
    assert list(found(rules({"when": always, "last": True}, {"when": same}))) == ["rules[1].when"]
    assert list(found(rules({"when": same, "last": True}, {"when": same}))) == ["rules[1].when"]
    assert found(rules({"when": same}, {"when": same})) == {}


def test_a_condition_of_a_thousand_alternatives_is_not_looked_into() -> None:
    many = {"any": [{"waiting_at_least": n} for n in range(1, 12)]}
    assert why_never({"all": [many, many, many, {"not": {"waiting_at_least": 1}}]}) is None


def test_conditions_that_ask_nothing_are_found() -> None:
    plan = rules({"when": {"all": [{"caller": {}}, {"floor": {}}]}})
    assert list(found(plan)) == ["rules[0].when.all[0].caller", "rules[0].when.all[1].floor"]


def test_agents_of_a_great_many_different_hours_are_looked_at_until_it_is_clear() -> None:
    many = [agent(f"A{n} B", hours=f"Mo-Fr {n // 60 + 6:02}:{n % 60:02}-20:00") for n in range(61)]
    assert (
        found({"hours": "Mo-Su 09:00-18:00"}, *many) == {}
    )  # beyond sixty it says nothing rather than something wrong
    assert "2026-03-07" in found({"hours": "Mo-Su 09:00-18:00"}, *many[:20])["hours"]


def test_a_year_of_openings_has_no_gaps_but_those_between_them() -> None:
    open_, closed = openings("Mo-Fr 22:00-06:00", HOUSE, NOW), shut(openings("Mo-Fr 22:00-06:00", HOUSE, NOW), NOW)
    assert sum((end - start for start, end in (*open_, *closed)), timedelta()) == YEAR
    assert meeting(open_, closed) == []
    assert left_over(open_, (), NOW) == list(open_)
    assert left_over(open_, open_, NOW) == []
    assert openings("24/7", HOUSE, NOW) == ((NOW, NOW + YEAR),)
    assert openings("off", HOUSE, NOW) == ()
