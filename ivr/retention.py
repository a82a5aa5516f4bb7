"""What is kept long enough, by kind: which rows are due, and what becomes of them.

How long is the plan's (`retention`).  Figures stay where they are bare: a call with its times and its agent, and
nothing that was said in it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.states import OPEN
from callbacks.tables import callbacks
from carrier.port import Carrier
from carrier.tables import effects
from crm import privacy
from crm.tables import audit, cases, customers, interactions, notes, texts
from ivr.lifecycle import CallState
from ivr.personal import FORGOTTEN, RECORDED, WORDS, forget_notes, recordings_in, recordings_of
from ivr.tables import calls, proofs
from routing.plan import Retention

BATCH = 200  # rows in one transaction: calls go on meanwhile
HEAVY_BATCH = 20  # of what takes many statements each
ENDED = calls.c.state == CallState.ENDED
BY = "retention"  # the house's own name for this work, in the audit

Rows = Sequence[Row[Any]]
Expire = Callable[[AsyncConnection, Rows, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows of one table that are due when they are old: `at` is indexed, `due` says which of the old ones.

    What is done to a row leaves it no longer due, so that whoever is interrupted goes on where it stopped.
    """

    name: str
    days: int | None  # null: never
    table: Table
    at: Column[Any]
    expire: Expire
    due: Callable[[datetime], ColumnElement[bool]] | None = None  # given the instant before which all is old
    batch: int = BATCH


class Expiry:
    """The kinds, with what they need of other rooms."""

    def __init__(self, carrier: Carrier, erasers: Sequence[privacy.Eraser], as_audit: Sequence[Table]) -> None:
        """`as_audit`: other rooms' tables that say who looked when (`at`), and are kept as long as the audit is."""
        self._carrier, self._erasers, self._as_audit = carrier, erasers, (audit, *as_audit)

    def kinds(self, keep: Retention) -> list[Kind]:
        """Recordings first: whatever else goes may be all that still knows where one is."""
        made, promised = calls.c.arrived_at, callbacks.c.promised_at
        return [
            Kind("recordings", keep.recordings_days, calls, made, self._recordings, _recorded),
            Kind("messages", keep.recordings_days, callbacks, promised, self._messages, _with_message),
            Kind("texts", keep.texts_days, texts, texts.c.at, _delete_texts),
            Kind("said", keep.said_days, calls, made, _blank_words, _telling),
            Kind("requests", keep.said_days, effects, effects.c.made_at, _deleting(effects), _settled),
            Kind("notes", keep.notes_days, notes, notes.c.at, _deleting(notes)),
            Kind(
                "interactions", keep.interactions_days, interactions, interactions.c.started_at, _deleting(interactions)
            ),
            Kind("promises", keep.promises_days, callbacks, promised, self._promises, _ended),
            Kind(
                "strangers",
                keep.strangers_days,
                customers,
                customers.c.made_at,
                self._strangers,
                _stranger,
                HEAVY_BATCH,
            ),
            *(Kind(table.name, keep.audit_days, table, table.c.at, _deleting(table)) for table in self._as_audit),
        ]

    async def _recordings(self, conn: AsyncConnection, rows: Rows, now: datetime) -> None:
        await self._delete_recordings(conn, (sid for row in rows for sid in recordings_of(row)))
        names = [row.name_recording_url for row in rows if row.name_recording_url]
        await conn.execute(
            update(customers)
            .where(customers.c.name_recording_url.in_(names), customers.c.id.in_(_people(rows)))
            .values(name_recording_url=None)
        )
        await conn.execute(update(calls).where(calls.c.id.in_(_ids(rows))).values(RECORDED))

    async def _messages(self, conn: AsyncConnection, rows: Rows, now: datetime) -> None:
        await self._delete_recordings(conn, recordings_in(row.recording_url for row in rows))
        await conn.execute(update(callbacks).where(callbacks.c.id.in_(_ids(rows))).values(recording_url=None))

    async def _promises(self, conn: AsyncConnection, rows: Rows, now: datetime) -> None:
        """With their history; a message that would outlive its promise is deleted at the carrier too."""
        await self._delete_recordings(conn, recordings_in(row.recording_url for row in rows))
        await conn.execute(delete(callbacks).where(callbacks.c.id.in_(_ids(rows))))

    async def _strangers(self, conn: AsyncConnection, rows: Rows, now: datetime) -> None:
        for row in rows:
            await privacy.erase(conn, row.id, self._erasers, BY, now)

    async def _delete_recordings(self, conn: AsyncConnection, sids: Iterable[str]) -> None:
        for sid in sorted(set(sids)):
            await self._carrier.delete_recording(conn, sid)


def _recorded(old: datetime) -> ColumnElement[bool]:
    left = (calls.c.recording_url, calls.c.talk_recordings, calls.c.name_recording_url)
    return and_(ENDED, or_(*(column.is_not(None) for column in left)))


def _telling(old: datetime) -> ColumnElement[bool]:
    """What was said before a talk, and numbers; a customer's own stays with the call as it is in their record."""
    left = (calls.c.said, calls.c.reply, calls.c.call_back_to, calls.c.forwarded_from)
    nobodys = and_(calls.c.customer_id.is_(None), calls.c.direction == "inbound", calls.c.from_number != FORGOTTEN)
    return and_(ENDED, or_(nobodys, *(column.is_not(None) for column in left)))


def _with_message(old: datetime) -> ColumnElement[bool]:
    return and_(callbacks.c.recording_url.is_not(None), callbacks.c.state.not_in(OPEN))


def _ended(old: datetime) -> ColumnElement[bool]:
    return callbacks.c.state.not_in(OPEN)


def _settled(old: datetime) -> ColumnElement[bool]:
    return effects.c.due_at.is_(None)


def _stranger(old: datetime) -> ColumnElement[bool]:
    """Somebody of whom nothing is left to remember, and of whom nothing has been heard since."""
    ever = [exists().where(table.c.customer_id == customers.c.id) for table in (interactions, cases, callbacks, notes)]
    since = [
        exists().where(calls.c.customer_id == customers.c.id, calls.c.arrived_at >= old),
        exists().where(texts.c.customer_id == customers.c.id, texts.c.at >= old),
    ]
    merged = customers.alias("merged")  # a record that was one with theirs, and may have come from another system
    ever.append(exists().where(merged.c.merged_into == customers.c.id))
    alone = and_(customers.c.external_id.is_(None), customers.c.merged_into.is_(None), customers.c.changed_at < old)
    return and_(alone, *(~one for one in (*ever, *since)))


async def _delete_texts(conn: AsyncConnection, rows: Rows, now: datetime) -> None:
    """With what was asked of the carrier for them."""
    await conn.execute(delete(effects).where(effects.c.id.in_(_ids(rows)), effects.c.due_at.is_(None)))
    await conn.execute(delete(texts).where(texts.c.id.in_(_ids(rows))))


async def _blank_words(conn: AsyncConnection, rows: Rows, now: datetime) -> None:
    ids = _ids(rows)
    gone = {**WORDS, "call_back_to": None, "forwarded_from": None}
    await conn.execute(update(calls).where(calls.c.id.in_(ids)).values(gone))
    nobodys = and_(calls.c.id.in_(ids), calls.c.customer_id.is_(None), calls.c.direction == "inbound")
    await conn.execute(update(calls).where(nobodys).values(from_number=FORGOTTEN))
    await conn.execute(delete(proofs).where(proofs.c.call_id.in_(ids)))
    await forget_notes(conn, ids)


def _deleting(table: Table) -> Expire:
    async def expire(conn: AsyncConnection, rows: Rows, now: datetime) -> None:
        await conn.execute(delete(table).where(table.c.id.in_(_ids(rows))))

    return expire


def _ids(rows: Rows) -> list[str]:
    return [row.id for row in rows]


def _people(rows: Rows) -> list[str]:
    return [row.customer_id for row in rows if row.customer_id]


async def due(conn: AsyncConnection, kind: Kind, since: datetime, old: datetime) -> Rows:
    """The oldest of them, held against others who may be at the same work."""
    query = select(kind.table).where(*_due(kind, since, old)).order_by(kind.at).limit(kind.batch)
    return (await conn.execute(query.with_for_update(skip_locked=True))).all()


async def any_due(conn: AsyncConnection, kind: Kind, since: datetime, old: datetime) -> bool:
    """Looks before it writes: on SQLite even an empty batch would take the only write lock."""
    return await conn.scalar(select(kind.table.c.id).where(*_due(kind, since, old)).limit(1)) is not None


def _due(kind: Kind, since: datetime, old: datetime) -> list[ColumnElement[bool]]:
    span = [kind.at >= since, kind.at < old]
    return span if kind.due is None else [*span, kind.due(old)]
