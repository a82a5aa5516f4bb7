import asyncio
from typing import Any

import pytest
from fastapi import APIRouter
from sqlalchemy import func, insert, select

from api.tables import idempotency_keys
from crm.tables import customers
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import Asking, asking

pytestmark = pytest.mark.anyio


def under(key: str) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": key}}


async def count_customers(database: Database) -> int:
    async with database.read() as conn:
        return int(await conn.scalar(select(func.count()).select_from(customers)) or 0)


async def test_the_same_question_twice_is_done_once_and_answered_twice(ask: Asking) -> None:
    first = await ask.post("/customers", {"name": "Zoë ✨", "external_id": "A"}, **under("k"))
    again = await ask.post("/customers", {"external_id": "A", "name": "Zoë ✨"}, **under("k"))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await count_customers(ask.database) == 1


async def test_another_question_with_the_same_key_is_refused(ask: Asking) -> None:
    await ask.post("/customers", {"name": "Maria"}, **under("k"))
    for path, body in (
        ("/customers", {"name": "Anna"}),
        ("/agents", {"name": "Maria"}),
        ("/customers?x=1", {"name": "Maria"}),
    ):
        answer = await ask.post(path, body, **under("k"))
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert answer.json()["field"] == "Idempotency-Key"
    assert await count_customers(ask.database) == 1


async def test_two_who_ask_have_a_key_each(ask: Asking) -> None:
    other = await ask.token("service")
    await ask.post("/customers", {"name": "Maria"}, **under("k"))
    answer = await ask.post("/customers", {"name": "Anna"}, token=other, **under("k"))
    assert (answer.status_code, answer.json()["name"]) == (201, "Anna")


async def test_a_refusal_changed_nothing_so_the_key_may_try_again(ask: Asking) -> None:
    refused = await ask.post("/customers", {"nome": "Maria"}, **under("k"))
    assert refused.status_code == 422
    assert (await ask.post("/customers", {"name": "Maria"}, **under("k"))).status_code == 201


async def test_a_key_that_is_none_is_refused(ask: Asking) -> None:
    for key in ("", "k" * 256):
        answer = await ask.post("/customers", {"name": "Maria"}, **under(key))
        assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


async def test_without_a_token_no_key_is_looked_at(ask: Asking) -> None:
    assert (await ask.post("/customers", {"name": "Maria"}, token=None, **under("k"))).status_code == 401
    async with ask.database.read() as conn:
        assert await conn.scalar(select(func.count()).select_from(idempotency_keys)) == 0


class Slow:
    """An operation that waits to be let go."""

    def __init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.times = 0
        self.router = APIRouter()
        self.router.add_api_route("/slow", self.work, methods=["POST"], status_code=201)
        self.router.add_api_route("/broken", self.fail, methods=["POST"])

    async def work(self) -> dict[str, int]:
        self.times += 1
        self.begun.set()
        await self.go_on.wait()
        return {"times": self.times}

    async def fail(self) -> dict[str, int]:
        self.times += 1
        raise RuntimeError("Maria Rossi, +390612345678")


async def test_while_the_first_is_running_the_second_is_told_so(database: Database, clock: VirtualClock) -> None:
    slow = Slow()
    ask = asking(database, clock, more=(slow.router,))
    first = asyncio.create_task(ask.post("/slow", **under("k")))
    await slow.begun.wait()
    second = await ask.post("/slow", **under("k"))
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_use")
    slow.go_on.set()
    assert (await first).status_code == 201
    assert (await ask.post("/slow", **under("k"))).json() == {"times": 1}
    await ask.close()


async def test_a_key_whose_work_broke_may_try_again(database: Database, clock: VirtualClock) -> None:
    slow = Slow()
    ask = asking(database, clock, more=(slow.router,))
    for _ in range(2):
        assert (await ask.post("/broken", **under("k"))).status_code == 500
    assert slow.times == 2
    await ask.close()


async def test_a_key_left_behind_by_a_process_that_died_is_free_after_a_minute(
    ask: Asking, clock: VirtualClock
) -> None:
    async with ask.database.write() as conn:
        left = {"token_id": "bootstrap", "key": "k", "digest": "of a request that never ended"}
        await conn.execute(insert(idempotency_keys).values(**left, made_at=clock.now()))
    await clock.advance(59)
    assert (await ask.post("/customers", {"name": "Maria"}, **under("k"))).status_code == 422
    await clock.advance(2)
    assert (await ask.post("/customers", {"name": "Maria"}, **under("k"))).status_code == 201


async def test_answers_are_kept_for_a_day(ask: Asking, clock: VirtualClock) -> None:
    await ask.post("/customers", {"name": "Maria"}, **under("k"))
    await clock.advance(24 * 3600 + 1)
    await ask.post("/customers", {"name": "Anna"}, **under("another"))
    async with ask.database.read() as conn:
        assert list(await conn.scalars(select(idempotency_keys.c.key))) == ["another"]


async def test_a_kept_answer_goes_with_the_person_it_tells_of(ask: Asking) -> None:
    maria = (await ask.post("/customers", {"name": "Maria"}, **under("m"))).json()
    await ask.post("/customers", {"name": "Anna"}, **under("a"))
    assert (await ask("DELETE", f"/customers/{maria['id']}")).status_code == 204
    async with ask.database.read() as conn:
        assert list(await conn.scalars(select(idempotency_keys.c.key))) == ["a"]
