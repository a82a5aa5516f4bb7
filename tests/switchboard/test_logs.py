from __future__ import annotations

import subprocess
import sys

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from switchboard.logs import RequestLog, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ringing +390612345678 now", "ringing …78 now"),
        ("0612345678", "…78"),
        ("CA1234567890abcdef1234567890abcdef", "CA1234567890abcdef1234567890abcdef"),
        ("2026-11-25T00:13:33.362614Z", "2026-11-25T00:13:33.362614Z"),
        ("at http://127.0.0.1:8000", "at http://127.0.0.1:8000"),
        ("Authorization: Bearer cnt_abc.def", "Authorization: Bearer …"),
        ("postgresql://user:hunter2@host/name", "postgresql://user:…@host/name"),
        ("after 12345 ms", "after 12345 ms"),
        (f"GET /p/{'0a' * 13}{'-_Z' * 8}?done=noted", "GET /p/…?done=noted"),
    ],
)
def test_numbers_and_keys_are_masked_and_the_rest_is_left(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_whatever_is_logged_comes_out_as_one_masked_json_line() -> None:
    code = """
import json, logging, sys
import structlog
from switchboard import logs
logs.configure()
structlog.get_logger().info("rang", to="+390612345678", legs=[{"from": "+390687654321"}])
logging.getLogger("some.library").warning("cannot reach %s", "+390612345678")
try:
    raise ValueError("no such number: +390612345678")
except ValueError:
    structlog.get_logger().exception("broke")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("{") and '"level"' in line and '"timestamp"' in line for line in lines)
    assert "ValueError" in lines[2]
    assert "5678" not in done.stderr
    assert "4321" not in done.stderr
    assert done.stdout == ""


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


def test_a_request_is_logged_without_its_query_string() -> None:
    app = Starlette(routes=[Route("/hello", hello)])
    with capture_logs() as lines:
        TestClient(RequestLog(app)).get("/hello?phone=%2B390612345678")
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/hello", 200)
    assert "0612345678" not in repr(lines)


def test_a_request_that_breaks_is_logged_too() -> None:
    async def broken(request: Request) -> Response:
        raise RuntimeError

    app = Starlette(routes=[Route("/broken", broken)])
    with capture_logs() as lines:
        TestClient(RequestLog(app), raise_server_exceptions=False).get("/broken")
    assert [line["status"] for line in lines if line["event"] == "request"] == [500]


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/api/v1/people/cus_01m8cgp3gjk7prp8ptjafb5d3v", "/api/v1/people/cus_01m8cgp3gjk7prp8ptjafb5d3v"),
        ("/api/v1/people/nope-Zanzibar", "/api/v1/people/…"),
        ("/api/v1/people/zanzibar/notes", "/api/v1/people/…/notes"),
        ("/api/v1/zanzibar/notes", "/api/v1/…"),
    ],
)
def test_what_somebody_typed_in_place_of_an_id_is_not_logged(path: str, logged: str) -> None:
    api = FastAPI()
    for known in ("/people/{customer_id}", "/people/{customer_id}/notes"):
        api.add_api_route(known, lambda customer_id: customer_id)
    app = Starlette(routes=[Mount("/api/v1", api)])
    with capture_logs() as lines:
        TestClient(RequestLog(app)).get(path)
    assert [line["path"] for line in lines if line["event"] == "request"] == [logged]
