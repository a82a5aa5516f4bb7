"""Who knows this person: past conversations, weighed by how they ended and how long ago.  Pure.

What counts: the matter was solved, in the customer's own word most of all; it was lately; it happened more than once.
Minutes do not: a matter that took an hour did not go better than one that took five minutes, and who is paid in minutes
learns to be slow.  Length tells one thing only, whether the two really talked: in less than twenty seconds hardly.
Who passed somebody on warmly, and stayed until they were in good hands, is to them nearly as one who left it open.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crm.matters import Past

HALF_LIFE = timedelta(days=90)
SHORTEST_TALK_SECONDS = 1  # below that nobody met anybody
SHORT_TALK_SECONDS, SHORT_SHARE = 20, 0.3  # below that they hardly did
WEIGHT_BY_OUTCOME: Mapping[str, float] = {"solved": 1.0, "open": 0.7, "transferred": 0.3, "abandoned": 0.0}
WEIGHT_BY_THEIR_WORD: Mapping[bool | None, float] = {True: 1.25, False: 0.5, None: 1.0}
WARMLY_TRANSFERRED = 0.6
HALF_KNOWN = 1.0  # this much weight, one problem solved today, makes a score of one half


@dataclass(frozen=True, slots=True)
class Familiar:
    """An agent who has met this person.  `score` 0 to 1; `reasons` counts conversations by how they ended, as
    far as anybody has said.
    """

    agent_id: str
    score: float
    times: int
    last_at: datetime
    reasons: Mapping[str, int]
    last_topic: str | None
    by_their_word: Mapping[str, int] = field(default_factory=dict)  # conversations: confirmed | unsolved
    short: int = 0  # conversations


def familiar_agents(past: Iterable[Past], now: datetime) -> list[Familiar]:
    """The most familiar first; agents who met nobody really are not among them."""
    met: dict[str, list[Past]] = {}
    for talk in past:
        if talk.agent_id is not None and weight(talk, now) > 0:
            met.setdefault(talk.agent_id, []).append(talk)
    familiar = [_familiar(agent_id, talks, now) for agent_id, talks in met.items()]
    return sorted(familiar, key=lambda one: (-one.score, -one.last_at.timestamp(), one.agent_id))


def weight(talk: Past, now: datetime) -> float:
    """How much one conversation makes two people know each other: 1 for a matter solved today."""
    if talk.channel == "voice" and talk.talk_seconds < SHORTEST_TALK_SECONDS:
        return 0.0
    age = max(now - talk.started_at, timedelta(0))
    by_outcome = WARMLY_TRANSFERRED if talk.warm else WEIGHT_BY_OUTCOME.get(talk.outcome, 0.0)
    ended = by_outcome * WEIGHT_BY_THEIR_WORD[talk.confirmed]
    return ended * (SHORT_SHARE if was_short(talk) else 1.0) * math.pow(0.5, age / HALF_LIFE)


def was_short(talk: Past) -> bool:
    return talk.channel == "voice" and talk.talk_seconds < SHORT_TALK_SECONDS


def _familiar(agent_id: str, talks: Sequence[Past], now: datetime) -> Familiar:
    total = math.fsum(weight(talk, now) for talk in talks)
    last = max(talks, key=lambda talk: (talk.started_at, talk.id))
    return Familiar(
        agent_id=agent_id,
        score=1.0 - math.pow(0.5, total / HALF_KNOWN),
        times=len(talks),
        last_at=last.started_at,
        reasons=_counted(talk.outcome for talk in talks if talk.judged),
        last_topic=last.topic,
        by_their_word=_counted(_BY_THEIR_WORD[talk.confirmed] for talk in talks if talk.confirmed is not None),
        short=sum(was_short(talk) for talk in talks),
    )


_BY_THEIR_WORD = {True: "confirmed", False: "unsolved"}


def _counted(kinds: Iterable[str]) -> dict[str, int]:
    return dict(Counter(kinds))


@dataclass(frozen=True, slots=True)
class Why:
    """`kind`: chosen | stand_in | confirmed | solved | open | transferred | unsolved | short | last."""

    kind: str
    times: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Acquainted:
    """An agent who is not any other to this person, with why.  `score` is that of their conversations alone."""

    agent_id: str
    score: float
    times: int
    last_at: datetime | None
    chosen: bool
    reasons: tuple[Why, ...]


def acquainted(
    past: Iterable[Past],
    now: datetime,
    *,
    chosen: str | None = None,
    stand_ins: Sequence[str] = (),
    vetoed: Container[str] = (),
) -> list[Acquainted]:
    """Whom they chose, then who knows them best, then who stands in for these; pairings that are not to be are not."""
    familiar = {one.agent_id: one for one in familiar_agents(past, now)}
    named = [*([chosen] if chosen else []), *familiar, *stand_ins]
    return [
        Acquainted(
            agent_id=agent_id,
            score=one.score if one else 0.0,
            times=one.times if one else 0,
            last_at=one.last_at if one else None,
            chosen=agent_id == chosen,
            reasons=tuple(_reasons(agent_id, one, chosen, stand_ins)),
        )
        for agent_id in dict.fromkeys(named)
        if agent_id not in vetoed
        for one in [familiar.get(agent_id)]
    ]


def _reasons(agent_id: str, one: Familiar | None, chosen: str | None, stand_ins: Sequence[str]) -> Iterator[Why]:
    if agent_id == chosen:
        yield Why("chosen")
    if agent_id in stand_ins:
        yield Why("stand_in")
    if one is None:
        return
    counted = {**one.reasons, **one.by_their_word, "short": one.short}
    for kind in ("confirmed", "solved", "open", "transferred", "unsolved", "short"):
        if counted.get(kind):
            yield Why(kind, counted[kind])
    yield Why("last", at=one.last_at)
