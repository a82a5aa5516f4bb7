"""How tired of us this person must be, and why.  Pure: it only counts, what follows is decided elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.matters import OpenMatter, Past, same_topic

TRANSFERS_COUNT_FOR = timedelta(days=30)
REPEATED_WITHIN = timedelta(days=14)
REPEATED_TIMES = 3  # calls about the same: with this one, where the matter is still open; else before this one
HIGHEST_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """`kind` is transferred, repeated or open; `topic` where it is about one."""

    kind: str
    times: int
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Weary:
    level: int  # 0 fresh, to 3
    reasons: tuple[Reason, ...]


def weariness(past: Iterable[Past], matters: Sequence[OpenMatter], now: datetime) -> Weary:
    """One step for each kind of trouble, one more for being transferred or repeating oneself again and again."""
    talks = [talk for talk in past if talk.started_at <= now]
    reasons: list[Reason] = []
    level = 0
    transfers = sum(talk.outcome == "transferred" and now - talk.started_at <= TRANSFERS_COUNT_FOR for talk in talks)
    if transfers:
        reasons.append(Reason("transferred", transfers))
        level += 1 if transfers == 1 else 2
    for topic, times in _repeated(talks, now):
        reasons.append(Reason("repeated", times, topic))
        level += 2
    if matters:
        reasons.append(Reason("open", len(matters), matters[0].topic))
        level += 1
    return Weary(min(level, HIGHEST_LEVEL), tuple(reasons))


def _repeated(talks: Sequence[Past], now: datetime) -> list[tuple[str | None, int]]:
    """Topics spoken of again and again in the last fortnight, in the words last used.

    Who rings while it is not solved rings about it once more.
    """
    recent = sorted(
        (talk for talk in talks if now - talk.started_at <= REPEATED_WITHIN and same_topic(talk.topic)),
        key=lambda talk: talk.started_at,
    )
    words = {same_topic(talk.topic): talk.topic for talk in recent}
    counted = Counter(same_topic(talk.topic) for talk in recent)
    unsolved = {same_topic(talk.topic): talk.outcome != "solved" for talk in recent}  # as the latest left it
    return [
        (words[topic], times) for topic, times in counted.most_common() if times + unsolved[topic] >= REPEATED_TIMES
    ]
