"""Words of another person, taken out of a text wherever they stand by then."""

import pytest

from crm.separating import without


@pytest.mark.parametrize(
    ("text", "came", "left"),
    [
        ("nota di A\n\nzanzibar di B\n\nnota C", "zanzibar di B", "nota di A\n\nnota C"),
        ("zanzibar di B\n\nnota di A", "zanzibar di B", "nota di A"),  # somebody put it first
        ("nota di A\n\nzanzibar di B e una riga nuova", "zanzibar di B", "nota di A\n\ne una riga nuova"),
        ("nota\nzanzibar molto segreto di B\nnuovo", "zanzibar segreto di B", "nota\nmolto\nnuovo"),
        ("prima\nA\nseconda", "prima\nseconda", "A"),  # something was written between its lines
        ("Anna ha chiamato\n\nAnna", "Anna", "Anna ha chiamato"),
        ("Annalisa ha chiamato", "Anna", "Annalisa ha chiamato"),
        ("nota di A", "zanzibar di B", "nota di A"),  # somebody had taken it out; two words of eight are chance
        ("  così come sta  ", " ", "  così come sta  "),
        ("", "zanzibar", ""),
    ],
)
def test_another_persons_words_go_and_all_else_stays(text: str, came: str, left: str) -> None:
    assert without(text, came) == left
