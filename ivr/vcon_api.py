"""Conversations as vCons, under `/api/v1`: one call, or all that a person and we have said and written.

Reading one is an export: it is written down who took what of whom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from sqlalchemy import Row, exists, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing
from api.paging import Paging
from api.problems import NotFound
from api.tokens import Asking, Guard
from crm import audit, people
from crm.audit import What
from crm.tables import interactions, texts
from ivr.tables import calls
from ivr.vcon import MEDIA_TYPE, vcon
from ivr.vcon_rows import Source, of_calls, of_past, of_texts
from store.clock import Clock
from store.sql import Database

_SHOWN: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}}


class VconResponse(JSONResponse):
    media_type = MEDIA_TYPE


def vcon_router(database: Database, clock: Clock, guard: Guard, source: Source) -> APIRouter:
    at = _Vcons(database, clock, source)
    router = APIRouter(tags=["calls"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    one = {"response_class": VconResponse, "responses": _SHOWN}
    router.add_api_route("/calls/{call_sid}/vcon", at.of_call, methods=["GET"], **one)  # type: ignore[arg-type]
    router.add_api_route("/customers/{customer_id}/vcon", at.of_customer, methods=["GET"])
    return router


class _Vcons:
    def __init__(self, database: Database, clock: Clock, source: Source) -> None:
        self._database, self._clock, self._source = database, clock, source

    async def of_call(self, call_sid: str, asking: Asking) -> VconResponse:
        """The call in the syntax of draft-ietf-vcon-vcon-core-04."""
        async with self._database.write() as conn:
            row = (await conn.execute(select(calls).where(calls.c.sid == call_sid))).one_or_none()
            if row is None:
                raise NotFound("call")
            now = self._clock.now()
            await audit.record(conn, asking, What.EXPORTED, row.customer_id, now=now, kind="vcon", count=1)
            (found,) = (await of_calls(conn, [row], self._source)).values()
        return VconResponse(vcon(found, self._source.host))

    async def of_customer(self, customer_id: str, page: Paging, asking: Asking) -> Listing[dict[str, Any]]:
        """A vCon for each call and for each conversation that was brought from elsewhere, and one for all texts; the
        latest first."""
        async with self._database.write() as conn:
            customer_id = await people.living(conn, customer_id)
            found = _everything(customer_id).subquery()
            rows = (await conn.execute(page.newest_first(select(found), found.c.at, found.c.id))).all()
            shown, following = page.cut(rows, lambda row: (row.at.isoformat(), row.id))
            now, count = self._clock.now(), len(shown)
            await audit.record(conn, asking, What.EXPORTED, customer_id, now=now, kind="vcon", count=count)
            items = await self._shown(conn, customer_id, shown)
        return Listing[dict[str, Any]](items=items, next=following)

    async def _shown(self, conn: AsyncConnection, customer_id: str, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
        ids = {kind: [row.id for row in rows if row.kind == kind] for kind in ("call", "past", "texts")}
        whole = await conn.execute(select(calls).where(calls.c.id.in_(ids["call"])))
        found = dict(await of_calls(conn, whole.all(), self._source))
        past = await conn.execute(select(interactions).where(interactions.c.id.in_(ids["past"])))
        found |= await of_past(conn, past.all(), self._source)
        if ids["texts"]:
            found |= await of_texts(conn, customer_id, self._source)
        ordered: Mapping[str, Any] = {row.id: found[row.id] for row in rows if row.id in found}
        return [vcon(conversation, self._source.host) for conversation in ordered.values()]


def _everything(customer_id: str) -> Any:
    """Each conversation once: what is written down of a call is in the call's own."""
    of_call = or_(interactions.c.external_id == calls.c.sid, interactions.c.external_id.like(calls.c.sid.concat("/%")))
    in_a_call = exists().where(calls.c.customer_id == customer_id, of_call)
    return union_all(
        select(literal("call").label("kind"), calls.c.id, calls.c.arrived_at.label("at")).where(
            calls.c.customer_id == customer_id
        ),
        select(literal("past"), interactions.c.id, interactions.c.started_at).where(
            interactions.c.customer_id == customer_id, ~in_a_call
        ),
        select(literal("texts"), texts.c.customer_id, func.min(texts.c.at))
        .where(texts.c.customer_id == customer_id)
        .group_by(texts.c.customer_id),
    )
