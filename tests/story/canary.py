"""A person in every table: whatever may be personal holds a word that occurs nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Float, Integer, Table, Text, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.due import due_columns
from store.sql import Instant
from switchboard.tables import metadata

WORD = "zanzibarina"
NUMBER = "+393317770123"
OTHER_RECORD = "cus_canary_other"  # of the same person, merged into the first
# Of tables whose rows stay when a person goes: what tells nothing of them.  Every other text must be erased.
BARE = {
    "calls": {"id", "sid", "to_number", "language", "choice", "told_of", "need", "place", "attestation", "asked"}
    | {"known_by", "room_sid", "recording_state", "card", "dropped_agent"},
    "legs": {"id", "sid", "role", "state"},
    "decisions": {"id", "action"},
    "reservations": {"id", "state"},
    "transfers": {"from_agent", "to_agent", "skill", "state", "reservation_id"},
    "supervisions": {"by", "name", "address", "leg_id", "mode"},
    "interventions": {"by", "what"},
}
_SET: dict[str, dict[str, Any]] = {  # where the code must understand what stands there
    "calls": {"direction": "inbound", "from_number": NUMBER, "state": "ended", "outcome": "agent"}
    | {"talk_recordings": ["RE" + "c" * 32], "recording_url": "https://recordings.test/RE" + "d" * 32},
    "callbacks": {"state": "kept", "kind": "asap", "channel": "call", "zone": "Europe/Rome", "number": NUMBER}
    | {"recording_url": "https://recordings.test/RE" + "e" * 32, "choices": None, "case_id": None},
    "interactions": {"outcome": "solved"},
    "cases": {"state": "open"},
    "texts": {"direction": "in", "from_number": NUMBER},
    "notes": {"kind": "note"},
    "consents": {"kind": "marketing", "source": "api"},
    "callback_history": {"by": "us keeper"},
    "proofs": {"number": NUMBER},
    "vetoes": {"declined_by": "customer"},
    "customer_phones": {"number": "+393317770124"},
    "outbox": {"kind": "interaction", "ref": "interactions_canary"},
    "merges": {"kept_id": None, "gone_id": OTHER_RECORD},
    "not_the_same": {"other_id": OTHER_RECORD},
}
_LATER = frozenset(column.name for column in due_columns())  # nothing of this is ever due


def tables_of_a_person() -> list[Table]:
    """Each that refers to customers, by a foreign key or by name, and each that goes with such a row."""
    found: list[Table] = []
    for table in metadata.sorted_tables:
        refers = {key.column.table.name for key in table.foreign_keys}
        own = "customer_id" in table.c and table.name != "audit"
        if table.name != "customers" and (own or refers & {"customers", *(one.name for one in found)} - {"agents"}):
            found.append(table)
    return [*found, metadata.tables["outbox"]]


def texts_in(table: Table) -> Iterator[Column[Any]]:
    for column in table.c:
        if isinstance(column.type, (Text, JSON)) and not column.foreign_keys and not column.primary_key:
            yield column


def marked(table: Table, column: Column[Any]) -> bool:
    """Does the planted row hold the word there?"""
    return not (
        column.name in BARE.get(table.name, ()) or column.name in _SET.get(table.name, {}) | dict.fromkeys(_LATER)
    )


async def plant(
    conn: AsyncConnection, customer_id: str, agent_id: str, now: datetime
) -> list[tuple[Table, Column[Any]]]:
    """A row in each of these tables; where the word is."""
    ids = {"customers": customer_id, "agents": agent_id}
    planted: list[tuple[Table, Column[Any]]] = []
    for table in tables_of_a_person():
        row = {column.name: _value(table, column, ids, now) for column in table.c}
        if table.name == "merges":
            row["kept_id"] = customer_id
        await conn.execute(insert(table).values(row))
        if "id" in table.c:
            ids[table.name] = row["id"]
        planted += [(table, column) for column in texts_in(table) if marked(table, column)]
    return planted


def _value(table: Table, column: Column[Any], ids: dict[str, str], now: datetime) -> Any:
    if column.name in _SET.get(table.name, {}):
        return _SET[table.name][column.name]
    if column.name in _LATER:
        return None
    for key in column.foreign_keys:
        return ids.get(key.column.table.name)
    plain = f"{table.name}_canary" if column.primary_key or not marked(table, column) else word_of(table, column)
    kinds: list[tuple[type, Any]] = [
        (Boolean, False),
        (Integer, 1),
        (Float, 1.0),
        (Instant, now),
        (JSON, {"in": plain}),
    ]
    return next((value for kind, value in kinds if isinstance(column.type, kind)), plain)


def word_of(table: Table, column: Column[Any]) -> str:
    return f"{WORD} {table.name} {column.name}"
