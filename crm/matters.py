"""Which matters are still open, and who holds them.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Past:
    """One conversation that was."""

    id: str
    agent_id: str | None
    channel: str
    started_at: datetime
    talk_seconds: int
    outcome: str  # solved | open | transferred | abandoned
    topic: str | None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """Something not yet solved.  Either a case or what conversations left open."""

    agent_id: str | None  # who holds it
    topic: str | None
    since_at: datetime
    summary: str | None
    case_id: str | None


def still_open(past: Iterable[Past]) -> list[OpenMatter]:
    """What was left open and not solved by a later conversation on the same topic; the latest first.

    A matter that several agents left open is held by each of them.
    """
    held: dict[tuple[str, str | None], OpenMatter] = {}
    for talk in sorted(past, key=lambda talk: (talk.started_at, talk.id)):
        topic = same_topic(talk.topic)
        if talk.outcome == "solved":
            held = {key: matter for key, matter in held.items() if key[0] != topic}
        elif talk.outcome == "open":
            key = (topic, talk.agent_id)
            since_at = held[key].since_at if key in held else talk.started_at
            held.pop(key, None)
            held[key] = OpenMatter(talk.agent_id, talk.topic, since_at, talk.summary, None)
    return list(reversed(held.values()))


def same_topic(topic: str | None) -> str:
    """Two topics that differ in case or blanks only are one; no topic is a topic of its own."""
    return " ".join((topic or "").casefold().split())
