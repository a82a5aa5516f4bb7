"""Conformance 8, 9 and 12: running documents, URLs in them, and what picks a call up."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.network import Network
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA = "https://app.test", "+390612345678", "+393331234567"


async def dial(clock: VirtualClock, network: Network, seconds: float = 60) -> Any:
    phone = network.plug_in(CARLA)
    await phone.dial(LINE)
    await clock.advance(seconds)
    return phone


async def test_an_unknown_attribute_is_noted_and_the_rest_runs(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    customer.answers["/voice"] = '<Say colour="red">One.</Say><Sing/><Say>Two.</Say>'
    assert (await dial(clock, network)).words == "One. Two."
    assert [alert.code for alert in network.alerts] == [12200, 12200]


async def test_an_empty_response_hangs_up(clock: VirtualClock, network: Network, customer: Any) -> None:
    phone = await dial(clock, network, 1)
    assert phone.events[-1] == {"type": "ended", "reason": "completed"}


async def test_relative_urls_start_from_the_document_they_stand_in(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    customer.answers |= {
        "/voice": "<Redirect>/deep/down/menu</Redirect>",
        "/deep/down/menu": "<Redirect>../up</Redirect>",
    }
    await dial(clock, network)
    assert customer.paths() == ["/voice", "/deep/down/menu", "/deep/up", "/status"]


async def test_an_inline_document_has_no_address_to_start_from(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    phone = network.plug_in(CARLA)
    await rest.post("/Calls.json", To=CARLA, From_=LINE, Twiml="<Response><Redirect>/x</Redirect></Response>")
    await clock.advance(1)
    phone.answer()
    await clock.advance(30)
    assert [alert.code for alert in network.alerts] == [11100]
    assert "application error" in phone.words


@pytest.mark.parametrize(
    ("document", "answered", "status"),
    [
        ("<Reject/>", False, "no-answer"),
        ('<Reject reason="busy"/>', False, "busy"),
        ('<Pause length="5"/><Reject/>', False, "no-answer"),
        ("<Say>Hello.</Say>", True, "completed"),
        ("<Hangup/>", True, "completed"),
        ('<Pause length="5"/><Say>Hello.</Say>', True, "completed"),
        ("<Redirect>/reject</Redirect>", False, "no-answer"),
    ],
)
async def test_reject_pause_and_redirect_do_not_pick_up(
    document: str, answered: bool, status: str, clock: VirtualClock, network: Network, customer: Any
) -> None:
    customer.answers |= {"/voice": document, "/reject": "<Reject/>"}
    phone = await dial(clock, network)
    assert ({"type": "answered"} in phone.events) is answered
    (told,) = customer.at("/status")
    assert told["CallStatus"] == status


async def test_who_hangs_up_during_the_first_webhook_was_never_answered(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    async def slow(form: dict[str, str]) -> str:
        await clock.sleep(5)
        return "<Say>Hello?</Say>"

    customer.answers["/voice"] = slow
    phone = await dial(clock, network, 2)
    phone.hang_up()
    await clock.advance(30)
    assert phone.words == ""
    (told,) = customer.at("/status")
    assert (told["CallStatus"], told["CallDuration"], told["SequenceNumber"]) == ("no-answer", "0", "0")


async def test_verbs_of_twilio_that_this_network_does_not_carry_are_refused_clearly(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    customer.answers["/voice"] = "<Connect><Stream url='wss://x.test'/></Connect>"
    phone = await dial(clock, network)
    assert "Connect is not carried" in network.alerts[0].message
    assert phone.state == "idle"


async def test_documents_that_chase_each_other_are_stopped(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    customer.answers["/voice"] = "<Redirect>/voice</Redirect>"
    await dial(clock, network)
    assert len(customer.at("/voice")) == 50
    assert [alert.code for alert in network.alerts] == [11215]


async def test_saying_takes_the_time_of_speaking(clock: VirtualClock, network: Network, customer: Any) -> None:
    customer.answers["/voice"] = f'<Say>{"a" * 28}</Say><Pause length="3"/><Redirect>/next</Redirect>'
    await dial(clock, network)
    assert next(r.at for r in customer.received if r.path == "/next") == 5.0
