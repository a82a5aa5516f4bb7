"""The house has another CRM: it knows callers whom nobody here knows, and hears of every conversation."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy.engine import URL

from crm.connectors.lookup import SECONDS
from store.clock import VirtualClock
from switchboard.stage import on_stage
from tests.crm.connectors.remotes import Remote, document, remote
from tests.story.conftest import LINE, MARIA, OURS, World, settings_of

pytestmark = pytest.mark.anyio
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
async def there() -> AsyncIterator[Remote]:
    async with remote() as there:
        yield there


@pytest.fixture
async def world(
    there: Remote, clock: VirtualClock, sqlite_url: URL, redis_url: str, tmp_path: Path
) -> AsyncIterator[World]:
    settings = settings_of(
        sqlite_url,
        redis_url,
        tmp_path,
        connector="webhook",
        connector_url=f"{there.url}/centralino",
        connector_secret=SECRET,
        connector_allow="127.0.0.1",
    )
    async with on_stage(settings, clock, redis_url=redis_url, line=LINE) as (network, app):
        transport = httpx2.ASGITransport(app=app)
        headers = {"Authorization": "Bearer bootstrap"}
        async with httpx2.AsyncClient(transport=transport, base_url=f"{OURS}/api/v1", headers=headers) as client:
            yield World(clock, network, client, transport, sqlite_url.render_as_string(hide_password=False))


async def test_a_stranger_whom_the_other_crm_knows_is_greeted_by_name_and_it_hears_how_it_went(
    world: World, there: Remote
) -> None:
    """Maria's first call: her name, Anna, and two minutes after the end the other CRM has the conversation."""
    there.will({"customer": {"id": "512", "name": "Maria Rossi", "called": "Maria", "language": "it-IT"}})
    anna, maria = await world.agent("Anna Bianchi"), world.network.plug_in(MARIA)
    await world.talk(maria, anna)
    assert "Maria" in maria.words
    await world.clock.advance(60)
    maria.hang_up()
    there.will(document({}))
    await world.until(lambda: len(there.asked) > 1, 300)
    told = there.asked[1].json
    assert told["type"] == "conversation.ended"
    assert (told["data"]["customer"], told["data"]["agent"], told["data"]["direction"]) == (
        *("512", "Anna Bianchi", "inbound"),
    )
    (customer,) = (await world.get("/customers"))["items"]
    assert (customer["called"], customer["phones"]) == ("Maria", [MARIA])
    assert MARIA not in there.asked[1].body.decode()


async def test_while_the_other_crm_is_silent_the_caller_reaches_an_agent_all_the_same(
    world: World, there: Remote
) -> None:
    """It would think for half a minute; nobody waits for that."""
    there.will(*[30.0] * 3)
    anna, maria = await world.agent("Anna Bianchi"), world.network.plug_in(MARIA)
    begun = time.monotonic()
    await maria.dial(LINE)
    await world.until(lambda: bool(maria.words))
    assert time.monotonic() - begun < SECONDS + 4.0  # real seconds; the machine may be busy with other tests
    await world.until(lambda: anna.state == "ringing")
    anna.answer()
    await world.until(lambda: bool(maria.partners))
    assert len(there.asked) == 1
