"""What was promised to one person, for their story and for their export."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callback_history, callbacks
from crm.schemas import TimelineItem
from crm.timeline import Wanted, told

_TOLD = (
    *("id", "number", "from_number", "kind", "reason", "state", "recording_url", "transcript", "channel", "words"),
    *("note", "spoken", "origin_call", "wall", "made_by", "made_with", "kept_how", "late_seconds", "moves"),
)


async def tell(conn: AsyncConnection, customer_id: str, wanted: Wanted) -> list[TimelineItem]:
    """A teller of `crm.timeline`: promises at the moment they were made."""
    return await told(
        conn,
        select(callbacks).where(callbacks.c.customer_id == customer_id),
        wanted,
        lambda row: TimelineItem(
            at=row.made_at,
            kind="voicemail" if row.kind == "voicemail" else "promise",
            summary=f"{row.state}: {row.reason or row.spoken or row.promised_at.isoformat()}",
            agent=row.agent_id,
            ref=row.id,
            state=row.state,
        ),
        at=callbacks.c.made_at,
        key=callbacks.c.id,
        words=[callbacks.c[name] for name in ("reason", "spoken", "words", "transcript", "note")],
        may_be=("promise", "voicemail"),
    )


async def export(conn: AsyncConnection, customer_id: str) -> list[dict[str, Any]]:
    """An exporter of `crm.privacy`."""
    rows = (
        await conn.execute(
            select(callbacks).where(callbacks.c.customer_id == customer_id).order_by(callbacks.c.made_at)
        )
    ).all()
    steps = await _steps(conn, customer_id)
    return [
        {name: getattr(row, name) for name in _TOLD}
        | {"due_at": row.promised_at.isoformat(), "made_at": row.made_at.isoformat(), "agent": row.agent_id}
        | {"case": row.case_id, "history": steps.get(row.id, [])}
        for row in rows
    ]


async def _steps(conn: AsyncConnection, customer_id: str) -> dict[str, list[dict[str, Any]]]:
    """What happened to each of their promises."""
    query = (
        select(callback_history)
        .join(callbacks, callbacks.c.id == callback_history.c.callback_id)
        .where(callbacks.c.customer_id == customer_id)
        .order_by(callback_history.c.callback_id, callback_history.c.n)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in await conn.execute(query):
        step = {"at": row.at.isoformat(), "what": row.what, "by": row.by.rpartition(" ")[0]}
        found.setdefault(row.callback_id, []).append(step | {"before": row.before, "after": row.after})
    return found
