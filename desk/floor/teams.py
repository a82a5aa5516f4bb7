"""Teams as the floor shows them: how many are ready, with a caller, at their notes or away, and whose faces.  Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.formats import Formats
from desk.softphone.presence import told_reason

ORDER = ("ready", "talking", "wrap_up", "away", "offline")  # also the order of the figures
MOST_SKILLS = 6


@dataclass(frozen=True, slots=True)
class Figure:
    presence: str
    n: int
    label: str


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody who is here."""

    agent: str
    name: str
    photo: str | None
    presence: str  # ready | reserved | talking | wrap_up | away
    told: str  # their presence in words


@dataclass(frozen=True, slots=True)
class Team:
    name: str
    figures: Sequence[Figure]
    reasons: Sequence[str]  # why those who are away are
    faces: Sequence[Face]
    languages: Sequence[str]
    skills: Sequence[str]


def presence(row: Any) -> str:
    """What they do, and where they do nothing what they chose."""
    activity, availability = str(row.activity), str(row.availability)
    return availability if activity == "idle" else activity


def teams(rows: Iterable[Any], f: Formats, now: datetime, *, clocks: bool) -> list[Team]:
    """By name; those without a team last."""
    of_team: dict[str, list[Any]] = {}
    for row in rows:
        of_team.setdefault(row.team or "", []).append(row)
    ordered = sorted(of_team.items(), key=lambda item: (item[0] == "", item[0].casefold()))
    alone = len(ordered) == 1
    return [_team(name or f.words("Everybody" if alone else "No team"), of, f, now, clocks) for name, of in ordered]


def _team(name: str, rows: Sequence[Any], f: Formats, now: datetime, clocks: bool) -> Team:
    here = [row for row in rows if presence(row) != "offline"]
    counted = Counter("talking" if presence(row) == "reserved" else presence(row) for row in rows)
    reasons = Counter(told_reason(row.reason, f.words) for row in here if presence(row) == "away")
    skills = Counter(skill for row in here for skill in row.skills)
    languages = Counter(tag.split("-")[0].lower() for row in here for tag in row.languages)
    faces = [Face(row.id, row.name, row.photo_url, presence(row), _told(row, f, now, clocks)) for row in here]
    return Team(
        name=name,
        figures=[
            Figure(one, counted[one], f.words.ngettext(*_LABELS[one], counted[one])) for one in ORDER if counted[one]
        ],
        reasons=[reason if n == 1 else f"{reason} ({n})" for reason, n in reasons.most_common() if reason],
        faces=sorted(faces, key=lambda face: (_PLACE[face.presence], face.name.casefold())),
        languages=[f.language_name(code) for code, _ in languages.most_common()],
        skills=[skill for skill, _ in skills.most_common(MOST_SKILLS)],
    )


def _told(row: Any, f: Formats, now: datetime, clocks: bool) -> str:
    state = presence(row)
    told = f.words(_TOLD[state])
    if state == "away":
        told = ": ".join(filter(None, (told, told_reason(row.reason, f.words))))
        if row.back_at is not None and row.back_at > now:
            told = f"{told} ({f.words('back at %(time)s', time=f.clock(row.back_at))})"
    if clocks:
        told = f"{told}, {f.span(now - row.since_at)}"
    return told


_PLACE = {"talking": 0, "reserved": 1, "ready": 2, "wrap_up": 3, "away": 4}
_LABELS = {
    "ready": ("is ready", "are ready"),
    "talking": ("is with a caller", "are with callers"),
    "wrap_up": ("is writing notes", "are writing notes"),
    "away": ("is away", "are away"),
    "offline": ("is not here", "are not here"),
}
_TOLD = {
    "ready": "Ready",
    "reserved": "Their phone rings",
    "talking": "With a caller",
    "wrap_up": "Writing their notes",
    "away": "Away",
}
