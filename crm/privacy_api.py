"""A person's right to be told everything, to be forgotten, and to say yes or no, under `/api/v1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Row

from api.fields import Listing
from api.paging import Paging
from api.problems import NotFound, responses
from api.tokens import Asking, Guard
from crm import audit, consents, dossier, dossier_page, people, privacy
from crm.audit import What
from crm.consents import Kind
from crm.privacy_schemas import Consent, ConsentFields
from crm.schemas import Export
from crm.tables import consents as consents_table
from store.clock import Clock
from store.sql import Database

Exporters = Mapping[str, privacy.Exporter]
_PAGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Everything; asked for as `text/html`, a page to read and print.",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
}


def privacy_router(
    database: Database,
    clock: Clock,
    guard: Guard,
    *,
    erasers: Sequence[privacy.Eraser],
    exporters: Exporters,
    confidential: Exporters,
    on_change: Callable[[str], None],
) -> APIRouter:
    """`confidential`: what agents are not told; the others as in `crm.api.Others`."""
    at = _Privacy(database, clock, erasers, exporters, confidential, on_change)
    router = APIRouter(tags=["customers"], dependencies=[Depends(guard.allows("manager", "agent", "service"))])
    add, one = router.add_api_route, "/customers/{customer_id}"
    add(one, at.erase, methods=["DELETE"], status_code=204, responses=responses(409))
    add(f"{one}/export", at.export, methods=["GET"], response_model=Export, responses=_PAGE)
    add(f"{one}/consents", at.consents, methods=["GET"])
    add(f"{one}/consents/{{kind}}", at.consent, methods=["PUT"], responses=responses(409))
    return router


class _Privacy:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        erasers: Sequence[privacy.Eraser],
        exporters: Exporters,
        confidential: Exporters,
        on_change: Callable[[str], None],
    ) -> None:
        self._database, self._clock, self._on_change = database, clock, on_change
        self._erasers, self._exporters, self._confidential = erasers, exporters, confidential

    async def erase(self, customer_id: str, asking: Asking) -> None:
        """Everything about this person goes, everywhere."""
        async with self._database.write() as conn:
            erased = await privacy.erase(conn, customer_id, self._erasers, asking, self._clock.now())
            if not erased:
                raise NotFound("customer")
        for one in erased:
            self._on_change(one)
        await self._database.wipe()

    async def export(self, customer_id: str, request: Request, asking: Asking) -> Export | Response:
        """All that is kept about this person; to an agent's token without what they said of agents."""
        now, readable = self._clock.now(), prefers_a_page(request.headers.get("accept", "*/*"))
        exporters = {**self._exporters, **({} if asking.role == "agent" else self._confidential)}
        async with self._database.read() as conn:
            whole = await dossier.export(conn, customer_id, exporters, now)
            if whole is None:
                raise NotFound("customer")
            names = await dossier.agents_in(conn, whole) if readable else {}
        await audit.seen(self._database, asking, What.EXPORTED, [whole.customer.id], now=now, readable=readable)
        if readable:
            return HTMLResponse(dossier_page.page(whole, names), headers=dossier_page.HEADERS)
        return whole

    async def consents(
        self, customer_id: str, page: Paging, asking: Asking, kind: Annotated[Kind | None, Query()] = None
    ) -> Listing[Consent]:
        """Every word of theirs, the latest first; of each kind the latest counts."""
        async with self._database.write() as conn:
            customer_id = await people.living(conn, customer_id)
            every = consents.spoken(customer_id, kind).order_by(None)
            statement = page.newest_first(every, consents_table.c.at, consents_table.c.id)
            rows = (await conn.execute(statement)).all()
            counting = {row.id for row in await consents.latest(conn, customer_id)}
            await audit.record(conn, asking, What.READ, customer_id, now=self._clock.now(), part="consents")
        rows, following = page.cut(rows, lambda row: (row.at.isoformat(), row.id))
        return Listing[Consent](items=[_shown(row, row.id in counting) for row in rows], next=following)

    async def consent(self, customer_id: str, kind: Kind, given: ConsentFields, asking: Asking) -> Consent:
        """Their word from now on.  A no to texts holds for all of their numbers, whoever else has them besides."""
        now, source = self._clock.now(), given.source or ("agent" if asking.role == "agent" else "api")
        async with self._database.write() as conn:
            customer_id = await people.living(conn, customer_id)
            await consents.give(conn, customer_id, kind, given.given, source, now)
            await audit.record(conn, asking, What.CONSENT, customer_id, now=now, kind=kind, given=given.given)
        self._on_change(customer_id)
        return Consent(kind=kind, given=given.given, at=now, source=source, call=None, counts=True)


def prefers_a_page(accept: str) -> bool:
    """Does whoever asks want `text/html` more than JSON?  Pure."""
    wanted: dict[str, float] = {}
    for one in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in one.split(";"))
        weights = [part.partition("=")[2].strip() for part in parameters if part.replace(" ", "").startswith("q=")]
        wanted[kind] = _weight(weights[0]) if weights else 1.0
    general = wanted.get("*/*", 0.0)
    html = wanted.get("text/html", wanted.get("text/*", general))
    return html > wanted.get("application/json", wanted.get("application/*", general))


def _weight(written: str) -> float:
    try:
        weight = float(written)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def _shown(row: Row[Any], counts: bool) -> Consent:
    return Consent(kind=row.kind, given=row.given, at=row.at, source=row.source, call=row.call_sid, counts=counts)
