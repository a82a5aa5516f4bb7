import json
from typing import Any

import pytest
from fastapi import APIRouter
from sqlalchemy.exc import IntegrityError, OperationalError
from structlog.testing import capture_logs

from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import Asking, asking

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}


async def test_without_a_token_nothing_is_told(ask: Asking) -> None:
    for method, path in (("GET", "/customers"), ("POST", "/customers"), ("GET", "/nowhere"), ("PUT", "/customers")):
        answer = await ask(method, path, token=None)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="centralino"'
    answer = await ask.get("/customers", token="cnt_nobody")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (
        401,
        'Bearer realm="centralino", error="invalid_token"',
    )


async def test_the_description_needs_no_token(ask: Asking) -> None:
    answer = await ask.get("/openapi.json", token=None)
    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")


async def test_what_is_not_json_is_a_bad_request(ask: Asking) -> None:
    for body in (b"{", b"nonsense", b'{"name": "\xff"}', b"[" * 100_000, b'{"name": }', b"9" * 10_000):
        answer = await ask("POST", "/customers", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["field"]) == (400, "body")


async def test_a_body_that_is_missing_or_no_object_is_refused(ask: Asking) -> None:
    for body in (b"", b"[]", b'"text"', b"1", b"null", b"true"):
        answer = await ask("POST", "/customers", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["field"]) == (422, "body")


async def test_a_body_of_another_kind_is_refused(ask: Asking) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "json"):
        answer = await ask("POST", "/customers", content=b'{"name": "Maria"}', headers={"Content-Type": kind})
        assert answer.status_code == 415


async def test_json_by_another_name_is_taken(ask: Asking) -> None:
    for kind in ("application/json; charset=utf-8", "application/merge-patch+json"):
        answer = await ask("POST", "/customers", content=b'{"name": "Maria"}', headers={"Content-Type": kind})
        assert answer.status_code == 201


async def test_too_much_is_refused_whether_announced_or_not(ask: Asking) -> None:
    large = b'{"name": "' + b"x" * (2 * 1024 * 1024) + b'"}'

    async def unannounced() -> Any:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    for content in (large, unannounced()):
        assert (await ask("POST", "/customers", content=content, headers=JSON)).status_code == 413
    with_key = JSON | {"Idempotency-Key": "k"}
    assert (await ask("POST", "/customers", content=unannounced(), headers=with_key)).status_code == 413


async def test_an_unknown_method_is_told_the_known_ones(ask: Asking) -> None:
    answer = await ask("PUT", "/customers")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    answer = await ask("POST", "/customers/cus_1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, PATCH")


async def test_an_unknown_address_is_not_found(ask: Asking) -> None:
    for path in ("/nowhere", "/customers/", "/customers/a/b/c", "/customers/%00", "/"):
        assert (await ask.get(path)).status_code == 404


async def test_a_question_that_no_database_can_hold_is_refused_by_name(ask: Asking) -> None:
    for path, field in (("/customers?phone=%00", "phone"), ("/interactions?limit=1&customer=a%00", "customer")):
        answer = await ask.get(path)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_page_has_one_to_two_hundred_items(ask: Asking) -> None:
    for limit in ("0", "201", "x", "1.5", "-1", ""):
        answer = await ask.get(f"/customers?limit={limit}")
        assert (answer.status_code, answer.json()["field"]) == (422, "limit")


async def test_every_wrong_field_is_named(ask: Asking) -> None:
    answer = await ask.post("/customers", {"name": 1, "phones": ["x", 2], "nope": 3})
    assert answer.json()["field"] == "name"
    assert [error["field"] for error in answer.json()["errors"]] == ["name", "phones[1]", "nope"]


class Failing:
    """Operations that break as things break."""

    def __init__(self) -> None:
        self.router = APIRouter()
        self.router.add_api_route("/bug", self.bug, methods=["GET"])
        self.router.add_api_route("/away", self.away, methods=["GET"])
        self.router.add_api_route("/raced", self.raced, methods=["POST"])

    async def bug(self) -> None:
        raise RuntimeError("Maria Rossi, +390612345678")

    async def away(self) -> None:
        raise OperationalError("SELECT 'Maria Rossi'", {}, OSError("the server is gone"))

    async def raced(self) -> None:
        raise IntegrityError("INSERT 'Maria Rossi'", {}, ValueError("a key"))


async def test_what_breaks_is_answered_as_a_problem_and_logged_without_anybodys_data(
    database: Database, clock: VirtualClock
) -> None:
    ask = asking(database, clock, more=(Failing().router,))
    with capture_logs() as logs:
        answers = [await ask.get("/bug"), await ask.get("/away"), await ask.post("/raced")]
    assert [answer.status_code for answer in answers] == [500, 503, 409]
    assert answers[1].headers["retry-after"] == "1"
    told = json.dumps(logs) + "".join(answer.text for answer in answers)
    assert "Maria" not in told
    assert "+39" not in told
    assert [(line["event"], line["error"]) for line in logs] == [
        ("api_failed", "RuntimeError"),
        ("api_store_away", "OperationalError"),
    ]
    assert any("bug" in place for place in logs[0]["at"])
    await ask.close()
