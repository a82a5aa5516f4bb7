import re

import pytest
from sqlalchemy import select

from api.tables import tokens
from api.tokens import Guard, Principal, TokenNeedsAgent, UnknownRole, create, revoke_of_agent
from store.clock import VirtualClock
from store.sql import Database

pytestmark = pytest.mark.anyio


async def test_a_token_opens_what_its_role_may_and_is_nowhere_to_be_read(
    database: Database, clock: VirtualClock
) -> None:
    async with database.write() as conn:
        token = await create(conn, name="the desk", role="agent", agent_id="agt_1", now=clock.now())
    assert re.fullmatch(r"cnt_[A-Za-z0-9_-]{43}", token)
    async with database.read() as conn:
        row = (await conn.execute(select(tokens))).one()
    assert token not in str(row)
    found = await Guard(database, None).identify(f"Bearer {token}")
    assert found == Principal("agent", "agt_1", row.id)


async def test_nothing_else_opens_anything(database: Database) -> None:
    guard = Guard(database, "house")
    for authorization in (None, "", "Bearer", "Bearer ", "Basic house", "house", "Bearer h\xf6use", "Bearer house2"):
        assert await guard.identify(authorization) is None


async def test_the_bootstrap_token_has_every_right(database: Database) -> None:
    for authorization in ("Bearer house", "bearer house", "BEARER  house "):
        found = await Guard(database, "house").identify(authorization)
        assert found is not None
        assert found.role == "manager"


async def test_without_a_bootstrap_token_an_empty_one_opens_nothing(database: Database) -> None:
    for bootstrap in (None, ""):
        assert await Guard(database, bootstrap).identify("Bearer ") is None


async def test_the_token_of_an_agent_belongs_to_one(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        with pytest.raises(TokenNeedsAgent):
            await create(conn, name="x", role="agent", agent_id=None, now=clock.now())
        with pytest.raises(TokenNeedsAgent):
            await create(conn, name="x", role="service", agent_id="agt_1", now=clock.now())
        with pytest.raises(UnknownRole):
            await create(conn, name="x", role="boss", agent_id=None, now=clock.now())


async def test_the_tokens_of_one_agent_can_be_taken_back(database: Database, clock: VirtualClock) -> None:
    async with database.write() as conn:
        token = await create(conn, name="x", role="agent", agent_id="agt_1", now=clock.now())
        other = await create(conn, name="y", role="agent", agent_id="agt_2", now=clock.now())
        await revoke_of_agent(conn, "agt_1")
    guard = Guard(database, None)
    assert await guard.identify(f"Bearer {token}") is None
    assert await guard.identify(f"Bearer {other}") is not None
