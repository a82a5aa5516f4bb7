"""Refusals: RFC 9457 problem details, with the offending field where there is one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.fields import WANTED

PROBLEM_JSON = "application/problem+json"


class Problem(Exception):
    """A request that is refused.  What else the client should know goes into `extra` by name."""

    def __init__(
        self,
        status: int,
        title: str | None = None,
        detail: str | None = None,
        field: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[tuple[str, str]] = (),
        **extra: Any,
    ) -> None:
        self.status = status
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.field = field
        self.headers = dict(headers or {})
        self.errors = list(errors)
        self.extra = extra
        if field is not None and not self.errors:
            self.errors = [(field, detail or self.title)]
        super().__init__(f"{status} {self.title}: {detail}")

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"type": "about:blank", "title": self.title, "status": self.status}
        if self.detail is not None:
            body["detail"] = self.detail
        if self.errors:
            body["field"] = self.field or self.errors[0][0]
            body["errors"] = [{"field": field, "message": message} for field, message in self.errors]
        extra: dict[str, Any] = jsonable_encoder(self.extra)
        return body | extra

    def response(self) -> ProblemResponse:
        return ProblemResponse(self.body(), status_code=self.status, headers=self.headers)


class FieldRefused(Problem):
    """One field of what was sent cannot be taken."""

    def __init__(self, field: str, reason: str, **extra: Any) -> None:
        super().__init__(422, None, reason, field, **extra)


class NotFound(Problem):
    """There is nothing with this id, or nothing that this token may see."""

    def __init__(self, what: str) -> None:
        super().__init__(404, None, f"There is no such {what}.")


class ProblemResponse(JSONResponse):
    media_type = PROBLEM_JSON

    def render(self, content: Any) -> bytes:
        """In ASCII: a refused name may itself be something that UTF-8 cannot carry."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class FieldError(BaseModel):
    field: str
    message: str


class ProblemShown(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow", title="Problem", json_schema_serialization_defaults_required=False)

    type: str
    title: str
    status: int
    detail: str | None = None
    field: str | None = Field(default=None, description="The first offending field.")
    errors: list[FieldError] | None = None


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: refusals of one operation, beside those that every operation may answer."""
    return {status: {"model": ProblemShown, "description": HTTPStatus(status).phrase} for status in statuses}


def field_name(location: Sequence[int | str]) -> str:
    """`("body", "items", 3, "customer")` is `items[3].customer`; a union's branch, in parentheses, has no name."""
    steps = list(location)
    if steps and steps[0] in ("body", "query", "path", "header", "cookie") and len(steps) > 1:
        steps = steps[1:]
    name = ""
    for step in steps:
        if isinstance(step, int):
            name += f"[{step}]"
        elif not (step.startswith("(") and step.endswith(")")):
            name += f".{step}" if name else step
    return name or "body"


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What pydantic found, as field and message."""
    return [(field_name(error["loc"]), _message(error)) for error in errors]


def _message(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "There is no such field."
        case "missing":
            return "This field is required."
        case "string_pattern_mismatch":
            return WANTED.get(error["ctx"]["pattern"], str(error["msg"]))
        case "string_unicode":
            return "This text cannot be stored: it is not valid Unicode."
    return str(error["msg"]).removeprefix("Value error, ")
