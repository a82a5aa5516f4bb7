"""Conformance 30, 31 and 32: progress of calls that the REST API made, and answering machines."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.network import Network
from simulator.phones import AutoAnswer, AutoDecline, Phone
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA = "https://app.test", "+390612345678", "+393331234567"
ALL = ["initiated", "ringing", "answered", "completed"]


@pytest.fixture
def carla(network: Network) -> Phone:
    return network.plug_in(CARLA)


async def test_a_talk_reports_each_step_numbered_from_zero(
    clock: VirtualClock, customer: Any, rest: Any, carla: Phone
) -> None:
    carla.auto = AutoAnswer(3, 69)
    customer.answers["/outbound"] = '<Pause length="600"/>'
    await rest.call(CARLA, StatusCallback=f"{ORIGIN}/leg", StatusCallbackEvent=ALL)
    await clock.advance(100)
    legs = customer.at("/leg")
    assert [f["CallStatus"] for f in legs] == ["initiated", "ringing", "in-progress", "completed"]
    assert [f["SequenceNumber"] for f in legs] == ["0", "1", "2", "3"]
    last = legs[-1]
    assert (last["CallDuration"], last["Duration"], last["SipResponseCode"]) == ("69", "2", "200")
    assert (last["CallbackSource"], last["Direction"]) == ("call-progress-events", "outbound-api")
    assert last["Timestamp"] == "Tue, 03 Mar 2026 09:01:12 +0000"
    assert customer.at("/outbound")[0]["CallStatus"] == "in-progress"


async def test_only_the_end_is_told_unless_more_is_asked_for(
    clock: VirtualClock, customer: Any, rest: Any, carla: Phone
) -> None:
    carla.auto = AutoDecline(1)
    await rest.call(CARLA, StatusCallback=f"{ORIGIN}/leg")
    await clock.advance(10)
    (leg,) = customer.at("/leg")
    assert (leg["CallStatus"], leg["Duration"], leg["CallDuration"], leg["SipResponseCode"], leg["SequenceNumber"]) == (
        "busy", "0", "0", "486", "0"
    )  # fmt: skip


async def test_a_call_cancelled_while_queued_tells_nobody(clock: VirtualClock, customer: Any, rest: Any) -> None:
    await rest.call(CARLA)
    second = await rest.call(CARLA, StatusCallback=f"{ORIGIN}/leg", StatusCallbackEvent=ALL)
    await rest.post(f"/Calls/{second['sid']}.json", Status="canceled")
    await clock.advance(10)
    assert customer.at("/leg") == []


async def test_callbacks_can_be_shuffled_and_doubled_on_demand(
    clock: VirtualClock, network: Network, customer: Any, rest: Any, carla: Phone
) -> None:
    carla.auto = AutoAnswer(1, 1)
    customer.answers["/outbound"] = '<Pause length="600"/>'
    network.faults.webhook("shuffle", where="/leg", times=4, seconds=30)
    network.faults.webhook("duplicate", where="/leg", times=1)
    await rest.call(CARLA, StatusCallback=f"{ORIGIN}/leg", StatusCallbackEvent=ALL)
    await clock.advance(60)
    numbers = [f["SequenceNumber"] for f in customer.at("/leg")]
    assert len(numbers) == 5
    assert set(numbers) == {"0", "1", "2", "3"}
    assert numbers != sorted(numbers)


@pytest.mark.parametrize(
    ("mode", "kind", "verdict", "at"),
    [
        ("Enable", "human", "human", 5.0),
        ("Enable", "machine", "machine_start", 5.0),
        ("DetectMessageEnd", "machine", "machine_end_beep", 11.0),
        ("Enable", "fax", "fax", 5.0),
        ("Enable", "unknown", "unknown", 31.0),
    ],
)
async def test_the_document_waits_for_the_verdict(
    mode: str, kind: Any, verdict: str, at: float, clock: VirtualClock, customer: Any, rest: Any, carla: Phone
) -> None:
    carla.auto, carla.answers_as = AutoAnswer(1), kind
    await rest.call(CARLA, MachineDetection=mode)
    await clock.advance(60)
    (asked,) = [r for r in customer.received if r.path == "/outbound"]
    assert (asked.at, asked.form["AnsweredBy"]) == (at, verdict)


async def test_an_asynchronous_verdict_comes_after_the_document(
    clock: VirtualClock, customer: Any, rest: Any, carla: Phone
) -> None:
    carla.auto, carla.answers_as = AutoAnswer(1), "machine"
    customer.answers["/outbound"] = '<Pause length="600"/>'
    await rest.call(CARLA, MachineDetection="Enable", AsyncAmd="true", AsyncAmdStatusCallback=f"{ORIGIN}/verdict")
    await clock.advance(30)
    assert customer.paths() == ["/outbound", "/verdict"]
    assert "AnsweredBy" not in customer.at("/outbound")[0]
    assert (customer.at("/verdict")[0]["AnsweredBy"], customer.at("/verdict")[0]["MachineDetectionDuration"]) == (
        "machine_start",
        "4000",
    )


async def test_a_call_ends_at_its_time_limit(
    clock: VirtualClock, network: Network, customer: Any, rest: Any, carla: Phone
) -> None:
    carla.auto = AutoAnswer(1)
    customer.answers["/outbound"] = '<Pause length="600"/>'
    call = await rest.call(CARLA, TimeLimit="30")
    await clock.advance(60)
    assert network.calls[call["sid"]].duration_seconds == 30


async def test_digits_are_sent_before_the_document(clock: VirtualClock, customer: Any, rest: Any, carla: Phone) -> None:
    carla.auto = AutoAnswer(1)
    await rest.call(CARLA, SendDigits="ww1")
    await clock.advance(10)
    assert [r.at for r in customer.received if r.path == "/outbound"] == [2.2]


async def test_a_document_may_come_along_with_the_request(clock: VirtualClock, rest: Any, carla: Phone) -> None:
    carla.auto = AutoAnswer(1)
    await rest.call(CARLA, Url="", Twiml="<Response><Say>Straight away.</Say></Response>")
    await clock.advance(10)
    assert carla.words == "Straight away."
