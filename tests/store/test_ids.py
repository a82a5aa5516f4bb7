from __future__ import annotations

import re
import time

from store import ids


def test_an_id_is_its_prefix_and_26_lower_case_characters() -> None:
    assert re.fullmatch(r"cus_[0-9a-hjkmnp-tv-z]{26}", ids.new_id("cus"))


def test_no_two_ids_are_alike() -> None:
    assert len({ids.new_id("x") for _ in range(10_000)}) == 10_000


def test_ids_sort_by_the_millisecond_they_were_made_in() -> None:
    made = []
    for _ in range(3):
        made.append(ids.new_id("x"))
        before = time.time_ns() // 1_000_000
        while time.time_ns() // 1_000_000 == before:
            pass
    assert made == sorted(made)
