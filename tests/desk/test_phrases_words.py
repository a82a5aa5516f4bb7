"""Wordings as values: in pieces, in their order, in a plan; and what is found wrong with them, in plain words."""

from __future__ import annotations

from typing import Any

import pytest

from desk.phrases.findings import told
from desk.phrases.marks import Piece, pieces
from desk.phrases.own import acted, changed, cleaned, with_own
from desk.words import words_in


def test_pieces_show_what_a_stranger_would_hear() -> None:
    shown = list(pieces("{hello}, {name}. [Mi dica|Dimmi], <a|b|c> [x", {"hello": "Salve"}))
    assert "".join("_" if one.slot else one.text for one in shown) == "Salve, _. Mi dica, c [x"
    assert Piece("name", slot=True) in shown


@pytest.mark.parametrize(
    ("do", "after", "at"),
    [
        ("add", ["a", "b", "c", ""], 3),
        ("up:1", ["b", "a", "c"], 0),
        ("up:0", ["a", "b", "c"], 0),
        ("down:0", ["b", "a", "c"], 1),
        ("down:2", ["a", "b", "c"], 2),
        ("drop:2", ["a", "b"], 1),
        ("drop:9", ["a", "b", "c"], None),
        ("up:x", ["a", "b", "c"], None),
        ("", ["a", "b", "c"], None),
    ],
)
def test_an_act_on_wordings(do: str, after: list[str], at: int | None) -> None:
    assert acted(["a", "b", "c"], do) == (after, at)


def test_own_words_leave_no_trace_in_a_plan_once_they_are_gone() -> None:
    empty: dict[str, Any] = {"phrases": {}}
    with_one = with_own(empty, "it", "bye", ["Ciao.", ""])
    assert with_one == {"phrases": {"it": {"bye": ["Ciao."]}}}
    assert with_own(with_one, "it", "bye", []) == with_own(empty, "it", "bye", []) == empty
    assert changed(empty, with_one) == changed(with_one, empty) == [("it", "bye")]
    assert cleaned(" a\x00\n b ") == "a b"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("The braces do not fit together: expected '}' before end of string.", "A brace is open or stands alone."),
        ("A slot is its name in braces and nothing else.", "In the braces stands something besides a name."),
        ("Nothing is known here of {a}, {b}.", "Not known here: {a}, {b}."),
        ("It must say {name}.", "Missing: {name}."),
        (
            "A bracket stands alone: [formal|familiar], <masculine|feminine|anybody>.",
            "A bracket is open or stands alone.",
        ),
        ("It says nothing.", "It says nothing."),
        ('It must announce "prema 2".', 'The key must be announced: "prema 2".'),
        ("It announces a key that does nothing here.", "It announces a key that does nothing here."),
        ("A key is named to be pressed, not to be left alone.", "A key is named so that it is not pressed."),
        ("Filler: 'purtroppo'.", "Hollow: purtroppo."),
        ("No time is given: 'presto'.", "Soon, but when? presto."),
        ("A sentence of 27 words; 20 can be taken in by ear.", "A sentence of 27 words."),
        ("More than 3 options at once.", "More than 3 choices at once."),
    ],
)
def test_every_finding_is_told_with_why_it_matters(what: str, said: str) -> None:
    (english,) = told([what, what], words_in("en"))
    assert (english.what, english.why != "") == (said, True)
    (italian,) = told([what], words_in("it"))
    assert italian.what != said
    assert italian.why not in ("", english.why)
