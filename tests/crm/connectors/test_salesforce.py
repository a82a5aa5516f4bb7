"""Salesforce's shapes, as its documentation has them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from crm.connectors.guarded import Guarded
from crm.connectors.port import Away, Found, Refused, ShutOut
from crm.connectors.salesforce import Salesforce, quoted, spellings
from tests.crm.connectors.remotes import Remote, document
from tests.crm.connectors.test_hubspot import MARIA, NEWS

pytestmark = pytest.mark.anyio
ROME = ZoneInfo("Europe/Rome")
QUERY = "/services/data/v61.0/query"


def over() -> web.Response:
    return document([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], 401)


def contact(**fields: Any) -> dict[str, Any]:
    usual = {"Id": "003xx000004TmiQAAS", "FirstName": "Maria", "LastName": "Rossi", "Email": "maria@example.org"}
    url = {"type": "Contact", "url": "/services/data/v61.0/sobjects/Contact/003xx000004TmiQAAS"}
    return {"attributes": url, **usual, "Phone": "06 9999 0000", "MobilePhone": "333 1234567"} | fields


def records(*found: dict[str, Any]) -> dict[str, Any]:
    return {"totalSize": len(found), "done": True, "records": list(found)}


def token(n: int) -> dict[str, Any]:
    return {
        "access_token": f"00Dxx!token{n}",
        "signature": "nUFHwtfI=",
        "token_format": "opaque",
        "instance_url": "https://evil.example",  # which is not where we go
        "id": "https://login.salesforce.com/id/00Dxx/005xx",
        "token_type": "Bearer",
        "issued_at": "1772530000000",
    }


@pytest.fixture
def salesforce(there: Remote, http: Guarded) -> Salesforce:
    return Salesforce(http, there.url, "IT", ROME, credentials=("3MVG9", "it's&secret"))


async def test_it_signs_in_once_and_asks_for_the_number_in_every_spelling(
    there: Remote, salesforce: Salesforce
) -> None:
    there.will(token(1), records(contact()), records())
    assert await salesforce.find(MARIA) == Found(
        "003xx000004TmiQAAS", "Maria Rossi", "Maria", "Rossi", None, None, "maria@example.org"
    )
    assert await salesforce.find("+4930123456") is None
    signing_in, first, second = there.asked
    assert (signing_in.method, signing_in.path) == ("POST", "/services/oauth2/token")
    assert parse_qs(signing_in.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["3MVG9"],
        "client_secret": ["it's&secret"],
    }
    assert (first.method, first.path, first.headers["authorization"]) == ("GET", QUERY, "Bearer 00Dxx!token1")
    spelled = "'+393331234567', '+39 333 123 4567', '393331234567', '00393331234567', '333 123 4567', '3331234567'"
    assert first.query["q"] == (
        "SELECT Id, FirstName, LastName, Email, Phone, MobilePhone FROM Contact "
        f"WHERE Phone IN ({spelled}) OR MobilePhone IN ({spelled}) ORDER BY CreatedDate LIMIT 10"
    )
    assert "'030 123456'" not in second.query["q"]  # which in Italy would be somebody else


async def test_a_session_that_is_over_is_begun_anew_once(there: Remote, salesforce: Salesforce) -> None:
    there.will(token(1), over(), token(2), records(contact()), over(), token(3), over())
    assert await salesforce.find(MARIA) is not None
    with pytest.raises(ShutOut):
        await salesforce.find(MARIA)
    assert [one.headers.get("authorization", "-")[-6:] for one in there.asked if one.path == QUERY] == [
        *("token1", "token2", "token2", "token3")
    ]


async def test_who_gives_up_waiting_for_a_token_leaves_it_to_the_next(there: Remote, salesforce: Salesforce) -> None:
    there.will(token(1), records(), records())
    async with there.thinking:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await salesforce.find(MARIA)
    await asyncio.gather(salesforce.find(MARIA), salesforce.find(MARIA))
    assert [one.path for one in there.asked] == ["/services/oauth2/token", QUERY, QUERY]


async def test_credentials_or_a_token_that_are_not_accepted_shut_us_out(there: Remote, http: Guarded) -> None:
    app = Salesforce(http, there.url, "IT", ROME, credentials=("3MVG9", "wrong"))
    there.will(document({"error": "invalid_client", "error_description": "invalid client credentials"}, 400))
    with pytest.raises(ShutOut, match="client id or secret"):
        await app.check()
    there.will({"access_token": "a\r\nX: y"})
    with pytest.raises(Away):
        await app.check()
    given = Salesforce(http, there.url, "IT", ROME, token="held")
    there.will(over())
    with pytest.raises(ShutOut):
        await given.check()
    assert there.asked[-1].headers["authorization"] == "Bearer held"


async def test_a_conversation_becomes_a_task_of_the_contact(there: Remote, salesforce: Salesforce) -> None:
    made = document({"id": "00Txx0000001", "success": True, "errors": []}, 201)
    there.will(token(1), made)
    late = NEWS.started_at.replace(hour=23, minute=30)  # in Rome it is the fourth already
    await salesforce.tell(replace(NEWS, started_at=late, topic="x" * 300), again=False)
    asked = there.asked[-1]
    assert (asked.method, asked.path) == ("POST", "/services/data/v61.0/sobjects/Task")
    task = asked.json
    assert len(task.pop("Subject")) == 255
    assert task.pop("Description").startswith("Agent: Anna Bianchi\nOutcome: solved\n")
    assert task == {
        "WhoId": "512",
        "TaskSubtype": "Call",
        "CallType": "Inbound",
        "CallObject": "int_01",
        "CallDurationInSeconds": 251,
        "CallDisposition": "solved",
        "ActivityDate": "2026-03-04",
        "Status": "Completed",
    }


async def test_a_second_attempt_looks_first_whether_the_first_arrived(there: Remote, salesforce: Salesforce) -> None:
    there.will(token(1), records({"Id": "00Txx0000001"}))
    await salesforce.tell(NEWS, again=True)
    assert there.asked[-1].query["q"] == "SELECT Id FROM Task WHERE CallObject = 'int_01' LIMIT 1"
    assert len(there.asked) == 2


async def test_its_errors_are_told_apart(there: Remote, salesforce: Salesforce) -> None:
    def problem(code: str) -> list[dict[str, str]]:
        return [{"message": "…", "errorCode": code}]

    there.will(
        token(1), document(problem("REQUEST_LIMIT_EXCEEDED"), 403), document(problem("INSUFFICIENT_ACCESS"), 403)
    )
    with pytest.raises(Away):
        await salesforce.find(MARIA)
    with pytest.raises(ShutOut):
        await salesforce.find(MARIA)
    there.will(document(problem("INVALID_CROSS_REFERENCE_KEY"), 400), document(problem("UNKNOWN_EXCEPTION"), 500))
    with pytest.raises(Refused):
        await salesforce.tell(NEWS, again=False)
    with pytest.raises(Away):
        await salesforce.find(MARIA)


@given(st.text())
def test_no_text_ends_a_string_of_a_query(text: str) -> None:
    inner = quoted(text)[1:-1]
    assert inner.replace("\\\\", "").replace("\\'", "").count("'") == 0
    assert not inner.replace("\\\\", "").endswith("\\")


def test_a_number_is_spelled_nationally_at_home_alone() -> None:
    assert "(202) 555-0123" in spellings("+12025550123", "US")
    assert "(202) 555-0123" not in spellings("+12025550123", "IT")
