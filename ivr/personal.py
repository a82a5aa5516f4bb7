"""What calls keep of a person, for whoever asks to be told or to be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Row, and_, delete, null, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.tables import callbacks
from carrier.port import Carrier
from carrier.tables import effects
from crm.references import AT_ONCE
from crm.tables import customer_phones, customers, texts
from crm.texts import forget_opt_outs, nobody_elses, own_numbers
from ivr.tables import calls, interventions, proofs, supervisions, transfers
from routing.tables import decisions

FORGOTTEN = "erased"
_RECORDING = re.compile(r"RE[0-9a-f]{32}")
# What a call keeps of what was said, and of recordings; SQL's NULL, which JSON's is not.
WORDS: dict[str, Any] = {"said": None, "reply": None, "reply_key": None}
RECORDED: dict[str, Any] = {"recording_url": None, "talk_recordings": null(), "name_recording_url": None}
_GONE = {**WORDS, **RECORDED, "call_back_to": None, "forwarded_from": None, "case_id": None}
_TOLD = (
    *("sid", "direction", "from_number", "to_number", "call_back_to", "forwarded_from", "language", "said", "outcome"),
    *("waited_seconds", "weary_level", "attestation", "consent", "confirmed"),
    *("recording_url", "talk_recordings", "name_recording_url"),
)
_BESIDE: dict[str, tuple[Any, ...]] = {  # of each call's rows elsewhere: when, and what they say
    "decisions": (decisions.c.at, decisions.c.action, decisions.c.agent_id.label("agent"), decisions.c.sentence),
    "transfers": (
        transfers.c.made_at,
        *(transfers.c.from_agent.label("from"), transfers.c.to_agent.label("to")),
        *(transfers.c.skill, transfers.c.state, transfers.c.note),
    ),
    "supervised": (supervisions.c.made_at, supervisions.c.mode),
    "ended_by_hand": (interventions.c.at, interventions.c.what, interventions.c.reason),
}


class Forgetting:
    """Calls stay as figures (when, how long, which agent); nothing tells any more whose they were."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    async def erase(self, conn: AsyncConnection, customer_id: str) -> None:
        """An eraser of `crm.privacy`; the recordings at Twilio go by the ledger, soon after the commit."""
        theirs = await _locked(conn, customer_id)
        left = union(
            select(callbacks.c.recording_url).where(callbacks.c.customer_id == customer_id),
            select(customers.c.name_recording_url).where(customers.c.id == customer_id),
        )
        urls = list(await conn.scalars(left))
        for sid in sorted({*recordings_in(urls), *(sid for call in theirs for sid in recordings_of(call))}):
            await self._carrier.delete_recording(conn, sid)
        await self._erase_requests(conn, customer_id)
        ids = [call.id for call in theirs]
        for start in range(0, len(ids), AT_ONCE):
            await _erase_calls(conn, ids[start : start + AT_ONCE])

    async def _erase_requests(self, conn: AsyncConnection, customer_id: str) -> None:
        """What was asked of the carrier for them; what was asked for others under the same number stays."""
        their_texts = select(texts.c.id).where(texts.c.customer_id == customer_id)
        await conn.execute(delete(effects).where(effects.c.id.in_(their_texts)))
        used = union(
            select(customer_phones.c.number).where(customer_phones.c.customer_id == customer_id),
            select(callbacks.c.number).where(callbacks.c.customer_id == customer_id),
            select(proofs.c.number).where(proofs.c.customer_id == customer_id),
        )
        numbers = await nobody_elses(conn, list(await conn.scalars(used)), besides=customer_id)
        if numbers:
            await self._carrier.forget(conn, numbers)
            await forget_opt_outs(conn, numbers, besides=customer_id)


def nobodys_any_more(call: Row[Any]) -> bool:
    """Was whoever was on this line erased?  Then nothing that arrives later is kept either."""
    return call.customer_id is None and FORGOTTEN in (call.from_number, call.to_number)


def recordings_of(call: Row[Any]) -> list[str]:
    """SIDs of all that was recorded in it."""
    return [*recordings_in([call.recording_url, call.name_recording_url]), *(call.talk_recordings or ())]


def recordings_in(urls: Iterable[str | None]) -> list[str]:
    return [found.group() for url in urls if (found := _RECORDING.search(url or ""))]


async def _locked(conn: AsyncConnection, customer_id: str) -> Sequence[Row[Any]]:
    """Their calls, and those from a number of their own that were never joined to a record."""
    numbers = await own_numbers(conn, customer_id)
    nobodys = and_(calls.c.customer_id.is_(None), calls.c.from_number.in_(numbers))
    query = select(calls).where(or_(calls.c.customer_id == customer_id, nobodys)).order_by(calls.c.id)
    return (await conn.execute(query.with_for_update())).all()


async def _erase_calls(conn: AsyncConnection, ids: Sequence[str]) -> None:
    told = decisions.c.call_id.in_(ids)
    await conn.execute(update(decisions).where(told).values(sentence=FORGOTTEN, reasons={}))
    await forget_notes(conn, ids)
    for column, direction in ((calls.c.from_number, "inbound"), (calls.c.to_number, "outbound")):
        theirs = calls.c.id.in_(ids) & (calls.c.direction == direction)
        await conn.execute(update(calls).where(theirs).values({column.name: FORGOTTEN}))
    await conn.execute(update(calls).where(calls.c.id.in_(ids)).values(_GONE))


async def forget_notes(conn: AsyncConnection, call_ids: Sequence[str]) -> None:
    """What we wrote of these calls in our own words: to a colleague, and why one was ended by hand."""
    await conn.execute(update(transfers).where(transfers.c.call_id.in_(call_ids)).values(note=None))
    await conn.execute(update(interventions).where(interventions.c.call_id.in_(call_ids)).values(reason=FORGOTTEN))


async def export_calls(conn: AsyncConnection, customer_id: str) -> list[dict[str, Any]]:
    """An exporter of `crm.privacy`: their calls, why each went to whom it went, and who else had a part in it."""
    query = select(calls).where(calls.c.customer_id == customer_id).order_by(calls.c.arrived_at, calls.c.id)
    rows = (await conn.execute(query)).all()
    beside = {kind: await _by_call(conn, customer_id, *columns) for kind, columns in _BESIDE.items()}
    return [
        {name: getattr(row, name) for name in _TOLD}
        | {"started_at": row.arrived_at.isoformat(), "agent": row.agent_id, "case": row.case_id}
        | {kind: told.get(row.id, []) for kind, told in beside.items()}
        for row in rows
    ]


async def _by_call(conn: AsyncConnection, customer_id: str, at: Column[Any], *more: Any) -> dict[str, list[Any]]:
    """What one table says of each of their calls, the oldest first."""
    kept = at.table.c
    query = select(kept.call_id, at.label("at"), *more).join(calls, calls.c.id == kept.call_id)
    found: dict[str, list[Any]] = {}
    for row in await conn.execute(query.where(calls.c.customer_id == customer_id).order_by(at, kept.id)):
        call_id, moment, *_ = row
        told = {name: value for name, value in row._mapping.items() if name not in ("call_id", "at")}
        found.setdefault(call_id, []).append({"at": moment.isoformat(), **told})
    return found


async def export_proofs(conn: AsyncConnection, customer_id: str) -> list[dict[str, Any]]:
    """An exporter of `crm.privacy`: when a code was sent where; never the code."""
    query = select(proofs, calls.c.sid).join(calls, calls.c.id == proofs.c.call_id)
    rows = await conn.execute(query.where(proofs.c.customer_id == customer_id).order_by(proofs.c.made_at))
    return [
        {"call": row.sid, "number": row.number, "asked_by": row.asked_by, "tries": row.tries}
        | {"made_at": row.made_at.isoformat(), "proved_at": row.proved_at.isoformat() if row.proved_at else None}
        for row in rows
    ]
