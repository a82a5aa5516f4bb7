"""The address of a promise: ours or nobody's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.links import Links
from store.ids import new_id

LINKS = Links("the house's key", "https://centralino.test")
PROMISE = "cb_01jg8x2m3n4p5q6r7s8t9v0w1x"


def test_a_link_leads_to_its_promise_and_tells_nothing_else() -> None:
    url = LINKS.url(PROMISE)
    assert re.fullmatch(r"https://centralino\.test/p/[\w-]{48}", url)
    assert LINKS.promise(url.rpartition("/")[2]) == PROMISE
    assert LINKS.url(PROMISE) == url


def test_every_promise_has_its_own() -> None:
    ids = [new_id("cb") for _ in range(50)]
    assert [LINKS.promise(LINKS.token(one)) for one in ids] == ids


@pytest.mark.parametrize("place", range(48))
def test_one_letter_changed_and_it_is_none_of_ours(place: int) -> None:
    token = LINKS.token(PROMISE)
    for other in "a0Z-_":
        if other != token[place]:
            assert LINKS.promise(token[:place] + other + token[place + 1 :]) is None


def test_another_key_makes_other_links() -> None:
    assert Links("another key", "https://centralino.test").promise(LINKS.token(PROMISE)) is None


@given(st.text(max_size=80))
def test_what_anybody_may_type_is_no_promise(token: str) -> None:
    assert LINKS.promise(token) is None


@pytest.mark.parametrize("change", [str.upper, lambda t: t + "=", lambda t: t + "\n", lambda t: t[1:], lambda t: ""])
def test_a_link_that_was_mangled_on_its_way_is_no_promise(change: object) -> None:
    assert LINKS.promise(change(LINKS.token(PROMISE))) is None  # type: ignore[operator]
