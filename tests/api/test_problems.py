import json

import pytest

from api.problems import PROBLEM_JSON, FieldRefused, Problem, field_name


@pytest.mark.parametrize(
    ("location", "name"),
    [
        (("body", "name"), "name"),
        (("body", "phones", 0), "phones[0]"),
        (("body", "(many)", "items", 3, "customer"), "items[3].customer"),
        (("body", "skills", "billing"), "skills.billing"),
        (("query", "limit"), "limit"),
        (("body",), "body"),
        (("body", "(one)"), "body"),
    ],
)
def test_a_field_is_named_as_the_client_wrote_it(location: tuple[int | str, ...], name: str) -> None:
    assert field_name(location) == name


def test_a_refused_field_is_named_at_the_top_and_in_the_list() -> None:
    body = FieldRefused("phones[1]", "This is not a phone number.").body()
    assert (body["status"], body["field"]) == (422, "phones[1]")
    assert body["errors"] == [{"field": "phones[1]", "message": "This is not a phone number."}]


def test_what_else_the_client_should_know_stands_beside_the_rest() -> None:
    problem = Problem(409, "Slot taken", "It cannot be kept.", slots=[{"due_at": "2026-03-02T10:00:00Z"}])
    answer = problem.response()
    assert answer.media_type == PROBLEM_JSON
    assert json.loads(bytes(answer.body))["slots"] == [{"due_at": "2026-03-02T10:00:00Z"}]
    assert "field" not in json.loads(bytes(answer.body))


def test_a_name_that_utf_8_cannot_carry_is_still_answered() -> None:
    assert json.loads(bytes(FieldRefused("\ud800", "There is no such field.").response().body))["field"] == "\ud800"
