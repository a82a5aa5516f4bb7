"""Whatever plan is shown, its forms send it back unchanged; and every field of a plan has an input somewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from desk.plan import conditions, effects, operations
from desk.plan.changes import DEFAULTS, changes
from desk.plan.paths import Path
from routing.conditions import CallerIs, FloorIs
from routing.plan import Plan, Rule, Then, Widening, WorthThen
from tests.desk.plan_sheets import OF_A_RULE, OF_HOURS, all_pages, figures, forms_in, meaning, sent_back, view_of
from tests.routing.broken_plans import RICH

LINES = ("+390612345678", "+390655550100")
QUICK = (Phase.explicit, Phase.generate)  # a plan that fails is small already, and each look draws all pages
few = settings(max_examples=25, deadline=None, derandomize=True, phases=QUICK, suppress_health_check=list(HealthCheck))
words = st.text("abcdeù «»'\"&<-.[]|", min_size=1, max_size=8).filter(lambda text: text == text.strip())
seconds, shares = st.integers(0, 7200), st.integers(0, 1000).map(lambda n: n / 1000)
levels = st.dictionaries(words, st.integers(1, 9), max_size=3)
languages = st.sampled_from(["it-IT", "de", "pt-BR"])
hours = st.sampled_from(
    [
        *("24/7", "off", "Mo-Fr 09:00-18:00; PH off", "Mo-Sa 08:00-12:00,14:00-18:00; Dec 24 off"),
        *("Mo 22:00-06:00; PH 10:00-12:00", "Mo-Fr 09:00-24:00; 2026 Aug 10-20 off; Dec 24-Jan 06 10:00-12:00"),
        *("week 1-53/2 Mo 09:00-12:00", "PH off; Mo-Fr 09:00-18:00", "Sa-Mo 10:00-12:30", "Feb 29 off"),
    ]
)
steps = st.lists(
    st.fixed_dictionaries(
        {
            "after_seconds": seconds,
            "lower_skills_by": st.integers(0, 9),
            "any_language": st.booleans(),
            "any_team": st.booleans(),
        }
    ),
    max_size=3,
)
callers = st.fixed_dictionaries(
    {},
    optional={
        "known": st.booleans(),
        "tag": words,
        "language": languages,
        "weary_level_at_least": st.integers(1, 3),
        "open_matter": st.booleans(),
        "preferred_agent": st.booleans(),
        "calls_lately_at_least": st.integers(1, 9),
    },
)
floors = st.fixed_dictionaries({}, optional={"ready_at_most": st.integers(0, 9), "ready_at_least": st.integers(0, 9)})
leaves: st.SearchStrategy[dict[str, Any]] = st.one_of(
    callers.map(lambda one: {"caller": one}),
    floors.map(lambda one: {"floor": one}),
    st.sampled_from(LINES).map(lambda one: {"line": one}),
    hours.map(lambda one: {"hours": one}),
    st.integers(0, 50).map(lambda one: {"waiting_at_least": one}),
    seconds.map(lambda one: {"waited_at_least_seconds": one}),
)
whens = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"all": many}),
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"any": many}),
        inner.map(lambda one: {"not": one}),
    ),
    max_leaves=5,
)
thens = st.fixed_dictionaries(
    {},
    optional={
        "worth": st.fixed_dictionaries({}, optional=dict.fromkeys(effects.WORTH, seconds)),
        "urgency_seconds": seconds,
        "wait_unasked_seconds": seconds,
        "wait_unasked_chance": shares,
        "ring_seconds": st.integers(5, 120),
        "skills": levels,
        "teams": st.lists(words, max_size=2, unique=True).map(sorted),
        "language": languages,
        "widen": steps,
        "agent": st.sampled_from(["agt_1", "agt_gone"]),
        "agent_seconds": seconds,
    },
)
rules = st.fixed_dictionaries({"name": words, "when": whens, "then": thens, "last": st.booleans()})
line = st.fixed_dictionaries(
    {},
    optional={
        "name": words,
        "hours": hours,
        "language": languages,
        "agent_language": languages,
        "skills": levels,
        "teams": st.lists(words, max_size=2, unique=True).map(sorted),
    },
)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """As they stand in a draft: whole, whatever was left out."""
    figures = {name: draw(seconds) for name in ("wrap_up_seconds", "breather_seconds", "wait_unasked_seconds")}
    written = figures | {
        "hours": draw(hours),
        "lines": {number: draw(line) for number in draw(st.lists(st.sampled_from(LINES), unique=True))},
        "worth": {name: draw(seconds) for name in effects.WORTH} | {"agents": {"agt_1": draw(seconds)}},
        "load": {"spread_points": draw(st.integers(0, 100)), "spare_wanted": draw(st.booleans())},
        "service": {
            "callback_confidence": draw(st.sampled_from([0.5, 0.875, 0.999])),
            "call_hours": draw(hours),
        },
        "limits": {
            "spend_a_day": draw(st.none() | st.sampled_from([0.5, 12.0, 10_000_000.0])),
            "price_per_minute": draw(st.dictionaries(st.sampled_from(["", "+39", "+1"]), shares)),
            "countries": draw(st.lists(st.sampled_from(["IT", "DE", "Nowhere"]), unique=True)),
        },
        "retention": {"texts_days": draw(st.none() | st.integers(1, 9999)), "audit_days": draw(st.integers(1, 99))},
        "greet_by_name": draw(st.booleans()),
        "ask_solved": draw(st.sampled_from(["key", "text", "both", "never"])),
        "recording": draw(st.sampled_from(["never", "ask", "always"])),
        "breather_from_level": draw(st.integers(1, 3)),
        "wait_unasked_chance": draw(shares),
        "widen": draw(steps),
        "rules": draw(st.lists(rules, max_size=2)),
    }
    plan = Plan.model_validate(written)
    found: dict[str, Any] = plan.model_dump(mode="json")
    return found


def blank(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan with as many lines, steps and rules that says something else everywhere."""
    hours = "Tu 08:00-08:30"  # whoever is no longer open day and night is offered office hours first
    nothing: dict[str, Any] = {"name": "?", "when": {"caller": {"known": True}}, "then": {}, "last": False}
    lines = {
        number: {**operations.USUAL_LINE, "skills": dict.fromkeys(one["skills"], 1), "hours": one["hours"] and hours}
        for number, one in plan["lines"].items()
    }
    limits = DEFAULTS["limits"] | {
        "countries": plan["limits"]["countries"],
        "price_per_minute": dict.fromkeys(plan["limits"]["price_per_minute"], 0.5),
    }
    return {
        **DEFAULTS,
        "hours": hours,
        "lines": lines,
        "limits": limits,
        "worth": DEFAULTS["worth"] | {"agents": dict.fromkeys(plan["worth"]["agents"], 1)},
        "widen": [dict(effects.STEP) for _ in plan["widen"]],
        "rules": [nothing for _ in plan["rules"]],
    }


@few
@given(plans())
def test_a_plan_whose_forms_are_sent_as_they_are_stays_as_it_is(plan: dict[str, Any]) -> None:
    assert sent_back(all_pages(plan), plan) == plan


@few
@given(plans())
def test_forms_carry_all_that_a_plan_says(plan: dict[str, Any]) -> None:
    """Sent to another draft, they make it say the same."""
    other = sent_back(all_pages(plan, "it"), blank(plan))
    assert meaning(other) == meaning(plan)
    Plan.model_validate(other)


def leaves_of(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves_of(inner, (*path, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for n, inner in enumerate(value):
            yield from leaves_of(inner, (*path, n))
    else:
        yield path


def test_every_field_of_a_plan_has_an_input() -> None:
    plan = Plan.model_validate(RICH).model_dump(mode="json")
    assert set(plan) == set(Plan.model_fields)
    inputs: set[Path] = set()
    for html in all_pages(plan):
        for form in forms_in(html):
            if figures(form) or form.action == OF_HOURS or dict(form.items).get("do") == "drop":
                inputs.add(form.path)
            if form.action.startswith(OF_A_RULE):
                inputs.add(("rules", int(form.action.removeprefix(OF_A_RULE))))
    without = [
        path
        for path in leaves_of(plan)
        if path[0] != "phrases" and not any(one[: len(path)] == path or path[: len(one)] == one for one in inputs)
    ]
    assert without == []
    assert 'href="/console/phrases"' in "".join(all_pages(plan))  # where words of one's own are written


def test_every_condition_and_every_effect_of_a_rule_can_be_chosen() -> None:
    known = {*CallerIs.model_fields, *FloorIs.model_fields, "line", "hours", "waiting_at_least"}
    assert {*conditions.USUAL} == known | {"waited_at_least_seconds", conditions.ANYBODY}
    plain = {name for name in Then.model_fields if name not in ("worth", "agent_seconds")}
    assert {*effects.USUAL} == plain | {f"worth.{name}" for name in WorthThen.model_fields}
    assert set(Rule.model_fields) == {"name", "when", "then", "last"}
    assert set(Widening.model_fields) == set(effects.STEP)


@few
@given(plans(), plans())
def test_plans_that_differ_are_told_apart_in_sentences(one: dict[str, Any], other: dict[str, Any]) -> None:
    tell = view_of(other).tell
    assert changes(one, one, tell) == []
    told = changes(one, other, tell)
    assert bool(told) == (one != other)
    assert all(change.sentence and "%(" not in change.sentence and "{}" not in change.sentence for change in told)
    assert json.dumps([change.sentence for change in told])
