"""What each figure of the reports means, by hand-made counts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.states import OPEN, State
from desk.measures import (
    KINDS,
    OPEN_PROMISES,
    OUTCOMES,
    FloorTally,
    PromiseTally,
    RelationTally,
    Share,
    Talking,
    band_of,
    hour_of,
    open_spans,
    overlap_seconds,
    quantile,
    tells_of_nobody,
)
from desk.reports import HOUR, QUARTER, Span
from ivr.lifecycle import Outcome
from routing.hours import read_hours

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def test_the_words_of_other_rooms_are_these() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(OPEN_PROMISES) == set(OPEN)


def test_no_data_is_neither_nothing_nor_everything() -> None:
    assert (Share(0, 0).share, Share(0, 0).per_hundred, quantile({}, 0.5)) == (None, None, None)
    assert (Share(0, 3).share, Share(1, 3).share, Share(3, 3).share, Share(1, 8).per_hundred) == (
        0.0,
        0.3333,
        1.0,
        12.5,
    )


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile({4.0: 1}, 0.9) == 4.0
    assert quantile({1.0: 1, 2.0: 1}, 0.5) == 1.0
    assert quantile({1.0: 5, 60.0: 4, 90.0: 1}, 0.5) == 1.0
    assert quantile({90.0: 1, 1.0: 5, 60.0: 4}, 0.9) == 60.0


@given(st.lists(st.integers(0, 50), min_size=1), st.sampled_from([0.5, 0.9]))
def test_at_least_that_part_waited_no_longer_than_the_quantile(waits: list[int], part: float) -> None:
    found = quantile(Counter(map(float, waits)), part)
    assert found in waits
    assert sum(wait <= found for wait in waits) >= part * len(waits) > sum(wait < found for wait in waits)


def floor(**outcomes: int) -> FloorTally:
    tally = FloorTally()
    for outcome, n in outcomes.items():
        tally.add(n, ended=True, outcome=outcome, short=False, waited=None)
    return tally


def test_every_accepted_call_is_live_or_ended_somewhere_or_missed_by_us() -> None:
    tally = floor(agent=5, voicemail=1, callback=2, abandoned=3)
    tally.add(2, ended=False, outcome=None, short=False, waited=None)
    tally.add(1, ended=False, outcome="agent", short=False, waited=3.0)
    assert (tally.calls, tally.live, tally.outcomes.total(), tally.unaccounted) == (14, 3, 11, 0)
    tally.add(1, ended=True, outcome=None, short=True, waited=None)
    assert tally.unaccounted == 1


def test_a_callback_taken_is_no_abandonment_and_short_calls_stand_apart() -> None:
    tally = floor(agent=5, callback=3, abandoned=2)
    assert tally.abandonment == Share(2, 10)
    tally.add(4, ended=True, outcome="abandoned", short=True, waited=None)
    tally.add(1, ended=True, outcome="callback", short=True, waited=None)
    assert (tally.abandonment, tally.outcomes["abandoned"], tally.short) == (Share(2, 11), 6, 4)


def test_who_was_answered_in_time_is_asked_of_those_who_stayed_or_gave_up() -> None:
    tally = floor(callback=7, voicemail=2, abandoned=1)
    for waited in (5.0, 20.0, 21.0):
        tally.add(1, ended=True, outcome="agent", short=False, waited=waited)
    assert tally.answered_within(20) == Share(2, 4)


def test_promises_kept_are_asked_of_those_kept_or_broken() -> None:
    tally = PromiseTally()
    for state, n in ((State.KEPT, 3), (State.BROKEN, 1), (State.UNREACHABLE, 5), (State.CANCELLED, 5), (State.DUE, 2)):
        late = 4.0 if state in (State.KEPT, State.BROKEN) else None
        tally.add(n, kind="asap", state=state, overdue=state is State.DUE, late=late, otherwise=False)
    tally.add(1, kind="follow_up", state="kept", overdue=False, late=None, otherwise=False)
    assert (tally.kept, tally.kept_of("asap"), tally.kept_of("follow_up")) == (Share(4, 5), Share(3, 4), Share(1, 1))
    assert (tally.made, tally.open, tally.overdue, tally.served) == (17, 2, 2, 1)
    assert sum(tally.made_of(kind) for kind in KINDS) == tally.made


def test_somebody_who_knew_us_and_reached_nobody_is_a_miss() -> None:
    tally = RelationTally()
    usual: dict[str, Any] = {"again": None, "old": True}
    tally.add_calls(2, agent=True, familiar=True, earlier=2, **usual)
    tally.add_calls(1, agent=True, familiar=False, earlier=0, **usual)
    tally.add_calls(1, agent=False, familiar=True, earlier=2, **usual)  # the familiar one was only rung
    assert (tally.reached_agent, tally.reached_familiar) == (Share(3, 4), Share(2, 3))
    assert tally.returning_reached_familiar == Share(2, 3)


def test_the_share_solved_leaves_out_what_nobody_can_know_yet() -> None:
    tally = RelationTally()
    anew: dict[str, Any] = {"taken_up": False, "told_again": False}
    for solved, n in ((True, 2), (False, 1), (None, 1)):
        tally.add_conversations(n, outcome="solved", first=True, solved=solved, **anew)
    for outcome in ("solved", "transferred"):
        tally.add_conversations(1, outcome=outcome, first=False, solved=True, **anew)
    assert (tally.solved_at_first_contact, tally.first_undecided) == (Share(2, 3), 1)
    assert tally.transfers == Share(1, 6)


def test_who_was_introduced_or_known_had_not_to_repeat_themselves() -> None:
    tally = RelationTally()
    for taken_up, told_again, n in ((True, True, 2), (True, False, 3), (False, False, 4)):
        how: dict[str, Any] = {"taken_up": taken_up, "told_again": told_again}
        tally.add_conversations(n, outcome="open", first=not taken_up, solved=None, **how)
    assert tally.had_to_repeat == Share(2, 5)


def test_a_call_is_asked_about_only_when_its_day_is_over() -> None:
    tally = RelationTally()
    usual = {"agent": True, "familiar": False, "earlier": 0}
    tally.add_calls(1, again=True, old=True, **usual)
    tally.add_calls(2, again=False, old=True, **usual)
    tally.add_calls(4, again=True, old=False, **usual)
    tally.add_calls(8, again=None, old=True, **usual)
    assert (tally.called_again, tally.again_undecided) == (Share(1, 3), 4)


def test_hours_are_those_of_the_house() -> None:
    assert hour_of(datetime(2026, 3, 2, 23, 30, tzinfo=UTC), ROME) == "2026-03-03T00:00:00+01:00"
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    twice = [hour_of(autumn + timedelta(hours=n), ROME) for n in (0, 1)]
    assert twice == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]


@pytest.mark.parametrize(
    ("zone", "seconds"), [("Europe/Rome", HOUR), ("Asia/Kathmandu", QUARTER), ("Australia/Lord_Howe", QUARTER)]
)
def test_slots_fit_the_hours_of_every_zone(zone: str, seconds: int) -> None:
    span = Span(NOW - timedelta(days=366), NOW, NOW, ZoneInfo(zone), "hour")
    assert span.slot_seconds == seconds
    assert all(
        (NOW.replace(month=month).astimezone(span.zone).utcoffset() or timedelta()).seconds % seconds == 0
        for month in (1, 7)
    )


def test_a_shift_ends_with_the_span_and_begins_with_the_agent() -> None:
    hours = read_hours("Mo-Fr 09:00-18:00; PH off", "Europe/Rome", "IT")
    start, end = (
        datetime(2026, 6, 1, 0, 0, tzinfo=ROME),
        datetime(2026, 6, 4, 12, 0, tzinfo=ROME),
    )  # the 2nd is a holiday
    spans = list(open_spans(hours, start, end))
    assert overlap_seconds(spans, start) == (9 + 9 + 3) * 3600
    assert overlap_seconds(spans, datetime(2026, 6, 3, 17, 0, tzinfo=ROME)) == (1 + 3) * 3600
    assert overlap_seconds(open_spans(read_hours("off", "UTC"), start, end), start) == 0


def test_nobody_is_found_out_by_what_is_missing_from_the_total() -> None:
    def shown(**sizes: int) -> set[str | None]:
        return set(tells_of_nobody({team: Talking(agents=n) for team, n in sizes.items()}))

    assert shown(a=3, b=9) == {"a", "b"}
    assert shown(a=3, b=1, c=9) == {"c"}  # b alone would be what a and c leave of the total
    assert shown(a=2, b=2, c=3) == {"c"}
    assert shown(a=2) == shown() == set()


def test_how_busy_a_team_was_needs_a_shift() -> None:
    talking = Talking()
    assert talking.share is None
    talking.add(900, 3600)
    talking.add(0, 3600)
    assert (talking.agents, talking.share) == (2, 0.125)


def test_callers_are_told_apart_by_how_often_they_had_talked_with_us() -> None:
    assert [band_of(n) for n in (0, 1, 2, 3, 4, 9, 10, 90)] == [None, "1", "2-3", "2-3", "4-9", "4-9", "10+", "10+"]


def test_an_even_load_is_one() -> None:
    even, uneven = Talking(), Talking()
    for _ in range(3):
        even.add(600, 3600, 2)
    uneven.add(1800, 3600, 6)
    uneven.add(0, 3600)
    assert (even.busiest_to_mean, uneven.busiest_to_mean, Talking().busiest_to_mean) == (1.0, 2.0, None)
