from __future__ import annotations

from datetime import timedelta

from crm.connectors.breaker import FAILURES, LONGEST_REST, REST, Breaker
from tests.conftest import TUESDAY_AT_TEN as NOW


def broken() -> Breaker:
    breaker = Breaker()
    assert [breaker.bad(NOW) for _ in range(FAILURES)] == [False, False, True]
    return breaker


def test_after_three_failures_in_a_row_nobody_is_asked_for_half_a_minute() -> None:
    breaker = broken()
    assert not breaker.admits(NOW)
    assert not breaker.admits(NOW + REST - timedelta(seconds=1))


def test_two_failures_and_an_answer_are_nothing() -> None:
    breaker = Breaker()
    for _ in range(4):
        assert not breaker.bad(NOW)
        assert not breaker.bad(NOW)
        breaker.good()
    assert breaker.admits(NOW)


def test_after_the_rest_one_asks_for_all() -> None:
    breaker, later = broken(), NOW + REST
    assert breaker.admits(later)
    assert not breaker.admits(later)
    assert not breaker.bad(later)  # a rest goes on; it does not begin
    assert not breaker.admits(later + REST - timedelta(seconds=1))
    assert breaker.admits(later + REST)
    breaker.good()
    assert [breaker.admits(later + REST) for _ in range(2)] == [True, True]


def test_one_who_asked_and_did_not_wait_leaves_it_to_the_next() -> None:
    breaker = broken()
    assert breaker.admits(NOW + REST)
    breaker.unknown()
    assert breaker.admits(NOW + REST)


def test_who_asks_for_a_pause_has_it_at_once_within_reason() -> None:
    breaker = Breaker()
    assert breaker.bad(NOW, timedelta(seconds=90))
    assert not breaker.admits(NOW + timedelta(seconds=89))
    breaker = Breaker()
    breaker.bad(NOW, timedelta(days=1))
    assert breaker.admits(NOW + LONGEST_REST)


def test_a_clock_that_is_set_back_ends_the_rest() -> None:
    assert broken().admits(NOW - timedelta(hours=1))
