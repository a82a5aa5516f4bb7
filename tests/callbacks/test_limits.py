"""What is not promised and not dialled, however it was asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from callbacks.history import BY_PHONE, By
from callbacks.limits import Counted, TooMany, may_dial, not_called, over
from callbacks.spend import Spend
from callbacks.tables import callback_attempts, callbacks
from carrier.tables import account_numbers
from routing.plan import Limits, Plan
from tests.callbacks.conftest import HOUSE, MARIA, PAOLO, Ground

LIMITS = Limits(promises_per_number_a_day=2, promises_a_minute=5)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# Pure


@pytest.mark.parametrize(
    ("of_number", "of_house", "limit"),
    [(0, 0, None), (1, 4, None), (2, 0, "number_a_day"), (0, 5, "a_minute"), (9, 9, "number_a_day")],
)
def test_the_limit_itself_is_still_promised_and_one_more_is_not(of_number: int, of_house: int, limit: str) -> None:
    assert over(LIMITS, Counted(of_number, of_house)) == limit


@pytest.mark.parametrize(
    ("number", "countries", "reason"),
    [
        ("+390612345678", [], None),
        ("+442079460958", [], None),
        ("+390612345678", ["IT", "DE"], None),
        ("+390612345678", ["it"], None),
        ("+390612345678", ["+39"], None),
        ("+442079460958", ["IT", "DE"], "country"),
        ("+442079460958", ["44"], None),
        ("+14155552671", ["US"], None),
        ("+14155552671", ["CA"], "country"),  # a code that two countries share is not yet a country
        ("+39899123456", ["IT"], "premium"),
        ("+881612345678", ["IT"], "satellite"),
        ("112", ["IT"], "emergency"),
    ],
)
def test_a_number_is_called_back_in_the_countries_that_are_named(
    number: str, countries: list[str], reason: str | None
) -> None:
    assert not_called(number, Limits(countries=countries), "IT") == reason


# Counted


async def ask_by_phone(ground: Ground, n: int, number: str = MARIA, *, by: By = BY_PHONE, **more: Any) -> str:
    """A caller nobody knows, who types this number."""
    customer = await ground.customer(f"caller {n}", number)
    wish = replace(ground.wish(), customer_id=customer, number=number, by=by)
    return str((await ground.make(replace(wish, **more)))[0].id)


@pytest.mark.anyio
async def test_nobody_can_have_a_number_rung_again_and_again(ground: Ground) -> None:
    """Each call by another withheld caller: one promise a person would not bind them."""
    await ground.agents(*"abcdefghij")
    ground.plan = Plan(limits=LIMITS)
    first, second = [await ask_by_phone(ground, n) for n in range(2)]
    with pytest.raises(TooMany) as refused:
        await ask_by_phone(ground, 2)
    assert refused.value.limit == "number_a_day"
    await ask_by_phone(ground, 3, PAOLO)  # another number is another matter
    await ask_by_phone(ground, 4, by=By("manager", "api"))  # a token is somebody we know
    async with ground.database.write() as conn:  # a person was there, and wanted it
        kept = {"state": "kept", "kept_at": ground.clock.now()}
        await conn.execute(update(callbacks).where(callbacks.c.id == first).values(kept))
        await conn.execute(update(callbacks).where(callbacks.c.id == second).values(state="cancelled"))
    await ask_by_phone(ground, 5)
    with pytest.raises(TooMany):
        await ask_by_phone(ground, 6)
    await ground.clock.advance(timedelta(days=1, seconds=1).total_seconds())
    await ask_by_phone(ground, 7)


@pytest.mark.anyio
@on_sqlite
async def test_a_promise_that_moves_is_no_further_one(ground: Ground) -> None:
    await ground.agents("anna")
    ground.plan = Plan(limits=LIMITS)
    for minutes in range(0, 60, 10):
        due_at = ground.clock.now() + timedelta(minutes=minutes)
        await ground.make(replace(ground.wish(due_at=due_at), by=BY_PHONE))
    await ground.one()


@pytest.mark.anyio
@on_sqlite
async def test_the_house_promises_so_many_a_minute(ground: Ground) -> None:
    await ground.agents(*"abcdefghij")
    ground.plan = Plan(limits=LIMITS)
    for n in range(5):
        await ask_by_phone(ground, n, f"+39333000000{n}")
    with pytest.raises(TooMany) as refused:
        await ask_by_phone(ground, 5, "+393330000005")
    assert refused.value.limit == "a_minute"
    await ground.clock.advance(61)
    await ask_by_phone(ground, 6, "+393330000006")


@pytest.mark.anyio
async def test_again_before_the_call_the_number_is_looked_at(ground: Ground) -> None:
    """The rules may have changed since, and messages are never refused: who leaves many has none rung for each."""
    await ground.agents(*"abcdefghij")
    spend, strict = Spend(HOUSE), Plan(limits=LIMITS)
    ids = [(await ground.make(ground.wish(by=BY_PHONE)))[0].id]
    for n in range(3):
        customer = await ground.customer(f"caller {n}", MARIA)
        wish = replace(ground.wish(kind="voicemail", by=BY_PHONE), customer_id=customer)
        ids.append((await ground.make(wish, honest=False))[0].id)

    async def answer(plan: Plan, number: str = MARIA) -> str | None:
        async with ground.database.write() as conn:
            return await may_dial(conn, plan, ids[-1], number, "IT", spend, now=ground.clock.now())

    assert await answer(Plan()) is None
    assert await answer(Plan(limits=Limits(countries=["DE"]))) == "country"
    async with ground.database.write() as conn:
        await conn.execute(insert(account_numbers).values(number=PAOLO, seen_at=ground.clock.now()))
    assert await answer(Plan(), PAOLO) == "ours"
    for promise_id, result in ((ids[-1], "busy"), (ids[0], "no_answer"), (ids[1], None)):  # its own do not count
        assert await answer(strict) is None
        row = {"callback_id": promise_id, "n": 1, "at": ground.clock.now(), "result": result}
        async with ground.database.write() as conn:
            await conn.execute(insert(callback_attempts).values(row))
    assert await answer(strict) == "number_a_day"
    assert await answer(Plan()) is None
    await ground.clock.advance(timedelta(days=1, seconds=1).total_seconds())
    assert await answer(strict) is None
