"""Who knows this person: past conversations, weighed by how they ended and how long ago.  Pure.

Minutes do not count: a long conversation is not a better one.  What does: the matter was solved, it was lately, and
it happened more than once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.matters import Past

HALF_LIFE = timedelta(days=90)
SHORTEST_TALK_SECONDS = 1  # below that nobody met anybody
WEIGHT_BY_OUTCOME: Mapping[str, float] = {"solved": 1.0, "open": 0.7, "transferred": 0.3, "abandoned": 0.0}
HALF_KNOWN = 1.0  # this much weight, one problem solved today, makes a score of one half


@dataclass(frozen=True, slots=True)
class Familiar:
    """An agent who has met this person.  `score` 0 to 1; `reasons` counts conversations by how they ended."""

    agent_id: str
    score: float
    times: int
    last_at: datetime
    reasons: Mapping[str, int]
    last_topic: str | None


def familiar_agents(past: Iterable[Past], now: datetime) -> list[Familiar]:
    """The most familiar first; agents who met nobody really are not among them."""
    met: dict[str, list[Past]] = {}
    for talk in past:
        if talk.agent_id is not None and weight(talk, now) > 0:
            met.setdefault(talk.agent_id, []).append(talk)
    familiar = [_familiar(agent_id, talks, now) for agent_id, talks in met.items()]
    return sorted(familiar, key=lambda one: (-one.score, -one.last_at.timestamp(), one.agent_id))


def weight(talk: Past, now: datetime) -> float:
    """How much one conversation makes two people know each other, 0 to 1."""
    if talk.channel == "voice" and talk.talk_seconds < SHORTEST_TALK_SECONDS:
        return 0.0
    age = max(now - talk.started_at, timedelta(0))
    return WEIGHT_BY_OUTCOME.get(talk.outcome, 0.0) * math.pow(0.5, age / HALF_LIFE)


def _familiar(agent_id: str, talks: Sequence[Past], now: datetime) -> Familiar:
    total = math.fsum(weight(talk, now) for talk in talks)
    last = max(talks, key=lambda talk: (talk.started_at, talk.id))
    reasons: dict[str, int] = {}
    for talk in talks:
        reasons[talk.outcome] = reasons.get(talk.outcome, 0) + 1
    return Familiar(
        agent_id=agent_id,
        score=1.0 - math.pow(0.5, total / HALF_KNOWN),
        times=len(talks),
        last_at=last.started_at,
        reasons=reasons,
        last_topic=last.topic,
    )
