import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.paging import Page, decode_cursor, encode_cursor
from api.problems import FieldRefused

storable = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@given(st.lists(storable, min_size=1, max_size=3))
def test_a_cursor_is_read_back_as_it_was_written(key: list[str]) -> None:
    assert decode_cursor(encode_cursor(key)) == tuple(key)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        "été",
        base64.urlsafe_b64encode(b"not json").decode(),
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(b"[1]").decode(),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
        base64.urlsafe_b64encode(json.dumps(["a\x00"]).encode()).decode(),
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
    ],
)
def test_a_cursor_that_nobody_handed_out_is_refused(cursor: str) -> None:
    with pytest.raises(FieldRefused) as caught:
        decode_cursor(cursor)
    assert caught.value.field == "cursor"


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(FieldRefused):
        Page(10, ("cus_1",)).after_moment()
    with pytest.raises(FieldRefused):
        Page(10, ("not an instant", "cus_1")).after_moment()


def test_a_page_has_a_next_one_only_if_there_is_more() -> None:
    def key(item: str) -> tuple[str]:
        return (item,)

    assert Page(2, None).cut(["a", "b"], key) == (["a", "b"], None)
    items, following = Page(2, None).cut(["a", "b", "c"], key)
    assert items == ["a", "b"]
    assert decode_cursor(following or "") == ("b",)
