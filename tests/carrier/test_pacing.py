"""Pauses between repetitions."""

from __future__ import annotations

import pytest

from carrier.pacing import Pacer, look_again_seconds, repeat_seconds
from carrier.port import PROMISE, WAITING_CALLER


def test_pauses_double_up_to_a_limit_and_are_shorter_while_somebody_waits() -> None:
    waiting = [repeat_seconds(tries, WAITING_CALLER, lambda: 0.5) for tries in range(1, 7)]
    promised = [repeat_seconds(tries, PROMISE, lambda: 0.5) for tries in range(1, 9)]
    assert waiting == [0.25, 0.5, 1, 2, 2, 2]
    assert promised == [1, 2, 4, 8, 16, 32, 60, 60]
    assert repeat_seconds(10_000, PROMISE, lambda: 0.5) == 60


def test_chance_spreads_a_pause_by_half_of_it_either_way() -> None:
    assert repeat_seconds(1, PROMISE, lambda: 0.0) == 0.5
    assert repeat_seconds(1, PROMISE, lambda: 1.0) == 1.5


def test_one_look_falls_on_the_moment_of_proof() -> None:
    age, looks = 1.0, []
    while age < 60:
        looks.append(age)
        age += look_again_seconds(age, 60)
    assert age == 60
    assert len(looks) < 15
    assert look_again_seconds(60, 60) == look_again_seconds(600, 60) == 10


def test_a_pace_must_be_one() -> None:
    with pytest.raises(ValueError, match="positive"):
        Pacer(0)
