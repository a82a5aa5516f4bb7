"""The JSON API, asked from within by who looks at a page: pages do what programs do, and are refused as they are.

One way to do a thing: its checks, its audit and its news are the API's.  Nothing goes over a socket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from api.tokens import PRINCIPAL, Principal


class Refused(Exception):
    """What was asked is refused: `status`, the reason, and the message of each field that cannot be taken."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
        self.detail = str(problem.get("detail") or problem.get("title") or "")
        self.fields: dict[str, str] = {}
        for error in problem.get("errors") or ():
            self.fields.setdefault(error["field"], error["message"])
        super().__init__(f"{status} {self.detail}")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(slots=True)
class Api:
    """`app` is the mounted API, set once it is built."""

    app: ASGIApp | None = field(default=None)

    def by(self, principal: Principal) -> Client:
        assert self.app is not None, "the API is built before anybody asks"
        return Client(self.app, principal)


@dataclass(frozen=True, slots=True)
class Client:
    app: ASGIApp
    principal: Principal

    async def get(self, path: str, **query: Any) -> Any:
        """The answer's data.  A query's None is left out; a list stands several times.  Raises Refused."""
        return (await self.ask("GET", path, query=query)).data

    async def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return (await self.ask("POST", path, body, query=query)).data

    async def put(self, path: str, body: Any = None, **query: Any) -> Any:
        return (await self.ask("PUT", path, body, query=query)).data

    async def patch(self, path: str, body: Any = None, **query: Any) -> Any:
        return (await self.ask("PATCH", path, body, query=query)).data

    async def delete(self, path: str, **query: Any) -> Any:
        return (await self.ask("DELETE", path, query=query)).data

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """`path` as it stands behind `/api/v1`.  Raises Refused for every status from 400 on."""
        sent = b"" if body is None else json.dumps(body).encode()
        given = {"content-type": "application/json", "content-length": str(len(sent))} if sent else {}
        scope = self._scope(method, path, query or {}, given | dict(headers or {}))
        answer = await _asked(self.app, scope, sent)
        if answer.status >= 400:
            raise Refused(answer.status, answer.data or {})
        return answer

    def _scope(self, method: str, path: str, query: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        pairs: list[tuple[str, Any]] = []
        for name, value in query.items():
            several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
            pairs += [(name, _text(one)) for one in several if one is not None]
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("utf-8", "surrogatepass"),
            "root_path": "",
            "query_string": urlencode(pairs).encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": None,
            "server": None,
            PRINCIPAL: self.principal,
        }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _asked(app: ASGIApp, scope: dict[str, Any], sent: bytes) -> Answer:
    messages = [{"type": "http.request", "body": sent, "more_body": False}]
    status, headers, parts = 500, {}, []

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.decode(): value.decode() for name, value in message.get("headers", ())}
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return Answer(status, headers, b"".join(parts))
