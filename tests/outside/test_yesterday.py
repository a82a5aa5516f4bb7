"""The database is that of yesterday, and the carrier knows what has been done since."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.engine import URL

import simulator.app
from simulator.http import InProcess
from simulator.network import Network
from simulator.phones import Phone
from store.clock import VirtualClock
from store.sql import Database
from switchboard.app import assemble, build
from switchboard.logs import configure
from switchboard.settings import Settings
from switchboard.stage import DEADLINE_SECONDS, POLL_SECONDS, served
from switchboard.tables import metadata
from tests.story.conftest import ACCOUNT, LINE, MARIA, OURS, PAOLO, SOMEBODY, TOKEN, World

pytestmark = pytest.mark.anyio

Backup = dict[str, Sequence[Any]]


@dataclass
class Site:
    """A carrier and a database that outlive the server between them."""

    clock: VirtualClock
    network: Network
    settings: Settings
    redis_url: str
    roads: InProcess
    database: Database

    @asynccontextmanager
    async def server(self) -> AsyncIterator[World]:
        parts = assemble(
            self.settings, redis_url=self.redis_url, clock=self.clock, poll=POLL_SECONDS, deadline=DEADLINE_SECONDS
        )
        app = build(parts)
        self.roads.applications[OURS] = app
        transport = httpx2.ASGITransport(app=app)
        headers = {"Authorization": "Bearer bootstrap"}
        client = httpx2.AsyncClient(transport=transport, base_url=f"{OURS}/api/v1", headers=headers)
        async with app.router.lifespan_context(app), client as api:
            yield World(self.clock, self.network, api, transport, "")

    async def backup(self) -> Backup:
        async with self.database.read() as conn:
            return {
                table.name: (await conn.execute(select(table))).mappings().all() for table in metadata.sorted_tables
            }

    async def restore(self, backup: Backup) -> None:
        async with self.database.write() as conn:
            for table in reversed(metadata.sorted_tables):
                await conn.execute(delete(table))
            for table in metadata.sorted_tables:
                if backup[table.name]:
                    await conn.execute(insert(table), [dict(row) for row in backup[table.name]])

    def rung(self, phone: Phone) -> int:
        return sum(c.to == phone.address and c.direction == "outbound-api" for c in self.network.calls.values())


@pytest.fixture
async def site(database_url: URL, redis_url: str, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Site]:
    configure("CRITICAL")
    roads, database = InProcess({}), Database(database_url)
    settings = Settings(
        _env_file=None,
        database_url=database_url.render_as_string(hide_password=False),
        redis_url=redis_url,
        centralino_home=tmp_path / "home",
        public_url=OURS,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        api_token="bootstrap",
        company_name="Officine Lume",
        calls_per_second=100.0,
    )
    numbers = {LINE: simulator.app.settings_for(OURS, "Officine Lume")}
    network = Network(clock, account_sid=ACCOUNT, auth_token=TOKEN, numbers=numbers, http=roads)
    async with served(simulator.app.build(network)) as carrier_url:
        settings = settings.model_copy(update={"twilio_api_url": carrier_url})
        yield Site(clock, network, settings, redis_url, roads, database)
        await network.close()
    await database.close()


async def promised(world: World, called: str, agent: str, seconds: float) -> str:
    due_at = (world.clock.now() + timedelta(seconds=seconds)).isoformat()
    body = {"customer": world.ids[called], "agent": world.ids[agent], "due_at": due_at}
    return str((await world.post("/callbacks", body, 201))["id"])


async def rings(world: World, agent: Phone, customer: Phone) -> None:
    await world.until(lambda: agent.state == "ringing", 600)
    agent.answer()
    await world.until(lambda: customer.state == "ringing")


async def talks(world: World, agent: Phone, customer: Phone, seconds: float) -> None:
    await rings(world, agent, customer)
    customer.answer()
    await world.hears(customer, "Prema 1")
    customer.press("1")
    await world.until(lambda: bool(customer.partners))
    await world.clock.advance(seconds)
    customer.hang_up()
    await world.clock.advance(3)


async def test_whom_the_carrier_has_called_since_is_not_called_again(site: Site) -> None:
    """Maria was called and spoken with, Paolo was called in vain, and Carla is called only after the restore."""
    async with site.server() as world:
        anna, luca = await world.agent("Anna Bianchi"), await world.agent("Luca Verdi")
        sara = await world.agent("Sara Neri")
        maria, paolo = await world.customer("Maria", MARIA), await world.customer("Paolo", PAOLO)
        carla = await world.customer("Carla", SOMEBODY)
        ids = [await promised(world, "Maria", "anna", 20), await promised(world, "Paolo", "luca", 90)]
        ids += [await promised(world, "Carla", "sara", 1020)]
        people = world.ids
        yesterday = await site.backup()
        await talks(world, anna, maria, 40)
        await rings(world, luca, paolo)
        paolo.decline()
        await world.clock.advance(5)
        assert [(await world.get(f"/callbacks/{one}"))["state"] for one in ids] == ["kept", "promised", "promised"]
        told = len(paolo.texts)
    await site.clock.advance(900)
    await site.restore(yesterday)

    site.network.faults.rest("lose_answer", where="/Calls.json", method="GET")
    async with site.server() as world:
        world.ids = people
        await world.clock.advance(1)
        assert (await world.get(f"/callbacks/{ids[0]}"))["state"] == "promised"  # the carrier has not answered yet
        await world.clock.advance(10)
        first, second, third = [await world.get(f"/callbacks/{one}") for one in ids]
        assert (first["state"], [a["result"] for a in first["attempts"]]) == ("kept", ["found"])
        assert (second["state"], [a["result"] for a in second["attempts"]]) == ("promised", ["found"])
        assert len(paolo.texts) == told + 1
        assert (third["state"], third["attempts"]) == ("promised", [])

        await talks(world, sara, carla, 5)
        assert [site.rung(phone) for phone in (maria, paolo, carla)] == [1, 1, 1]
        assert (await world.get(f"/callbacks/{ids[2]}"))["state"] == "kept"


async def test_a_promise_that_waits_among_the_callers_outlives_the_server(site: Site) -> None:
    """Nobody is free when it comes due; the server goes and comes back, and then somebody is."""
    async with site.server() as world:
        anna, maria = await world.agent("Anna Bianchi"), await world.customer("Maria", MARIA)
        people, promise = world.ids, await promised(world, "Maria", "anna", 20)
        await world.presence("anna", "away")
        await world.clock.advance(40)
        assert (await world.get(f"/callbacks/{promise}"))["state"] == "due"
    async with site.server() as world:
        world.ids = people
        await world.clock.advance(10)
        assert site.rung(anna) == 0
        await world.presence("anna", "ready")
        await talks(world, anna, maria, 5)
        assert (await world.get(f"/callbacks/{promise}"))["state"] == "kept"
        assert (site.rung(anna), site.rung(maria)) == (1, 1)
