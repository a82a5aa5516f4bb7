"""Conformance 22 and 23: Enqueue, and serving a queue."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.network import Network
from simulator.phones import Phone
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE = "https://app.test", "+390612345678"
WAIT = f'<Gather numDigits="1" action="/key" timeout="1"><Say>{"a" * 28}</Say></Gather>'


class Line:
    def __init__(self, clock: VirtualClock, network: Network, customer: Any, rest: Any) -> None:
        self.clock, self.network, self.customer, self.rest = clock, network, customer, rest
        customer.answers |= {
            "/voice": '<Enqueue action="/done" waitUrl="/wait">support</Enqueue>',
            "/wait": WAIT,
            "/key": "<Leave/>",
            "/done": "<Say>Bye.</Say>",
            "/serve": '<Dial action="/served"><Queue>support</Queue></Dial>',
        }

    async def enter(self, number: str) -> Phone:
        phone = self.network.plug_in(number)
        await phone.dial(LINE)
        await self.clock.advance(1)
        return phone

    async def serve(self) -> Phone:
        anna = self.network.plug_in("client:anna")
        await self.rest.call("client:anna", Url=f"{ORIGIN}/serve")
        await self.clock.advance(1)
        anna.answer()
        await self.clock.advance(1)
        return anna

    def results(self) -> list[str]:
        return [form["QueueResult"] for form in self.customer.at("/done")]


@pytest.fixture
def line(clock: VirtualClock, network: Network, customer: Any, rest: Any) -> Line:
    return Line(clock, network, customer, rest)


async def test_the_wait_document_is_asked_again_with_fresh_figures(line: Line) -> None:
    await line.enter("+391111111")
    await line.enter("+392222222")
    await line.clock.advance(10)
    second = [f for f in line.customer.at("/wait") if f["From"] == "+392222222"]
    assert [f["QueueTime"] for f in second] == ["0", "3", "6", "9"]
    assert {(f["QueuePosition"], f["CurrentQueueSize"], f["MaxQueueSize"]) for f in second} == {("2", "2", "1000")}


async def test_leaving_by_a_key_goes_to_the_action(line: Line) -> None:
    phone = await line.enter("+391111111")
    phone.press("1")
    await line.clock.advance(1)
    assert line.results() == ["leave"]
    assert phone.words.endswith("Bye.")


async def test_the_oldest_is_served_first_and_bridged(line: Line) -> None:
    first, second = await line.enter("+391111111"), await line.enter("+392222222")
    anna = await line.serve()
    assert (anna.partners, first.partners, second.partners) == (["+391111111"], ["client:anna"], [])
    anna.hang_up()
    await line.clock.advance(1)
    assert line.results() == ["bridged"]
    assert line.customer.at("/done")[0]["QueueTime"] == "3"
    assert line.customer.at("/served")[0]["DialCallStatus"] == "completed"


async def test_who_serves_an_empty_queue_waits_for_a_caller(line: Line) -> None:
    anna = await line.serve()
    caller = await line.enter("+391111111")
    assert anna.partners == ["+391111111"]
    caller.hang_up()
    await line.clock.advance(1)
    assert anna.state == "idle"


async def test_hanging_up_while_waiting_is_told(line: Line) -> None:
    phone = await line.enter("+391111111")
    phone.hang_up()
    await line.clock.advance(1)
    assert line.results() == ["hangup"]
    queue = (await line.rest.get("/Queues.json")).body["queues"][0]
    assert queue["current_size"] == 0


async def test_a_full_queue_goes_to_the_action_at_once(line: Line) -> None:
    line.customer.answers["/voice"] = '<Enqueue action="/done" waitUrl="/wait" maxQueueSize="1">support</Enqueue>'
    await line.enter("+391111111")
    await line.enter("+392222222")
    assert line.results() == ["queue-full"]


async def test_the_front_can_be_dequeued_by_the_api(line: Line) -> None:
    first, second = await line.enter("+391111111"), await line.enter("+392222222")
    line.customer.answers["/agent"] = "<Say>Here you are.</Say>"
    queue = (await line.rest.get("/Queues.json")).body["queues"][0]
    answer = await line.rest.post(f"/Queues/{queue['sid']}/Members/Front.json", Url=f"{ORIGIN}/agent")
    assert (answer.status, answer.body["call_sid"]) == (200, first.call)
    await line.clock.advance(1)
    assert first.words.endswith("Here you are.")
    assert second.state == "in_call"
    assert line.results() == ["redirected"]


async def test_a_wait_document_must_not_dial(line: Line) -> None:
    line.customer.answers["/wait"] = "<Dial>+390699999999</Dial>"
    await line.enter("+391111111")
    assert [alert.code for alert in line.network.alerts] == [13238]
    assert line.results() == ["error"]


async def test_a_whisper_is_for_the_caller_of_the_queue(line: Line) -> None:
    line.customer.answers |= {
        "/serve": '<Dial><Queue url="/whisper">support</Queue></Dial>',
        "/whisper": "<Say>Anna is coming.</Say>",
    }
    caller = await line.enter("+391111111")
    anna = await line.serve()
    await line.clock.advance(3)
    assert caller.words.endswith("Anna is coming.")
    assert anna.partners == ["+391111111"]
    assert line.customer.at("/whisper")[0]["DequeingCallSid"] == anna.call
