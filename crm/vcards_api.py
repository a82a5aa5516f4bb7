"""A customer as a vCard, under `/api/v1`: for a telephone's or a desk's address book."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse

from api.problems import NotFound
from api.tokens import Asking, Guard
from crm import audit, people
from crm.audit import What
from crm.vcards import write_card
from store.clock import Clock
from store.sql import Database

MEDIA_TYPE = "text/vcard"
_SHOWN: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


class CardResponse(PlainTextResponse):
    media_type = MEDIA_TYPE


def vcards_router(database: Database, clock: Clock, guard: Guard) -> APIRouter:
    async def show(customer_id: str, asking: Asking) -> CardResponse:
        """Version 4.0; what an address book has no place for is left out."""
        async with database.write() as conn:
            customer_id = await people.living(conn, customer_id)
            customer = await people.load_one(conn, customer_id)
            if customer is None:
                raise NotFound("customer")
            await audit.record(conn, asking, What.EXPORTED, customer_id, now=clock.now(), kind="vcard")
        return CardResponse(write_card(customer))

    router = APIRouter(tags=["customers"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    path = "/customers/{customer_id}/vcard"
    router.add_api_route(path, show, methods=["GET"], response_class=CardResponse, responses=_SHOWN)
    return router
