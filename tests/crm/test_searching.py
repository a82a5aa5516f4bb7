"""What SQL sieves, read here as LIKE is read, and what is compared afterwards."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.searching import Search


def sieved(search: Search, text: str) -> bool:
    """As a database would that knows the case of a to z only."""
    pieces = re.findall(r"\\.|.", search._pattern, re.DOTALL)
    pattern = "".join(".*" if piece == "%" else re.escape(piece[-1]) for piece in pieces)
    return re.fullmatch(pattern, text, re.IGNORECASE | re.ASCII | re.DOTALL) is not None


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("LAMP", "Her lamp flickers"),
        ("caffè", "Il CAFFÈ era freddo"),
        ("caffe\u0300", "il caffè"),
        ("strasse", "in der Straße"),
        ("straße", "IN DER STRASSE"),
        ("мария", "МАРИЯ звонила"),
        ("日本", "日本から"),
        ("new  order", "a new\norder"),
        ("İstanbul", "in İSTANBUL"),
    ],
)
def test_what_is_looked_for_is_found_and_was_not_sieved_away(words: str, text: str) -> None:
    assert Search(words).finds(None, text)
    assert sieved(Search(words), text)


def test_what_merely_looks_alike_is_sieved_and_not_found() -> None:
    assert sieved(Search("è"), "anything at all")
    assert not Search("è").finds("anything at all", None)


@given(st.text(st.sampled_from("aAzßèÈЯя %_k日"), min_size=1), st.text(max_size=5), st.text(max_size=5))
def test_a_text_that_holds_the_words_is_never_sieved_away(words: str, before: str, after: str) -> None:
    assert sieved(Search(words), f"{before}{words.swapcase() if 'ß' not in words else words}{after}")
