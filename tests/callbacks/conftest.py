"""Promises without telephones: the API, and the ledger behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Row, select

from api.tokens import Guard
from callbacks.api import callbacks_router
from callbacks.promises import Promises
from callbacks.tables import callbacks
from callbacks.wish import Wish
from carrier.numbers import Numbers
from crm import people
from routing.house import House
from routing.plan import Plan
from routing.plans import Plans
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.routing.rows import add_agent

HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
MARIA, PAOLO = "+393331234567", "+393337654321"


@pytest.fixture
def promises() -> Promises:
    return Promises(HOUSE)


@dataclass
class Ground:
    """Maria and Paolo, customers; promises made and read straight from the ledger."""

    database: Database
    clock: VirtualClock
    promises: Promises
    plan: Plan = field(default_factory=Plan)
    ids: dict[str, str] = field(default_factory=dict)

    def wish(self, whose: str = "Maria", due_at: datetime | None = None, **more: Any) -> Wish:
        usual: dict[str, Any] = {"customer_id": self.ids[whose], "number": MARIA, "language": "it-IT"}
        return Wish(**usual | {"due_at": due_at} | more)

    async def agents(self, *names: str, **more: Any) -> None:
        async with self.database.write() as conn:
            for name in names:
                await add_agent(conn, name, self.clock.now(), **more)

    async def customer(self, called: str, number: str) -> str:
        async with self.database.write() as conn:
            self.ids[called] = await people.add(conn, {"called": called, "phones": [number]}, self.clock.now())
        return self.ids[called]

    async def make(self, wish: Wish, **more: Any) -> tuple[Row[Any], bool]:
        async with self.database.write() as conn:
            return await self.promises.make(conn, wish, self.plan, now=self.clock.now(), **more)

    async def all(self) -> list[Row[Any]]:
        async with self.database.read() as conn:
            return list((await conn.execute(select(callbacks).order_by(callbacks.c.id))).all())

    async def one(self) -> Row[Any]:
        (row,) = await self.all()
        return row


@pytest.fixture
async def ground(database: Database, clock: VirtualClock, promises: Promises) -> Ground:
    ground = Ground(database, clock, promises)
    await ground.customer("Maria", MARIA)
    await ground.customer("Paolo", PAOLO)
    return ground


@pytest.fixture
def changes() -> list[str]:
    """Grows by one each time the API says that something may be due sooner."""
    return []


@pytest.fixture
async def ask(database: Database, clock: VirtualClock, promises: Promises, changes: list[str]) -> AsyncIterator[Asking]:
    guard = Guard(database, KEY_OF_THE_HOUSE)
    network: Any = None  # nothing is asked of it here
    numbers = Numbers(database, clock, network)
    router = callbacks_router(
        database, clock, guard, promises, Plans(), HOUSE, lambda: changes.append("something may be due"), numbers
    )
    client = asking(database, clock, more=(router,))
    yield client
    await client.close()
