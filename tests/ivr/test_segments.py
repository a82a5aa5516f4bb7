"""What a text message costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.segments import fitted, segments, seven_bit


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("à" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("á" * 135, 3),
        ("😢" * 35, 1),
        ("😢" * 36, 2),
    ],
)
def test_so_many_parts_are_paid_for(text: str, parts: int) -> None:
    assert segments(text) == parts


def test_what_fits_is_spelt_as_it_should_be() -> None:
    assert fitted("Officine Lume: Łucja chiama sábado") == "Officine Lume: Łucja chiama sábado"


def test_accents_go_where_they_would_more_than_double_the_message() -> None:
    said = fitted("Łucja llama el sábado, désolée, aperçu " + "x" * 150)
    assert said.startswith("Lucja llama el sabado, désolée, apercu ")
    assert segments(said) == 2


def test_marks_that_look_alike_are_the_plain_ones() -> None:
    assert fitted("l’ora – 15:10\u202fPM … «sì»") == 'l\'ora - 15:10 PM ... "sì"'


def test_another_script_stays_what_it_is() -> None:
    assert fitted("Иван " * 40) == "Иван " * 40


@given(st.text(max_size=400))
def test_fitting_never_makes_it_dearer(text: str) -> None:
    sent = fitted(text)
    assert fitted(sent) == sent
    assert segments(sent) <= segments(text) or "…" in text or any(mark in text for mark in "«»„“”″")
    if seven_bit(text):
        assert sent == text
