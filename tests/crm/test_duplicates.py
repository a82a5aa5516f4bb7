from datetime import UTC, datetime
from typing import Any

import pytest

from crm import duplicates, people
from crm.duplicates import likeness
from crm.schemas import Customer, CustomerFields
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import Asking

PHONE, OTHER = "+390612345678", "+393331234567"
SOME_DAY = datetime(2026, 3, 3, tzinfo=UTC)
EMPTY: dict[str, Any] = CustomerFields().model_dump() | {"name_recording_url": None, "former_phones": []}


def person(name: str | None, *phones: str, **more: Any) -> Customer:
    return Customer(
        id="cus_1", made_at=SOME_DAY, changed_at=SOME_DAY, **EMPTY | {"name": name, "phones": [*phones]} | more
    )


@pytest.mark.parametrize(
    ("one", "other", "why", "score"),
    [
        (person("Maria Rossi", PHONE), person("ROSSI, Maria", PHONE), ("same number", "names alike"), 0.93),
        (
            person("Hans Müller", email="Hans@x.example"),
            person("Hans Mueller", email="hans@X.example"),
            ("same e-mail", "names alike"),
            0.93,
        ),
        (
            person("Maria Rossi", PHONE, email="m@x.example"),
            person("Maria Luisa Rossi", PHONE, email="m@x.example"),
            ("same number", "same e-mail", "names alike"),
            0.91,
        ),
        (person("Maria", PHONE), person("Maria Rossi", PHONE), ("same number",), 0.64),  # as she says on the telephone
        (person(None, PHONE), person("Maria Rossi", PHONE), ("same number",), 0.7),
        (person(None, PHONE, given="Maria", surname="Rossi"), person("Maria Rossi", PHONE), None, 0.93),
        (person("Maria Rossi", PHONE), person("Maria Rossi", OTHER), ("names alike",), 0.6),
    ],
)
def test_two_who_share_something_and_are_called_alike_may_be_one(
    one: Customer, other: Customer, why: tuple[str, ...] | None, score: float
) -> None:
    found = likeness(one, other)
    assert found is not None
    assert found.why == (why or ("same number", "names alike"))
    assert found.score == score
    assert likeness(other, one) == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (person("Maria Rossi", PHONE), person("Paolo Rossi", PHONE)),
        (person("Maria Rossi", PHONE), person("Mario Rossi", PHONE)),
        (person("Maria Rossi", PHONE), person("Marta Rossi", PHONE)),
        (person("Andrea Rossi", PHONE, gender="feminine"), person("Andrea Rossi", PHONE, gender="masculine")),
        (person("Maria Rossi", email="rossi@x.example"), person("Paolo Rossi", email="rossi@x.example")),
        (person("Maria", PHONE), person("Maria Rossi", OTHER)),
        (person("Mario Rossi", PHONE, email="a@x.example"), person("Mario Rossi", OTHER, email="b@x.example")),
        (person(None), person(None)),
    ],
)
def test_a_household_and_namesakes_are_not_one_person(one: Customer, other: Customer) -> None:
    assert likeness(one, other) is None


@pytest.mark.anyio
async def test_pairs_are_proposed_page_by_page_until_somebody_says_that_they_are_two(ask: Asking) -> None:
    async def made(name: str | None, *phones: str, **more: Any) -> str:
        one: str = (await ask.made("/customers", {"name": name, "phones": list(phones), **more}))["id"]
        return one

    maria, again = await made("Maria Rossi", PHONE), await made("Rossi Maria", PHONE)
    await made("Paolo Rossi", PHONE)
    hans = await made("Hans Müller", email="hans@x.example")
    await made("Ada Neri", "+39028901234")
    mueller = await made("Hans Mueller", email="HANS@x.example")
    for n in range(duplicates.NAMESAKES + 1):
        await made("Anna Bianchi", f"+3933312345{n:02}")
    pairs = [(one["customer"]["id"], one["other"]["id"]) for one in await ask.every_page("/duplicates", 1)]
    assert pairs == [(maria, again), (hans, mueller)]
    (one,) = (await ask.get(f"/customers/{again}/duplicates")).json()["items"]
    assert (one["customer"]["id"], one["other"]["id"], one["why"], one["score"]) == (
        again,
        maria,
        ["same number", "names alike"],
        0.93,
    )
    for _ in range(2):
        assert (await ask.post(f"/customers/{again}/not-the-same", {"other": maria})).status_code == 204
    assert (await ask.post(f"/customers/{maria}/not-the-same", {"other": maria})).json()["field"] == "other"
    assert (await ask.get(f"/customers/{maria}/duplicates")).json()["items"] == []
    await ask.post(f"/customers/{mueller}/numbers/given-up", {"number": PHONE})
    assert [one["customer"]["id"] for one in await ask.every_page("/duplicates", 50)] == [hans]
    anna = await ask.made("/agents", {"name": "Anna", "address": "client:anna"})
    token = await ask.token("agent", anna["id"])
    assert (await ask.get("/duplicates", token=token)).status_code == 403
    assert (await ask.get(f"/customers/{hans}/duplicates", token=token)).status_code == 200
    assert (await ask.get("/duplicates?cursor=WyJhIl0")).json()["field"] == "cursor"


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_page_ends_after_so_many_were_looked_at_and_the_next_goes_on(
    database: Database, clock: VirtualClock
) -> None:
    crowd = [{"name": f"{'abdefg'[n]}{'abdefg'[n]}ula Neri", "phones": [f"+3933312345{n:02}"]} for n in range(6)]
    twins = [{"name": "Maria Rossi", "phones": [PHONE]} for _ in range(2)]
    async with database.write() as conn:
        await people.add_many(conn, [twins[0], *crowd, twins[1]], clock.now())
        seen: list[Any] = []
        after: tuple[str, str] | None = ("", "")
        pages = 0
        while after is not None:
            found, after = await duplicates.page(conn, after, 50, in_a_look=2, looks=2)
            seen, pages = [*seen, *found], pages + 1
    assert [(one.name, other.name) for one, other, _ in seen] == [("Maria Rossi", "Maria Rossi")]
    assert pages > 2


@pytest.mark.anyio
async def test_of_many_pairs_each_comes_once_and_in_order_whatever_fits_on_a_page(
    database: Database, clock: VirtualClock
) -> None:
    """More than are judged, or looked at, in one go."""
    pairs = duplicates.JUDGED_AT_ONCE + 5
    twins = [{"name": None, "email": f"c{n}@lume.example"} for _ in range(2) for n in range(pairs)]
    async with database.write() as conn:
        await people.add_many(conn, twins, clock.now())
    async with database.read() as conn:
        (every, none) = await duplicates.page(conn, ("", ""), pairs)
        by_few: list[Any] = []
        after: tuple[str, str] | None = ("", "")
        while after is not None:
            found, after = await duplicates.page(conn, after, 7)
            by_few += found
    assert none is None
    assert len({one.id for one, _, _ in every}) == pairs
    assert by_few == every == sorted(every, key=lambda pair: pair[0].id)
