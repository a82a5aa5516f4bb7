"""A rule as its form sends it, and what its buttons do.  Pure.

Names: `w` is the whole `when`, `w.0` its first row, `w.0.1` a row of a group within; `t.…` what is different then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData as Sent

from desk.plan import conditions, effects, values, weeks
from desk.plan.conditions import Demand, Group, Node
from desk.plan.weeks import Row, Week

MOST_DEEP = 10
GROUPS: Mapping[str, tuple[bool, bool]] = {  # name -> any_of, negated
    "all": (False, False),
    "any": (True, False),
    "not-all": (False, True),
    "none": (True, True),
}
STEP_SWITCHES = ("any_language", "any_team")


def rule_of(sent: Sent, before: Mapping[str, Any], line: str) -> dict[str, Any]:
    """As its form has it, changed by the button that was pressed; `line`: what a demand for one begins with."""
    root = _group(sent, "w", line)
    rows = _effects(sent)
    root, rows = _done(str(sent.get("do", "")), root, rows)
    if not root.items:
        root = replace(root, items=(Demand(conditions.ANYBODY),), negated=False)
    when = conditions.kept(before.get("when"), root)
    then = effects.kept(before.get("then"), rows)
    name = str(sent.get("name", before.get("name", "")))
    return dict(before) | {"name": name, "when": when, "then": then, "last": sent.get("last") == "on"}


def _group(sent: Sent, prefix: str, line: str, depth: int = 0) -> Group:
    any_of, negated = GROUPS.get(str(sent.get(f"{prefix}.kind", "all")), (False, False))
    items: list[Node] = []
    while depth < MOST_DEEP:
        inner = f"{prefix}.{len(items)}"
        if f"{inner}.kind" in sent:
            items.append(_group(sent, inner, line, depth + 1))
        elif f"{inner}.what" in sent:
            items.append(_demand(sent, inner, line))
        else:
            break
    wanted = str(sent.get(f"{prefix}.add", ""))
    if wanted == "group":
        items.append(Group((Demand("known", True), Demand("open_matter", True)), any_of=not any_of))
    elif wanted in conditions.USUAL:
        items.append(usual(wanted, line))
    return Group(tuple(items), any_of, negated)


def usual(what: str, line: str) -> Demand:
    return Demand(what, line if what == "line" else conditions.USUAL[what])


def _demand(sent: Sent, at: str, line: str) -> Demand:
    what, negated = str(sent.get(f"{at}.what")), sent.get(f"{at}.is") == "no"
    if what not in conditions.USUAL:
        what = conditions.ANYBODY
    if what != sent.get(f"{at}.was"):
        return usual(what, line)
    if what in conditions.TRUTHS:
        return Demand(what, True, negated)
    if what == conditions.ANYBODY:
        return Demand(what, None, negated)
    if what == "hours":
        return Demand(what, _hours(sent, at), negated)
    text = str(sent.get(f"{at}.value", ""))
    if what in conditions.NUMBERS:
        number = values.read("times", text)
        return Demand(what, "" if number is None else number, negated)
    return Demand(what, text, negated)


def _hours(sent: Sent, at: str) -> str:
    """By its one row; one without a day, or with a time that is none, stays as it was."""
    before = str(sent.get(f"{at}.value", ""))
    if f"{at}.opens" not in sent:
        return before
    days = tuple(n for n, day in enumerate(weeks.DAYS) if day in sent.getlist(f"{at}.days"))
    opens, closes = (str(sent.get(f"{at}.{name}", ""))[:5] for name in ("opens", "closes"))
    if not days or not weeks.is_clock(opens) or not weeks.is_clock(closes):
        return before
    week = Week((Row(days, opens, closes),))
    return before if weeks.week_of(before) == week else weeks.text_of(week)


def _effects(sent: Sent) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    had = [str(name) for name in sent.getlist("t.have") if name in effects.USUAL]
    for name in effects.USUAL:
        if name in had:
            rows[name] = _effect(sent, name)
            if name == "agent":
                rows["agent_seconds"] = _number(sent, "t.agent_seconds")
    wanted = str(sent.get("t.add", ""))
    if wanted in effects.USUAL and wanted not in rows:
        rows[wanted] = effects.USUAL[wanted]
        if wanted == "agent":
            rows["agent_seconds"] = effects.AGENT_SECONDS
    order = [*effects.USUAL, "agent_seconds"]
    return {name: rows[name] for name in sorted(rows, key=order.index)}


def _effect(sent: Sent, name: str) -> Any:
    at = f"t.{name}"
    match name:
        case "skills":
            levels = zip(sent.getlist(f"{at}.name"), sent.getlist(f"{at}.level"), strict=False)
            skills = {str(skill): _typed("times", str(level)) for skill, level in levels if skill}
            new = str(sent.get(f"{at}.add", "")).strip()
            return skills | ({new: 1} if new and new not in skills else {})
        case "teams":
            return [str(team) for team in sent.getlist(at) if team]
        case "widen":
            return _steps(sent, at)
        case "language" | "agent":
            return str(sent.get(at, ""))
        case _:
            return _typed(effects.unit_of(name), str(sent.get(at, "")))


def _steps(sent: Sent, at: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    while f"{at}.{len(steps)}.after_seconds" in sent:
        one = f"{at}.{len(steps)}"
        numbers = {name: _number(sent, f"{one}.{name}") for name in ("after_seconds", "lower_skills_by")}
        steps.append(numbers | {name: sent.get(f"{one}.{name}") == "on" for name in STEP_SWITCHES})
    return steps


def _number(sent: Sent, name: str) -> Any:
    return _typed("times", str(sent.get(name, "")))


def _typed(unit: str, text: str) -> Any:
    read = values.read(unit, text)
    return "" if read is None else read


def _done(do: str, root: Group, rows: dict[str, Any]) -> tuple[Group, dict[str, Any]]:
    """What the pressed button does: drop:w.0.1, drop:t.teams, skill:loans, step:, step:0."""
    act, _, of = do.partition(":")
    if act == "drop" and of.startswith("w."):
        place = tuple(int(step) for step in of.split(".")[1:] if step.isascii() and step.isdigit())
        return (conditions.changed(root, place, lambda node: None) if place else root), rows
    if act == "drop":
        gone = {of.removeprefix("t."), *(("agent_seconds",) if of == "t.agent" else ())}
        return root, {name: value for name, value in rows.items() if name not in gone}
    if act == "skill" and "skills" in rows:
        rows = rows | {"skills": {skill: level for skill, level in rows["skills"].items() if skill != of}}
    if act == "step" and "widen" in rows:
        steps = rows["widen"]
        if not of:
            steps = [*steps, dict(effects.STEP)]
        elif of.isascii() and of.isdigit():
            steps = [step for n, step in enumerate(steps) if n != int(of)]
        rows = rows | {"widen": steps}
    return root, rows
