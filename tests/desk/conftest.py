"""Somebody who asks for reports, and the whole server for those who ask for pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from api.tokens import Guard
from desk.reports_api import reports_router
from ivr.tables import calls
from routing.house import House
from routing.plans import Plans
from store.clock import VirtualClock
from store.sql import Database
from switchboard.app import assemble, build
from switchboard.settings import Settings
from tests.api.asking import KEY_OF_THE_HOUSE, Asking, asking
from tests.desk.browsing import HERE, KEY, Premises


@pytest.fixture
async def ask(database: Database, clock: VirtualClock) -> AsyncIterator[Asking]:
    house = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
    router = reports_router(database, clock, Guard(database, KEY_OF_THE_HOUSE), Plans(), house, calls)
    client = asking(database, clock, more=(router,))
    yield client
    await client.close()


@pytest.fixture
async def premises(database_url: URL, redis_url: str, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Premises]:
    """No background work runs.  Use `@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)` where one
    database is enough."""
    settings = Settings(
        _env_file=None,
        database_url=database_url.render_as_string(hide_password=False),
        centralino_home=tmp_path,
        public_url=HERE,
        api_token=KEY,
        company_name="Officine Lume",
        twilio_account_sid="AC" + "a" * 32,
        twilio_auth_token="0123456789abcdef0123456789abcdef",
        twilio_api_key_sid="SK" + "b" * 32,
        twilio_api_key_secret="a-secret-of-more-than-thirty-two-letters",
        twilio_twiml_app_sid="AP" + "c" * 32,
        twilio_api_url="http://127.0.0.1:9",
    )
    parts = assemble(settings, redis_url=redis_url, clock=clock)
    premises = Premises(build(parts, keeper=False), parts.database, clock)
    yield premises
    await premises.close()
    await parts.network.close()
    await parts.live.close()
    await parts.database.close()
