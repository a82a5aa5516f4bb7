"""How tired of us this person must be, and why.  Pure: it only counts, what follows is decided elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.matters import OpenMatter, Past, same_topic

TRANSFERS_COUNT_FOR = timedelta(days=30)
THEIR_WORD_COUNTS_FOR = timedelta(days=30)
REPEATED_WITHIN = timedelta(days=14)
REPEATED_TIMES = 3  # calls about the same: with this one, where the matter is still open; else before this one
HIGHEST_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """`kind` is transferred | repeated | open | unsolved | broken_promise | waited | cut_off; `topic` where it is about
    one."""

    kind: str
    times: int
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Troubles:
    """What other rooms have counted lately: promises not kept in time, long waits, talks that were cut off."""

    broken_promises: int = 0
    waits: int = 0
    cut_offs: int = 0


NO_TROUBLES = Troubles()


@dataclass(frozen=True, slots=True)
class Weary:
    level: int  # 0 fresh, to 3
    reasons: tuple[Reason, ...]


def weariness(
    past: Iterable[Past], matters: Sequence[OpenMatter], now: datetime, troubles: Troubles = NO_TROUBLES
) -> Weary:
    """One step for each kind of trouble, one more for what was done to them twice; repeating oneself is two at once.

    A warm transfer, where one agent spoke with the next and introduced them, is half of one into the blue: the first is
    no trouble, the second is.
    """
    talks = [talk for talk in past if talk.started_at <= now]
    passed_on = [t for t in talks if t.outcome == "transferred" and now - t.started_at <= TRANSFERS_COUNT_FOR]
    transfers = transfers_suffered(passed_on)
    unsolved = _unsolved(talks, now)
    found = [
        (Reason("transferred", len(passed_on) if transfers else 0), min(transfers, 2)),
        *((Reason("repeated", times, topic), 2) for topic, times in _repeated(talks, now)),
        (Reason("open", len(matters), matters[0].topic if matters else None), 1),
        (Reason("unsolved", len(unsolved), unsolved[0].topic if unsolved else None), min(len(unsolved), 2)),
        (Reason("broken_promise", troubles.broken_promises), min(troubles.broken_promises, 2)),
        (Reason("waited", troubles.waits), 1),
        (Reason("cut_off", troubles.cut_offs), 1),
    ]
    counting = [(reason, steps) for reason, steps in found if reason.times]
    level = min(sum(steps for _, steps in counting), HIGHEST_LEVEL)
    return Weary(level, tuple(reason for reason, _ in counting))


def transfers_suffered(passed_on: Iterable[Past]) -> int:
    """Of conversations that ended in a transfer: each, but of the warm ones every second."""
    warm = [talk.warm for talk in passed_on]
    return warm.count(False) + warm.count(True) // 2


def _unsolved(talks: Sequence[Past], now: datetime) -> list[Past]:
    """After which they said that it is not solved, and it has not been since; the latest first."""
    recent = [talk for talk in talks if talk.confirmed is False and now - talk.started_at <= THEIR_WORD_COUNTS_FOR]
    recent.sort(key=lambda talk: talk.started_at, reverse=True)
    return [talk for talk in recent if not solved_since(talk, talks)]


def solved_since(talk: Past, talks: Iterable[Past]) -> bool:
    """Was this conversation's matter solved by a later one?"""
    topic = same_topic(talk.topic)
    return any(
        later.outcome == "solved" and later.started_at > talk.started_at and same_topic(later.topic) == topic
        for later in talks
    )


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
