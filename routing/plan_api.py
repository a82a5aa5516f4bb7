"""`/plan` under `/api/v1`: the managers' rules, versioned; nobody overwrites what they have not seen."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path, Response
from pydantic import ValidationError
from sqlalchemy import Row, Text, cast, desc, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.fields import Listing, Moment, Shown
from api.paging import Paging
from api.problems import FieldRefused, NotFound, Problem, field_errors, responses
from api.tokens import Asking, Guard, Principal
from crm import audit
from crm.tables import customers
from routing.conditions import ByCaller, inside
from routing.floor import everybody
from routing.house import House
from routing.needs_check import Surroundings
from routing.plan import Plan
from routing.plan_check import Words, findings
from routing.plans import BODY, BUILT_IN, Plans, readable
from routing.tables import agents, plan_versions
from routing.taskrouter import Agents, from_workflow
from routing.try_api import PromisesTold, Trials
from store.clock import Clock
from store.sql import Database

IfMatch = Annotated[str | None, Header()]
Number = Annotated[str, Path(description="as in `GET /plan/versions`")]
LONGEST_NOTE = 500
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_VERSIONS = select(
    plan_versions.c.version, plan_versions.c.author, plan_versions.c.note, plan_versions.c.at, BODY.label("text")
)


class Version(Shown):
    version: int
    author: str
    note: str | None
    at: Moment
    plan: Plan | None  # null: it cannot be read any more


class Finding(Shown):
    where: str
    what: str


class Checked(Shown):
    ok: bool
    findings: list[Finding]


class Imported(Shown):
    plan: Plan
    unmapped: list[Finding]


def plan_router(
    database: Database,
    clock: Clock,
    guard: Guard,
    plans: Plans,
    house: House,
    words: Words | None = None,
    promised: PromisesTold | None = None,
) -> APIRouter:
    """`promised`: what promises mean for a caller who is tried; without it, that there are none."""
    at = _Plans(database, clock, plans, house, words or Words())
    router = APIRouter(tags=["plan"], dependencies=[Depends(guard.allows("manager"))])
    router.add_api_route("/plan", at.show, methods=["GET"])
    router.add_api_route("/plan", at.publish, methods=["PUT"], responses=responses(412, 428))
    router.add_api_route("/plan/schema", at.schema, methods=["GET"])
    router.add_api_route("/plan/versions", at.versions, methods=["GET"])
    router.add_api_route("/plan/versions/{version}", at.version, methods=["GET"], responses=responses(404))
    router.add_api_route(
        "/plan/versions/{version}/restore", at.restore, methods=["POST"], responses=responses(404, 412, 428)
    )
    router.add_api_route("/plan/check", at.check, methods=["POST"])
    router.add_api_route("/plan/import/taskrouter", at.import_taskrouter, methods=["POST"])
    router.add_api_route("/plan/try", Trials(database, clock, plans, house, promised).try_one, methods=["POST"])
    return router


class _Plans:
    def __init__(self, database: Database, clock: Clock, plans: Plans, house: House, words: Words) -> None:
        self._database, self._clock, self._plans, self._house, self._words = database, clock, plans, house, words

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
        if_match: IfMatch = None,
        note: Annotated[str | None, Header(alias="X-Note", max_length=LONGEST_NOTE)] = None,
    ) -> Plan:
        """In force from the next call on; `If-Match` names the version it was made from."""
        return await self._publish(given, response, asking, if_match, _as_written(note))

    async def versions(self, page: Paging) -> Listing[Version]:
        """The newest first."""
        statement = _VERSIONS.order_by(desc(plan_versions.c.version)).limit(page.limit + 1)
        if page.after is not None:
            statement = statement.where(plan_versions.c.version < page.after_number())
        async with self._database.read() as conn:
            rows = (await conn.execute(statement)).all()
        rows, following = page.cut(rows, lambda row: (str(row.version),))
        return Listing[Version](items=[_shown(row) for row in rows], next=following)

    async def version(self, version: Number) -> Version:
        async with self._database.read() as conn:
            row = (await conn.execute(_VERSIONS.where(plan_versions.c.version == _number(version)))).one_or_none()
        if row is None:
            raise NotFound("version of the plan")
        return _shown(row)

    async def restore(self, version: Number, response: Response, asking: Asking, if_match: IfMatch = None) -> Plan:
        """What an older version said, as a new one.  0 is the plan that is there without anybody having written one."""
        number = _number(version)
        async with self._database.read() as conn:
            body = await conn.scalar(select(BODY).where(plan_versions.c.version == number))
        if body is None and number != 0:
            raise NotFound("version of the plan")
        plan = BUILT_IN if number == 0 else readable(body)
        if plan is None:
            raise Problem(409, None, f"Version {number} of the plan cannot be read any more.")
        return await self._publish(plan, response, asking, if_match, f"version {number} again", as_it_was=True)

    async def schema(self) -> dict[str, Any]:
        """A plan as a JSON Schema, for editors."""
        return {"$schema": SCHEMA_DIALECT} | Plan.model_json_schema(by_alias=True)

    async def check(self, given: Annotated[dict[str, Any], Body()]) -> Checked:
        """What is wrong with a plan, in words: what cannot be read, doors that never open, wishes nobody meets."""
        try:
            plan = Plan.model_validate(given)
        except ValidationError as error:
            return Checked(ok=False, findings=[_finding(*one) for one in field_errors(error.errors())])
        async with self._database.read() as conn:
            around = Surroundings(await everybody(conn), self._house, self._clock.now(), await _tags(conn, plan))
        found = await asyncio.to_thread(lambda: list(findings(plan, around)))  # a year of hours takes a while
        found += [*self._words.faults(plan.phrases), *self._words.blemishes(plan.phrases)]
        return Checked(ok=not found, findings=[_finding(*one) for one in found])

    async def import_taskrouter(self, given: Annotated[dict[str, Any] | str, Body()]) -> Imported:
        """Twilio TaskRouter's workflow, as an object or as text, as rules of the present plan; nothing is published."""
        async with self._database.read() as conn:
            _, plan = await self._plans.current(conn)
            known = await _agents_by_name(conn)
        made, unmapped = from_workflow(given, plan, known)
        return Imported(plan=made, unmapped=[_finding(*one) for one in unmapped])

    async def _publish(
        self,
        plan: Plan,
        response: Response,
        asking: Principal,
        if_match: str | None,
        note: str | None,
        *,
        as_it_was: bool = False,
    ) -> Plan:
        if if_match is None:
            raise Problem(428, None, "Send If-Match with the ETag of the plan you changed.", "If-Match")
        try:
            async with self._database.write() as conn:
                version, present = await self._plans.current(conn)
                if if_match.strip() != _etag(version):
                    raise _overtaken(version)
                if not as_it_was:
                    await _refuse_strangers(conn, plan, present)
                    self._refuse_words(plan, present)
                author = asking.role if asking.agent_id is None else asking.agent_id
                now = self._clock.now()
                version = await self._plans.publish(conn, plan, after=version, author=author, note=note, now=now)
                await audit.record(conn, asking, audit.What.PLAN_PUBLISHED, now=now, version=version)
        except IntegrityError:
            raise _overtaken(None) from None
        response.headers["ETag"] = _etag(version)
        return plan

    def _refuse_words(self, plan: Plan, present: Plan) -> None:
        """Wordings that would break what callers rely on; those of the present plan can be put back.

        Raises FieldRefused.
        """
        if plan.phrases == present.phrases:
            return
        for where, what in self._words.faults(plan.phrases):
            raise FieldRefused(where, what)


async def _refuse_strangers(conn: AsyncConnection, plan: Plan, present: Plan) -> None:
    """Rules may not name agents who do not exist, save those whom the present plan names: what it says can be put back.

    Raises FieldRefused.
    """
    before = {rule.then.agent for rule in present.rules}
    named = {rule.then.agent for rule in plan.rules} - before - {None}
    if not named:
        return
    exist = set(await conn.scalars(select(agents.c.id).where(agents.c.id.in_(named))))
    for n, rule in enumerate(plan.rules):
        if rule.then.agent in named - exist:
            raise FieldRefused(f"rules[{n}].then.agent", "There is no agent with this id.")


async def _tags(conn: AsyncConnection, plan: Plan) -> set[str] | None:
    """Of all customers; None where no rule asks for one."""
    asked = (one for rule in plan.rules for _, one in inside(rule.when))
    if not any(isinstance(one, ByCaller) and one.caller.tag is not None for one in asked):
        return None
    lists = await conn.scalars(select(cast(customers.c.tags, Text)).distinct())
    return {tag for text in lists for tag in json.loads(text)}


async def _agents_by_name(conn: AsyncConnection) -> Agents:
    rows = (await conn.execute(select(agents.c.id, agents.c.external_id, agents.c.name))).all()
    names = Counter(row.name for row in rows)
    by_name = {row.name: row.id for row in rows if names[row.name] == 1}
    return by_name | {row.external_id: row.id for row in rows if row.external_id}


def _shown(row: Row[Any]) -> Version:
    return Version(version=row.version, author=row.author, note=row.note, at=row.at, plan=readable(row.text))


def _finding(where: str, what: str) -> Finding:
    """What was sent may hold what no answer can carry."""
    where, what = (text.encode("utf-8", "replace").decode() for text in (where, what))
    return Finding(where=where, what=what)


def _number(text: str) -> int:
    """Raises NotFound for what is no version's number."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound("version of the plan")
    return int(text)


def _as_written(note: str | None) -> str | None:
    """A header is bytes, read as Latin-1; nearly everybody writes UTF-8."""
    try:
        return None if note is None else note.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return note


def _etag(version: int) -> str:
    return f'"{version}"'


def _overtaken(version: int | None) -> Problem:
    newest = "" if version is None else f" The newest is version {version}."
    return Problem(412, None, f"The plan was changed meanwhile.{newest}", "If-Match")
