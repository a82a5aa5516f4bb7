"""Everything that is kept of a person, in one document: what this room keeps, and what other rooms tell when asked.

A record that was merged into theirs is told with it, under `merged_records`.  Left out are only what is derived from
the rest (how names are found), which wording they heard last, and secrets (digests of codes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, column, or_, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from crm import cases, history, people
from crm.privacy import Exporter, records_of
from crm.references import AT_ONCE
from crm.schemas import Export, Text
from crm.tables import (
    audit,
    case_history,
    connector_links,
    consents,
    interactions,
    merges,
    not_the_same,
    notes,
    outbox,
    texts,
)
from crm.tables import cases as cases_table

_agents = table("agents", column("id"), column("name"))  # another room's: this much is all that is read of it
_AGENT = re.compile(r"\bagt_[0-9a-z]+")


async def export(
    conn: AsyncConnection, customer_id: str, exporters: Mapping[str, Exporter], now: datetime
) -> Export | None:
    """None: there is no such customer."""
    ids = await records_of(conn, customer_id)
    records = await people.load(conn, ids)
    if not records:
        return None
    customer, *merged = records.values()
    rows = await conn.execute(select(texts).where(texts.c.customer_id.in_(ids)).order_by(texts.c.at))
    return Export(
        exported_at=now,
        customer=customer,
        interactions=[one for id in ids for one in await history.all_of(conn, id)],
        cases=[one for id in ids for one in await cases.all_of(conn, id)],
        texts=[Text.model_validate(row) for row in rows],
        more={"merged_records": [one.model_dump(mode="json") for one in merged]}
        | await _ours(conn, ids)
        | {kind: [one for id in ids for one in await tell(conn, id)] for kind, tell in exporters.items()},
    )


async def agents_in(conn: AsyncConnection, whole: Export) -> dict[str, str]:
    """The names of the agents whom the document names by id."""
    ids = sorted(set(_AGENT.findall(whole.model_dump_json())))
    names: dict[str, str] = {}
    for start in range(0, len(ids), AT_ONCE):
        query = select(_agents).where(_agents.c.id.in_(ids[start : start + AT_ONCE]))
        names |= {row.id: row.name for row in await conn.execute(query)}
    return names


async def _ours(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What this room's own tables say, by kind, the oldest first."""
    cased = case_history.c.case_id.in_(select(cases_table.c.id).where(cases_table.c.customer_id.in_(ids)))
    refs = select(interactions.c.id).where(interactions.c.customer_id.in_(ids))
    told = outbox.c.ref.in_(refs) | outbox.c.ref.in_(ids)
    return {
        "notes": await _rows(conn, notes, notes.c.customer_id.in_(ids)),
        "consents": await _rows(conn, consents, consents.c.customer_id.in_(ids)),
        "case_history": await _rows(conn, case_history, cased),
        "merges": await _rows(conn, merges, or_(merges.c.kept_id.in_(ids), merges.c.gone_id.in_(ids))),
        "not_the_same": await _rows(
            conn, not_the_same, or_(not_the_same.c.one_id.in_(ids), not_the_same.c.other_id.in_(ids))
        ),
        "other_systems": await _rows(conn, connector_links, connector_links.c.customer_id.in_(ids)),
        "told_to_other_systems": await _rows(conn, outbox, told),
        "audit": await _rows(conn, audit, audit.c.customer_id.in_(ids)),
    }


_HOUSEKEEPING = frozenset(("due_at", "lease_owner", "lease_until"))


async def _rows(conn: AsyncConnection, kept: Table, whose: ColumnElement[bool]) -> list[dict[str, Any]]:
    at = next(one for one in kept.c if one.name in ("at", "made_at"))
    rows = await conn.execute(select(kept).where(whose).order_by(at, *kept.primary_key))
    return [_shown(row) for row in rows]


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row._mapping.items()
        if name not in _HOUSEKEEPING
    }
