import pytest
from sqlalchemy import update

from crm import people
from crm.finding import beginnings, find_people
from crm.tables import customers
from crm.tidying import Tidying
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import Asking


@pytest.mark.parametrize(
    ("digits", "region", "abroad", "expected"),
    [
        ("3331234", "IT", False, ["+393331234", "+3331234"]),
        ("0612", "IT", False, ["+390612"]),  # Italy keeps its leading zero
        ("030123", "DE", False, ["+4930123"]),
        ("0039333", "DE", False, ["+39333"]),
        ("39333", "DE", True, ["+39333"]),
        ("39333", "IT", False, ["+3939333", "+39333"]),
    ],
)
def test_digits_are_the_beginning_of_a_number_as_it_is_dialled(
    digits: str, region: str, abroad: bool, expected: list[str]
) -> None:
    assert beginnings(digits, region, abroad=abroad) == expected


@pytest.mark.anyio
async def test_people_are_found_by_whatever_is_known_of_them(ask: Asking) -> None:
    names: dict[str, str] = {}
    for name, more in {
        "Giovanni De Luca": {"phones": ["06 1234 5678"], "email": "Gio@Example.org", "external_id": "CRM-1"},
        "Hans Müller": {"phones": ["+49 30 123456"], "addresses": ["sip:hans@office.example"]},
        "Мария Иванова": {"called": "Mascia"},
        "Mariangela Rossi": {},
        "Maria Rossi": {"external_id": "x/Q 7"},
        "": {"given": "Ada", "surname": "Neri"},
    }.items():
        names[(await ask.made("/customers", {"name": name, **more}))["id"]] = name

    async def found(q: str, **more: str) -> list[str]:
        answer = (await ask.get("/customers", params={"q": q} | more)).json()
        assert answer["next"] is None
        return [names[one["id"]] for one in answer["items"]]

    for q in ("luca giov", "DELUCA", "de luca", "0612345678", "+39 06 12", "0612", "gio@example.ORG", "CRM-1"):
        assert await found(q) == ["Giovanni De Luca"], q
    for q in ("mueller", "Muller, Hans", "hans m", "sip:hans@office.example", "+49 30 12", " 49 30 12", "004930123456"):
        assert await found(q) == ["Hans Müller"], q
    for q in ("ivanova maria", "Иванова", "mascia"):
        assert await found(q) == ["Мария Иванова"], q
    assert await found("rossi maria") == ["Maria Rossi", "Mariangela Rossi"]  # whole words first
    assert set(await found("maria")) == {"Мария Иванова", "Maria Rossi", "Mariangela Rossi"}
    assert len(await found("maria", limit="2")) == 2
    assert await found("x/Q 7") == ["Maria Rossi"]
    assert await found("neri ada") == [""]
    assert await found("rossi paolo") == await found("nobody@example.org") == await found("999999") == []
    for q in ("", " ", "m", "+3", "👩", "%%"):
        answer = await ask.get("/customers", params={"q": q})
        assert (answer.status_code, answer.json()["field"]) == (422, "q"), q


@pytest.mark.anyio
async def test_who_was_there_before_names_had_keys_is_found_soon(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        ids = await people.add_many(
            conn, [{"name": "Maria", "email": "M@x.example"}, {"name": None, "email": None}], clock.now()
        )
        await conn.execute(update(customers).values(name_key=None, email_key=None))
        await conn.execute(people.customer_name_parts.delete())
    tidying = Tidying(database, clock)
    assert not await tidying.turn()
    async with database.read() as conn:
        assert await find_people(conn, "maria", "IT", 5) == await find_people(conn, "m@x.example", "IT", 5) == ids[:1]
