"""That the document says what the server does; each answer in the other tests is held to it as well (asking.py)."""

import pytest
from jsonschema import Draft202012Validator

from api.openapi import METHODS
from tests.api.asking import Asking

pytestmark = pytest.mark.anyio


async def test_every_operation_lists_what_it_may_answer_as_problems(ask: Asking) -> None:
    assert ask.document["servers"] == [{"url": "/api/v1"}]
    for path, operations in ask.document["paths"].items():
        for method, operation in operations.items():
            assert method in METHODS
            listed = set(operation["responses"])
            assert listed >= {"401", "403", "500", "503"}, path
            assert "{" not in path or "404" in listed, path
            assert "requestBody" not in operation or listed >= {"400", "413", "415", "422"}, path
            assert method != "post" or listed >= {"409", "422"}, path
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)


async def test_every_post_knows_the_idempotency_key(ask: Asking) -> None:
    for operations in ask.document["paths"].values():
        if "post" in operations:
            names = [parameter["name"] for parameter in operations["post"]["parameters"]]
            assert names.count("Idempotency-Key") == 1


async def test_every_schema_is_one_and_every_reference_leads_somewhere(ask: Asking) -> None:
    schemas = ask.document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    for reference in _references(ask.document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    assert "HTTPValidationError" not in schemas


async def test_bodies_allow_no_unknown_field(ask: Asking) -> None:
    for name in ("CustomerFields", "AgentFields", "InteractionFields", "CaseFields", "Presence"):
        assert ask.document["components"]["schemas"][name]["additionalProperties"] is False


async def test_operations_have_names_of_their_own(ask: Asking) -> None:
    names = [operation["operationId"] for path in ask.document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


def _references(part: object) -> list[str]:
    match part:
        case {"$ref": str(reference)}:
            return [reference]
        case dict():
            return [reference for inner in part.values() for reference in _references(inner)]
        case list():
            return [reference for inner in part for reference in _references(inner)]
    return []
