import pytest

from ivr.document import Ask, HangUp, Ringback, Say, spoken_text_seconds


def test_only_words_take_time_to_be_said() -> None:
    assert spoken_text_seconds(()) == 0
    assert spoken_text_seconds((HangUp(), Ringback("u", 4))) == 0
    assert spoken_text_seconds((Say("x" * 28, "it-IT"),)) == 2


def test_the_words_of_a_question_count_too() -> None:
    asked = Ask((Say("x" * 14, "it-IT"), Ringback("u")), "/key", 5)
    assert spoken_text_seconds((Say("x" * 7, "it-IT"), asked)) == pytest.approx(1.5)
