"""A customer's application as small as can be, the network around it, and a REST client, all in process."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import jsonschema  # type: ignore[import-untyped]
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from simulator.app import build
from simulator.http import InProcess
from simulator.network import Network, NumberSettings
from simulator.openapi import BASE, document
from store.clock import VirtualClock

ACCOUNT = "AC" + "a" * 32
TOKEN = "0123456789abcdef0123456789abcdef"
ORIGIN = "https://app.test"
LINE = "+390612345678"
CARLA = "+393331234567"

Answer = str | Response | Callable[[dict[str, str]], Any]


@dataclass(frozen=True)
class Received:
    path: str
    form: dict[str, str]
    method: str
    headers: Mapping[str, str]
    at: float


class Customer:
    """Answers each path with what a test put there; remembers and verifies every request."""

    def __init__(self, clock: VirtualClock) -> None:
        self.answers: dict[str, Answer] = {}
        self.received: list[Received] = []
        self.unsigned: list[str] = []
        self._clock, self._began_at = clock, clock.now()
        self.app = Starlette(routes=[Route("/{path:path}", self._endpoint, methods=["GET", "POST"])])

    async def _endpoint(self, request: Request) -> Response:
        body = await request.body()
        query = parse_qsl(request.url.query, keep_blank_values=True)
        form = dict(parse_qsl(body.decode(), keep_blank_values=True)) if request.method == "POST" else dict(query)
        signed = {} if request.method == "GET" else form
        url = f"{ORIGIN}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        if not RequestValidator(TOKEN).validate(url, signed, request.headers.get("X-Twilio-Signature", "")):
            self.unsigned.append(url)
        at = (self._clock.now() - self._began_at).total_seconds()
        self.received.append(Received(request.url.path, form, request.method, dict(request.headers), at))
        answer = self.answers.get(request.url.path, "")
        if callable(answer) and not isinstance(answer, Response):
            answer = answer(form)
            if hasattr(answer, "__await__"):
                answer = await answer
        if isinstance(answer, Response):
            return answer
        return Response(f"<Response>{answer}</Response>", media_type="text/xml")

    def at(self, path: str) -> list[dict[str, str]]:
        return [request.form for request in self.received if request.path == path]

    def paths(self) -> list[str]:
        return [request.path for request in self.received]


@dataclass(frozen=True)
class RestAnswer:
    status: int
    body: Any


class Rest:
    """Raw requests to the carrier's API, so that tests may send what the official client would not.

    Every JSON answer is held against Twilio's OpenAPI document.
    """

    def __init__(self, network: Network) -> None:
        transport = httpx2.ASGITransport(app=build(network))
        self.root = f"/2010-04-01/Accounts/{ACCOUNT}"
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://carrier.test", auth=(ACCOUNT, TOKEN))

    async def post(self, path: str, **form: Any) -> RestAnswer:
        names = {name.replace("From_", "From"): value for name, value in form.items()}
        return _read("post", await self.client.post(self.root + path, data=names))

    async def get(self, path: str, **query: Any) -> RestAnswer:
        return _read("get", await self.client.get(self.root + path, params=query or None))

    async def delete(self, path: str) -> RestAnswer:
        return _read("delete", await self.client.delete(self.root + path))

    async def call(self, to: str, **more: Any) -> dict[str, Any]:
        answer = await self.post("/Calls.json", **{"To": to, "From_": LINE, "Url": f"{ORIGIN}/outbound"} | more)
        assert answer.status == 201, answer.body
        body: dict[str, Any] = answer.body
        return body


def _read(method: str, response: httpx2.Response) -> RestAnswer:
    body = json.loads(response.content) if response.content else None
    if response.status_code < 300 and body is not None:
        check_answer(method, response.url.path, response.status_code, body)
    return RestAnswer(response.status_code, body)


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """Raises what jsonschema finds wrong, null, number and date formats included."""
    below = path.removeprefix(f"/2010-04-01/Accounts/{ACCOUNT}")
    for template, operations in document()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template.removeprefix(BASE)))
        if re.fullmatch(pattern, below) and method in operations:
            answers = operations[method]["responses"]
            assert str(status) in answers, (method, path, status)
            schema = answers[str(status)]["content"]["application/json"]["schema"]
            jsonschema.Draft202012Validator(_strict(schema), format_checker=FORMATS).validate(body)
            return
    assert below == ".json", f"{method} {path} is not documented"


FORMATS = jsonschema.FormatChecker()


@FORMATS.checks("date-time-rfc-2822")  # type: ignore[untyped-decorator]
def _is_rfc_2822(value: object) -> bool:
    return (
        not isinstance(value, str)
        or re.fullmatch(r"[A-Z]\w\w, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", value) is not None
    )


def _strict(schema: Any) -> Any:
    """OpenAPI 3.0 to JSON Schema; properties that are not documented are refused."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _strict(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    made = {name: _strict(part) for name, part in schema.items() if name != "nullable"}
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        made["type"] = [schema["type"], "null"]
        if "enum" in schema:
            made["enum"] = [*schema["enum"], None]
    if "properties" in schema and schema.get("type") == "object":
        made["additionalProperties"] = False
    return made


@pytest.fixture
def customer(clock: VirtualClock) -> Iterator[Customer]:
    """Whatever a test does, every webhook it caused was rightly signed."""
    customer = Customer(clock)
    yield customer
    assert customer.unsigned == []


@pytest.fixture
def network(clock: VirtualClock, customer: Customer) -> Network:
    return make_network(clock, customer)


@pytest.fixture
async def rest(network: Network) -> AsyncIterator[Rest]:
    rest = Rest(network)
    yield rest
    await rest.client.aclose()


@pytest.fixture
def remake(clock: VirtualClock, customer: Customer) -> Callable[..., Network]:
    """Another network with other settings."""

    def make(**settings: Any) -> Network:
        return make_network(clock, customer, **settings)

    return make


def make_network(clock: VirtualClock, customer: Customer, **settings: Any) -> Network:
    line = NumberSettings(
        voice_url=f"{ORIGIN}/voice",
        voice_fallback_url=settings.pop("fallback", ""),
        status_callback=f"{ORIGIN}/status",
        sms_url=f"{ORIGIN}/sms",
        friendly_name="The company",
    )
    return Network(
        clock,
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        numbers={LINE: line},
        http=InProcess({ORIGIN: customer.app}),
        **settings,
    )
