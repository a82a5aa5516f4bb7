from __future__ import annotations

import re

from store import ids


def test_an_id_is_its_prefix_and_26_lower_case_characters() -> None:
    assert re.fullmatch(r"cus_[0-9a-hjkmnp-tv-z]{26}", ids.new_id("cus"))


def test_ids_rise_also_within_a_millisecond() -> None:
    made = [ids.new_id("x") for _ in range(10_000)]
    assert made == sorted(set(made))
