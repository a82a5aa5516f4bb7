"""Tokens made and taken back over the API itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.tables import idempotency_keys, tokens
from api.tokens import Guard, Principal
from api.tokens_api import tokens_router
from store.clock import VirtualClock
from store.sql import Database
from store.tables import events
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking

pytestmark = pytest.mark.anyio

ANNA = {"name": "Anna", "address": "client:anna", "external_id": "anna"}


class Witness:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    async def __call__(self, conn: AsyncConnection, asking: Principal, change: str, token_id: str, role: str) -> None:
        self.seen.append((change, role))


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
async def ask(database: Database, clock: VirtualClock, witness: Witness) -> AsyncIterator[Asking]:
    guard = Guard(database, KEY_OF_THE_HOUSE)
    client = asking(database, clock, more=(tokens_router(database, clock, guard, witness),))
    yield client
    await client.close()


async def test_a_token_is_told_once_listed_without_and_taken_back(
    ask: Asking, database: Database, witness: Witness
) -> None:
    anna = await ask.made("/agents", ANNA)
    made = await ask.made("/tokens", {"name": "her desk phone", "role": "agent", "agent": "anna"})
    assert made["agent"] == anna["id"]
    token = made.pop("token")
    (listed,) = (await ask.get("/tokens")).json()["items"]
    assert listed == made
    assert (await ask.get(f"/agents/{anna['id']}", token=token)).status_code == 200
    assert (await ask.get("/tokens", token=token)).status_code == 403
    assert (await ask("DELETE", f"/tokens/{made['id']}")).status_code == 204
    assert (await ask.get(f"/agents/{anna['id']}", token=token)).status_code == 401
    assert (await ask("DELETE", f"/tokens/{made['id']}")).status_code == 404
    assert witness.seen == [("made", "agent"), ("revoked", "agent")]
    async with database.read() as conn:
        news = (await conn.execute(select(events).where(events.c.type == "token.ended"))).one()
    assert news.ref == made["id"]


async def test_nobody_cuts_the_branch_they_sit_on(ask: Asking) -> None:
    made = await ask.made("/tokens", {"name": "x", "role": "manager"})
    assert (await ask("DELETE", f"/tokens/{made['id']}", token=made["token"])).status_code == 409


async def test_a_repeated_question_does_not_tell_it_again_and_nobody_can_read_it(
    ask: Asking, database: Database
) -> None:
    question = {"name": "the CRM", "role": "service"}
    first = await ask.post("/tokens", question, headers={"Idempotency-Key": "k"})
    again = await ask.post("/tokens", question, headers={"Idempotency-Key": "k"})
    assert first.headers["cache-control"] == "no-store"
    assert again.json() == first.json() | {"token": None}
    async with database.read() as conn:
        assert len((await conn.execute(select(tokens))).all()) == 1
        kept = (await conn.execute(select(idempotency_keys.c.answer))).scalar_one()
    assert first.json()["token"] not in str(kept)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "role": "agent"}, "agent"),
        ({"name": "x", "role": "agent", "agent": "nobody"}, "agent"),
        ({"name": "x", "role": "boss"}, "role"),
        ({"name": "", "role": "service"}, "name"),
        ({"name": "x", "role": "service", "agent": "anna"}, "agent"),
        ({"name": "x"}, "role"),
    ],
)
async def test_what_cannot_be_made_names_its_field(ask: Asking, body: dict[str, str], field: str) -> None:
    answer = await ask.post("/tokens", body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
