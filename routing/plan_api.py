"""`/plan` under `/api/v1`: the managers' rules, versioned; nobody overwrites what they have not seen."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Response
from pydantic import ValidationError
from sqlalchemy import desc, select
from sqlalchemy.exc import IntegrityError

from api.fields import Listing, Moment, Shown
from api.paging import Paging
from api.problems import Problem, field_errors, responses
from api.tokens import Asking, Guard
from routing.floor import everybody
from routing.house import House
from routing.plan import Plan
from routing.plan_check import findings
from routing.plans import Plans
from routing.tables import plan_versions
from store.clock import Clock
from store.sql import Database


class Version(Shown):
    version: int
    author: str
    note: str | None
    at: Moment
    plan: Plan


class Finding(Shown):
    where: str
    what: str


class Checked(Shown):
    ok: bool
    findings: list[Finding]


def plan_router(database: Database, clock: Clock, guard: Guard, plans: Plans, house: House) -> APIRouter:
    at = _Plans(database, clock, plans, house)
    router = APIRouter(tags=["plan"], dependencies=[Depends(guard.allows("manager"))])
    router.add_api_route("/plan", at.show, methods=["GET"])
    router.add_api_route("/plan", at.publish, methods=["PUT"], responses=responses(412, 428))
    router.add_api_route("/plan/versions", at.versions, methods=["GET"])
    router.add_api_route("/plan/check", at.check, methods=["POST"])
    return router


class _Plans:
    def __init__(self, database: Database, clock: Clock, plans: Plans, house: House) -> None:
        self._database, self._clock, self._plans, self._house = database, clock, plans, house

    async def show(self, response: Response) -> Plan:
        async with self._database.read() as conn:
            version, plan = await self._plans.current(conn)
        response.headers["ETag"] = _etag(version)
        return plan

    async def publish(
        self,
        given: Plan,
        response: Response,
        asking: Asking,
        if_match: Annotated[str | None, Header()] = None,
        note: Annotated[str | None, Header(alias="X-Note", max_length=500)] = None,
    ) -> Plan:
        """In force from the next call on; `If-Match` names the version it was made from."""
        if if_match is None:
            raise Problem(428, None, "Send If-Match with the ETag of the plan you changed.", "If-Match")
        try:
            async with self._database.write() as conn:
                version, _ = await self._plans.current(conn)
                if if_match.strip() != _etag(version):
                    raise _overtaken(version)
                author = asking.role if asking.agent_id is None else asking.agent_id
                version = await self._plans.publish(
                    conn, given, after=version, author=author, note=note, now=self._clock.now()
                )
        except IntegrityError:
            raise _overtaken(None) from None
        response.headers["ETag"] = _etag(version)
        return given

    async def versions(self, page: Paging) -> Listing[Version]:
        """The newest first."""
        statement = select(plan_versions).order_by(desc(plan_versions.c.version)).limit(page.limit + 1)
        if page.after is not None:
            statement = statement.where(plan_versions.c.version < page.after_number())
        async with self._database.read() as conn:
            rows = (await conn.execute(statement)).all()
        rows, following = page.cut(rows, lambda row: (str(row.version),))
        items = [_version(row.version, row.author, row.note, row.at, row.body) for row in rows]
        return Listing[Version](items=items, next=following)

    async def check(self, given: Annotated[dict[str, Any], Body()]) -> Checked:
        """What is wrong with a plan, in words: what cannot be read, doors that never open, wishes nobody meets."""
        try:
            plan = Plan.model_validate(given)
        except ValidationError as error:
            found = [Finding(where=where, what=what) for where, what in field_errors(error.errors())]
            return Checked(ok=False, findings=found)
        async with self._database.read() as conn:
            agents = await everybody(conn)
        found = [
            Finding(where=one.where, what=one.what) for one in findings(plan, agents, self._house, self._clock.now())
        ]
        return Checked(ok=not found, findings=found)


def _version(version: int, author: str, note: str | None, at: datetime, body: dict[str, Any]) -> Version:
    return Version(version=version, author=author, note=note, at=at, plan=Plan.model_validate(body))


def _etag(version: int) -> str:
    return f'"{version}"'


def _overtaken(version: int | None) -> Problem:
    newest = "" if version is None else f" The newest is version {version}."
    return Problem(412, None, f"The plan was changed meanwhile.{newest}", "If-Match")
