"""What is typed of a person, as the API takes it; and as it is shown again when it is refused.  Pure.

A record is changed part by part, so that a mistake in one field loses nothing of another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from starlette.datastructures import FormData

from desk.agents.forms import LANGUAGES, Typed

PARTS: Mapping[str, Sequence[str]] = {
    "who": ("name", "given", "surname", "called", "title", "say", "gender", "formal", "language", "photo_url"),
    "reach": ("phones", "email", "addresses", "quiet_hours", "time_zone", "external_id"),
    "manner": ("style", "life_notes", "notes", "tags"),
    "bonds": ("preferred_agent", "stand_ins"),
}
NEW = ("name", "phones", "email", "language", "formal")
_NOWHERE = ("Etc/", "posix/", "right/", "SystemV/")
SEVERAL = ("phones", "addresses", "stand_ins")


def values_of(customer: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields hold before anybody types."""
    values = {name: customer.get(name) or "" for part in PARTS.values() for name in part}
    values |= {name: list(customer.get(name) or ()) for name in SEVERAL}
    start, _, end = (customer.get("quiet_hours") or "").partition("-")
    return values | {
        "tags": ", ".join(customer.get("tags") or ()),
        "formal": "formal" if customer.get("formal", True) else "informal",
        "quiet_from": start,
        "quiet_to": end,
    }


def read(given: FormData, names: Sequence[str]) -> Typed:
    typed = Typed()
    for name in names:
        if name in SEVERAL:
            some = [text for one in given.getlist(name) if (text := str(one).strip())]
            typed.values[name] = typed.body[name] = some
        elif name == "tags":
            typed.values[name] = _text(given, name)
            tags = [tag for piece in re.split(r"[,;\n]", _text(given, name)) if (tag := piece.strip())]
            typed.body[name] = list(dict.fromkeys(tags))
        elif name == "formal":
            typed.values[name] = "informal" if _text(given, name) == "informal" else "formal"
            typed.body[name] = typed.values[name] == "formal"
        elif name == "quiet_hours":
            start, end = _text(given, "quiet_from"), _text(given, "quiet_to")
            typed.values |= {"quiet_from": start, "quiet_to": end}
            typed.body[name] = f"{start}-{end}" if start or end else None
        else:
            typed.values[name] = _text(given, name)
            typed.body[name] = _text(given, name) or None
    return typed


def field_names(typed: Typed) -> dict[str, str]:
    """What the API calls a field -> where its message stands."""
    names = {f"{name}[{n}]": f"{name}-{n}" for name in SEVERAL for n in range(len(typed.values.get(name, ())))}
    return names | {f"tags[{n}]": "tags" for n in range(len(typed.body.get("tags", ())))}


def languages(own: str | None) -> list[str]:
    """To choose from, with their own among them."""
    return list(LANGUAGES) if not own or own in LANGUAGES else [own, *LANGUAGES]


def zones() -> list[str]:
    """Those that people live in."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(_NOWHERE))


def _text(given: FormData, name: str) -> str:
    return str(given.get(name) or "").replace("\r\n", "\n").strip()
