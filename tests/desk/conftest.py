"""Somebody who asks for reports."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api.tokens import Guard
from desk.reports_api import reports_router
from ivr.tables import calls
from routing.house import House
from routing.plans import Plans
from store.clock import VirtualClock
from store.sql import Database
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    house = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
    router = reports_router(database, clock, Guard(database, KEY_OF_THE_HOUSE), Plans(), house, calls)
    client = asking(database, clock, more=(router,))
    yield client
    await client.close()
