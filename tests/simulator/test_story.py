"""One whole call, as a customer's application sees it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.network import Network
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA = "https://app.test", "+390612345678", "+393331234567"


async def test_a_caller_is_greeted_presses_a_key_and_meets_an_agent(
    clock: VirtualClock, network: Network, customer: Any, rest: Any
) -> None:
    """Carla rings, hears a greeting, presses 1; Anna's phone rings, both talk in one conference, both hang up."""

    async def chosen(form: dict[str, str]) -> str:
        assert form["Digits"] == "1"
        await rest.call("client:anna", Url=f"{ORIGIN}/agent")
        return '<Dial><Conference waitUrl="" beep="false">room-1</Conference></Dial>'

    customer.answers |= {
        "/voice": '<Gather numDigits="1" action="/chosen"><Say language="it-IT">Buongiorno, prema uno.</Say></Gather>',
        "/chosen": chosen,
        "/agent": '<Dial><Conference beep="false" endConferenceOnExit="true">room-1</Conference></Dial>',
    }
    anna, carla = network.plug_in("client:anna"), network.plug_in(CARLA)
    await carla.dial(LINE)
    await clock.run_until(lambda: bool(carla.heard))
    assert (carla.heard[0].text, carla.heard[0].language) == ("Buongiorno, prema uno.", "it-IT")
    carla.press("1")
    await clock.run_until(lambda: anna.state == "ringing")
    anna.answer()
    await clock.run_until(lambda: bool(carla.partners))
    assert (carla.partners, anna.partners) == (["client:anna"], [CARLA])
    carla.speak("Buongiorno Anna")
    assert anna.heard[-1].text == "Buongiorno Anna"
    await clock.advance(60)
    anna.hang_up()
    await clock.advance(5)
    assert (carla.state, anna.state) == ("idle", "idle")
    assert [form["CallStatus"] for form in customer.at("/status")] == ["completed"]
    assert not network.alerts
    (room,) = network.rooms.all.values()
    assert room.reason_ended == "participant-with-end-conference-on-exit-left"
