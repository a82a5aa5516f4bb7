"""`then` of a rule as rows of a form, and back.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORTH = (
    *("preferred_seconds", "case_owner_seconds", "familiar_seconds"),
    *("stand_in_seconds", "kept_seconds", "skill_level_seconds"),
)
PLAIN = ("urgency_seconds", "wait_unasked_seconds", "wait_unasked_chance", "ring_seconds")
USUAL: Mapping[str, Any] = {  # in the order in which they are shown: what each begins with
    "urgency_seconds": 60,
    "agent": "",
    "skills": {},
    "teams": [],
    "language": "it",
    "wait_unasked_seconds": 60,
    "wait_unasked_chance": 0.5,
    **{f"worth.{name}": 180 for name in WORTH},
    "worth.skill_level_seconds": 5,
    "ring_seconds": 20,
    "widen": [{"after_seconds": 60, "lower_skills_by": 0, "any_language": False, "any_team": True}],
}
AGENT_SECONDS = 120
UNITS: Mapping[str, str] = {"wait_unasked_chance": "percent"}  # all others are seconds
STEP: Mapping[str, Any] = {"after_seconds": 60, "lower_skills_by": 0, "any_language": False, "any_team": False}


def rows_of(then: Any) -> dict[str, Any]:
    """What differs, by name: `worth.…` one by one, the agent with `agent_seconds`; in the order of USUAL."""
    if not isinstance(then, dict):
        return {}
    flat = {name: value for name, value in then.items() if name not in ("worth", "agent_seconds")}
    flat |= {f"worth.{name}": value for name, value in (then.get("worth") or {}).items()}
    rows = {name: flat[name] for name in USUAL if flat.get(name) is not None}
    if "agent" in rows:
        rows["agent_seconds"] = then.get("agent_seconds", AGENT_SECONDS)
    if "widen" in rows and isinstance(rows["widen"], list):
        rows["widen"] = [STEP | step for step in rows["widen"]]
    return rows


def then_of(rows: Mapping[str, Any]) -> dict[str, Any]:
    """As it stands in a plan; what is not there stays as it is for everybody."""
    then = {name: value for name, value in rows.items() if not name.startswith("worth.")}
    worth = {name.removeprefix("worth."): value for name, value in rows.items() if name.startswith("worth.")}
    return then | ({"worth": worth} if worth else {})


def kept(before: Any, rows: Mapping[str, Any]) -> Any:
    """What these rows say; as it was written before, where that says the same."""
    return before if rows_of(before) == dict(rows) else then_of(rows)


def unit_of(name: str) -> str:
    return UNITS.get(name, "seconds")
