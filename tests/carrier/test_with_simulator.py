"""The ledger and the signature check together against the simulated carrier, webhooks included."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from carrier.effects import Effects
from carrier.numbers import Numbers
from carrier.port import EffectResult
from carrier.signatures import Signatures
from carrier.twilio import TwilioNetwork
from simulator.app import build
from simulator.http import InProcess
from simulator.network import Network, NumberSettings
from store.clock import VirtualClock
from store.ids import new_id
from store.sql import Database

pytestmark = pytest.mark.anyio

ACCOUNT, TOKEN, LINE, PUBLIC = "AC" + "a" * 32, "token", "+390612345678", "https://app.test"


@dataclass
class House:
    """As much of an application as it takes: checks each webhook, and lets the ledger know the mark in its URL."""

    database: Database
    clock: VirtualClock
    simulated: Network
    network: TwilioNetwork
    told: list[EffectResult] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signatures = Signatures([TOKEN], PUBLIC, account_sid=ACCOUNT)
        self.effects = Effects(self.database, self.clock, self.network, on_result=self._hear)

    async def _hear(self, result: EffectResult) -> None:
        self.told.append(result)

    async def webhook(self, request: Request) -> Response:
        query = request.scope["query_string"].decode("latin-1")
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        form = self.signatures.check(
            request.method, f"{path}?{query}" if query else path, request.headers, await request.body()
        )
        self.statuses.append(form["CallStatus"])
        async with self.database.write() as conn:
            ending = await self.effects.learn_sid(conn, parse_qs(query)["mark"][0], form["CallSid"])
        if ending is not None:
            self.effects.kick(ending)
        return Response('<Response><Pause length="60"/></Response>', media_type="text/xml")

    async def ring_anna(self) -> str:
        mark = new_id("eff")
        async with self.database.write() as conn:
            await self.effects.create_call(
                conn,
                to="client:anna",
                from_=LINE,
                url=f"{PUBLIC}/agent?mark={mark}",
                status_url=f"{PUBLIC}/status?mark={mark}",
                ring_seconds=20,
                subject="leg_1",
                effect_id=mark,
            )
        self.effects.kick(mark)
        return mark


@pytest.fixture(name="house")
async def house_with_a_line(database: Database, clock: VirtualClock) -> AsyncIterator[House]:
    async def webhook(request: Request) -> Response:
        return await house.webhook(request)

    app = Starlette(routes=[Route("/{path:path}", webhook, methods=["POST"])])
    simulated = Network(
        clock,
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        numbers={LINE: NumberSettings(friendly_name="The company")},
        http=InProcess({PUBLIC: app}),
    )
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(build(simulated), log_level="critical", ws="none", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        network = TwilioNetwork(ACCOUNT, TOKEN, api_url=f"http://127.0.0.1:{listening.getsockname()[1]}")
        house = House(database, clock, simulated, network)
        yield house
        await network.close()
        await simulated.close()
        server.should_exit = True
        await serving


async def test_a_ring_is_asked_answered_and_signed_all_the_way(house: House) -> None:
    anna = house.simulated.plug_in("client:anna")
    await house.ring_anna()
    await house.clock.run_until(lambda: anna.state == "ringing", 5)
    anna.answer()
    await house.clock.run_until(lambda: anna.state == "in_call", 5)
    await house.clock.advance(1)
    assert "in-progress" in house.statuses
    assert [(result.state, result.sid) for result in house.told] == [("done", next(iter(house.simulated.calls)))]


async def test_a_lost_answer_is_made_good_by_the_webhook_with_our_mark(house: House) -> None:
    house.simulated.faults.rest("lose_answer", where="/Calls.json", method="POST")
    anna = house.simulated.plug_in("client:anna")
    mark = await house.ring_anna()
    await house.clock.run_until(lambda: anna.state == "ringing", 5)
    await house.clock.advance(1)
    async with house.database.write() as conn:
        assert await house.effects.withdraw(conn, "leg_1") == list(house.simulated.calls)
        await house.effects.learn_sid(conn, mark, next(iter(house.simulated.calls)))
    assert len(house.simulated.calls) == 1


async def test_ringing_stops_when_the_caller_has_gone(house: House) -> None:
    anna = house.simulated.plug_in("client:anna")
    await house.ring_anna()
    await house.clock.run_until(lambda: anna.state == "ringing", 5)
    async with house.database.write() as conn:
        (sid,) = await house.effects.withdraw(conn, "leg_1")
        assert sid is not None
        endings = [await house.effects.end_call(conn, sid, canceled=canceled) for canceled in (True, False)]
    house.effects.kick(*endings)
    await house.clock.run_until(lambda: anna.state == "idle", 1)
    await house.clock.advance(1)
    assert [result.state for result in house.told] == ["done", "done", "done"]
    assert house.statuses[-1] == "canceled"


async def test_the_accounts_numbers_are_read_from_it(house: House) -> None:
    assert await Numbers(house.database, house.clock, house.network).refresh() == 1
    async with house.database.read() as conn:
        numbers = Numbers(house.database, house.clock, house.network)
        assert await numbers.any_number(conn) == LINE
