"""What an agent chooses at their desk: ready, away and why and for how long, offline.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.words import Words
from routing.agents import Availability

LONGEST_REASON = 120
MINUTES = (1, 5, 10)  # of "I need a minute"
BACK_IN = (5, 10, 15, 20, 30, 45, 60, 90)
CHOICES: Mapping[str, str] = {  # why somebody is away, as the desk offers it; English, for the catalogue
    "break": "Break",
    "lunch": "Lunch",
    "training": "Training",
    "meeting": "Meeting",
    "other": "Something else",
}
REASONS: Mapping[str, str] = {  # everything that this house writes there itself
    **CHOICES,
    "minute": "A minute to myself",
    "desk gone": "The connection with the desk was lost",
    "microphone": "The microphone does not work",
    "missed rings": "Two calls in a row were not answered",
    "other": "Away",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    availability: Availability
    reason: str | None = None
    back_at: datetime | None = None


class Unclear(ValueError):
    """`field` of the form, and what to tell of it (English, for the catalogue)."""

    def __init__(self, field: str, told: str) -> None:
        super().__init__(told)
        self.field = field


def read(form: Mapping[str, str], *, now: datetime) -> Chosen:
    """`choice` ready | minute | away | offline; `minutes`, `reason`, `own` words.  Raises Unclear."""
    match form.get("choice"):
        case "ready":
            return Chosen(Availability.READY)
        case "offline":
            return Chosen(Availability.OFFLINE)
        case "minute":
            return Chosen(Availability.AWAY, "minute", now + timedelta(minutes=_minutes(form) or MINUTES[0]))
        case "away":
            minutes = _minutes(form)
            back_at = now + timedelta(minutes=minutes) if minutes else None
            return Chosen(Availability.AWAY, _reason(form), back_at)
    raise Unclear("choice", "Please choose one of these.")


def _minutes(form: Mapping[str, str]) -> int | None:
    given = form.get("minutes") or ""
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:5]) <= 24 * 60:
        raise Unclear("minutes", "Please choose one of these.")
    return int(given)


def _reason(form: Mapping[str, str]) -> str:
    own = " ".join((form.get("own") or "").split())
    if len(own) > LONGEST_REASON:
        raise Unclear("own", "That is too long: a few words will do.")
    if "\x00" in own:
        raise Unclear("own", "This cannot be kept as it is written.")
    reason = form.get("reason") or "other"
    if reason not in CHOICES and reason != "microphone":
        raise Unclear("reason", "Please choose one of these.")
    return own if reason == "other" and own else reason


def told_reason(reason: str | None, words: Words) -> str:
    """Ours in the reader's language, their own as they wrote it."""
    return "" if not reason else words(REASONS[reason]) if reason in REASONS else reason
