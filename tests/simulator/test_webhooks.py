"""Conformance 2 to 7: what a webhook carries, how often it is tried, and what follows when it fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import RedirectResponse, Response

from simulator.http import InProcess, Patience
from simulator.network import Network
from simulator.parameters import WITHHELD_DIGITS, WITHHELD_WORDS
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA = "https://app.test", "+390612345678", "+393331234567"


async def ring(clock: VirtualClock, network: Network, **how: Any) -> Any:
    phone = network.plug_in(CARLA)
    await phone.dial(LINE, **how)
    await clock.advance(60)
    return phone


async def test_the_first_request_says_who_calls_whom(clock: VirtualClock, network: Network, customer: Any) -> None:
    await ring(clock, network)
    first = customer.received[0]
    assert (first.method, first.path) == ("POST", "/voice")
    assert re.fullmatch("CA[0-9a-f]{32}", first.form["CallSid"])
    assert first.form == {
        "CallSid": first.form["CallSid"],
        "AccountSid": "AC" + "a" * 32,
        "From": CARLA,
        "To": LINE,
        "Caller": CARLA,
        "Called": LINE,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        **{f"{who}{what}": "" for who in ("From", "To", "Caller", "Called") for what in ("City", "State", "Zip")},
        **{f"{who}Country": "IT" for who in ("From", "To", "Caller", "Called")},
    }
    assert first.headers["content-type"] == "application/x-www-form-urlencoded; charset=UTF-8"
    assert first.headers["user-agent"] == "TwilioProxy/1.1"
    assert first.headers["x-home-region"] == "us1"


@pytest.mark.parametrize("spelling", ["Anonymous", *WITHHELD_WORDS, *WITHHELD_DIGITS])
async def test_a_withheld_caller_has_no_geography(
    spelling: str, clock: VirtualClock, network: Network, customer: Any
) -> None:
    await ring(clock, network, withhold=spelling)
    form = customer.received[0].form
    assert (form["From"], form["Caller"], form["FromCountry"], form["CallerCity"]) == (spelling, spelling, "", "")


async def test_the_network_may_add_what_it_knows(clock: VirtualClock, network: Network, customer: Any) -> None:
    extra = {"StirVerstat": "TN-Validation-Passed-A", "SomethingNew": "1", "ForwardedFrom": LINE, "CallerName": "CARLA"}
    phone = await ring(clock, network, extra=extra)
    assert customer.received[0].form.items() >= (extra.items() - {("CallerName", "CARLA")})
    assert customer.received[-1].form["SomethingNew"] == "1"
    assert "CallerName" not in customer.received[0].form
    network.unplug(phone)
    network.numbers[LINE].caller_id_lookup = True
    customer.received.clear()
    await ring(clock, network, extra=extra)
    assert customer.received[0].form["CallerName"] == "CARLA"


async def test_a_get_carries_its_parameters_in_the_query_and_is_signed(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    network.numbers[LINE].voice_method = "GET"
    network.numbers[LINE].voice_url = f"{ORIGIN}/voice?id=7"
    await ring(clock, network)
    assert (customer.received[0].method, customer.received[0].form["id"]) == ("GET", "7")
    assert customer.received[0].form["CallStatus"] == "ringing"


async def test_the_token_of_a_retry_is_the_same_and_of_a_new_request_another(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    network.numbers[LINE].voice_url = f"{ORIGIN}/voice#rc=1&rp=5xx"
    answers = [
        Response(status_code=500),
        Response("<Response><Redirect>/next</Redirect></Response>", media_type="text/xml"),
    ]
    customer.answers["/voice"] = lambda form: answers.pop(0)
    await ring(clock, network)
    tokens = [r.headers["i-twilio-idempotency-token"] for r in customer.received if r.path in ("/voice", "/next")]
    assert tokens[0] == tokens[1] != tokens[2]


@pytest.mark.parametrize(
    ("fragment", "status", "tries"),
    [("", 500, 1), ("#rc=2&rp=5xx", 500, 3), ("#rc=2&rp=5xx", 404, 1), ("#rc=2&rp=all", 404, 3), ("#rp=4xx", 404, 2)],
)
async def test_retries_are_what_the_fragment_asks_for(
    fragment: str, status: int, tries: int, clock: VirtualClock, network: Network, customer: Any
) -> None:
    network.numbers[LINE].voice_url = f"{ORIGIN}/voice{fragment}"
    customer.answers["/voice"] = Response(status_code=status)
    await ring(clock, network)
    assert len(customer.at("/voice")) == tries
    assert not [entry for entry in network.trace if "#" in entry.about]


async def test_a_refused_connection_is_tried_once_more_by_default(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    network.faults.webhook("refuse", where="/voice")
    await ring(clock, network)
    assert len(customer.at("/voice")) == 1
    assert not network.alerts


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response(status_code=500), 11200),
        (Response("<Response><Say>", media_type="text/xml"), 12100),
        (Response("{}", media_type="application/json"), 12300),
        (Response("<Response>" + " " * 65536 + "</Response>", media_type="text/xml"), 11750),
        (Response(status_code=304), 11216),
        (Response('<Response><Gather timeout="x"/></Response>', media_type="text/xml"), 13313),
        ("<Connect><Stream url='wss://x'/></Connect>", 12200),
    ],
)
async def test_a_failing_document_asks_the_fallback_once_and_says_why(
    answer: Any, code: int, clock: VirtualClock, remake: Callable[..., Network], customer: Any
) -> None:
    network = remake(fallback=f"{ORIGIN}/fallback")
    customer.answers |= {"/voice": answer, "/fallback": "<Say>We are still here.</Say>"}
    phone = await ring(clock, network)
    (asked,) = customer.at("/fallback")
    assert (asked["ErrorCode"], asked["ErrorUrl"]) == (str(code), f"{ORIGIN}/voice")
    assert phone.words == "We are still here."


async def test_a_refused_connection_asks_the_fallback(
    clock: VirtualClock, remake: Callable[..., Network], customer: Any
) -> None:
    network = remake(fallback=f"{ORIGIN}/fallback")
    network.faults.webhook("refuse", where="/voice", times=2)
    await ring(clock, network)
    (asked,) = customer.at("/fallback")
    assert (asked["ErrorCode"], asked["ErrorUrl"]) == ("11205", f"{ORIGIN}/voice")


async def test_an_application_slower_than_fifteen_seconds_has_failed(
    clock: VirtualClock, remake: Callable[..., Network], customer: Any
) -> None:
    async def late(form: dict[str, str]) -> str:
        await clock.sleep(20)
        return "<Say>Too late.</Say>"

    network = remake(fallback=f"{ORIGIN}/fallback")
    customer.answers |= {"/voice": late, "/fallback": "<Say>In time.</Say>"}
    phone = await ring(clock, network)
    assert phone.words == "In time."
    assert next(r.at for r in customer.received if r.path == "/fallback") == 15.0


async def test_without_a_fallback_the_carrier_apologises_and_ends_the_call(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    customer.answers["/voice"] = Response(status_code=500)
    phone = await ring(clock, network)
    assert "application error" in phone.words
    assert phone.state == "idle"
    assert customer.at("/status")[0]["CallStatus"] == "completed"


async def test_ten_redirects_are_followed_and_the_eleventh_is_too_many(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    for step in range(10):
        customer.answers[f"/step{step}"] = RedirectResponse(f"/step{step + 1}", 307)
    customer.answers["/step10"] = "<Say>Arrived.</Say>"
    network.numbers[LINE].voice_url = f"{ORIGIN}/step0"
    assert (await ring(clock, network)).words == "Arrived."
    customer.answers["/before"] = RedirectResponse("/step0", 307)
    network.numbers[LINE].voice_url = f"{ORIGIN}/before"
    network.plug_in(CARLA)
    await ring(clock, network)
    assert [alert.code for alert in network.alerts] == [11215]


async def test_cookies_come_back_within_the_call(clock: VirtualClock, network: Network, customer: Any) -> None:
    first = Response("<Response><Redirect>/next</Redirect></Response>", media_type="text/xml")
    first.set_cookie("basket", "7")
    customer.answers["/voice"] = first
    await ring(clock, network)
    assert [r.headers.get("cookie") for r in customer.received if r.path == "/next"] == ["basket=7"]


async def test_plain_text_is_spoken_and_audio_is_played(clock: VirtualClock, network: Network, customer: Any) -> None:
    customer.answers["/voice"] = Response("Buongiorno", media_type="text/plain")
    assert (await ring(clock, network)).words == "Buongiorno"
    network.directory.phones.clear()
    customer.answers["/voice"] = Response(b"RIFF", media_type="audio/x-wav")
    phone = await ring(clock, network)
    assert [entry.kind for entry in phone.heard] == ["played"]


async def test_a_delivery_can_be_doubled_lost_delayed_or_refused_on_demand(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    network.faults.webhook("duplicate_at_once", where="/voice")
    network.faults.webhook("delay", where="/status", seconds=7)
    await ring(clock, network)
    assert len(customer.at("/voice")) == 2
    (status,) = [r for r in customer.received if r.path == "/status"]
    assert status.at == 7.0
    network.directory.phones.clear()
    network.faults.webhook("lose", where="/status")
    await ring(clock, network)
    assert len(customer.at("/status")) == 1
    assert [alert.code for alert in network.alerts] == [11200]


async def test_an_application_that_crashes_is_a_500_for_the_carrier() -> None:
    async def crash(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("boom")

    answer = await InProcess({ORIGIN: crash}).send("GET", f"{ORIGIN}/", {}, b"", Patience())
    assert answer.status == 500


async def test_a_fallback_that_fails_too_is_asked_once_and_the_call_ends(
    clock: VirtualClock, remake: Callable[..., Network], customer: Any
) -> None:
    network = remake(fallback=f"{ORIGIN}/fallback")
    customer.answers |= {"/voice": Response(status_code=500), "/fallback": Response(status_code=503)}
    phone = await ring(clock, network)
    assert len(customer.at("/fallback")) == 1
    assert "application error" in phone.words
