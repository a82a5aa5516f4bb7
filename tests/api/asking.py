"""A client of the API that holds the server to its own OpenAPI document: an answer that it does not list fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.routing import Mount, compile_path

from api.app import MOUNTED_AT, build_api
from api.tokens import Guard, Role, create
from crm.api import Others, customers_router
from crm.past_api import cases_router, interactions_router
from routing.api import agents_router
from store.clock import Clock, VirtualClock
from store.sql import Database

KEY_OF_THE_HOUSE = "the-bootstrap-token"
BASE = f"http://centralino.test{MOUNTED_AT}"


class Asking:
    """Asks in process."""

    def __init__(self, database: Database, clock: Clock, api: FastAPI) -> None:
        self.database, self.clock, self.api = database, clock, api
        self.document = _document(api)
        transport = httpx2.ASGITransport(app=Starlette(routes=[Mount(MOUNTED_AT, api)]))
        self._client = httpx2.AsyncClient(transport=transport)

    async def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> httpx2.Response:
        """With the bootstrap token, unless another is given; `token=None` sends none."""
        headers = dict(options.pop("headers", {}))
        token = options.pop("token", KEY_OF_THE_HOUSE)
        if token is not None:
            headers.setdefault("Authorization", f"Bearer {token}")
        if json is not None:
            options["json"] = json
        answer = await self._client.request(method, BASE + path, headers=headers, **options)
        self._hold_to_the_document(answer)
        return answer

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> httpx2.Response:
        return await self("POST", path, json, **options)

    async def made(self, path: str, json: Any) -> dict[str, Any]:
        """What was created."""
        answer = await self.post(path, json)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def every_page(self, path: str, limit: int) -> list[dict[str, Any]]:
        """All items, page by page; a cursor that leads nowhere new fails instead of going on for ever."""
        items: list[dict[str, Any]] = []
        cursors: list[str] = []
        while True:
            params = {"limit": str(limit)} | ({"cursor": cursors[-1]} if cursors else {})
            page = (await self.get(f"{path}{'&' if '?' in path else '?'}{urlencode(params)}")).json()
            assert len(page["items"]) <= limit
            items += page["items"]
            if page["next"] is None:
                return items
            assert page["next"] not in cursors
            cursors.append(page["next"])

    async def token(self, role: Role, agent_id: str | None = None) -> str:
        async with self.database.write() as conn:
            return await create(conn, name=f"a {role}", role=role, agent_id=agent_id, now=self.clock.now())

    async def close(self) -> None:
        await self._client.aclose()

    def _hold_to_the_document(self, answer: httpx2.Response) -> None:
        status, kind = str(answer.status_code), answer.headers.get("content-type", "")
        if answer.status_code >= 400:
            assert kind == "application/problem+json", f"{status} as {kind}"
            assert answer.json()["status"] == answer.status_code
        path = answer.request.url.path.removeprefix(MOUNTED_AT)
        operation = self._operation(answer.request.method, path)
        if operation is None:
            assert answer.status_code in (401, 404, 405) or path == "/openapi.json", f"{status} at {path}"
            return
        assert status in operation["responses"], f"{status} is not listed for {answer.request.method} {path}"
        content = operation["responses"][status].get("content")
        if not content:
            assert answer.content == b""
            return
        schema = content[kind.partition(";")[0]]["schema"] | {"components": self.document["components"]}
        told = answer.json() if kind.partition(";")[0].endswith("json") else answer.text
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(told)

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for template, operations in self.document["paths"].items():
            if method.lower() in operations and compile_path(template)[0].match(path):
                found: dict[str, Any] = operations[method.lower()]
                return found
        return None


_documents: dict[tuple[str, ...], dict[str, Any]] = {}


def _document(api: FastAPI) -> dict[str, Any]:
    """Deriving it takes longer than most tests: once for each set of routes."""
    key = tuple(context.path or "" for context in iter_route_contexts(api.routes))
    if key not in _documents:
        _documents[key] = api.openapi()
    api.openapi_schema = _documents[key]
    return _documents[key]


def asking(
    database: Database,
    clock: Clock,
    *,
    others: Others | None = None,
    more: tuple[APIRouter, ...] = (),
    on_presence: Any = lambda agent_id: None,
) -> Asking:
    """The people's part of the API."""
    guard = Guard(database, KEY_OF_THE_HOUSE)
    routers = [
        customers_router(database, clock, guard, "IT", others),
        interactions_router(database, clock, guard),
        cases_router(database, clock, guard),
        agents_router(database, clock, guard, region="IT", language="it-IT", on_presence=on_presence),
        *more,
    ]
    return Asking(database, clock, build_api(routers, guard, database, clock))


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    client = asking(database, clock)
    yield client
    await client.close()
