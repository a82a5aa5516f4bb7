"""What a stranger found out about the API (see `tests/outside/api_contract.py`), and what they could not try."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from api.app import Mounted
from api.tokens import Guard
from callbacks.api import callbacks_router
from callbacks.promises import Promises
from carrier.numbers import Numbers
from routing.plan_api import plan_router
from routing.plans import Plans
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import BASE, KEY_OF_THE_HOUSE, Asking, asking
from tests.ivr.door import HOUSE

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    """With the plan and promises."""
    guard, plans, network = Guard(database, KEY_OF_THE_HOUSE), Plans(), None
    numbers = Numbers(database, clock, network)  # type: ignore[arg-type]  # nothing is asked of it here
    promised = callbacks_router(database, clock, guard, Promises(HOUSE), plans, HOUSE, lambda: None, numbers)
    client = asking(database, clock, more=(plan_router(database, clock, guard, plans, HOUSE), promised))
    yield client
    await client.close()


def inside(schema: Any) -> Iterator[dict[str, Any]]:
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from inside(part)
    if isinstance(schema, dict):
        yield schema


async def test_the_document_tells_every_bound_and_every_form(ask: Asking) -> None:
    schemas, paths = ask.document["components"]["schemas"], ask.document["paths"]
    assert not [schema for schema in inside(schemas) if {"ge", "le", "gt", "lt"} & set(schema)]
    assert schemas["InteractionFields"]["properties"]["talk_seconds"]["minimum"] == 0
    slots = {one["name"]: one["schema"]["anyOf"][0] for one in paths["/callbacks/slots"]["get"]["parameters"][:4]}
    assert [slots[name].get("format") for name in ("from", "to")] == ["date-time"] * 2
    (condition,) = [one for one in paths["/plan"]["put"]["parameters"] if one["name"] == "If-Match"]
    assert (condition["required"], condition["schema"]) == (True, {"type": "string"})


async def test_a_whole_number_may_be_written_with_a_point(ask: Asking) -> None:
    agent = await ask.made("/agents", {"name": "Anna", "address": "client:anna", "skills": {"billing": 4.0}})
    assert agent["skills"] == {"billing": 4}
    maria = await ask.made("/customers", {"phones": ["06 12345678"]})
    made = await ask.made("/callbacks", {"customer": maria["id"], "window_seconds": 600.0})
    assert made["window_seconds"] == 600
    for wrong in (4.5, "4", True, None):
        answer = await ask("PATCH", f"/agents/{agent['id']}", {"skills": {"billing": wrong}})
        assert (answer.status_code, answer.json()["field"]) == (422, "skills.billing")


async def test_a_refused_form_is_told_in_words(ask: Asking) -> None:
    for field, wrong in (
        ("language", "italiano"),
        ("email", "nobody"),
        ("photo_url", "javascript:alert(1)"),
        ("quiet_hours", "9-17"),
    ):
        told = (await ask.post("/customers", {field: wrong})).json()
        assert told["field"] == field
        assert not set("^$\\") & set(told["errors"][0]["message"])
    answer = await ask.post("/agents", {"name": " \t", "address": "client:x"})
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (422, "This may not be blank.")


async def test_what_is_allowed_at_an_address_is_told_of_that_address_alone(ask: Asking) -> None:
    answer = await ask("PUT", "/callbacks/slots")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    answer = await ask("PUT", "/callbacks/cb_1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, PATCH")


async def test_an_address_with_a_line_end_is_not_found_as_any_other(ask: Asking) -> None:
    transport = httpx2.ASGITransport(app=Starlette(routes=[Mounted(ask.api)]))
    async with httpx2.AsyncClient(transport=transport) as client:
        headers = {"Authorization": f"Bearer {KEY_OF_THE_HOUSE}"}
        for path in ("/customers/a%0Ab", "/customers/%0A", "/nowhere%0A%0D", "/%E2%80%A8%0A/x"):
            answer = await client.get(BASE + path, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_a_cursor_that_no_page_has_handed_out_is_refused(ask: Asking) -> None:
    for key in (["²"], ["9" * 400], ["-1"], ["x"], ["1", "2"], [], {}, [1], "1"):
        cursor = urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
        answer = await ask.get("/plan/versions", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["field"]) == (422, "cursor"), key


async def test_a_plan_that_could_never_be_shown_again_is_refused(ask: Asking) -> None:
    """A lone surrogate: storable as JSON, and no answer could be written with it."""
    first = await ask.get("/plan")
    headers = {"If-Match": first.headers["etag"], "Content-Type": "application/json"}
    for wrong in ({"+3906": {"name": "\ud800"}}, {"\ud800": {}}, {"+3906": {"skills": {"\ud800": 1}}}, {"a\x00": {}}):
        body = json.dumps({"lines": wrong}).encode()
        answer = await ask("PUT", "/plan", content=body, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["field"].startswith("lines")
        checked = (await ask("POST", "/plan/check", content=body, headers=headers)).json()
        assert (checked["ok"], checked["findings"][0]["where"][:5]) == (False, "lines")
    assert (await ask.get("/plan")).json() == first.json()
