"""What Twilio's own OpenAPI document says of each REST request, and a light check of requests against it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

BASE = "/2010-04-01/Accounts/{AccountSid}"


class BadParameter(Exception):
    """A request that the document does not allow."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"Invalid parameter {name}: {why}")
        self.name = name


@dataclass(frozen=True, slots=True)
class Parameter:
    type: str
    choices: frozenset[str]
    pattern: str
    lowest: int | None
    highest: int | None
    many: bool


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    query: Mapping[str, Parameter]
    form: Mapping[str, Parameter]
    required: frozenset[str]

    def check(self, query: Mapping[str, Sequence[str]], form: Mapping[str, Sequence[str]]) -> None:
        """Raises BadParameter for what is undocumented, missing, repeated or of the wrong kind."""
        for given, known in ((query, self.query), (form, self.form)):
            for name, values in given.items():
                if name not in known:
                    raise BadParameter(name, "not documented for this request")
                _check(name, known[name], values)


@cache
def document() -> dict[str, Any]:
    """The vendored file and our own description of what it leaves out, read once."""
    loaded, ours = _read("twilio_api_v2010.json"), _read("applications.json")
    loaded["paths"] |= ours["paths"]
    loaded["components"]["schemas"] |= ours["components"]["schemas"]
    return loaded


def _read(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.files("simulator").joinpath("openapi", name).read_text("utf-8"))
    return loaded


@cache
def operation(method: str, path: str) -> Operation:
    """`path` below the account, as the document writes it: `/Calls/{Sid}.json`.  Raises KeyError."""
    found = document()["paths"][BASE + path][method.lower()]
    body = (
        found.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {}).get("schema", {})
    )
    return Operation(
        id=found["operationId"],
        query={p["name"]: _parameter(p["schema"]) for p in found.get("parameters", []) if p["in"] == "query"},
        form={name: _parameter(schema) for name, schema in body.get("properties", {}).items()},
        required=frozenset(body.get("required", ())),
    )


def _parameter(schema: Mapping[str, Any]) -> Parameter:
    schema = _followed(schema)
    many = schema.get("type") == "array"
    each = _followed(schema["items"]) if many else schema
    return Parameter(
        type=each.get("type", "string"),
        choices=frozenset(each.get("enum", ())),
        pattern=each.get("pattern", ""),
        lowest=each.get("minimum"),
        highest=each.get("maximum"),
        many=many,
    )


def _followed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Mapping[str, Any] = document()["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _check(name: str, parameter: Parameter, values: Sequence[str]) -> None:
    if len(values) > 1 and not parameter.many:
        raise BadParameter(name, "given more than once")
    for value in values:
        if parameter.type == "boolean" and value.lower() not in ("true", "false"):
            raise BadParameter(name, "neither true nor false")
        if parameter.type == "integer":
            _check_integer(name, parameter, value)
        if parameter.choices and value not in parameter.choices:
            raise BadParameter(name, f"none of {', '.join(sorted(parameter.choices))}")
        if parameter.pattern and value and not re.fullmatch(parameter.pattern, value):
            raise BadParameter(name, "not the right kind of SID")


def _check_integer(name: str, parameter: Parameter, value: str) -> None:
    if not re.fullmatch(r"-?\d+", value):
        raise BadParameter(name, "no integer")
    if parameter.lowest is not None and int(value) < parameter.lowest:
        raise BadParameter(name, f"below {parameter.lowest}")
    if parameter.highest is not None and int(value) > parameter.highest:
        raise BadParameter(name, f"above {parameter.highest}")
