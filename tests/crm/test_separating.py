"""Lines of another person, taken out of a text wherever they stand by then; one that was edited since stays."""

import pytest

from crm.separating import new_lines, same_lines, without


@pytest.mark.parametrize(
    ("text", "came", "left"),
    [
        ("nota di A\n\nzanzibar di B\n\nnota C", "zanzibar di B", "nota di A\n\nnota C"),
        ("zanzibar di B\n\nnota di A", "zanzibar di B", "nota di A"),  # somebody put it first
        ("nota di A\n\nzanzibar di B e una riga nuova", "zanzibar di B", None),  # it was written on
        ("nota\nzanzibar molto segreto di B\nnuovo", "zanzibar segreto di B", None),
        ("chiamare dopo le 20", "chiamare dopo le 18", None),
        ("Ha il gas metano, dal 2019", "gas", None),
        ("Ha il gas\nsuona il gas", "gas", None),
        ("nota\n  gas \n\n\nnuovo\n\n\naltro ", "gas", "nota\n\nnuovo\n\n\naltro "),
        ("uno\n\ndue\n\nnota", "uno\n\ndue", "nota"),
        ("gas", "gas", ""),
        ("prima\nA\nseconda", "prima\nseconda", "A"),  # something was written between its lines
        ("Anna ha chiamato\n\nAnna", "Anna", "Anna ha chiamato"),
        ("Annalisa ha chiamato", "Anna", None),
        ("nota di A", "zanzibar di B", None),  # somebody had taken it out
        ("  così come sta  \n\n\n", " ", None),
        ("", "zanzibar", None),
    ],
)
def test_another_persons_lines_go_and_all_else_stays(text: str, came: str, left: str | None) -> None:
    assert without(text, came) == (text if left is None else left)


def test_a_line_that_both_have_is_none_that_came() -> None:
    assert new_lines("Casa:\ngas", "Casa: \n\n luce\ngas") == " luce"
    assert new_lines("", " luce\n\n\ngas ") == " luce\n\n\ngas "
    assert new_lines("gas\nluce", "luce\ngas") == ""
    assert same_lines("gas\nluce", "luce\nacqua") == "luce"
