from typing import Any

import pytest
from sqlalchemy import event

from crm.identify import Household, Known, Unknown, Withheld, identify, person_by_id
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import Asking

pytestmark = pytest.mark.anyio


async def test_one_person_with_this_number_is_known(ask: Asking) -> None:
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    written = {
        "name": "Maria Rossi",
        "called": "Maria",
        "say": "ma-RI-a",
        "title": "dottoressa",
        "language": "it-IT",
        "formal": False,
        "phones": ["+390612345678", "+393331234567"],
        "preferred_agent": anna["id"],
        "tags": ["vip"],
        "style": "step by step",
        "notes": "two cats",
        "time_zone": "Europe/Rome",
        "quiet_hours": "21:00-09:00",
    }
    made = await ask.made("/customers", written)
    async with ask.database.write() as conn:
        caller = await identify(conn, "+393331234567", "IT")
        again = await person_by_id(conn, made["id"])
        nobody = await person_by_id(conn, "cus_nobody")
    assert isinstance(caller, Known)
    person = caller.person
    told = {name: getattr(person, name) for name in written} | {
        "phones": list(person.phones),
        "tags": list(person.tags),
    }
    assert (person.id, told) == (made["id"], written)
    assert (again, nobody) == (person, None)


async def test_a_person_without_a_number_is_found_by_id(ask: Asking) -> None:
    made = await ask.made("/customers", {"name": "Maria"})
    async with ask.database.read() as conn:
        person = await person_by_id(conn, made["id"])
    assert person is not None
    assert person.phones == ()


async def test_several_with_one_number_are_a_household(ask: Asking) -> None:
    made = [await ask.made("/customers", {"name": name, "phones": ["0612345678"]}) for name in ("Maria", "Ugo", "Zoë")]
    async with ask.database.read() as conn:
        caller = await identify(conn, "+390612345678", "IT")
    assert isinstance(caller, Household)
    assert [person.name for person in caller.people] == ["Maria", "Ugo", "Zoë"]
    assert [person.id for person in caller.people] == sorted(one["id"] for one in made)


async def test_a_blank_name_is_kept_but_never_spoken(ask: Asking) -> None:
    await ask.made("/customers", {"name": "Maria", "called": "  ", "phones": ["0612345678"]})
    async with ask.database.read() as conn:
        caller = await identify(conn, "+390612345678", "IT")
    assert isinstance(caller, Known)
    assert (caller.person.name, caller.person.called) == ("Maria", None)


async def test_who_is_in_no_record_is_unknown_and_can_be_called_back(database: Database) -> None:
    async with database.read() as conn:
        assert await identify(conn, "+390612345678", "IT") == Unknown("+390612345678")
        assert await identify(conn, "client:anna", "IT") == Unknown(None)
        assert await identify(conn, "sip:anna@example.org", "IT") == Unknown(None)


async def test_a_withheld_number_is_nobodys_however_it_is_spelt(ask: Asking) -> None:
    for spelt in ("+266696687", "+86282452253"):
        answer = await ask.post("/customers", {"name": "Maria", "phones": [spelt]})
        assert (answer.status_code, answer.json()["field"]) == (422, "phones[0]")
    async with ask.database.read() as conn:
        for number in (
            None,
            "",
            " ",
            "anonymous",
            "Anonymous",
            "RESTRICTED",
            "unavailable",
            "+266696687",
            "+86282452253",
            "+464",
        ):
            assert await identify(conn, number, "IT") == Withheld(), number


async def test_it_takes_one_statement(ask: Asking) -> None:
    for name in ("Maria", "Ugo"):
        await ask.made("/customers", {"name": name, "phones": ["0612345678", "028901234"]})
    statements: list[str] = []

    def count(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    async with ask.database.read() as conn:
        sync = conn.sync_connection
        event.listen(sync, "before_cursor_execute", count)
        await identify(conn, "+390612345678", "IT")
        event.remove(sync, "before_cursor_execute", count)
    assert len(statements) == 1


async def test_a_switchboards_number_does_not_bring_a_crowd(ask: Asking, clock: VirtualClock) -> None:
    for n in range(25):
        await ask.made("/customers", {"name": f"n{n}", "phones": ["0612345678"]})
    async with ask.database.read() as conn:
        caller = await identify(conn, "+390612345678", "IT")
    assert isinstance(caller, Household)
    assert len(caller.people) == 20
