"""Another house's system, and a guard that knows it may be on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from crm.connectors.guarded import Guarded
from switchboard.logs import configure
from tests.crm.connectors.remotes import Remote, remote


@pytest.fixture(autouse=True)
def _quiet_logs() -> None:
    configure("WARNING")


@pytest.fixture
async def there() -> AsyncIterator[Remote]:
    async with remote() as there:
        yield there


@pytest.fixture
async def http() -> AsyncIterator[Guarded]:
    http = Guarded(["127.0.0.1"])
    yield http
    await http.close()
