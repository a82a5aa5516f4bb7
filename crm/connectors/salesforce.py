"""Salesforce's public REST API, with the client credentials of an external client app, or a token given.

Sources: REST API Developer Guide (Query, sObject Basic Information, Status Codes and Error Responses), Object Reference
(Contact, Task), SOQL and SOSL Reference (Reserved Characters), OAuth 2.0 Client Credentials Flow; looked up 2026-11.
The address is the organisation's own ("My Domain"): that flow works at no other, and no answer decides where we go.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberFormat

from crm.connectors.guarded import Answer, Guarded, accepted
from crm.connectors.matching import same_number, the_one
from crm.connectors.port import Away, ConnectorError, Conversation, Found, ShutOut, inside, read_found

DATA = "/services/data/v61.0"
SECONDS = 10.0
MOST = 10
LONGEST_SUBJECT, LONGEST_DESCRIPTION = 255, 32_000
_NUMBERS = ("Phone", "MobilePhone")


class Salesforce:
    """`port.Connector`.  `credentials`: the app's id and secret; without them `token` is used while it holds."""

    name = "salesforce"

    def __init__(
        self,
        http: Guarded,
        url: str,
        region: str,
        zone: ZoneInfo,
        *,
        token: str | None = None,
        credentials: tuple[str, str] | None = None,
    ) -> None:
        self._http, self._url, self._region, self._zone = http, url, region, zone
        self._token, self._credentials = token, credentials
        self._fetching: asyncio.Task[str] | None = None

    async def find(self, number: str) -> Found | None:
        """Phones stand there as somebody typed them, so each usual spelling is asked for."""
        spelled = ", ".join(quoted(text) for text in spellings(number, self._region))
        having = " OR ".join(f"{name} IN ({spelled})" for name in _NUMBERS)
        wanted = f"SELECT Id, FirstName, LastName, Email, Phone, MobilePhone FROM Contact WHERE {having}"
        answer = await self._query(f"{wanted} ORDER BY CreatedDate LIMIT {MOST}")
        return the_one([found for record in inside(answer, "records") or [] if (found := self._found(record, number))])

    async def tell(self, news: Conversation, *, again: bool) -> None:
        """A task has no key of ours that must be unique; `CallObject` takes the call's id, and can be looked for."""
        if again:
            known = await self._query(f"SELECT Id FROM Task WHERE CallObject = {quoted(news.id)} LIMIT 1")
            if inside(known, "records"):
                return
        accepted(await self._send("POST", f"{DATA}/sobjects/Task", body=self._task(news)))

    async def check(self) -> None:
        await self._query("SELECT Id FROM Contact LIMIT 1")

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
        await self._http.close()

    async def _query(self, soql: str) -> Any:
        return accepted(await self._send("GET", f"{DATA}/query", query={"q": soql})).json()

    async def _send(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> Answer:
        """Once more with a new token if the session is over, and no oftener."""
        token = await self._session()
        answer = await self._asked(method, path, token, query, body)
        if answer.status == 401 and self._credentials is not None:
            if self._token == token:
                self._token = None
            answer = await self._asked(method, path, await self._session(), query, body)
        if answer.status == 403 and _code(answer) == "REQUEST_LIMIT_EXCEEDED":
            raise Away("the day's requests are used up")
        return answer

    async def _asked(
        self, method: str, path: str, token: str, query: dict[str, str] | None, body: dict[str, Any] | None
    ) -> Answer:
        return await self._http.send(
            method,
            self._url + path,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            query=query or {},
            body=None if body is None else json.dumps(body).encode(),
            seconds=SECONDS,
        )

    async def _session(self) -> str:
        """One request for all who wait for it, which goes on when a caller can wait no longer: the next one has it."""
        if self._token is not None:
            return self._token
        if self._credentials is None:
            raise ShutOut("no token")
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._signed_in(*self._credentials))
            self._fetching.add_done_callback(_heard)
        self._token = await asyncio.shield(self._fetching)
        return self._token

    async def _signed_in(self, client_id: str, secret: str) -> str:
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        answer = await self._http.send(
            "POST",
            f"{self._url}/services/oauth2/token",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            seconds=SECONDS,
        )
        if answer.status == 400:  # OAuth's invalid_client and invalid_grant
            raise ShutOut("answers 400: the client id or secret is not accepted")
        token = inside(accepted(answer).json(), "access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise Away("a token that is none")
        return token

    def _found(self, record: Any, number: str) -> Found | None:
        if not any(same_number(inside(record, name), number, self._region) for name in _NUMBERS):
            return None
        return read_found(
            inside(record, "Id"),
            given=inside(record, "FirstName"),
            surname=inside(record, "LastName"),
            email=inside(record, "Email"),
        )

    def _task(self, news: Conversation) -> dict[str, Any]:
        return {
            "WhoId": news.remote_id,
            "TaskSubtype": "Call",
            "CallType": news.direction.title(),
            "CallObject": news.id,
            "CallDurationInSeconds": news.seconds,
            "CallDisposition": news.outcome,
            "Subject": f"Call: {news.topic}"[:LONGEST_SUBJECT] if news.topic else "Call",
            "Description": "\n".join(news.lines())[:LONGEST_DESCRIPTION],
            "ActivityDate": news.started_at.astimezone(self._zone).date().isoformat(),
            "Status": "Completed",
        }


def quoted(text: str) -> str:
    """A string of SOQL, in which only these two characters mean anything else."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def spellings(number: str, region: str) -> list[str]:
    """How people type this number: with the country's code, and without where it is the house's own country."""
    parsed = phonenumbers.parse(number)
    international = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
    written = [number, international, number.removeprefix("+"), f"00{number.removeprefix('+')}"]
    if phonenumbers.country_code_for_region(region) == parsed.country_code:
        national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
        written += [national, "".join(letter for letter in national if letter.isdigit())]
    return list(dict.fromkeys(written))


def _code(answer: Answer) -> str | None:
    try:
        code = inside(answer.json(), 0, "errorCode")
    except ConnectorError:
        return None
    return code if isinstance(code, str) else None


def _heard(task: asyncio.Task[str]) -> None:
    if not task.cancelled():
        task.exception()  # whoever waits hears it; if nobody does any more, it is no news
