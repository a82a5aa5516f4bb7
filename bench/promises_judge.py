"""How each promise of a morning ended, word for word: every time that was ever promised is a word to be kept.  Pure.

A word is held when we dialled within its window, or had told another time before that was over, or they rang us, or
called it off.  What is neither is broken; but who reads no texts cannot be told of another time, and is called late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

KEPT, RANG_US, MOVED, UNREACHABLE, CANCELLED, LATER, LATE, BROKEN = (
    "kept",
    "they rang first",
    "moved in time, and kept",
    "unreachable",
    "cancelled",
    "for later",
    "late, to who reads no texts",
    "broken",
)
LOST = ("failed", "undelivered")
ENDED = frozenset(("kept", "broken", "cancelled", "merged", "unreachable"))
IN_A_CALL = timedelta(seconds=1)


@dataclass(slots=True)
class Word:
    """One time that was promised.  `ended`: what it came to."""

    at: datetime
    latest: datetime
    agent: str | None
    since: datetime
    ended: str | None = None
    dialled_at: datetime | None = None
    result: str | None = None


@dataclass(slots=True)
class Story:
    """One promise from beginning to end."""

    promise: Any
    words: list[Word]
    attempts: list[Any]
    texts: int = 0
    lost_texts: frozenset[datetime] = frozenset()  # when those were written that did not arrive
    end: str = ""
    faults: list[str] = field(default_factory=list)
    talked_with: str | None = None

    @property
    def moved_unheard(self) -> int:
        """How often we gave it another time, and the text that told of it did not arrive."""
        return sum(a.ended == "moved" and b.since in self.lost_texts for a, b in pairwise(self.words))

    @property
    def late_seconds(self) -> float | None:
        """First ring of the customer after the time last promised; None if nobody was dialled."""
        dialled = [word for word in self.words if word.dialled_at is not None]
        return max((dialled[-1].dialled_at - dialled[-1].at).total_seconds(), 0.0) if dialled else None  # type: ignore[operator]


def stories(played: Any, until: datetime) -> list[Story]:
    """`until`: promises for later than this are of another day."""
    by: dict[str, Story] = {}
    for promise in played.promises:
        by[promise.id] = Story(promise, [], [])
    for attempt in played.attempts:
        by[attempt.callback_id].attempts.append(attempt)
    for text in played.texts:
        if text.callback_id in by and text.direction == "out":
            by[text.callback_id].texts += 1
            if text.state in LOST:
                by[text.callback_id].lost_texts |= {text.at}
    for call in played.calls:
        if call.callback_id in by and call.talking_at is not None and call.agent_id is not None:
            by[call.callback_id].talked_with = call.agent_id
    for story in by.values():
        _tell(story, [step for step in played.steps if step.callback_id == story.promise.id], until)
        if story.end == BROKEN and story.promise.number in played.no_texts and story.promise.state in ENDED:
            story.end, story.faults = LATE, []
    _dialled_while_talking(by.values(), played.calls)
    return list(by.values())


def _tell(story: Story, steps: Sequence[Any], until: datetime) -> None:
    promise = story.promise
    at, window, agent, since = _first(steps)
    word = Word(at, at + timedelta(seconds=window or promise.window_seconds), agent, since)
    story.words.append(word)
    attempts, tried_at = list(story.attempts), None
    for step in steps:
        after = step.after or {}
        if step.what == "moved" and step.at == tried_at:  # the time that was told after an attempt in vain
            at = datetime.fromisoformat(after["due_at"])
            word.at, word.latest = at, at + (word.latest - word.at)
        elif step.what == "attempt":
            tried_at = step.at
            word = _attempted(story, word, attempts.pop(0), _told_next(story, steps, step))
        elif step.what in ("moved", "changed") and ("due_at" in after or "window_seconds" in after):
            window = after.get("window_seconds", (word.latest - word.at).total_seconds())
            at = datetime.fromisoformat(after["due_at"]) if "due_at" in after else word.at
            word.ended = "moved" if step.at <= word.latest else "moved too late"
            word = Word(at, at + timedelta(seconds=window), after.get("agent", word.agent), step.at)
            story.words.append(word)
        elif step.what == "reassigned":
            word.agent = after.get("agent")
    for attempt in attempts:  # of which nothing was written down: it goes on, or they were reached
        word.dialled_at, word.result = attempt.at, attempt.result
        word.ended = "dialled" if attempt.at <= word.latest else "dialled too late"
    _end(story, word, until)


def _first(steps: Sequence[Any]) -> tuple[datetime, float | None, str | None, datetime]:
    """As it was made, before anything was changed."""
    made = steps[0]
    changed = next((s.before for s in steps if s.before and "window_seconds" in s.before), None)
    window = None if changed is None else float(changed["window_seconds"])
    return datetime.fromisoformat(made.after["due_at"]), window, made.after.get("agent"), made.at


def _told_next(story: Story, steps: Sequence[Any], attempt: Any) -> datetime | None:
    """The time fixed after an attempt in vain: where the next step says what it was, or what the promise says."""
    following = [s for s in steps if s.n > attempt.n]
    for step in following:
        if step.what == "moved":
            return datetime.fromisoformat(step.before["due_at"])
        if step.what == "attempt":
            break
    rest = [a for a in story.attempts if a.at > attempt.at]
    if any(step.what == "attempt" for step in following) and rest:
        return None  # the time that was told is not written down: the dial itself says when
    if any(step.what == "unreachable" and step.at == attempt.at for step in following):
        return None
    return story.promise.promised_at  # type: ignore[no-any-return]


def _attempted(story: Story, word: Word, attempt: Any, following: datetime | None) -> Word:
    word.dialled_at, word.result = attempt.at, attempt.result
    word.ended = "dialled" if attempt.at <= word.latest else "dialled too late"
    rest = [a for a in story.attempts if a.at > attempt.at]
    at = following or (rest[0].at if rest else None)
    if at is None:
        return word
    again = Word(at, at + (word.latest - word.at), word.agent, attempt.at)
    story.words.append(again)
    return again


def _end(story: Story, word: Word, until: datetime) -> None:
    promise = story.promise
    if promise.state not in ENDED:
        story.end = LATER if promise.promised_at >= until else BROKEN
        if story.end == BROKEN:
            story.faults.append(f"still {promise.state}, due {promise.promised_at:%H:%M:%S}")
    elif promise.state in ("cancelled", "merged"):
        story.end = CANCELLED
    elif promise.state == "unreachable":
        story.end = UNREACHABLE
    elif promise.state == "kept":
        story.end = KEPT if word.dialled_at else RANG_US
        word.ended = word.ended or ("dialled" if word.dialled_at else "rang us")
        if story.end == KEPT and any(one.ended == "moved" for one in story.words):
            story.end = MOVED
    else:
        story.end = BROKEN
        story.faults.append("connected after the window")
    for one in story.words:
        if one.ended in ("moved too late", "dialled too late"):
            story.faults.append(f"{one.ended}: promised {one.at:%H:%M:%S}, until {one.latest:%H:%M:%S}")
            story.end = BROKEN
        if one.dialled_at is not None and one.dialled_at < one.at:
            story.faults.append(f"dialled {one.dialled_at:%H:%M:%S} before {one.at:%H:%M:%S}")


def _dialled_while_talking(all_of_them: Iterable[Story], calls: Sequence[Any]) -> None:
    """Nobody is called who is in a call with us, or has been served."""
    for story in all_of_them:
        for one, other in pairwise(story.attempts):
            if one.result == "connected":
                story.faults.append(f"dialled again at {other.at:%H:%M:%S} though served")
        for call in calls:
            if call.direction != "inbound" or call.from_number != story.promise.number:
                continue
            over = call.ended_at or datetime.max.replace(tzinfo=call.arrived_at.tzinfo)
            if any(call.arrived_at + IN_A_CALL < attempt.at < over for attempt in story.attempts):
                story.faults.append(f"dialled while they were in a call with us since {call.arrived_at:%H:%M:%S}")


def share(values: Sequence[float], part: float) -> float | None:
    """The quantile, by the nearest rank from above."""
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)] if ordered else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Live callers: how many rang, whom an agent answered, and how long those waited from the first ring."""

    rang: int
    answered: int
    gave_up: int
    mean_seconds: float
    p95_seconds: float


def waiting(calls: Sequence[Any], until: datetime) -> Waiting:
    live = [call for call in calls if call.direction == "inbound" and call.arrived_at < until]
    waits = [call.waited_seconds or 0.0 for call in live if call.outcome == "agent"]
    ends = Counter(call.outcome for call in live)
    mean = sum(waits) / len(waits) if waits else 0.0
    return Waiting(len(live), ends["agent"], ends["abandoned"], mean, share(waits, 0.95) or 0.0)
