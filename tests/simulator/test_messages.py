"""Conformance 37: text messages."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.network import Network
from simulator.phones import Phone
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA = "https://app.test", "+390612345678", "+393331234567"


@pytest.fixture
def carla(network: Network) -> Phone:
    return network.plug_in(CARLA)


async def test_a_text_is_sent_then_delivered(clock: VirtualClock, customer: Any, rest: Any, carla: Phone) -> None:
    sent = await rest.post("/Messages.json", To=CARLA, From_=LINE, Body="Alle 15.", StatusCallback=f"{ORIGIN}/text")
    assert (sent.status, sent.body["status"], sent.body["num_segments"]) == (201, "queued", "1")
    await clock.advance(5)
    assert [(text.sender, text.body) for text in carla.texts] == [(LINE, "Alle 15.")]
    assert [form["MessageStatus"] for form in customer.at("/text")] == ["sent", "delivered"]
    assert (await rest.get(f"/Messages/{sent.body['sid']}.json")).body["status"] == "delivered"
    assert (await rest.get("/Messages.json", To=CARLA)).body["messages"][0]["sid"] == sent.body["sid"]


async def test_a_text_that_cannot_arrive_says_why(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    network.messages.undeliverable[CARLA] = 30006
    await rest.post("/Messages.json", To=CARLA, From_=LINE, Body="Hello", StatusCallback=f"{ORIGIN}/text")
    await clock.advance(5)
    last = customer.at("/text")[-1]
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30006")


async def test_a_text_from_a_person_reaches_the_application_and_is_answered(
    clock: VirtualClock, customer: Any, carla: Phone
) -> None:
    customer.answers["/sms"] = "<Message>Grazie.</Message>"
    sid = carla.send_text(LINE, "Grüße & più")
    await clock.advance(5)
    form = customer.at("/sms")[0]
    assert (form["MessageSid"], form["Body"], form["SmsStatus"], form["NumMedia"]) == (
        sid,
        "Grüße & più",
        "received",
        "0",
    )
    assert carla.texts[0].body == "Grazie."


async def test_stop_blocks_and_start_opens_again_and_both_still_arrive(
    clock: VirtualClock, customer: Any, rest: Any, carla: Phone
) -> None:
    carla.send_text(LINE, " stop ")
    await clock.advance(1)
    refused = await rest.post("/Messages.json", To=CARLA, From_=LINE, Body="Hello")
    assert (refused.status, refused.body["code"]) == (400, 21610)
    carla.send_text(LINE, "START")
    await clock.advance(1)
    assert (await rest.post("/Messages.json", To=CARLA, From_=LINE, Body="Hello")).status == 201
    assert [form["Body"] for form in customer.at("/sms")] == [" stop ", "START"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Body": "x" * 1601}, 21617),
        ({"Body": ""}, 21602),
        ({"To": "12"}, 21211),
        ({"To": ""}, 21604),
        ({"From_": "+390699999999"}, 21606),
    ],
)
async def test_a_bad_text_is_refused(changed: dict[str, str], code: int, rest: Any) -> None:
    answer = await rest.post("/Messages.json", **{"To": CARLA, "From_": LINE, "Body": "Hello"} | changed)
    assert (answer.status, answer.body["code"]) == (400, code)


async def test_long_texts_count_their_segments(rest: Any) -> None:
    for body, segments in (("a" * 160, "1"), ("a" * 161, "2"), ("日" * 71, "2"), ("a" * 1600, "11")):
        answer = await rest.post("/Messages.json", To=CARLA, From_=LINE, Body=body)
        assert answer.body["num_segments"] == segments
