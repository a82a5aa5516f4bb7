"""People's records: written, changed, found and shown.  Never who is on the phone now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm.numbers import read_numbers
from crm.references import AT_ONCE, one_agent
from crm.schemas import Customer
from crm.tables import customer_phones, customers
from store.ids import new_id


async def clean(conn: AsyncConnection, given: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Numbers in E.164, the preferred agent by id.  Raises FieldRefused."""
    values = dict(given)
    if "phones" in values:
        values["phones"] = read_numbers("phones", values["phones"], region)
    if "preferred_agent" in values:
        values["preferred_agent"] = await one_agent(conn, "preferred_agent", values["preferred_agent"])
    return values


async def add(conn: AsyncConnection, values: Mapping[str, Any], now: datetime) -> str:
    """A new customer from clean values; the id."""
    return (await add_many(conn, [values], now))[0]


async def add_many(conn: AsyncConnection, people: Sequence[Mapping[str, Any]], now: datetime) -> list[str]:
    """As `add`, in two statements however many they are; all name the same values."""
    rows: list[dict[str, Any]] = [
        {"id": new_id("cus"), "made_at": now, "changed_at": now, "tags": [], "formal": True}
        | {name: value for name, value in values.items() if name != "phones"}
        for values in people
    ]
    if rows:
        await conn.execute(insert(customers), rows)
    numbered = [(row["id"], values.get("phones", ())) for row, values in zip(rows, people, strict=True)]
    await _write_phones(conn, numbered)
    return [row["id"] for row in rows]


async def change(conn: AsyncConnection, customer_id: str, values: Mapping[str, Any], now: datetime) -> bool:
    """Only what `values` names.  False: there is no such customer."""
    columns = {name: value for name, value in values.items() if name != "phones"}
    changed = await conn.execute(
        update(customers).where(customers.c.id == customer_id).values(changed_at=now, **columns)
    )
    if changed.rowcount and "phones" in values:
        await conn.execute(delete(customer_phones).where(customer_phones.c.customer_id == customer_id))
        await _write_phones(conn, [(customer_id, values["phones"])])
    return bool(changed.rowcount)


async def change_many(conn: AsyncConnection, changes: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """As `change`, by customer's id, in three statements; all name the same values, phones among them or not."""
    rows = [
        {"_id": customer_id} | {f"_{name}": value for name, value in values.items() if name != "phones"}
        for customer_id, values in changes.items()
    ]
    if not rows:
        return
    columns = {name: bindparam(f"_{name}", type_=customers.c[name].type) for name in _names_of(changes)}
    statement = update(customers).where(customers.c.id == bindparam("_id")).values(changed_at=now, **columns)
    await conn.execute(statement, rows)
    renumbered = [(customer_id, values["phones"]) for customer_id, values in changes.items() if "phones" in values]
    await conn.execute(delete(customer_phones).where(customer_phones.c.customer_id.in_([id for id, _ in renumbered])))
    await _write_phones(conn, renumbered)


def _names_of(changes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [name for name in next(iter(changes.values())) if name != "phones"]


async def load(conn: AsyncConnection, customer_ids: Sequence[str]) -> dict[str, Customer]:
    """Those that exist, in the order asked for."""
    rows: dict[str, Any] = {}
    phones: dict[str, list[str]] = {}
    for start in range(0, len(customer_ids), AT_ONCE):
        part = customer_ids[start : start + AT_ONCE]
        for row in await conn.execute(select(customers).where(customers.c.id.in_(part))):
            rows[row.id] = row
        numbers = select(customer_phones).where(customer_phones.c.customer_id.in_(part))
        for phone in await conn.execute(numbers.order_by(customer_phones.c.position)):
            phones.setdefault(phone.customer_id, []).append(phone.number)
    return {
        customer_id: Customer(**rows[customer_id]._mapping, phones=phones.get(customer_id, []))
        for customer_id in customer_ids
        if customer_id in rows
    }


async def load_one(conn: AsyncConnection, customer_id: str) -> Customer | None:
    return (await load(conn, [customer_id])).get(customer_id)


async def id_of_external(conn: AsyncConnection, external_id: str | None) -> str | None:
    if external_id is None:
        return None
    found: str | None = await conn.scalar(select(customers.c.id).where(customers.c.external_id == external_id))
    return found


async def exists(conn: AsyncConnection, customer_id: str) -> bool:
    return await conn.scalar(select(customers.c.id).where(customers.c.id == customer_id)) is not None


async def _write_phones(conn: AsyncConnection, numbered: Iterable[tuple[str, Iterable[str]]]) -> None:
    rows = [
        {"customer_id": customer_id, "number": number, "position": position}
        for customer_id, numbers in numbered
        for position, number in enumerate(numbers)
    ]
    if rows:
        await conn.execute(insert(customer_phones), rows)
