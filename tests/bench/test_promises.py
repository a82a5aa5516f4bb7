"""A few minutes of the simulated morning: whatever was promised in them is kept, moved in time, or tried in vain."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from bench.promises import run_one
from bench.promises_draw import Size, draw_morning
from bench.promises_judge import BROKEN, KEPT, LATE, MOVED, UNREACHABLE, stories
from bench.promises_report import figures, page

SIZE = Size(agents=4, promises=5, minutes=4, inbound_an_hour=20, ill=1, before_minutes=1, retry_minutes=1)
TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NUMBER = "+393331234567"


def test_one_seed_is_one_morning() -> None:
    assert draw_morning(3, SIZE) == draw_morning(3, SIZE)
    assert draw_morning(3, SIZE).promised != draw_morning(4, SIZE).promised
    assert draw_morning(3, dataclasses.replace(SIZE, promises=0)).callers == draw_morning(3, SIZE).callers


def test_a_morning_of_a_few_minutes_leaves_nobody_forgotten() -> None:
    run = run_one(4, SIZE, alone=False)
    assert run.failures == []
    assert [fault for story in run.stories for fault in story.faults] == []
    assert len(run.stories) >= SIZE.promises - run.refused
    assert figures([run])[BROKEN] == 0
    assert "No promise was broken" in page([run], SIZE)


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


def told(what: str, n: int, minutes: float, before: Any = None, after: Any = None) -> Any:
    return SimpleNamespace(callback_id="cb", n=n, at=at(minutes), what=what, by="us keeper", before=before, after=after)


def judged(
    state: str,
    steps: list[Any],
    attempts: list[tuple[float, str]],
    calls: Any = (),
    promised: float = 0,
    no_texts: frozenset[str] = frozenset(),
) -> Any:
    """The story of one promise for ten o'clock, as the database tells it."""
    promise = SimpleNamespace(
        id="cb", number=NUMBER, state=state, promised_at=at(promised), window_seconds=300, agent_id=None, moves=0
    )
    tried = [
        SimpleNamespace(callback_id="cb", n=n, at=at(when), result=result)
        for n, (when, result) in enumerate(attempts, 1)
    ]
    made = told("made", 0, -60, after={"due_at": TEN.isoformat(), "agent": None})
    played = SimpleNamespace(
        promises=[promise], steps=[made, *steps], attempts=tried, texts=[], calls=list(calls), no_texts=no_texts
    )
    return stories(played, at(180))[0]


def moved(n: int, minutes: float, was: float, to: float) -> Any:
    return told("moved", n, minutes, {"due_at": at(was).isoformat()}, {"due_at": at(to).isoformat()})


def test_a_promise_dialled_in_its_window_is_kept() -> None:
    story = judged("kept", [], [(2, "connected")])
    assert (story.end, story.late_seconds, story.faults) == (KEPT, 120, [])


def test_another_time_must_be_told_before_the_window_is_over() -> None:
    assert judged("kept", [moved(1, 4, 0, 20)], [(20, "connected")], promised=20).end == MOVED
    late = judged("kept", [moved(1, 6, 0, 20)], [(20, "connected")], promised=20)
    assert (late.end, len(late.faults)) == (BROKEN, 1)


def test_each_attempt_is_a_word_of_its_own() -> None:
    """In vain at ten; called again within the time that was told then, or too late."""
    tried = [told("attempt", 1, 1, after={"n": 1})]
    assert judged("kept", tried, [(0, "no_answer"), (16, "connected")], promised=15).end == KEPT
    assert judged("kept", tried, [(0, "no_answer"), (16, "connected")], promised=5).faults == [
        "dialled too late: promised 10:05:00, until 10:10:00"
    ]
    vain = [told("attempt", n, n * 20, after={"n": n}) for n in (1, 2)]
    ended = [*vain, told("unreachable", 3, 40)]
    assert judged("unreachable", ended, [(0, "busy"), (20, "no_answer")], promised=20).end == UNREACHABLE


def test_what_is_neither_is_broken() -> None:
    assert judged("due", [], []).faults == ["still due, due 10:00:00"]
    assert judged("broken", [], [(7, "connected")]).end == BROKEN
    assert judged("broken", [], [(7, "connected")], no_texts=frozenset((NUMBER,))).end == LATE
    assert judged("due", [], [], no_texts=frozenset((NUMBER,))).end == BROKEN
    assert judged("kept", [], [(-1, "connected")]).faults == ["dialled 09:59:00 before 10:00:00"]


def test_who_is_in_a_call_with_us_is_not_dialled() -> None:
    call = SimpleNamespace(
        callback_id=None, direction="inbound", from_number=NUMBER, arrived_at=at(-2), ended_at=at(3), talking_at=None
    )
    assert len(judged("kept", [], [(1, "connected")], [call]).faults) == 1
    assert judged("kept", [], [(4, "connected")], [call]).faults == []
