"""Conformance 27: Twilio's own Python client over a real socket, sync and async, unchanged but for its address."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from anyio import to_thread
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from simulator.app import build
from simulator.network import Network, NumberSettings
from simulator.phones import AutoAnswer
from store.clock import SystemClock

pytestmark = [
    pytest.mark.anyio,
    # Twilio's client signs in by what aiohttp will drop one day
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]
ACCOUNT, TOKEN, LINE, CARLA = "AC" + "a" * 32, "token", "+390612345678", "+393331234567"
STAY = '<Response><Pause length="60"/></Response>'


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    network = Network(
        SystemClock(),
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        numbers={LINE: NumberSettings(friendly_name="The company")},
        calls_per_second=1000,
    )
    yield network
    await network.close()


@pytest.fixture
async def address(network: Network) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(build(network), log_level="critical", ws="none"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
async def client(address: str) -> AsyncIterator[Client]:
    http = AsyncTwilioHttpClient()
    yield client_at(address, http_client=http)
    await http.close()


def client_at(address: str, **settings: Any) -> Client:
    client = Client(ACCOUNT, TOKEN, **settings)
    client.api.base_url = address
    return client


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_the_async_client_runs_every_call(client: Client, network: Network) -> None:
    anna = network.plug_in("client:anna")
    anna.auto = AutoAnswer(0)
    call = await client.calls.create_async(
        to="client:anna", from_=LINE, twiml=STAY, status_callback_event=["answered", "completed"], timeout=20
    )
    assert (call.status, call.direction) == ("queued", "outbound-api")
    await until(lambda: anna.state == "in_call")
    assert (await client.calls(call.sid).fetch_async()).status == "in-progress"
    assert [c.sid for c in await client.calls.list_async(to="client:anna", limit=5)] == [call.sid]
    moved = '<Response><Dial><Conference beep="false">room</Conference></Dial></Response>'
    await client.calls(call.sid).update_async(twiml=moved)
    await until(lambda: network.rooms.living("room") is not None)
    (room,) = await client.conferences.list_async(friendly_name="room", status="init")
    participants = client.conferences(room.sid).participants
    assert [p.call_sid for p in await participants.list_async()] == [call.sid]
    invited = await participants.create_async(from_=LINE, to=CARLA, label="agent 7", beep="false", muted=True)
    assert invited.label == "agent 7"
    await client.conferences(room.sid).participants("agent 7").delete_async()
    held = await client.conferences(room.sid).participants(call.sid).update_async(hold=True)
    assert held.hold is True
    await client.conferences(room.sid).update_async(status="completed")
    message = await client.messages.create_async(to=CARLA, from_=LINE, body="Ciao")
    assert message.num_segments == "1"
    queue = await client.queues.create_async(friendly_name="support", max_size=5)
    assert (await client.queues(queue.sid).members.list_async()) == []
    (number,) = await client.incoming_phone_numbers.list_async()
    changed = await client.incoming_phone_numbers(number.sid).update_async(voice_url="https://app.test/voice")
    assert changed.voice_url == "https://app.test/voice"
    with pytest.raises(TwilioRestException) as refused:
        await client.calls.create_async(to="12", from_=LINE, twiml=STAY)
    assert (refused.value.status, refused.value.code) == (400, 21211)


async def test_the_sync_client_walks_pages(address: str, network: Network) -> None:
    def work() -> list[str]:
        client = client_at(address)
        made = [client.calls.create(to="client:nobody", from_=LINE, twiml=STAY).sid for _ in range(5)]
        walked = [call.sid for call in client.calls.stream(page_size=2)]
        client.http_client.session.close()
        return walked if walked[::-1] == made else []

    assert len(await to_thread.run_sync(work)) == 5


async def test_a_lost_answer_is_a_broken_connection_and_the_call_exists(client: Client, network: Network) -> None:
    network.faults.rest("lose_answer", method="POST", where="/Calls.json")
    with pytest.raises(Exception, match=r"payload|disconnected|closed"):
        await client.calls.create_async(to="client:nobody", from_=LINE, twiml=STAY)
    assert len(network.calls) == 1
