"""The caller's door, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.clock import VirtualClock
from store.sql import Database
from switchboard.logs import configure
from tests.ivr.door import Door


@pytest.fixture(autouse=True)
def _quiet_logs() -> None:
    configure("CRITICAL")


@pytest.fixture
async def door(database: Database, clock: VirtualClock) -> AsyncIterator[Door]:
    door = Door(database, clock)
    yield door
    await door.client.aclose()
