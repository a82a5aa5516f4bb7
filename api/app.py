"""`/api/v1` as one mountable app: the rooms' routers behind the checks that they all share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import Mount, compile_path
from starlette.types import ASGIApp

from api.admission import Admission
from api.idempotency import Idempotency
from api.openapi import METHODS, describe
from api.problems import NotFound, Problem, field_errors
from api.tokens import Guard
from store.clock import Clock
from store.sql import Database

MOUNTED_AT = "/api/v1"
DOCUMENT = "/openapi.json"
LARGEST_BODY_BYTES = 2 * 1024 * 1024


class Api(FastAPI):
    """Describes itself once, when all routers are in."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = describe(self, MOUNTED_AT)
        return self.openapi_schema


class Mounted(Mount):
    """The API at its address, whatever characters come behind it: a plain Mount does not match a line end."""

    def __init__(self, api: ASGIApp) -> None:
        super().__init__(MOUNTED_AT, api)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


def build_api(routers: Sequence[APIRouter], guard: Guard, database: Database, clock: Clock) -> FastAPI:
    """To be `Mounted`; it runs no lifespan."""
    admission = Middleware(Admission, guard=guard, largest_body=LARGEST_BODY_BYTES, open_paths=frozenset({DOCUMENT}))
    app = Api(
        title="Centralino",
        version="1",
        description="People who call, people who answer, and what was promised between them.",
        openapi_url=DOCUMENT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        middleware=[
            admission,
            Middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY_BYTES),
            Middleware(Idempotency, database=database, clock=clock),
        ],
    )
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(Problem, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(IntegrityError, _changed_meanwhile)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        where = f"{found[0]['ctx']['error']} at character {found[0]['loc'][-1]}"
        return Problem(400, "Malformed JSON", f"The body is not JSON: {where}.", "body").response()
    errors = field_errors(found)
    field, message = errors[0]
    return Problem(422, None, f"{field}: {message}", field, errors=errors).response()


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return NotFound("address").response()
    if error.status_code == 405:
        allowed = ", ".join(_allowed_methods(request))
        return Problem(405, None, f"This address knows {allowed}.", headers={"Allow": allowed}).response()
    if error.status_code == 413:
        return Problem(413, None, f"A body has at most {LARGEST_BODY_BYTES} bytes.").response()
    if error.status_code == 400:
        return Problem(400, "Malformed JSON", "The body is not JSON.", "body").response()
    return Problem(error.status_code, None, error.detail, headers=error.headers).response()


async def _changed_meanwhile(request: Request, error: Exception) -> Response:
    """A constraint spoke where the code before it saw no conflict: somebody else was quicker."""
    return Problem(409, None, "Something this refers to was changed at the same moment; look again.").response()


def _allowed_methods(request: Request) -> list[str]:
    """Of every operation at this address; the router itself names those of the first one only."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    paths = request.app.openapi()["paths"]
    templates = [path] if path in paths else [name for name in paths if compile_path(name)[0].match(path)]
    allowed = {method.upper() for name in templates for method in METHODS if method in paths[name]}
    return sorted(allowed or {"GET"})
