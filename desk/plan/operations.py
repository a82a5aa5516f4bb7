"""One change of a draft, as a form sends it: a figure at a place, or something more, less, higher or lower.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from desk.plan import effects, values
from desk.plan.fields import field_at
from desk.plan.kinds import Choice, Figure, Switch
from desk.plan.paths import GONE, BadPath, Path, at, put

ANY = "*"
_UNITS: Sequence[tuple[Path, str]] = (  # of what has no field of its own: a unit, or text | words | switch
    (("lines", ANY, "name"), "text"),
    (("lines", ANY, "hours"), "text"),
    (("lines", ANY, "language"), "text"),
    (("lines", ANY, "agent_language"), "text"),
    (("lines", ANY, "teams"), "words"),
    (("lines", ANY, "skills", ANY), "times"),
    (("hours",), "required"),
    (("service", "call_hours"), "required"),
    (("worth", "agents", ANY), "seconds"),
    (("limits", "price_per_minute", ANY), "money"),
    (("limits", "countries"), "words"),
    (("widen", ANY, "after_seconds"), "seconds"),
    (("widen", ANY, "lower_skills_by"), "times"),
    (("widen", ANY, "any_language"), "switch"),
    (("widen", ANY, "any_team"), "switch"),
)
USUAL_LINE: Mapping[str, Any] = {
    "name": None,
    "hours": None,
    "language": None,
    "agent_language": None,
    "skills": {},
    "teams": [],
}
NEW: Mapping[Path, Any] = {  # what an entry of a map begins with
    ("lines",): USUAL_LINE,
    ("lines", ANY, "skills"): 1,
    ("worth", "agents"): 30,
    ("limits", "price_per_minute"): 0.05,
}


class Unusable(ValueError):
    """What was sent cannot be done; the message says why."""


def written(body: Any, path: Path, sent: Sequence[str]) -> Any:
    """With what was typed at that place.  Raises BadPath."""
    if not isinstance(at(body, path[:-1]), dict):
        raise BadPath(path)  # a line or a step that somebody has taken away meanwhile
    current, text = at(body, path), sent[-1] if sent else ""
    return put(body, path, _value(path, text, sent, current))


def _value(path: Path, text: str, sent: Sequence[str], current: Any) -> Any:
    field = field_at(path)
    match field:
        case Switch():
            return text == "on"
        case Choice():
            return next((option for option, _, _ in field.options if str(option) == text), text)
        case Figure():
            read = values.read(field.unit, text, current)
            return text if read is None and field.none is None else read
    unit = unit_of(path)
    match unit:
        case "switch":
            return text == "on"
        case "words":
            return [one for one in sent if one]
        case "required":
            return text
        case "text":
            return current if text == values.typed("text", current) else text.strip() or None
        case _:
            read = values.read(unit, text, current)
            return text if read is None else read


def unit_of(path: Path) -> str:
    """Raises BadPath for what is no figure of a plan."""
    field = field_at(path)
    if isinstance(field, Figure):
        return field.unit
    for pattern, unit in _UNITS:
        if fits(path, pattern):
            return unit
    raise BadPath(path)


def fits(path: Path, pattern: Path) -> bool:
    return len(path) == len(pattern) and all(b in (ANY, a) for a, b in zip(path, pattern, strict=True))


def added(body: Any, path: Path, key: str) -> Any:
    """A further entry of a map or of a list.  Raises Unusable, BadPath."""
    if path == ("widen",):
        steps = at(body, path, [])
        after = max((one["after_seconds"] for one in steps if type(one.get("after_seconds")) is int), default=0) + 60
        return put(body, path, [*steps, {**effects.STEP, "after_seconds": after, "lower_skills_by": 1}])
    if path == ("limits", "countries"):
        held = at(body, path, [])
        return body if not key or key in held else put(body, path, [*held, key])
    usual = next((usual for pattern, usual in NEW.items() if fits(path, pattern)), None)
    if usual is None:
        raise BadPath(path)
    if not key and path != ("limits", "price_per_minute"):
        raise Unusable("Something is missing here.")
    held = at(body, path)
    if not isinstance(held, dict):
        raise BadPath(path)
    if key in held:
        raise Unusable("This is there already.")
    return put(body, path, held | {key: usual})


def dropped(body: Any, path: Path) -> Any:
    """Without what stands there.  Raises BadPath."""
    parents: Sequence[Path] = (*NEW, ("widen",), ("rules",), ("limits", "countries"))
    if not any(fits(path[:-1], pattern) for pattern in parents):
        raise BadPath(path)
    return put(body, path, GONE)


def moved(body: Any, path: Path, to: int) -> Any:
    """Of a list: the entry at `path` stands at place `to` then.  Raises BadPath."""
    held, n = at(body, path[:-1]), path[-1]
    if path[:-1] not in (("rules",), ("widen",)) or not isinstance(held, list) or not isinstance(n, int):
        raise BadPath(path)
    if not 0 <= n < len(held):
        raise BadPath(path)
    rest = [*held[:n], *held[n + 1 :]]
    to = min(max(to, 0), len(rest))
    return put(body, path[:-1], [*rest[:to], held[n], *rest[to:]])


def change_of(do: str, path: Path, sent: Sequence[str], key: str) -> Callable[[Any], Any]:
    """`do`: set (or nothing) | add | drop | up | down | to.  Raises BadPath when it is carried out."""
    match do:
        case "" | "set":
            return lambda body: written(body, path, sent)
        case "add":
            return lambda body: added(body, path, key)
        case "drop":
            return lambda body: dropped(body, path)
        case "up" | "down" | "to":
            n = path[-1]
            if not isinstance(n, int):
                raise BadPath(path)
            to = int(key) if do == "to" and key.isascii() and key.isdigit() else n + (-1 if do == "up" else 1)
            return lambda body: moved(body, path, to)
        case _:
            raise BadPath(do)
