"""What of a draft the plan refuses, and where: each in words a manager understands.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from api.problems import field_errors
from desk.plan.paths import Path
from desk.words import Words
from routing.plan import Plan

_TOLD: Mapping[str, str] = {  # by pydantic's kind of error
    "int_type": "This takes a whole number.",
    "float_type": "This takes a number.",
    "finite_number": "This takes a number.",
    "greater_than_equal": "This must be at least %(bound)s.",
    "greater_than": "This must be more than %(bound)s.",
    "less_than_equal": "This may be at most %(bound)s.",
    "string_too_short": "Something is missing here.",
    "string_too_long": "This is too long.",
    "too_long": "These are too many.",
    "too_short": "Something is missing here.",
    "missing": "Something is missing here.",
}
_SHARES = frozenset({"wait_unasked_chance", "callback_confidence", "spend_alarm_share"})


def problems(body: Any, words: Words) -> dict[Path, str]:
    """The first for each place; nothing for a plan."""
    try:
        Plan.model_validate(body)
    except ValidationError as error:
        found: dict[Path, str] = {}
        errors = error.errors()
        for one, (_, message) in zip(errors, field_errors(errors), strict=True):
            found.setdefault(place(one["loc"]), _told(one, message, words))
        return found
    return {}


def place(location: tuple[int | str, ...]) -> Path:
    """Without the names of a union's branches, which stand in parentheses."""
    return tuple(step for step in location if not (isinstance(step, str) and step.startswith("(") and step[-1] == ")"))


def within(errors: Mapping[Path, str], path: Path) -> dict[Path, str]:
    """Those at this place or further in."""
    return {where: what for where, what in errors.items() if where[: len(path)] == path}


def _told(error: Any, message: str, words: Words) -> str:
    text = _TOLD.get(error["type"])
    if text is None:
        return words.problem(message)
    context = error.get("ctx") or {}
    bound = next((context[name] for name in ("ge", "gt", "le", "lt") if name in context), None)
    if bound is None:
        return words(text)
    share = bool(error["loc"]) and error["loc"][-1] in _SHARES
    return words(text, bound=f"{bound * 100:g} %" if share else bound)


def texts() -> list[str]:
    return list(_TOLD.values())
