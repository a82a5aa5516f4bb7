"""Who works here: agents' records written and changed.  What they do at this moment is the floor's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import FieldRefused, Problem
from carrier.numbering import NotANumber, callable_back, normalise
from crm.references import AT_ONCE, one_agent
from routing.agents import Activity, Availability
from routing.hours import BadHours, read_hours
from routing.schemas import Agent
from routing.tables import agents
from store.events import emit
from store.ids import new_id

_CLIENT = re.compile(r"client:([^\s:?&]{1,256})", re.IGNORECASE)
_SIP = re.compile(r"sips?:[^\s@;?]{1,128}@[A-Za-z0-9.\-\[\]:]{1,128}", re.IGNORECASE)
_PARSED_UNTIL = re.compile(r"--> 1:(\d+)")
UNIQUE = ("address", "external_id")
_AS_KEPT = tuple(name for name in Agent.model_fields if name not in ("wrap_up_until", "set_by_desk"))


async def clean(conn: AsyncConnection, given: Mapping[str, Any], region: str, agent_id: str | None) -> dict[str, Any]:
    """What can be stored; `agent_id` of the agent who changes.  Raises FieldRefused."""
    values = dict(given)
    if "address" in values:
        values["address"] = read_address(values["address"], region)
    if values.get("hours") is not None:
        check_hours(values["hours"])
    if values.get("stand_in") is not None:
        values["stand_in"] = await one_agent(conn, "stand_in", values["stand_in"])
        if values["stand_in"] == agent_id:
            raise FieldRefused("stand_in", "Nobody can stand in for themselves.")
    if values.get("successor") is not None:
        values["successor"] = await one_agent(conn, "successor", values["successor"])
        if values["successor"] == agent_id:
            raise FieldRefused("successor", "Nobody can follow themselves.")
    return values


def read_address(text: str, region: str) -> str:
    """`client:NAME`, `sip:USER@HOST` or a number in E.164.  Raises FieldRefused."""
    text = text.strip()
    if client := _CLIENT.fullmatch(text):
        return f"client:{client[1]}"
    if _SIP.fullmatch(text):
        scheme, _, rest = text.partition(":")
        user, _, host = rest.rpartition("@")
        return f"{scheme.lower()}:{user}@{host.lower()}"
    try:
        number = normalise(text, region)
    except NotANumber:
        reason = "An address is client:NAME, sip:USER@HOST or a phone number."
        raise FieldRefused("address", reason) from None
    refused = callable_back(number, region)
    if refused not in (None, "invalid"):  # numbers that are new to the directory of numbers are left to the carrier
        raise FieldRefused("address", f"Nobody is rung at a {refused} number.")
    return number


def check_hours(text: str) -> None:
    """Raises FieldRefused."""
    try:
        read_hours(text, "UTC")
    except BadHours as error:
        stopped = _PARSED_UNTIL.search(str(error))
        where = f", from character {stopped[1]} on" if stopped else ""
        raise FieldRefused("hours", f"Not understood as opening hours{where}; Mo-Fr 09:00-17:00 would be.") from None


async def refuse_twin(conn: AsyncConnection, values: Mapping[str, Any], agent_id: str | None) -> None:
    """409 naming the field in which another agent has the same."""
    for field in UNIQUE:
        if values.get(field) is None:
            continue
        twin = await conn.scalar(select(agents.c.id).where(agents.c[field] == values[field]))
        if twin is not None and twin != agent_id:
            raise Problem(409, None, f"There is already an agent with this {field}.", field, id=twin)


async def add(conn: AsyncConnection, values: Mapping[str, Any], now: datetime) -> str:
    """A new agent, offline, from clean values; the id."""
    agent_id = new_id("agt")
    state = {"availability": Availability.OFFLINE, "activity": Activity.IDLE, "since_at": now, "made_at": now}
    await conn.execute(insert(agents).values(id=agent_id, **state, **values))
    await emit(conn, "agent.changed", agent_id, now)
    return agent_id


async def change(conn: AsyncConnection, agent_id: str, values: Mapping[str, Any], now: datetime) -> None:
    """Only what `values` names."""
    if values:
        await conn.execute(update(agents).where(agents.c.id == agent_id).values(**values))
        await emit(conn, "agent.changed", agent_id, now)


async def load_one(conn: AsyncConnection, agent_id: str) -> Agent | None:
    row = (await conn.execute(select(agents).where(agents.c.id == agent_id))).one_or_none()
    return None if row is None else shown(row)


async def by_external_id(conn: AsyncConnection, external_ids: Sequence[str]) -> dict[str, Agent]:
    """Those that exist."""
    found: dict[str, Agent] = {}
    for start in range(0, len(external_ids), AT_ONCE):
        part = external_ids[start : start + AT_ONCE]
        rows = await conn.execute(select(agents).where(agents.c.external_id.in_(part)))
        found.update({row.external_id: shown(row) for row in rows})
    return found


def shown(row: Row[Any]) -> Agent:
    wrap_up_until = row.due_at if row.activity == Activity.WRAP_UP else None
    return Agent(
        **{name: getattr(row, name) for name in _AS_KEPT}, wrap_up_until=wrap_up_until, set_by_desk=bool(row.set_by)
    )
