"""The agents whom nobody plays, on the simulated network and virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.app import settings_for
from simulator.http import InProcess
from simulator.network import Network
from simulator.phones import Phone
from store.clock import VirtualClock
from switchboard.handsets import BREATH_SECONDS, PICK_UP_SECONDS, TALK_SECONDS, Handsets, Seat

pytestmark = pytest.mark.anyio

LINE, MARIA, JAMES, ANNA = "+390655550100", "+393205550142", "+442079460123", "client:anna"
SPOKEN = {MARIA: "it-IT", JAMES: "en-GB"}


async def put_through(request: Request) -> Response:
    document = '<Response><Dial timeout="60"><Client>anna</Client></Dial></Response>'
    return Response(document, media_type="text/xml")


@pytest.fixture
async def network(clock: VirtualClock) -> AsyncIterator[Network]:
    application = Starlette(routes=[Route("/{path:path}", put_through, methods=["POST"])])
    network = Network(
        clock,
        account_sid="AC" + "1" * 32,
        auth_token="token",
        numbers={LINE: settings_for("https://app.test")},
        http=InProcess({"https://app.test": application}),
    )
    handsets = Handsets(network, clock, [Seat(ANNA, "Anna Bianchi", "it-IT")], SPOKEN.get)
    task = clock.spawn(handsets.run(), "handsets")
    await clock.advance(0)
    yield network
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await network.close()


async def rings(network: Network, number: str) -> Phone:
    caller = network.plug_in(number)
    await caller.dial(LINE)
    return caller


async def test_they_pick_up_after_a_while_and_say_who_they_are(clock: VirtualClock, network: Network) -> None:
    maria = await rings(network, MARIA)
    await clock.advance(PICK_UP_SECONDS - 0.5)
    assert maria.partners == []
    await clock.advance(1)
    assert maria.partners == [ANNA]
    await clock.advance(BREATH_SECONDS)
    assert maria.words == "Eccomi, sono Anna. Mi dica pure."


async def test_they_speak_the_language_of_who_rings(clock: VirtualClock, network: Network) -> None:
    james = await rings(network, JAMES)
    await clock.advance(PICK_UP_SECONDS + BREATH_SECONDS + 0.5)
    assert james.words == "Hello, Anna speaking. How can I help?"


async def test_they_answer_what_is_said_to_them(clock: VirtualClock, network: Network) -> None:
    maria = await rings(network, MARIA)
    await clock.advance(PICK_UP_SECONDS + BREATH_SECONDS + 0.5)
    maria.speak("La luce sfarfalla.")
    await clock.advance(BREATH_SECONDS + 0.5)
    assert maria.words.endswith("Capisco. Ci penso io.")


async def test_they_take_their_leave_and_hang_up(clock: VirtualClock, network: Network) -> None:
    maria = await rings(network, MARIA)
    await clock.advance(PICK_UP_SECONDS + TALK_SECONDS + 4 * BREATH_SECONDS)
    assert maria.words.endswith("Grazie della telefonata, a presto.")
    assert maria.state == "idle"


async def test_a_person_who_opens_the_handset_takes_the_place(clock: VirtualClock, network: Network) -> None:
    person = network.plug_in(ANNA)
    await clock.advance(1)
    assert network.directory.at(ANNA) == [person]
    await rings(network, MARIA)
    await clock.advance(PICK_UP_SECONDS + 5)
    assert person.state == "ringing"


async def test_a_call_that_rings_already_can_be_answered_by_who_comes(clock: VirtualClock, network: Network) -> None:
    maria = await rings(network, MARIA)
    await clock.advance(2)
    person = network.plug_in(ANNA)
    await clock.advance(PICK_UP_SECONDS + 5)
    assert person.state == "ringing"
    person.answer()
    await clock.advance(1)
    assert maria.partners == [ANNA]
    person.speak("Sono io.")
    assert maria.words == "Sono io."


async def test_when_the_person_leaves_they_are_back(clock: VirtualClock, network: Network) -> None:
    person = network.plug_in(ANNA)
    await clock.advance(1)
    network.unplug(person)
    await clock.advance(1)
    (automatic,) = network.directory.at(ANNA)
    assert automatic is not person
