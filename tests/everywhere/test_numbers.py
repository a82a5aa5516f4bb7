"""Phone numbers of every country, as people write them, through every door: the same number is the same person."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import select

from carrier.numbering import NotANumber, normalise
from crm.imports import import_customers
from crm.intake import Result, Skipped
from crm.tables import customer_phones, customers
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import Asking
from tests.ivr.door import Door

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _exists(number: str) -> bool:
    """A few of the list have been given up since."""
    try:
        return normalise(number, "IT") == number
    except NotANumber:
        return False


ROWS = [
    row
    for row in csv.DictReader((Path(__file__).parent.parent / "data" / "phone_numbers.csv").read_text().splitlines())
    if _exists(row["e164"])
]
NUMBERS = list(dict.fromkeys(row["e164"] for row in ROWS))
AT_ONCE = 20  # numbers of one customer


@on_sqlite
async def test_every_number_is_taken_and_finds_its_owner(ask: Asking) -> None:
    """However the plus arrives: escaped, or as the space that an unescaped one becomes."""
    owners: dict[str, str] = {}
    for start in range(0, len(NUMBERS), AT_ONCE):
        phones = NUMBERS[start : start + AT_ONCE]
        made = await ask.made("/customers", {"phones": phones})
        assert made["phones"] == phones
        owners |= dict.fromkeys(phones, made["id"])
    for number in NUMBERS[::40]:
        for written in (f"%2B{number[1:]}", number, f"%20{number[1:]}", f"%2B{number[1:4]}%20{number[4:]}"):
            found = (await ask.get(f"/customers?phone={written}")).json()["items"]
            assert [one["id"] for one in found] == [owners[number]], written


@on_sqlite
@pytest.mark.parametrize("region", ["IT", "DE", "GB", "US", "AR", "MX"])
async def test_national_numbers_of_a_file_are_read_in_the_region_of_the_house(
    database: Database, clock: VirtualClock, tmp_path: Path, region: str
) -> None:
    """Also those of other countries, in international form, and a number that is none costs its row only."""
    own = [row for row in ROWS if row["region"] == region]
    others = [row for row in ROWS if row["region"] not in (region, "001")][::25]
    file = tmp_path / "customers.csv"
    lines = [f"N-{n};{row['national_significant_number']}" for n, row in enumerate(own)]
    lines += [f"I-{n};{row['e164'][:5]} {row['e164'][5:]}" for n, row in enumerate(others)]
    file.write_text("\n".join(["external_id;phones", *lines, "X-1;nobody", "X-2;+39", "X-3;anonymous"]))
    told = [event async for event in import_customers(database, clock, file, region)]
    assert told[-1] == Result(len(lines), 3)
    bad = [(event.line, event.reason) for event in told if isinstance(event, Skipped)]
    assert bad == [(len(lines) + n, "phones[0]: This is not a phone number.") for n in (2, 3, 4)]
    async with database.read() as conn:
        joined = select(customers.c.external_id, customer_phones.c.number).join(customer_phones)
        kept = [tuple(row) for row in await conn.execute(joined)]
    expected = {(f"N-{n}", row["e164"]) for n, row in enumerate(own)}
    expected |= {(f"I-{n}", row["e164"]) for n, row in enumerate(others)}
    assert set(kept) == expected
    assert len(kept) == len(expected)


@on_sqlite
async def test_a_caller_is_known_by_a_number_of_any_country(door: Door) -> None:
    """As the carrier writes it in From; what is no number is nobody, and rings all the same."""
    chosen = NUMBERS[::60]
    for number in chosen:
        await door.customer(number, number)
    for n, number in enumerate(chosen):
        assert (await door.ring(n, From=number)).status == 200
        assert (await door.call(n)).customer_id == door.ids[number]
    nobody = (
        "",
        "+",
        "0612345678",
        "+390",
        "+39" + "9" * 30,
        "anonymous",
        "+266696687",
        "client:x",
        "sip:x@y",
        "１２３",
        "🙂",
    )
    for n, number in enumerate(nobody, start=500):
        assert (await door.ring(n, From=number)).status == 200
        assert (await door.call(n)).customer_id is None
