"""HubSpot's shapes, as its documentation has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from crm.connectors.guarded import Guarded
from crm.connectors.hubspot import HubSpot
from crm.connectors.port import Away, Conversation, Found, Refused, ShutOut
from tests.crm.connectors.remotes import Remote, document

pytestmark = pytest.mark.anyio
MARIA = "+393331234567"
NEWS = Conversation(
    id="int_01",
    remote_id="512",
    started_at=datetime(2026, 3, 3, 9, 30, tzinfo=UTC),
    seconds=251,
    direction="inbound",
    agent="Anna Bianchi",
    outcome="solved",
    topic="delivery",
    summary="Asked for <Tuesday>\nand got it & more",
)


def contact(n: int = 512, **properties: Any) -> dict[str, Any]:
    usual = {
        "createdate": "2024-01-10T08:00:00.000Z",
        "email": "maria@example.org",
        "firstname": "Maria",
        "lastname": "Rossi",
        "hs_language": "it-it",
        "hs_object_id": str(n),
        "phone": "333 123 4567",
        "mobilephone": None,
    }
    moments = {"createdAt": "2024-01-10T08:00:00.000Z", "updatedAt": "2026-02-01T08:00:00.000Z"}
    return {"id": str(n), "properties": usual | properties, **moments, "archived": False}


def results(*contacts: dict[str, Any]) -> dict[str, Any]:
    return {"total": len(contacts), "results": list(contacts)}


@pytest.fixture
def hubspot(there: Remote, http: Guarded) -> HubSpot:
    return HubSpot(http, "pat-eu1-secret", "IT", url=there.url)


async def test_a_number_is_searched_in_every_form_and_its_owner_is_found(there: Remote, hubspot: HubSpot) -> None:
    there.will(results(contact()))
    found = await hubspot.find(MARIA)
    assert found == Found("512", "Maria Rossi", "Maria", "Rossi", None, "it-IT", "maria@example.org")
    (asked,) = there.asked
    assert (asked.method, asked.path) == ("POST", "/crm/v3/objects/contacts/search")
    assert asked.headers["authorization"] == "Bearer pat-eu1-secret"
    assert asked.headers["content-type"] == "application/json"
    groups = asked.json["filterGroups"]
    assert len(groups) <= 5  # HubSpot's own limit
    assert [(f["propertyName"], f["operator"], f["value"]) for group in groups for f in group["filters"]] == [
        ("phone", "EQ", MARIA),
        ("mobilephone", "EQ", MARIA),
        ("hs_searchable_calculated_international_phone_number", "EQ", "393331234567"),
        ("hs_searchable_calculated_international_mobile_number", "EQ", "393331234567"),
        ("hs_searchable_calculated_phone_number", "EQ", "3331234567"),
    ]


@pytest.mark.parametrize(
    "people",
    [
        [],
        [contact(phone="+49 333 1234567")],  # the same digits in another country
        [contact(phone=None), contact(phone=""), contact(phone={"a": 1}), contact(phone="9" * 999)],
        [contact(), contact(513, firstname="Paolo")],  # a household: the number names nobody
        [{"id": None, "properties": {"phone": MARIA}}, {"id": True, "properties": {"phone": MARIA}}, "odd", None],
    ],
)
async def test_who_does_not_have_this_very_number_alone_is_nobody(
    there: Remote, hubspot: HubSpot, people: list[Any]
) -> None:
    there.will({"total": len(people), "results": people})
    assert await hubspot.find(MARIA) is None


async def test_two_records_of_one_name_are_one_person(there: Remote, hubspot: HubSpot) -> None:
    there.will(results(contact(), contact(513, phone=None, mobilephone=MARIA, lastname="ROSSI")))
    found = await hubspot.find(MARIA)
    assert found is not None
    assert found.remote_id == "512"


async def test_what_makes_no_sense_is_left_out(there: Remote, hubspot: HubSpot) -> None:
    odd = contact(firstname="Ma\x00ria\n\u202e", lastname=["x"], email="at home", hs_language="Italian?")
    there.will(results(odd))
    assert await hubspot.find(MARIA) == Found("512", "Ma ria", "Ma ria")


async def test_a_conversation_becomes_a_call_of_the_contact(there: Remote, hubspot: HubSpot) -> None:
    there.will(document({"id": "9001", "properties": {}}, 201))
    await hubspot.tell(replace(NEWS, confirmed=True), again=False)
    (asked,) = there.asked
    assert (asked.method, asked.path) == ("POST", "/crm/v3/objects/calls")
    assert asked.json == {
        "properties": {
            "hs_timestamp": "2026-03-03T09:30:00.000Z",
            "hs_call_title": "delivery",
            "hs_call_body": "Agent: Anna Bianchi<br>Outcome: solved (the customer says so)<br>Topic: delivery<br>"
            "Summary: Asked for &lt;Tuesday&gt; and got it &amp; more",
            "hs_call_duration": "251000",
            "hs_call_direction": "INBOUND",
            "hs_call_status": "COMPLETED",
            "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
            "hs_call_external_id": "int_01",
            "hs_call_source": "INTEGRATIONS_PLATFORM",
        },
        "associations": [
            {
                "to": {"id": "512"},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}],
            }
        ],
    }


async def test_a_second_attempt_looks_first_whether_the_first_arrived(there: Remote, hubspot: HubSpot) -> None:
    there.will(results({"id": "9001"}))
    await hubspot.tell(NEWS, again=True)
    (asked,) = there.asked
    assert asked.path == "/crm/v3/objects/calls/search"
    assert asked.json["filterGroups"][0]["filters"][0] == {
        "propertyName": "hs_call_external_id",
        "operator": "EQ",
        "value": "int_01",
    }
    there.will(results(), document({"id": "9001"}, 201))
    await hubspot.tell(NEWS, again=True)
    assert [one.path for one in there.asked[1:]] == ["/crm/v3/objects/calls/search", "/crm/v3/objects/calls"]


async def test_its_errors_are_told_apart(there: Remote, hubspot: HubSpot) -> None:
    problem = {"status": "error", "message": "…", "correlationId": "a", "category": "…"}
    told: list[tuple[int, type[Exception], Callable[[], Any]]] = [
        (401, ShutOut, lambda: hubspot.find(MARIA)),
        (403, ShutOut, hubspot.check),  # MISSING_SCOPES
        (400, Refused, lambda: hubspot.tell(NEWS, again=False)),
        (502, Away, lambda: hubspot.find(MARIA)),
    ]
    for status, kind, ask in told:
        there.will(document(problem, status))
        with pytest.raises(kind):
            await ask()
    there.will(document(problem | {"policyName": "TEN_SECONDLY_ROLLING"}, 429, **{"Retry-After": "10"}))
    with pytest.raises(Away) as away:
        await hubspot.find(MARIA)
    assert away.value.retry_after is not None
    there.will(results(contact()))
    await hubspot.check()
    assert there.asked[-1].query == {"limit": "1", "properties": "hs_object_id"}
