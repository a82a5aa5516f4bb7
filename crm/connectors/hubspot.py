"""HubSpot's public API, with the token of a private app.

Sources: developers.hubspot.com, "Search the CRM" and "Activities: calls" (API v3), looked up 2026-11.  HubSpot computes
forms of numbers that can be searched: `hs_searchable_calculated_international_…` is the digits with the country's code,
`hs_searchable_calculated_…` those without it.  The app's scopes: crm.objects.contacts.read and .write.
"""

from __future__ import annotations

import json
from datetime import UTC
from html import escape
from typing import Any

import phonenumbers

from crm.connectors.guarded import Answer, Guarded, accepted
from crm.connectors.matching import same_number, the_one
from crm.connectors.port import Conversation, Found, inside, read_found

URL = "https://api.hubapi.com"
SECONDS = 10.0
MOST = 10  # contacts of one number that are looked at
CALL_TO_CONTACT = 194  # HubSpot's own type of association
CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"  # the disposition "Connected" of every account
_NUMBERS = ("phone", "mobilephone")
_PROPERTIES = ("firstname", "lastname", "email", "hs_language", *_NUMBERS)


class HubSpot:
    """`port.Connector`.  `region`: how national numbers there are read (ISO 3166)."""

    name = "hubspot"

    def __init__(self, http: Guarded, token: str, region: str, *, url: str = URL) -> None:
        self._http, self._region, self._url = http, region, url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    async def find(self, number: str) -> Found | None:
        groups = [_equal(name, value) for name, value in _written(number)]
        wish = {"filterGroups": groups, "properties": list(_PROPERTIES), "limit": MOST}
        answer = (await self._post("/crm/v3/objects/contacts/search", wish)).json()
        return the_one(
            [found for contact in inside(answer, "results") or [] if (found := self._found(contact, number))]
        )

    async def tell(self, news: Conversation, *, again: bool) -> None:
        """HubSpot knows no key by which a call comes once only; ours, in `hs_call_external_id`, can be searched."""
        if again and await self._has(news.id):
            return
        await self._post("/crm/v3/objects/calls", {"properties": _call(news), "associations": [_to(news.remote_id)]})

    async def check(self) -> None:
        answer = await self._http.send(
            "GET",
            f"{self._url}/crm/v3/objects/contacts",
            query={"limit": "1", "properties": "hs_object_id"},
            headers=self._headers,
            seconds=SECONDS,
        )
        accepted(answer).json()

    async def close(self) -> None:
        await self._http.close()

    async def _has(self, call_id: str) -> bool:
        wish = {"filterGroups": [_equal("hs_call_external_id", call_id)], "limit": 1}
        answer = await self._post("/crm/v3/objects/calls/search", wish)
        return bool(inside(answer.json(), "results"))

    async def _post(self, path: str, wish: dict[str, Any]) -> Answer:
        body = json.dumps(wish).encode()
        return accepted(
            await self._http.send("POST", self._url + path, headers=self._headers, body=body, seconds=SECONDS)
        )

    def _found(self, contact: Any, number: str) -> Found | None:
        """Only who has this very number: the form without the country's code is somebody else's in another country."""
        if not any(same_number(inside(contact, "properties", name), number, self._region) for name in _NUMBERS):
            return None
        return read_found(
            inside(contact, "id"),
            given=inside(contact, "properties", "firstname"),
            surname=inside(contact, "properties", "lastname"),
            language=inside(contact, "properties", "hs_language"),
            email=inside(contact, "properties", "email"),
        )


def _written(number: str) -> list[tuple[str, str]]:
    """Five, which is as many groups as one search may have."""
    national = phonenumbers.national_significant_number(phonenumbers.parse(number))
    return [
        ("phone", number),
        ("mobilephone", number),
        ("hs_searchable_calculated_international_phone_number", number.removeprefix("+")),
        ("hs_searchable_calculated_international_mobile_number", number.removeprefix("+")),
        ("hs_searchable_calculated_phone_number", national),
    ]


def _equal(name: str, value: str) -> dict[str, Any]:
    return {"filters": [{"propertyName": name, "operator": "EQ", "value": value}]}


def _to(remote_id: str) -> dict[str, Any]:
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": CALL_TO_CONTACT}
    return {"to": {"id": remote_id}, "types": [kind]}


def _call(news: Conversation) -> dict[str, str]:
    return {
        "hs_timestamp": news.started_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "hs_call_title": news.topic or "Call",
        "hs_call_body": "<br>".join(escape(said) for said in news.lines()),  # it is shown as HTML
        "hs_call_duration": str(news.seconds * 1000),
        "hs_call_direction": news.direction.upper(),
        "hs_call_status": "COMPLETED",
        "hs_call_disposition": CONNECTED,
        "hs_call_external_id": news.id,
        "hs_call_source": "INTEGRATIONS_PLATFORM",
    }
