"""What happened to promises meanwhile, as figures."""

from __future__ import annotations

from typing import Any

from desk.measures import Share
from desk.promise_measures import LifeTally

USUAL: dict[str, Any] = {
    "moved": False,
    "missed": False,
    "at_risk": False,
    "attempts": 0,
    "reached": False,
    "texts": 0,
    "lost": 0,
}


def tally(*promises: tuple[int, dict[str, Any]]) -> LifeTally:
    found = LifeTally()
    for n, more in promises:
        found.add(n, **USUAL | more)
    return found


def test_without_promises_there_are_no_shares() -> None:
    nothing = tally()
    assert (nothing.reached_at_once.share, nothing.mean_attempts, nothing.news_arrived.share) == (None, None, None)


def test_who_was_moved_before_their_time_was_not_let_down() -> None:
    found = tally((3, {"moved": True}), (2, {"moved": True, "missed": True}), (1, {"missed": True}), (4, {}))
    assert (found.moved, found.moved_in_time, found.missed) == (5, 3, 3)


def test_attempts_count_until_somebody_is_there() -> None:
    found = tally((2, {"attempts": 1, "reached": True}), (1, {"attempts": 3, "reached": True}), (1, {"attempts": 3}))
    assert (found.attempts, found.reached_at_once, found.mean_attempts) == (5, Share(2, 3), 1.67)


def test_one_text_that_was_lost_is_news_that_did_not_arrive() -> None:
    found = tally((3, {"texts": 1}), (1, {"texts": 4, "lost": 1}), (6, {}))
    assert (found.told, found.undelivered, found.news_arrived) == (4, 1, Share(3, 4))
