"""Of a form only what was changed in it is sent on."""

from starlette.datastructures import FormData

from desk.changes import before, only


def test_what_was_left_as_it_was_is_not_sent() -> None:
    body = {"name": "Maria", "style": None, "tags": ["vip"], "formal": True}
    given = {"name": "Maria", "style": "", "tags": "vip"}
    assert only(body, given, {"name": "Mario", "style": "", "tags": "vip"}) == {"name": "Maria", "formal": True}


def test_a_line_end_is_a_line_end() -> None:
    assert only({"notes": "a\nb"}, {"notes": "a\r\nb"}, {"notes": "a\nb"}) == {}


def test_a_form_that_does_not_say_what_was_sends_all_of_it() -> None:
    assert before(FormData({})) is before(FormData({"was": "[1"})) is before(FormData({"was": "[]"})) is None
    assert only({"name": "Maria"}, {"name": "Maria"}, None) == {"name": "Maria"}
