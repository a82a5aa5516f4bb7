"""`/audit` under `/api/v1`: who read or changed what.  It can be read, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, WithJsonSchema
from sqlalchemy import Row, select

from api.fields import Listing, parse_moment
from api.paging import Paging
from api.tokens import Guard
from crm.audit import What
from crm.privacy_schemas import AuditRow
from crm.references import customer_ids
from crm.tables import audit
from store.sql import Database

_AGENT = "agt_"  # how an agent's id begins

Asked = Annotated[str | None, Query(max_length=200)]


def _asked_moment(value: object) -> datetime:
    """A plus in a query is read as a space."""
    return parse_moment(value.replace(" ", "+") if isinstance(value, str) else value)


AskedMoment = Annotated[
    datetime, BeforeValidator(_asked_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]


def audit_router(database: Database, guard: Guard) -> APIRouter:
    at = _Audit(database)
    router = APIRouter(tags=["audit"], dependencies=[Depends(guard.allows("manager"))])
    router.add_api_route("/audit", at.find, methods=["GET"])
    return router


class _Audit:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self,
        page: Paging,
        customer: Asked = None,
        by: Annotated[str | None, Query(max_length=200, description="a token's id, or an agent's")] = None,
        what: Annotated[What | None, Query()] = None,
        from_: Annotated[AskedMoment | None, Query(alias="from")] = None,
        to: Annotated[AskedMoment | None, Query()] = None,
    ) -> Listing[AuditRow]:
        """The latest first, also of people who have been erased, by the id they had; of all, unless it is narrowed."""
        statement = select(audit)
        async with self._database.read() as conn:
            if customer is not None:
                customer = (await customer_ids(conn, [customer])).get(customer, customer)
                statement = statement.where(audit.c.customer_id == customer)
            if by is not None:
                statement = statement.where((audit.c.agent_id if by.startswith(_AGENT) else audit.c.by) == by)
            if what is not None:
                statement = statement.where(audit.c.what == str(what))
            if from_ is not None:
                statement = statement.where(audit.c.at >= from_)
            if to is not None:
                statement = statement.where(audit.c.at < to)
            rows = (await conn.execute(page.newest_first(statement, audit.c.at, audit.c.id))).all()
        rows, following = page.cut(rows, lambda row: (row.at.isoformat(), row.id))
        return Listing[AuditRow](items=[_shown(row) for row in rows], next=following)


def _shown(row: Row[Any]) -> AuditRow:
    values = dict(row._mapping)
    return AuditRow(customer=values.pop("customer_id"), agent=values.pop("agent_id"), **values)
