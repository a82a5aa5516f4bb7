"""Any system that answers signed JSON at one address of its own; docs/connectors.md describes both sides."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from crm.connectors.guarded import Answer, Guarded, accepted
from crm.connectors.port import Away, Conversation, Found, inside, read_found
from crm.connectors.signing import sign
from store.clock import Clock
from store.ids import new_id

SECONDS = 10.0


class Webhook:
    """`port.Connector`."""

    name = "webhook"

    def __init__(self, http: Guarded, clock: Clock, url: str, key: bytes) -> None:
        self._http, self._clock, self._url, self._key = http, clock, url, key

    async def find(self, number: str) -> Found | None:
        answer = (await self._post(new_id("msg"), "customer.lookup", self._clock.now(), {"number": number})).json()
        if not isinstance(answer, dict) or "customer" not in answer:
            raise Away("an answer without `customer`")
        customer = answer["customer"]
        names = ("name", "given", "surname", "called", "language", "email")
        return read_found(inside(customer, "id"), **{name: inside(customer, name) for name in names})

    async def tell(self, news: Conversation, *, again: bool) -> None:
        """`webhook-id` is the conversation's: whoever has seen it has had this news."""
        told = {
            "id": news.id,
            "customer": news.remote_id,
            "started_at": _instant(news.started_at),
            "seconds": news.seconds,
            "direction": news.direction,
            "agent": news.agent,
            "outcome": news.outcome,
            "confirmed": news.confirmed,
            "topic": news.topic,
            "summary": news.summary,
        }
        await self._post(news.id, "conversation.ended", news.started_at, told)

    async def check(self) -> None:
        await self._post(new_id("msg"), "ping", self._clock.now(), {})

    async def close(self) -> None:
        await self._http.close()

    async def _post(self, message_id: str, kind: str, at: datetime, told: dict[str, Any]) -> Answer:
        body = json.dumps({"type": kind, "timestamp": _instant(at), "data": told}, ensure_ascii=False).encode()
        signed = sign(self._key, message_id, int(self._clock.now().timestamp()), body)
        headers = {"Content-Type": "application/json", **signed}
        return accepted(await self._http.send("POST", self._url, headers=headers, body=body, seconds=SECONDS))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
