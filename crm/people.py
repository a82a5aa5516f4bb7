"""People's records: written, changed, found and shown.  Never who is on the phone now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.problems import NotFound
from crm.names import name_key, name_parts
from crm.numbers import read_addresses, read_numbers
from crm.references import AT_ONCE, agents, one_agent, some_agents
from crm.schemas import Customer
from crm.tables import customer_addresses, customer_name_parts, customer_phones, customers
from store.ids import new_id

_ELSEWHERE = frozenset(("phones", "addresses"))  # in tables of their own
_NAMES = ("name", "given", "surname", "called")


async def clean(conn: AsyncConnection, given: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Numbers in E.164, addresses in lower case, agents by id.  Raises FieldRefused."""
    values = dict(given)
    if "phones" in values:
        values["phones"] = read_numbers("phones", values["phones"], region)
    if "addresses" in values:
        values["addresses"] = read_addresses("addresses", values["addresses"])
    if "preferred_agent" in values:
        values["preferred_agent"] = await one_agent(conn, "preferred_agent", values["preferred_agent"])
    if "stand_ins" in values:
        values["stand_ins"] = await some_agents(conn, "stand_ins", values["stand_ins"])
    return values


async def add(conn: AsyncConnection, values: Mapping[str, Any], now: datetime, *, told: bool = False) -> str:
    """A new customer from clean values; the id.  `told`: their numbers are what somebody says on the telephone."""
    return (await add_many(conn, [values], now, told=told))[0]


async def add_many(
    conn: AsyncConnection, people: Sequence[Mapping[str, Any]], now: datetime, *, told: bool = False
) -> list[str]:
    """As `add`, in a few statements however many they are; all name the same values."""
    rows: list[dict[str, Any]] = [
        {"id": new_id("cus"), "made_at": now, "changed_at": now, "tags": [], "formal": True}
        | {name: value for name, value in values.items() if name not in _ELSEWHERE}
        | {"name_key": _key(values), "email_key": _email_key(values)}
        for values in people
    ]
    if not rows:
        return []
    await conn.execute(insert(customers), rows)
    await _write_contacts(conn, zip((row["id"] for row in rows), people, strict=True), now if told else None, {})
    await _write_parts(conn, {row["id"]: row for row in rows})
    return [row["id"] for row in rows]


async def change(
    conn: AsyncConnection, customer_id: str, values: Mapping[str, Any], now: datetime, *, told: bool = False
) -> bool:
    """Only what `values` names.  False: there is no such customer.  `told`: see `add`; of numbers that are new."""
    if not await exists(conn, customer_id):
        return False
    await change_many(conn, {customer_id: values}, now, told=told)
    return True


async def change_many(
    conn: AsyncConnection, changes: Mapping[str, Mapping[str, Any]], now: datetime, *, told: bool = False
) -> None:
    """As `change`, by customer's id, in a few statements; all name the same values, numbers among them or not."""
    if not changes:
        return
    given = next(iter(changes.values()))
    written = {one: _columns(values) for one, values in changes.items()}
    if given.keys() & set(_NAMES):
        written = await _with_names(conn, written)
    columns = {name for values in written.values() for name in values}
    binds = {name: bindparam(f"_{name}", type_=customers.c[name].type) for name in sorted(columns)}
    rows = [{"_id": one} | {f"_{name}": value for name, value in values.items()} for one, values in written.items()]
    statement = update(customers).where(customers.c.id == bindparam("_id")).values(changed_at=now, **binds)
    await conn.execute(statement, rows)
    since = await _clear_contacts(conn, changes)
    await _write_contacts(conn, changes.items(), now if told else None, since)


async def give_up(conn: AsyncConnection, customer_id: str, number: str, now: datetime) -> bool:
    """The number is somebody else's by now: nobody is known by it any more.  False: they have no such number."""
    mine = (customer_phones.c.customer_id == customer_id, customer_phones.c.number == number)
    given_up = update(customer_phones).where(*mine, customer_phones.c.given_up_at.is_(None)).values(given_up_at=now)
    if (await conn.execute(given_up)).rowcount:
        await conn.execute(update(customers).where(customers.c.id == customer_id).values(changed_at=now))
        return True
    return await conn.scalar(select(customer_phones.c.number).where(*mine)) is not None


async def load(conn: AsyncConnection, customer_ids: Sequence[str]) -> dict[str, Customer]:
    """Those that exist, in the order asked for."""
    rows: dict[str, Any] = {}
    contacts: dict[str, dict[str, list[str]]] = {}
    for start in range(0, len(customer_ids), AT_ONCE):
        part = customer_ids[start : start + AT_ONCE]
        for row in await conn.execute(select(customers).where(customers.c.id.in_(part))):
            rows[row.id] = row
            contacts[row.id] = {"phones": [], "former_phones": [], "addresses": []}
        numbers = select(customer_phones).where(customer_phones.c.customer_id.in_(part))
        for phone in await conn.execute(numbers.order_by(customer_phones.c.position)):
            kind = "phones" if phone.given_up_at is None else "former_phones"
            contacts[phone.customer_id][kind].append(phone.number)
        theirs = select(customer_addresses).where(customer_addresses.c.customer_id.in_(part))
        for address in await conn.execute(theirs.order_by(customer_addresses.c.address)):
            contacts[address.customer_id]["addresses"].append(address.address)
    known = await _still_here(conn, {agent for row in rows.values() for agent in row.stand_ins or ()})
    return {
        customer_id: _shown(rows[customer_id], contacts[customer_id], known)
        for customer_id in customer_ids
        if customer_id in rows
    }


async def load_one(conn: AsyncConnection, customer_id: str) -> Customer | None:
    return (await load(conn, [customer_id])).get(customer_id)


async def id_of_external(conn: AsyncConnection, external_id: str | None) -> str | None:
    if external_id is None:
        return None
    kept = func.coalesce(customers.c.merged_into, customers.c.id)
    found: str | None = await conn.scalar(select(kept).where(customers.c.external_id == external_id))
    return found


async def exists(conn: AsyncConnection, customer_id: str) -> bool:
    return await conn.scalar(select(customers.c.id).where(customers.c.id == customer_id)) is not None


async def living(conn: AsyncConnection, customer_id: str) -> str:
    """The record under which this customer is kept now: another one's, if the two were merged.  Raises NotFound."""
    kept = func.coalesce(customers.c.merged_into, customers.c.id)
    found: str | None = await conn.scalar(select(kept).where(customers.c.id == customer_id))
    if found is None:
        raise NotFound("customer")
    return found


async def write_keys(conn: AsyncConnection, customer_ids: Sequence[str]) -> None:
    """By what they are found, anew from their record as it stands."""
    rows = {row["id"]: row for row in await _names_of(conn, customer_ids)}
    keyed = [{"_id": one, "_name": _key(row), "_email": _email_key(row)} for one, row in rows.items()]
    if keyed:
        keys: dict[str, Any] = {"name_key": bindparam("_name"), "email_key": bindparam("_email")}
        await conn.execute(update(customers).where(customers.c.id == bindparam("_id")).values(keys), keyed)
        await _write_parts(conn, rows, anew=True)


def _shown(row: Any, contacts: Mapping[str, list[str]], known: frozenset[str]) -> Customer:
    values = dict(row._mapping)
    values["stand_ins"] = [agent for agent in values["stand_ins"] or () if agent in known]
    return Customer(**values, **contacts)


async def _still_here(conn: AsyncConnection, agent_ids: Iterable[str]) -> frozenset[str]:
    """Of agents who stand in somebody's record: those who have not left."""
    wanted = sorted(agent_ids)
    found: set[str] = set()
    for start in range(0, len(wanted), AT_ONCE):
        found.update(await conn.scalars(select(agents.c.id).where(agents.c.id.in_(wanted[start : start + AT_ONCE]))))
    return frozenset(found)


def _key(values: Mapping[str, Any]) -> str:
    return name_key(values.get("name")) or name_key(f"{values.get('given') or ''} {values.get('surname') or ''}")


def _email_key(values: Mapping[str, Any]) -> str | None:
    email: str | None = values.get("email")
    return email.lower() if email else None


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """With the key of an e-mail that is among them."""
    columns = {name: value for name, value in values.items() if name not in _ELSEWHERE}
    return columns | ({"email_key": _email_key(values)} if "email" in values else {})


async def _with_names(conn: AsyncConnection, written: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """With the key that follows from the names; a recording of a name goes when the name is written down."""
    complete: dict[str, dict[str, Any]] = {}
    names: dict[str, dict[str, Any]] = {}
    for before in await _names_of(conn, list(written)):
        values = written[before["id"]]
        names[before["id"]] = dict(before) | {name: values[name] for name in _NAMES if name in values}
        complete[before["id"]] = values | {"name_key": _key(names[before["id"]])}
        if "name" in values and "name_recording_url" not in values:
            kept = before["name_recording_url"] if not (values["name"] or "").strip() else None
            complete[before["id"]]["name_recording_url"] = kept
    await _write_parts(conn, names, anew=True)
    return complete


async def _names_of(conn: AsyncConnection, customer_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    wanted = select(*(customers.c[name] for name in ("id", "email", "name_recording_url", *_NAMES)))
    found: list[Mapping[str, Any]] = []
    for start in range(0, len(customer_ids), AT_ONCE):
        part = customer_ids[start : start + AT_ONCE]
        found += [dict(row._mapping) for row in await conn.execute(wanted.where(customers.c.id.in_(part)))]
    return found


async def _write_parts(conn: AsyncConnection, named: Mapping[str, Mapping[str, Any]], *, anew: bool = False) -> None:
    if anew:
        await _delete_of(conn, customer_name_parts, list(named))
    rows = [
        {"customer_id": customer_id, "part": part}
        for customer_id, values in named.items()
        for part in sorted(name_parts(*(values.get(name) for name in _NAMES)))
    ]
    if rows:
        await conn.execute(insert(customer_name_parts), rows)


async def _clear_contacts(
    conn: AsyncConnection, changes: Mapping[str, Mapping[str, Any]]
) -> dict[tuple[str, str], datetime | None]:
    """Numbers that were given up stay so, but for those that are named as theirs again.  Since when the others stood
    there, by customer and number."""
    numbered = [one for one, values in changes.items() if "phones" in values]
    since = await _since(conn, numbered)
    await _delete_of(conn, customer_phones, numbered, customer_phones.c.given_up_at.is_(None))
    again = [{"_id": one, "_number": number} for one in numbered for number in changes[one]["phones"]]
    if again:
        same = (customer_phones.c.customer_id == bindparam("_id"), customer_phones.c.number == bindparam("_number"))
        await conn.execute(delete(customer_phones).where(*same), again)
    await _delete_of(conn, customer_addresses, [one for one, values in changes.items() if "addresses" in values])
    return since


async def _since(conn: AsyncConnection, customer_ids: Sequence[str]) -> dict[tuple[str, str], datetime | None]:
    numbers = customer_phones.c
    query = select(numbers.customer_id, numbers.number, numbers.since_at).where(numbers.given_up_at.is_(None))
    found: dict[tuple[str, str], datetime | None] = {}
    for start in range(0, len(customer_ids), AT_ONCE):
        part = query.where(numbers.customer_id.in_(customer_ids[start : start + AT_ONCE]))
        found |= {(row.customer_id, row.number): row.since_at for row in await conn.execute(part)}
    return found


async def _delete_of(conn: AsyncConnection, table: Table, customer_ids: Sequence[str], *also: Any) -> None:
    for start in range(0, len(customer_ids), AT_ONCE):
        theirs = table.c.customer_id.in_(customer_ids[start : start + AT_ONCE])
        await conn.execute(delete(table).where(theirs, *also))


async def _write_contacts(
    conn: AsyncConnection,
    people: Iterable[tuple[str, Mapping[str, Any]]],
    new: datetime | None,
    since: Mapping[tuple[str, str], datetime | None],
) -> None:
    """`new`: since when a number stands there of which `since` does not say it."""
    phones: list[dict[str, Any]] = []
    addresses: list[dict[str, Any]] = []
    for customer_id, values in people:
        named = enumerate(values.get("phones") or ())
        phones += [
            {
                "customer_id": customer_id,
                "number": number,
                "position": n,
                "since_at": since.get((customer_id, number), new),
            }
            for n, number in named
        ]
        addresses += [{"customer_id": customer_id, "address": address} for address in values.get("addresses") or ()]
    for table, rows in ((customer_phones, phones), (customer_addresses, addresses)):
        if rows:
            await conn.execute(insert(table), rows)
