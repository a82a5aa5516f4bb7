from typing import Any

import pytest
from sqlalchemy import event

from crm import people
from crm.identify import (
    LARGEST_HOUSEHOLD,
    Household,
    Known,
    Unknown,
    Withheld,
    identify,
    named_on,
    person_by_id,
)
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
    assert [person.name for person in caller.people] == ["Maria", "Ugo", "Zoë"]  # nobody was talked with: as they came
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
        assert await identify(conn, "client:anna", "IT") == Unknown(None, "client:anna")


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


async def test_whoever_was_talked_with_last_stands_first_in_a_household(ask: Asking) -> None:
    made = {name: await ask.made("/customers", {"name": name, "phones": ["0612345678"]}) for name in ("Maria", "Ugo")}
    for name, day in (("Maria", 1), ("Ugo", 2)):
        talk = {"customer": made[name]["id"], "started_at": f"2026-02-0{day}T10:00:00Z", "outcome": "solved"}
        await ask.made("/interactions", talk)
    async with ask.database.read() as conn:
        caller = await identify(conn, "+390612345678", "IT")
    assert isinstance(caller, Household)
    assert [person.name for person in caller.people] == ["Ugo", "Maria"]


async def test_nobody_is_asked_which_of_a_companys_people_they_are(database: Database, clock: VirtualClock) -> None:
    crowd = [{"name": f"Maria {surname}", "phones": ["+390612345678"]} for surname in _surnames(LARGEST_HOUSEHOLD)]
    async with database.write() as conn:
        await people.add_many(conn, crowd, clock.now())
        household = await identify(conn, "+390612345678", "IT")
        await people.add(conn, {"name": "Ugo Neri", "phones": ["+390612345678"]}, clock.now())
        switchboard = await identify(conn, "+390612345678", "IT")
        named = await named_on(conn, "+390612345678", "neri, ugo")
        several = await named_on(conn, "+390612345678", "Maria")
        nobody = await named_on(conn, "+390612345678", "Ugo Bianchi")
    assert isinstance(household, Household)
    assert len(household.people) == LARGEST_HOUSEHOLD
    assert switchboard == Unknown("+390612345678", shared=True)
    assert named is not None
    assert (named.name, several, nobody) == ("Ugo Neri", None, None)


async def test_a_softphone_is_known_by_its_address_and_a_sip_phone_by_the_number_in_it_too(ask: Asking) -> None:
    maria = {"name": "Maria", "phones": ["+393331234567"], "addresses": ["SIP:Maria@Office.example:5060", "client:m.r"]}
    made = await ask.made("/customers", maria)
    assert made["addresses"] == ["client:m.r", "sip:maria@office.example"]
    ways = ("sips:MARIA@office.example;transport=tls", "client:M.R", "sip:00393331234567@any.example;user=phone")
    async with ask.database.read() as conn:
        for from_ in (*ways, "sip:+393331234567@carrier.example"):
            caller = await identify(conn, from_, "IT")
            assert isinstance(caller, Known), from_
            assert caller.person.addresses == ("client:m.r", "sip:maria@office.example")
        assert await identify(conn, "sip:ugo@office.example", "IT") == Unknown(None, "sip:ugo@office.example")
        assert await identify(conn, "sip:+393330000000@x.example", "IT") == Unknown("+393330000000")
    for wrong in ("maria", "sip:office.example", "sip:anonymous@anonymous.invalid", "tel:+393331234567"):
        answer = await ask("PATCH", f"/customers/{made['id']}", {"addresses": [wrong]})
        assert (answer.status_code, answer.json()["field"]) == (422, "addresses[0]"), wrong


async def test_a_number_that_is_somebody_elses_by_now_names_nobody_until_it_is_theirs_again(ask: Asking) -> None:
    made = await ask.made("/customers", {"name": "Maria", "phones": ["0612345678", "028901234"]})
    given_up = f"/customers/{made['id']}/numbers/given-up"
    for _ in range(2):
        shown = (await ask.post(given_up, {"number": "06 1234 5678"})).json()
        assert (shown["phones"], shown["former_phones"]) == (["+39028901234"], ["+390612345678"])
    assert (await ask.post(given_up, {"number": "06 9999 9999"})).json()["field"] == "number"
    async with ask.database.read() as conn:
        assert await identify(conn, "+390612345678", "IT") == Unknown("+390612345678")
        other = await identify(conn, "+39028901234", "IT")
    assert isinstance(other, Known)
    assert other.person.phones == ("+39028901234",)
    assert (await ask.get("/customers?phone=0612345678")).json()["items"] == []
    kept = await ask("PATCH", f"/customers/{made['id']}", {"phones": ["028901234"]})
    assert kept.json()["former_phones"] == ["+390612345678"]
    again = await ask("PATCH", f"/customers/{made['id']}", {"phones": ["0612345678"]})
    assert (again.json()["phones"], again.json()["former_phones"]) == (["+390612345678"], [])


def _surnames(number: int) -> list[str]:
    return [f"{'bcdfglmnpr'[n // 5]}{'aeiou'[n % 5]}lli" for n in range(number)]
