from __future__ import annotations

import pytest

from crm.connectors.matching import same_name, same_number


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Maria Rossi", "ROSSI, Maria"),
        ("Zoë Müller", "Zoe Müller"),
        ("Maria", "Maria Rossi"),
        (None, "Maria Rossi"),
        ("Maria Rossi", None),
        ("María José García", "maria garcia"),
    ],
)
def test_names_that_may_be_one_persons(ours: str | None, theirs: str | None) -> None:
    assert same_name(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("Maria Rossi", "Paolo Rossi"), ("Maria", "Paolo"), ("Ann", "Anna"), ("李明", "王芳")]
)
def test_names_that_are_not(ours: str, theirs: str) -> None:
    assert not same_name(ours, theirs)


def test_a_number_is_the_same_however_it_is_written_and_in_no_other_country() -> None:
    for written in ("+39 333 123 4567", "333 1234567", "(333) 123-45.67", "0039 333 1234567", "tel:+393331234567"):
        assert same_number(written, "+393331234567", "IT")
    for written in ("+49 333 1234567", "333 123456", "", " ", None, 3331234567, ["333 1234567"], "3" * 5000):
        assert not same_number(written, "+393331234567", "IT")
