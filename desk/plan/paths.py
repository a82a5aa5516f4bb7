"""Places in a plan as it is written: `("worth", "familiar_seconds")`, `("rules", 2, "name")`.  Pure.

A draft may hold what is no plan yet, since nothing that was typed is lost; so places are found in bare JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

Path = tuple[str | int, ...]
GONE = object()  # in place of a value: there is to be none
_SAFE = re.compile(r"[A-Za-z0-9_]+")


class BadPath(ValueError):
    """There is no such place."""


def text_of(path: Sequence[str | int]) -> str:
    return json.dumps(list(path), ensure_ascii=False, separators=(",", ":"))


def path_of(text: str) -> Path:
    """What `text_of` wrote.  Raises BadPath."""
    try:
        steps = json.loads(text)
    except (ValueError, RecursionError):
        raise BadPath(text) from None
    if not isinstance(steps, list) or not steps or any(type(step) not in (str, int) for step in steps):
        raise BadPath(text)
    return tuple(steps)


def anchor(path: Sequence[str | int]) -> str:
    """An element's id: readable where the steps are plain words, and never the same for two places."""
    plain = [str(step) if _SAFE.fullmatch(str(step)) else "_" for step in path]
    if "_" in plain:
        plain.append(hashlib.sha256(text_of(path).encode("utf-8", "replace")).hexdigest()[:8])
    return "-".join(plain)


def at(body: Any, path: Sequence[str | int], default: Any = None) -> Any:
    """What stands there, or `default`."""
    for step in path:
        listed = isinstance(body, list) and isinstance(step, int) and 0 <= step < len(body)
        if not listed and not (isinstance(body, dict) and step in body):
            return default
        body = body[step]
    return body


def put(body: Any, path: Sequence[str | int], value: Any) -> Any:
    """The same with `value` at that place; GONE takes it away.  Objects on the way are made.  Raises BadPath."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(body, list):
        if not isinstance(step, int) or not 0 <= step < len(body):
            raise BadPath(step)
        if not rest and value is GONE:
            return [*body[:step], *body[step + 1 :]]
        return [*body[:step], put(body[step], rest, value), *body[step + 1 :]]
    if not isinstance(step, str):
        raise BadPath(step)
    held = body if isinstance(body, dict) else {}
    if not rest and value is GONE:
        return {name: one for name, one in held.items() if name != step}
    return held | {step: put(held.get(step), rest, value)}
