"""Conformance 27: Twilio's own Python client over a real socket, sync and async, unchanged but for its address."""

from __future__ import annotations

import asyncio
import re
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
from simulator.network import Application, Network, NumberSettings
from simulator.phones import AutoAnswer, Phone
from simulator.rest.routes import ENDPOINTS
from store.clock import SystemClock

pytestmark = [
    pytest.mark.anyio,
    # Twilio's client signs in by what aiohttp will drop one day
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]
ACCOUNT, TOKEN, LINE, CARLA = "AC" + "a" * 32, "token", "+390612345678", "+393331234567"
ROOT, APP = f"/2010-04-01/Accounts/{ACCOUNT}", "AP" + "1" * 32
STAY = '<Response><Pause length="60"/></Response>'


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    network = Network(
        SystemClock(),
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        numbers={LINE: NumberSettings(friendly_name="The company")},
        calls_per_second=1000,
        applications={APP: Application(friendly_name="Desk")},
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
    """Every request that the stand-in knows, by the client's own methods; what is left out is found at the end."""
    anna = network.plug_in("client:anna")
    anna.auto = AutoAnswer(0)
    call = await a_call(client, network, anna)
    await its_recording(client, call)
    room = await a_conference(client, network, call)
    await its_participants(client, network, room, call)
    await client.conferences(room).update_async(status="completed")
    await until(lambda: anna.state == "idle")
    await a_queue(client, network, anna)
    await texts(client, network)
    await the_account(client)
    await what_is_over(client, network, call, room)
    with pytest.raises(TwilioRestException) as refused:
        await client.calls.create_async(to="12", from_=LINE, twiml=STAY)
    assert (refused.value.status, refused.value.code) == (400, 21211)
    assert requested(network) == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


async def a_call(client: Client, network: Network, anna: Phone) -> str:
    call = await client.calls.create_async(
        to="client:anna", from_=LINE, twiml=STAY, status_callback_event=["answered", "completed"], timeout=20
    )
    assert (call.status, call.direction) == ("queued", "outbound-api")
    await until(lambda: anna.state == "in_call")
    assert (await client.calls(call.sid).fetch_async()).status == "in-progress"
    assert [c.sid for c in await client.calls.list_async(to="client:anna", limit=5)] == [call.sid]
    return str(call.sid)


async def its_recording(client: Client, call: str) -> None:
    recordings = client.calls(call).recordings
    recording = await recordings.create_async(recording_channels="dual")
    assert [found.sid for found in await recordings.list_async()] == [recording.sid]
    assert (await recordings("Twilio.CURRENT").update_async(status="stopped")).status == "stopped"
    assert (await recordings(recording.sid).fetch_async()).channels == 2
    await recordings.create_async()  # ends with the call


async def a_conference(client: Client, network: Network, call: str) -> str:
    room = '<Conference beep="false" record="record-from-start">room</Conference>'
    await client.calls(call).update_async(twiml=f"<Response><Dial>{room}</Dial></Response>")
    await until(lambda: network.rooms.living("room") is not None)
    (found,) = await client.conferences.list_async(friendly_name="room", status="init")
    assert (await client.conferences(found.sid).fetch_async()).status == "init"
    return str(found.sid)


async def its_participants(client: Client, network: Network, room: str, call: str) -> None:
    network.plug_in("client:bruno").auto = AutoAnswer(0)
    participants = client.conferences(room).participants
    assert [p.call_sid for p in await participants.list_async()] == [call]
    invited = await participants.create_async(from_=LINE, to="client:bruno", label="agent 7", beep="false", muted=True)
    assert invited.label == "agent 7"
    bruno = participants("agent 7")
    assert (await participants(call).fetch_async()).status == "connected"
    assert (await participants(call).update_async(hold=True)).hold is True
    recordings = client.conferences(room).recordings
    await until(lambda: len(network.rooms.all[room].participants) == 2)
    (listed,) = await recordings.list_async()
    assert (await recordings("Twilio.CURRENT").update_async(status="paused")).status == "paused"
    assert (await recordings(listed.sid).fetch_async()).source == "Conference"
    assert await bruno.delete_async() is True


async def a_queue(client: Client, network: Network, anna: Phone) -> None:
    queue = await client.queues.create_async(friendly_name="support", max_size=5)
    assert (await client.queues(queue.sid).update_async(max_size=6)).max_size == 6
    waits = '<Response><Enqueue waitUrl="">support</Enqueue></Response>'
    await client.calls.create_async(to="client:anna", from_=LINE, twiml=waits)
    await until(lambda: network.queues.all[queue.sid].members)
    members = client.queues(queue.sid).members
    assert [member.call_sid for member in await members.list_async()] == [anna.call]
    assert (await members("Front").fetch_async()).position == 1
    assert (await members("Front").update_async(url="https://nobody.invalid/x")).call_sid == anna.call
    await until(lambda: not network.queues.all[queue.sid].members)
    assert (await client.queues(queue.sid).fetch_async()).current_size == 0
    assert [found.sid for found in await client.queues.list_async()] == [queue.sid]
    assert await client.queues(queue.sid).delete_async() is True


async def texts(client: Client, network: Network) -> None:
    message = await client.messages.create_async(to=CARLA, from_=LINE, body="Ciao")
    assert message.num_segments == "1"
    assert [found.sid for found in await client.messages.list_async(to=CARLA)] == [message.sid]
    assert (await client.messages(message.sid).fetch_async()).body == "Ciao"
    assert (await client.messages(message.sid).update_async(body="")).body == ""
    with pytest.raises(TwilioRestException) as refused:
        await client.messages(message.sid).update_async(status="canceled")
    assert (refused.value.status, refused.value.code) == (409, 30409)
    await until(lambda: network.messages.all[message.sid].status == "sent")
    assert await client.messages(message.sid).delete_async() is True


async def the_account(client: Client) -> None:
    assert (await client.api.accounts(ACCOUNT).fetch_async()).status == "active"
    assert (await client.tokens.create_async()).ttl == "86400"
    (number,) = await client.incoming_phone_numbers.list_async()
    changed = await client.incoming_phone_numbers(number.sid).update_async(voice_url="https://app.test/voice")
    assert changed.voice_url == "https://app.test/voice"
    assert (await client.incoming_phone_numbers(number.sid).fetch_async()).phone_number == LINE
    (app,) = await client.applications.list_async()
    assert (await client.applications(app.sid).update_async(voice_url="https://app.test/app")).sid == APP
    assert (await client.applications(app.sid).fetch_async()).voice_url == "https://app.test/app"


async def what_is_over(client: Client, network: Network, call: str, room: str) -> None:
    await until(lambda: all(not one.running and one.status != "processing" for one in network.recordings.all.values()))
    of_room, of_call, first_of_call = await client.recordings.list_async()
    assert await client.recordings(first_of_call.sid).delete_async() is True
    assert (await client.recordings(of_room.sid).fetch_async()).conference_sid == room
    assert await client.conferences(room).recordings(of_room.sid).delete_async() is True
    assert await client.calls(call).recordings(of_call.sid).delete_async() is True
    network.recordings.transcriptions.add(text := network.sid("TR"))  # of the recording verb; nothing here asks for one
    assert await client.transcriptions(text).delete_async() is True
    (rung,) = await client.calls.list_async(to="client:bruno")
    assert await client.calls(rung.sid).delete_async() is True


def requested(network: Network) -> set[tuple[str, str]]:
    """Which endpoints were asked, by what the carrier noted."""
    patterns = {
        endpoint: re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(f"{ROOT}{endpoint.path}")))
        for endpoint in ENDPOINTS
    }
    return {
        (endpoint.method, endpoint.path)
        for entry in network.trace
        for endpoint, pattern in patterns.items()
        if endpoint.method == entry.what and pattern.fullmatch(entry.about)
    }


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
