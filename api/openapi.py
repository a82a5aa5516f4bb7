"""The OpenAPI document: what FastAPI derives from the operations, and what holds for every one of them."""

from __future__ import annotations

from collections.abc import Set
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.idempotency import LONGEST_KEY
from api.problems import PROBLEM_JSON, ProblemShown

_SENT, _ANSWERED = "-Input", "-Output"  # how FastAPI tells the two apart
METHODS = ("get", "put", "post", "delete", "patch")
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request with the same key is done once; another request with the same key is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}


def describe(app: FastAPI, mounted_at: str) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=app.description,
        routes=app.routes,
        servers=[{"url": mounted_at}],
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = ProblemShown.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schemas["Problem"].pop("$defs", {}))
    schemas.pop("ProblemShown", None)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"bearer": []}]
    for path in document["paths"].values():
        for method in METHODS:
            if method in path:
                _complete(path[method], method)
    return _same_in_as_out(document)


def _same_in_as_out(document: dict[str, Any]) -> dict[str, Any]:
    """A part that refers to itself is described twice, as sent and as answered; where both are the same, it is one."""
    schemas = document["components"]["schemas"]
    same = {name.removesuffix(_SENT) for name in schemas if name.endswith(_SENT)}
    same = {name for name in same if name + _ANSWERED in schemas}
    while differ := {
        one for one in same if _merged(schemas[one + _SENT], same) != _merged(schemas[one + _ANSWERED], same)
    }:
        same -= differ
    for name in same:
        schemas[name] = schemas.pop(name + _SENT)
        del schemas[name + _ANSWERED]
    merged: dict[str, Any] = _merged(document, same)
    return merged


def _merged(part: Any, same: Set[str]) -> Any:
    """With one name for what is in `same`."""
    if isinstance(part, list):
        return [_merged(one, same) for one in part]
    if not isinstance(part, dict):
        return part
    merged = {name: _merged(one, same) for name, one in part.items()}
    if isinstance(reference := part.get("$ref"), str):
        name = reference.removesuffix(_SENT).removesuffix(_ANSWERED)
        merged["$ref"] = name if name.rpartition("/")[2] in same else reference
    return merged


def _complete(operation: dict[str, Any], method: str) -> None:
    if method == "post":
        operation.setdefault("parameters", []).append(dict(_IDEMPOTENCY_KEY))
    answers = operation["responses"]
    refusals = {int(status) for status in answers if status.isdecimal() and int(status) >= 400} - {422}
    for status in sorted(refusals | _everywhere(operation, method)):
        answers[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if 422 not in _everywhere(operation, method):
        answers.pop("422", None)
    if "428" in answers:
        _require(operation, "If-Match")
    operation["responses"] = dict(sorted(answers.items()))


def _require(operation: dict[str, Any], header: str) -> None:
    """What a client may leave out as far as the framework knows, so that its lack gets a status of its own."""
    for parameter in operation["parameters"]:
        if parameter["name"].lower() == header.lower():
            parameter |= {"name": header, "required": True, "schema": {"type": "string"}}


def _everywhere(operation: dict[str, Any], method: str) -> set[int]:
    """Refusals that follow from an operation's form."""
    statuses = {401, 403, 500, 503}
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
        statuses.add(404)
    if any(parameter["in"] != "path" for parameter in operation.get("parameters", [])):
        statuses.add(422)
    if "requestBody" in operation:
        statuses |= {400, 413, 415, 422}
    if method == "post":
        statuses |= {409, 422}  # an idempotency key in use, or reused
    return statuses
