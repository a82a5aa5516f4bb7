"""A Twilio TaskRouter workflow as rules of a plan, with a list of what did not map and why.  Pure.

A filter becomes a rule (`expression` -> `when`), and since there the first filter that matches is the only one, each is
the last rule where it applies.  Its targets are steps in time: what the first asks of workers becomes the rule's needs,
what later ones ask less becomes widening; a known worker is waited for.  What is said of queues alone is not in a
workflow at all: which workers a queue has stands elsewhere at Twilio.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import ValidationError

from api.problems import field_errors
from routing.plan import MOST_RULES, Plan, Rule
from routing.taskrouter_expressions import NotUnderstood, read_expression
from routing.taskrouter_meaning import Agents, Needs, NoMeaning, condition, needs

URGENCY_A_PRIORITY, LONGEST_SECONDS = 60, 7200
_FILTER_KEYS = frozenset({"filter_friendly_name", "friendly_name", "expression", "targets"})
_REASONS = {
    "skip_if": "Not needed: a caller is never kept waiting for a step that cannot help them.",
    "order_by": "Agents are put in order by seconds: what each is worth to this caller, how busy they are.",
}
_QUEUE = "Which workers are in this queue is not part of a workflow: give the rule the `skills` or `teams` they have."

__all__ = ["Agents", "Unmapped", "from_workflow"]


class Unmapped(NamedTuple):
    where: str  # a path into the workflow
    what: str


@dataclass
class _Step:
    """A target: from when on, whom."""

    place: str
    after_seconds: int
    needs: Needs


@dataclass
class _Draft:
    """A rule in the making."""

    then: dict[str, Any] = field(default_factory=dict)
    unmapped: list[Unmapped] = field(default_factory=list)

    def lost(self, where: str, what: str) -> None:
        self.unmapped.append(Unmapped(where, what))


def from_workflow(given: Mapping[str, Any] | str, plan: Plan, agents: Agents) -> tuple[Plan, list[Unmapped]]:
    """`plan` with the workflow's filters as rules behind its own; a rule of the same name is replaced."""
    unmapped: list[Unmapped] = []
    rules: dict[str, Rule] = {}
    for n, written in enumerate(_filters(given, unmapped)):
        place = f"task_routing.filters[{n}]"
        rule, lost = _rule(place, n, written, agents)
        unmapped += lost
        if rule is None:
            continue
        if rule.name in rules:
            rule = rule.model_copy(update={"name": f"{rule.name[:190]} ({n + 1})"})
        rules[rule.name] = rule
    kept = [rule for rule in plan.rules if rule.name not in rules]
    room = MOST_RULES - len(kept)
    for name in list(rules)[room:]:
        unmapped.append(Unmapped("task_routing.filters", f"A plan has at most {MOST_RULES} rules: {name} is left out."))
    return plan.model_copy(update={"rules": [*kept, *list(rules.values())[:room]]}), unmapped


def _filters(given: Mapping[str, Any] | str, unmapped: list[Unmapped]) -> Iterator[Any]:
    workflow: Any = given
    if isinstance(given, str):
        try:
            workflow = json.loads(given)
        except (ValueError, RecursionError):
            unmapped.append(Unmapped("body", "This text is not JSON."))
            return
    routing = workflow.get("task_routing") if isinstance(workflow, dict) else None
    if not isinstance(routing, dict):
        unmapped.append(Unmapped("task_routing", "There is no such object: this is no workflow."))
        return
    filters = routing.get("filters", [])
    if isinstance(filters, list):
        yield from filters
    else:
        unmapped.append(Unmapped("task_routing.filters", "This is no list."))
    for name in routing:
        if name == "default_filter":
            what = "Callers to whom no rule applies are routed as the plan says for their line."
            unmapped.append(Unmapped("task_routing.default_filter", what))
        elif name != "filters":
            unmapped.append(Unmapped(f"task_routing.{name}", "Nothing here corresponds to this."))


def _rule(place: str, n: int, written: Any, agents: Agents) -> tuple[Rule | None, list[Unmapped]]:
    draft = _Draft()
    if not isinstance(written, dict):
        return None, [Unmapped(place, "This is no filter.")]
    for name in written.keys() - _FILTER_KEYS:
        draft.lost(f"{place}.{name}", "Nothing here corresponds to this.")
    try:
        when = condition(read_expression(_text(written.get("expression", "1==1"))))
    except (NotUnderstood, NoMeaning) as error:
        lost = f"{error} The filter is left out: its callers are taken up by the rules behind it."
        return None, [*draft.unmapped, Unmapped(f"{place}.expression", lost)]
    targets = written.get("targets", [])
    _targets(f"{place}.targets", targets if isinstance(targets, list) else [], agents, draft)
    name = written.get("filter_friendly_name") or written.get("friendly_name")
    named = name.strip()[:200] if isinstance(name, str) and name.strip() else f"filter {n + 1}"
    try:
        rule = Rule.model_validate({"name": named, "when": when, "then": draft.then, "last": True})
    except ValidationError as error:
        where, what = field_errors(error.errors())[0]
        return None, [*draft.unmapped, Unmapped(place, f"As a rule this cannot be read ({where}: {what})")]
    return rule, draft.unmapped


def _targets(place: str, targets: list[Any], agents: Agents, draft: _Draft) -> None:
    elapsed, steps = 0, []
    for n, target in enumerate(targets):
        at = f"{place}[{n}]"
        if not isinstance(target, dict):
            draft.lost(at, "This is no target.")
            continue
        timeout = _seconds(f"{at}.timeout", target, draft)
        _plain_parts(at, target, draft)
        asked = _asked(at, target, agents, draft)
        if asked is not None and asked.own_agent:
            _wait_for(at, asked, timeout, draft)
        elif asked is not None:
            steps.append(_Step(at, elapsed, asked))
        elapsed = min(elapsed + (timeout or 0), LONGEST_SECONDS)
        if n == len(targets) - 1 and timeout is not None:
            draft.lost(
                f"{at}.timeout", "Behind the last target nothing ends: whoever may take the call is looked for on."
            )
    if steps:
        draft.then |= steps[0].needs.as_then()
        widen = [step for one in steps[1:] if (step := _widening(one, steps[0].needs, draft)) is not None]
        if widen:
            draft.then["widen"] = widen


def _plain_parts(at: str, target: dict[str, Any], draft: _Draft) -> None:
    for name in target:
        if name == "queue":
            draft.lost(f"{at}.queue", _QUEUE)
        elif name == "priority":
            _priority(f"{at}.priority", target[name], draft)
        elif name in _REASONS:
            draft.lost(f"{at}.{name}", _REASONS[name])
        elif name not in ("timeout", "expression", "known_worker_sid", "known_worker_friendly_name"):
            draft.lost(f"{at}.{name}", "Nothing here corresponds to this.")


def _priority(place: str, written: Any, draft: _Draft) -> None:
    number = _number(written)
    if number is None or number < 0:
        draft.lost(place, "This is no priority that could be read.")
        return
    seconds = min(int(number) * URGENCY_A_PRIORITY, LONGEST_SECONDS)
    if "urgency_seconds" in draft.then and draft.then["urgency_seconds"] != seconds:
        draft.lost(
            place, "A priority that changes is not needed: with each second of waiting a caller becomes more urgent."
        )
    elif seconds:
        draft.then["urgency_seconds"] = seconds
        what = f"Taken as {seconds} seconds of urgency; there a higher priority goes first however long others wait."
        draft.lost(place, what)


def _asked(at: str, target: dict[str, Any], agents: Agents, draft: _Draft) -> Needs | None:
    """What a target asks of the worker; None when that did not map."""
    for name in ("known_worker_sid", "known_worker_friendly_name"):
        known = target.get(name)
        if known is None:
            continue
        if not isinstance(known, str):
            draft.lost(f"{at}.{name}", "This is no name that could be read.")
            return None
        if known.startswith("task."):
            return Needs(own_agent=True)
        agent = agents.get(known)
        if agent is None:
            draft.lost(f"{at}.{name}", f"No agent has the name or the external id {known}.")
            return None
        return Needs(own_agent=True, agent=agent)
    if "expression" not in target:
        return Needs()
    try:
        return needs(read_expression(_text(target["expression"])), agents)
    except (NotUnderstood, NoMeaning) as error:
        draft.lost(f"{at}.expression", str(error))
        return None


def _wait_for(at: str, asked: Needs, timeout: int | None, draft: _Draft) -> None:
    if asked.agent is not None:
        draft.then |= {"agent": asked.agent} | ({} if timeout is None else {"agent_seconds": timeout})
    if timeout is not None:
        draft.then["wait_unasked_seconds"] = timeout
    else:
        draft.lost(at, "Without a timeout they would be waited for without end; here as long as the plan says.")


def _widening(step: _Step, first: Needs, draft: _Draft) -> dict[str, Any] | None:
    """What this step allows that the first did not."""
    later = step.needs
    if later.skills.keys() != first.skills.keys() and later.skills.keys() >= first.skills.keys():
        draft.lost(step.place, "A later step that asks for more skills helps nobody.")
        return None
    if later.skills.keys() != first.skills.keys():
        draft.lost(step.place, "Widening lowers the level of a needed skill, and does not take the need away.")
    if later.teams and sorted(later.teams) != sorted(first.teams):
        draft.lost(step.place, "Widening goes from the rule's teams to any team, not to certain others.")
    lower = max((level - later.skills.get(skill, level) for skill, level in first.skills.items()), default=0)
    widened: dict[str, Any] = {}
    if lower > 0:
        widened["lower_skills_by"] = lower
    if first.teams and not later.teams:
        widened["any_team"] = True
    if first.language and not later.language:
        widened["any_language"] = True
    return {"after_seconds": step.after_seconds} | widened if widened else None


def _seconds(place: str, target: dict[str, Any], draft: _Draft) -> int | None:
    if "timeout" not in target:
        return None
    number = _number(target["timeout"])
    if number is None or number < 0:
        draft.lost(place, "This is no number of seconds.")
        return None
    return min(int(number), LONGEST_SECONDS)


def _number(written: Any) -> float | None:
    """A number, also where it is written as text."""
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        return None
    try:
        number = float(written)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e9 else None


def _text(written: Any) -> str:
    if not isinstance(written, str):
        raise NotUnderstood("This is no expression.")
    return written
