"""Conformance 10 and 11: Gather."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.network import Network
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
LINE, CARLA = "+390612345678", "+393331234567"
PROMPT = "a" * 28  # two seconds


async def dial(clock: VirtualClock, network: Network, customer: Any, attributes: str, after: float) -> Any:
    customer.answers |= {
        "/voice": f'<Gather action="/keys" {attributes}><Say>{PROMPT}</Say></Gather><Say>Nothing.</Say>',
        "/keys": "<Say>Thanks.</Say>",
    }
    phone = network.plug_in(CARLA)
    await phone.dial(LINE)
    await clock.advance(after)
    return phone


def asked(customer: Any) -> list[tuple[float, dict[str, str]]]:
    return [(r.at, r.form) for r in customer.received if r.path == "/keys"]


async def test_the_time_to_answer_starts_when_the_prompt_is_over(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    phone = await dial(clock, network, customer, 'timeout="4"', 30)
    assert [(e.text, (e.at - phone.heard[0].at).total_seconds()) for e in phone.heard] == [
        (PROMPT, 0.0), ("Nothing.", 6.0)
    ]  # fmt: skip
    assert asked(customer) == []


async def test_a_caption_has_a_name_as_it_is_written_and_takes_as_long_as_it_is_spoken(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    written = '<Say voice="Polly.Bianca-Neural" language="it-IT">Sono <sub alias="ma-RI-a ma-RI-a">Maria</sub>.</Say>'
    customer.answers |= {"/voice": written}
    phone = network.plug_in(CARLA)
    await phone.dial(LINE)
    await clock.advance(5)
    said = phone.heard[0]
    assert said.text == "Sono Maria."
    assert said.seconds == round(len("Sono ma-RI-a ma-RI-a.") / network.characters_per_second, 3)


async def test_a_key_stops_the_prompt_and_the_last_digit_ends_the_gather(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    phone = await dial(clock, network, customer, 'numDigits="2"', 1)
    phone.press("4")
    await clock.advance(3)
    phone.press("2")
    await clock.advance(0)
    ((at, form),) = asked(customer)
    assert (at, form["Digits"], form["CallStatus"], form["msg"]) == (4.0, "42", "in-progress", "Gather End")


async def test_without_barge_in_the_prompt_goes_on_and_the_key_counts_afterwards(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    phone = await dial(clock, network, customer, 'numDigits="1" bargeIn="false"', 1)
    phone.press("4")
    await clock.advance(10)
    assert [(at, form["Digits"]) for at, form in asked(customer)] == [(2.0, "4")]


async def test_the_finishing_key_is_not_among_the_digits(clock: VirtualClock, network: Network, customer: Any) -> None:
    phone = await dial(clock, network, customer, 'finishOnKey="*"', 1)
    phone.press("4#2*")
    await clock.advance(0)
    assert asked(customer)[0][1]["Digits"] == "4#2"


async def test_a_lone_finishing_key_is_no_answer(clock: VirtualClock, network: Network, customer: Any) -> None:
    phone = await dial(clock, network, customer, "", 3)
    phone.press("#")
    await clock.advance(20)
    assert asked(customer) == []
    assert phone.words.endswith("Nothing.")


async def test_an_empty_answer_is_sent_on_when_asked_for(clock: VirtualClock, network: Network, customer: Any) -> None:
    await dial(clock, network, customer, 'actionOnEmptyResult="true"', 30)
    assert [(at, form["Digits"]) for at, form in asked(customer)] == [(7.0, "")]


async def test_without_an_action_the_current_document_is_asked_again(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    answers = ['<Gather numDigits="1"/>', "<Say>Second.</Say>"]
    customer.answers["/voice"] = lambda form: answers.pop(0)
    phone = network.plug_in(CARLA)
    await phone.dial(LINE)
    await clock.advance(1)
    phone.press("7")
    await clock.advance(5)
    assert [form.get("Digits") for form in customer.at("/voice")] == [None, "7"]


async def test_words_arrive_after_they_were_spoken_and_the_speaker_was_silent(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    phone = await dial(clock, network, customer, 'input="dtmf speech" speechTimeout="2"', 1)
    phone.speak("b" * 14)
    phone.press("5")
    await clock.advance(0.5)
    phone.speak("c" * 14)
    await clock.advance(20)
    ((at, form),) = asked(customer)
    assert (at, form["SpeechResult"]) == (5.0, "b" * 14 + " " + "c" * 14)
    assert "Digits" not in form
    assert 0.0 <= float(form["Confidence"]) <= 1.0


async def test_keys_first_means_keys_only(clock: VirtualClock, network: Network, customer: Any) -> None:
    phone = await dial(clock, network, customer, 'input="dtmf speech" numDigits="2"', 1)
    phone.press("5")
    phone.speak("five")
    phone.press("6")
    await clock.advance(1)
    assert asked(customer)[0][1]["Digits"] == "56"
    assert "SpeechResult" not in asked(customer)[0][1]


async def test_speech_is_not_heard_by_a_gather_for_keys(clock: VirtualClock, network: Network, customer: Any) -> None:
    phone = await dial(clock, network, customer, "", 1)
    phone.speak("hello")
    await clock.advance(30)
    assert asked(customer) == []
    assert phone.heard[0].text == PROMPT


async def test_the_confidence_may_be_missing(
    clock: VirtualClock, remake: Callable[..., Network], customer: Any
) -> None:
    phone = await dial(clock, remake(speech_confidence=False), customer, 'input="speech" speechTimeout="auto"', 1)
    phone.speak("hello")
    await clock.advance(10)
    assert "Confidence" not in asked(customer)[0][1]


async def test_words_are_told_as_they_are_spoken_when_asked_for(
    clock: VirtualClock, network: Network, customer: Any
) -> None:
    attributes = 'input="speech" speechTimeout="2" partialResultCallback="/partial"'
    phone = await dial(clock, network, customer, attributes, 1)
    phone.speak("I need")
    await clock.advance(1)
    phone.speak("help")
    await clock.advance(0.1)
    assert asked(customer) == []
    partial = [(form["SequenceNumber"], form["UnstableSpeechResult"]) for form in customer.at("/partial")]
    assert partial == [("0", "I need"), ("1", "I need help")]
