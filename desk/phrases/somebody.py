"""Somebody who need not exist, to hear how words change with who hears them.  Values of a form; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

NAMES: Mapping[str, tuple[str, str]] = {
    "it": ("Maria", "Rossi"),
    "en": ("Mary", "Smith"),
    "de": ("Maria", "Müller"),
    "fr": ("Marie", "Durand"),
    "es": ("María", "García"),
}
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Somebody:
    """`clock`: when they call, `14:05` by the house's clock; empty: now."""

    given: str
    surname: str
    title: str = ""
    gender: str = ""  # feminine | masculine; empty: not known
    friend: bool = False
    agent: str = ""
    clock: str = ""

    @classmethod
    def usual(cls, language: str) -> Somebody:
        given, surname = NAMES.get(language.partition("-")[0], NAMES["en"])
        return cls(given, surname, agent="Anna")

    @classmethod
    def from_form(cls, form: FormData, language: str) -> Somebody:
        """As far as the form says something of them."""
        if "given" not in form:
            return cls.usual(language)
        typed = {name: " ".join(str(form.get(name) or "").split())[:LONGEST] for name in cls.__slots__}
        gender = typed["gender"] if typed["gender"] in ("feminine", "masculine") else ""
        return cls(
            typed["given"],
            typed["surname"],
            typed["title"],
            gender,
            form.get("address") == "friend",
            typed["agent"],
            typed["clock"] if _clock(typed["clock"]) else "",
        )

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.title, self.given, self.surname) if part)

    def asked(self, now: datetime, zone: str) -> dict[str, Any]:
        """What the API is told of them, and of when they call."""
        known = {name: getattr(self, name) for name in ("given", "surname", "title", "gender") if getattr(self, name)}
        name = " ".join(part for part in (self.given, self.surname) if part)
        person = known | ({"name": name} if name else {}) | {"formal": not self.friend}
        at = _clock(self.clock)
        moment = now.astimezone(ZoneInfo(zone))
        if at is not None:
            moment = moment.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
        return {"person": person, "agent": self.agent or None, "at": moment.isoformat(timespec="seconds")}


def _clock(text: str) -> time | None:
    try:
        return time.fromisoformat(text) if len(text) == 5 else None
    except ValueError:
        return None
