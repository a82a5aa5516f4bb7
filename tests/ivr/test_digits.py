"""A number read back digit by digit."""

from __future__ import annotations

import pytest

from ivr.digits import read_back


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("+393331234567", "3 3 3, 1 2 3, 4 5 6 7"),
        ("+390612345678", "0 6, 1 2 3 4, 5 6 7 8"),
        ("+442079460958", "più 4 4, 2 0, 7 9 4 6, 0 9 5 8"),
        ("+41446681800", "più 4 1, 4 4, 6 6 8, 1 8, 0 0"),
    ],
)
def test_a_number_is_read_in_the_groups_it_is_written_in(number: str, spoken: str) -> None:
    assert read_back(number, "IT", "più") == spoken


def test_no_group_is_longer_than_can_be_remembered_and_no_digit_is_lost() -> None:
    for number in ("+393331234567", "+4915112345678", "+33612345678", "+34612345678", "+12125550123"):
        for country in ("IT", "DE", "FR", "ES", "US"):
            spoken = read_back(number, country, "plus")
            assert all(len(group.split()) <= 4 for group in spoken.removeprefix("plus ").split(", "))
            digits = "".join(filter(str.isdigit, spoken))
            assert digits == number[1:] if spoken.startswith("plus") else number.endswith(digits.lstrip("0"))
