"""The invented company: plausible, the same every time, and what its people's stories say of them is true."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import phonenumbers
import pytest
from sqlalchemy import func, select

from crm import history
from crm.tables import customer_phones, customers, interactions
from routing.tables import agents
from store.sql import Database
from switchboard import company
from switchboard.company_people import GUESTS, LINE, STRANGERS

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
COMPANY = company.invent(NOW)
AGENT_IDS = {row["name"].split()[0]: row["id"] for row in COMPANY.agents}
PEOPLE = {row["name"]: row for row in COMPANY.customers}


def past_of(name: str) -> list[company.Row]:
    return [row for row in COMPANY.interactions if row["customer_id"] == PEOPLE[name]["id"]]


def test_the_same_day_gives_the_same_company() -> None:
    assert company.invent(NOW) == COMPANY


def test_it_has_a_dozen_agents_some_hundred_customers_and_thousands_of_conversations() -> None:
    assert len(COMPANY.agents) == 12
    assert 290 <= len(COMPANY.customers) <= 320
    assert len(COMPANY.interactions) == company.CONVERSATIONS
    assert {row["language"] for row in COMPANY.customers} == {"it-IT", "en-GB", "de-DE", "fr-FR"}


def test_every_number_is_one_that_could_be_dialled() -> None:
    numbers = {row["number"] for row in COMPANY.phones} | {guest.number for guest in STRANGERS} | {LINE}
    assert [number for number in numbers if not phonenumbers.is_valid_number(phonenumbers.parse(number))] == []


def test_a_number_is_shared_only_within_a_household() -> None:
    households: dict[str, set[str]] = {}
    for row in COMPANY.phones:
        name = next(one["name"] for one in COMPANY.customers if one["id"] == row["customer_id"])
        households.setdefault(row["number"], set()).add(name.split(" ", 1)[1])
    assert [families for families in households.values() if len(families) > 1] == []
    assert len(households) < len(COMPANY.phones)


def test_nothing_of_the_past_lies_in_the_future_or_in_the_night() -> None:
    for row in COMPANY.interactions:
        assert row["started_at"] < NOW
        assert 9 <= row["started_at"].astimezone(company.ROME).hour < 18
    assert min(row["started_at"] for row in COMPANY.interactions) > NOW - timedelta(days=company.DAYS + 2)


def test_anna_has_helped_maria_four_times() -> None:
    solved = Counter(row["agent_id"] for row in past_of("Maria Rossi") if row["outcome"] == "solved")
    assert solved[AGENT_IDS["Anna"]] == 4


def test_lorenzo_was_transferred_twice_and_gave_up_once_about_the_same_lamp() -> None:
    recent = [row for row in past_of("Lorenzo Greco") if row["topic"] == "dimmer"]
    assert Counter(row["outcome"] for row in recent) == {"transferred": 2, "open": 2, "abandoned": 1}


def test_most_people_know_one_agent_better_than_any_other() -> None:
    talks: dict[str, Counter[str]] = {}
    for row in COMPANY.interactions:
        if row["agent_id"]:
            talks.setdefault(row["customer_id"], Counter())[row["agent_id"]] += 1
    regulars = [tally for tally in talks.values() if tally.total() >= 8]
    with_a_favourite = [tally for tally in regulars if tally.most_common(1)[0][1] / tally.total() > 0.45]
    assert len(with_a_favourite) / len(regulars) > 0.75


def test_the_book_offers_everybody_once_and_the_featured_ones_first() -> None:
    book = company.book(COMPANY)
    addresses = [person["address"] for person in book["people"]]
    assert len(addresses) == len(set(addresses))
    featured = [person["name"] for person in book["people"] if person.get("featured")]
    assert featured == [guest.name for guest in (*GUESTS, *STRANGERS) if guest.story]
    assert all(person["story"] for person in book["people"])
    assert book["agents"][0]["address"] == "client:anna"


@pytest.mark.anyio
async def test_it_loads_whole_into_an_empty_database(database: Database) -> None:
    async with database.write() as connection:
        assert await company.invented_at(connection) is None
        await company.load(connection, COMPANY)
    async with database.read() as connection:
        assert await company.invented_at(connection) == NOW
        counts = [
            await connection.scalar(select(func.count()).select_from(table))
            for table in (agents, customers, customer_phones, interactions)
        ]
        assert counts == [12, len(COMPANY.customers), len(COMPANY.phones), company.CONVERSATIONS]
        matters = await history.open_matters(connection, PEOPLE["Elena Ricci"]["id"])
        assert [matter.agent_id for matter in matters] == [AGENT_IDS["Sara"]]
        anna = (await connection.execute(select(agents).where(agents.c.id == AGENT_IDS["Anna"]))).one()
        assert anna.stand_in == AGENT_IDS["Davide"]


def test_the_ledger_agrees_with_the_conversations() -> None:
    ledger, sids = COMPANY.ledger, {row["external_id"] for row in COMPANY.interactions if row["external_id"]}
    assert sids == {row["sid"] for row in ledger.calls if row["outcome"] in ("agent", "abandoned")}
    assert min(row["arrived_at"] for row in ledger.calls) > NOW - timedelta(days=29)
    by_id = {row["id"]: row for row in ledger.calls}
    assert all(by_id[row["call_id"]]["agent_id"] == row["agent_id"] for row in ledger.reservations)
    came = Counter(row["outcome"] for row in ledger.calls)
    assert came["agent"] > 700
    assert came["callback"] > 20


def test_of_each_person_one_promise_at_most_is_open_and_all_of_them_lie_ahead() -> None:
    ahead = [row for row in COMPANY.ledger.promises if row["state"] == "promised"]
    assert len(ahead) == len({row["customer_id"] for row in ahead}) == 5
    assert all(row["promised_at"] > NOW for row in ahead)


def test_an_open_matter_is_a_case_of_whoever_holds_it() -> None:
    elena = PEOPLE["Elena Ricci"]["id"]
    assert [row["owner"] for row in COMPANY.ledger.cases if row["customer_id"] == elena] == [AGENT_IDS["Sara"]]
