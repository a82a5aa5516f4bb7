"""Conformance 37: text messages."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.network import Application, Network
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


async def test_states_come_shuffled_on_demand(
    clock: VirtualClock, network: Network, customer: Any, rest: Any, carla: Phone
) -> None:
    network.faults.webhook("delay", where="/text", seconds=9)
    await rest.post("/Messages.json", To=CARLA, From_=LINE, Body="Hello", StatusCallback=f"{ORIGIN}/text")
    await clock.advance(20)
    assert [form["MessageStatus"] for form in customer.at("/text")] == ["delivered", "sent"]


async def test_an_answer_may_ask_to_be_told_and_a_call_may_send_one(
    clock: VirtualClock, network: Network, customer: Any, carla: Phone
) -> None:
    customer.answers |= {
        "/sms": '<Message statusCallback="/text" action="/sent"><Body>Ecco.</Body><Media>/owl.png</Media></Message>',
        "/voice": '<Sms statusCallback="/text" action="/after">Our address.</Sms><Say>Never.</Say>',
        "/after": "<Say>It is on its way.</Say>",
    }
    carla.send_text(LINE, "Dove siete?")
    await clock.advance(5)
    await carla.dial(LINE)
    await clock.advance(10)
    assert [text.body for text in carla.texts] == ["Ecco.", "Our address."]
    assert [form["MessageStatus"] for form in customer.at("/text")] == ["sent", "delivered"] * 2
    assert (customer.at("/sent")[0]["MessageStatus"], customer.at("/after")[0]["SmsStatus"]) == ("sent", "sent")
    assert carla.words == "It is on its way."
    first, second = network.messages.all[customer.at("/sent")[0]["MessageSid"]], list(network.messages.all.values())[-1]
    assert (first.media, first.direction, second.direction) == (1, "outbound-reply", "outbound-call")


async def test_an_application_takes_a_numbers_texts_and_hears_of_those_sent_for_it(
    clock: VirtualClock, remake: Any, customer: Any, rest: Any
) -> None:
    sid = "AP" + "1" * 32
    app = Application(sms_url=f"{ORIGIN}/app-sms", message_status_callback=f"{ORIGIN}/app-text")
    network = remake(applications={sid: app})
    rest = type(rest)(network)
    number = network.numbers[LINE]
    await rest.post(f"/IncomingPhoneNumbers/{number.sid}.json", SmsApplicationSid=sid)
    network.plug_in(CARLA).send_text(LINE, "Ciao")
    sent = await rest.post("/Messages.json", To=CARLA, From_=LINE, Body="Hello", ApplicationSid=sid)
    await clock.advance(5)
    assert [form["Body"] for form in customer.at("/app-sms")] == ["Ciao"]
    assert customer.at("/sms") == []
    assert [form["MessageSid"] for form in customer.at("/app-text")] == [sent.body["sid"]] * 2
    strange = await rest.post("/Messages.json", To=CARLA, From_=LINE, Body="Hello", ApplicationSid="AP" + "0" * 32)
    assert (strange.status, strange.body["code"]) == (400, 21218)
    await rest.client.aclose()
