"""What happened with a person: conversations, written once.  How one ended is said again only by those who had it: the
agent at its wrap-up, and the customer (`crm.cases`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import same_matter
from crm.cases import LONG_MEMORY, as_past, kept
from crm.matters import CaseKept, OpenMatter, Past
from crm.matters import open_matters as those_open
from crm.references import AT_ONCE
from crm.schemas import Interaction
from crm.tables import interactions
from store.ids import new_id

LATELY = 60  # conversations by which somebody is known


async def record(
    conn: AsyncConnection,
    *,
    customer_id: str,
    agent_id: str | None,
    channel: str,
    started_at: datetime,
    talk_seconds: int,
    outcome: str,
    topic: str | None = None,
    summary: str | None = None,
    external_id: str | None = None,
    case_id: str | None = None,
    warm: bool = False,
    judged: bool = True,
) -> str:
    """The id of the conversation; one that is known by its external id is left as it is.

    Without a `case_id` it belongs to the case of the same topic, if there is one.  Not `judged`: nobody has said yet
    how it ended.
    """
    if external_id is not None:
        known = (await known_ids(conn, [external_id])).get(external_id)
        if known is not None:
            return known
    row = {
        "customer_id": customer_id,
        "agent_id": agent_id,
        "channel": channel,
        "started_at": started_at,
        "talk_seconds": talk_seconds,
        "outcome": outcome,
        "topic": topic,
        "summary": summary,
        "external_id": external_id,
        "case_id": case_id,
        "warm": warm,
        "judged": judged,
    }
    return (await record_many(conn, [row]))[0]


async def record_many(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows with the table's columns, none of them known yet; their ids.  Cases of the same matter hear of it."""
    identified = [{"id": new_id("int"), "case_id": None, "warm": False, "judged": True, **row} for row in rows]
    if identified:
        await same_matter.join(conn, identified)
        await conn.execute(insert(interactions), identified)
    return [row["id"] for row in identified]


async def known_ids(conn: AsyncConnection, external_ids: Sequence[str]) -> dict[str, str]:
    """The ids of those already recorded, by external id."""
    found: dict[str, str] = {}
    for start in range(0, len(external_ids), AT_ONCE):
        part = external_ids[start : start + AT_ONCE]
        known = select(interactions.c.external_id, interactions.c.id).where(interactions.c.external_id.in_(part))
        found.update({row.external_id: row.id for row in await conn.execute(known)})
    return found


async def talk_of(conn: AsyncConnection, external_ids: Sequence[str], agent_id: str) -> Row[Any] | None:
    """The latest of these conversations that this agent had, locked."""
    mine = (interactions.c.external_id.in_(external_ids), interactions.c.agent_id == agent_id)
    query = select(interactions).where(*mine).order_by(interactions.c.started_at.desc(), interactions.c.id.desc())
    row: Row[Any] | None = (await conn.execute(query.limit(1).with_for_update())).one_or_none()
    return row


async def past(conn: AsyncConnection, customer_id: str, limit: int = LATELY) -> list[Past]:
    """The latest first."""
    rows = await conn.execute(
        select(interactions)
        .where(interactions.c.customer_id == customer_id)
        .order_by(interactions.c.started_at.desc(), interactions.c.id.desc())
        .limit(limit)
    )
    return [as_past(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Memory:
    """What was between somebody and us, read at once: while a caller waits for the first word each statement counts."""

    talks: Sequence[Past]  # the latest first
    cases: Sequence[CaseKept]

    @property
    def lately(self) -> Sequence[Past]:
        """As many as `past` reads."""
        return self.talks[:LATELY]

    @property
    def matters(self) -> list[OpenMatter]:
        """Open cases first, then what conversations left open."""
        return those_open(self.cases, self.talks)


async def memory(conn: AsyncConnection, customer_id: str) -> Memory:
    return Memory(await past(conn, customer_id, LONG_MEMORY), await kept(conn, customer_id))


async def open_matters(conn: AsyncConnection, customer_id: str) -> list[OpenMatter]:
    return (await memory(conn, customer_id)).matters


async def load(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, Interaction]:
    found: dict[str, Interaction] = {}
    for start in range(0, len(ids), AT_ONCE):
        rows = await conn.execute(select(interactions).where(interactions.c.id.in_(ids[start : start + AT_ONCE])))
        found.update({row.id: shown(row) for row in rows})
    return found


async def all_of(conn: AsyncConnection, customer_id: str) -> list[Interaction]:
    rows = await conn.execute(
        select(interactions).where(interactions.c.customer_id == customer_id).order_by(interactions.c.started_at)
    )
    return [shown(row) for row in rows]


def shown(row: Row[Any]) -> Interaction:
    values = dict(row._mapping)
    renamed = {name: values.pop(f"{name}_id") for name in ("customer", "agent", "case")}
    return Interaction(**renamed, **values)
