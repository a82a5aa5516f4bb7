"""Conformance 39: the same scenario, the same trace; and what the network refuses to let happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.network import Application, Network
from simulator.phones import AutoAnswer, NothingRings, NotInCall, PhoneBusy
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA = "https://app.test", "+390612345678", "+393331234567"


async def scenario(network: Network, customer: Any) -> list[Any]:
    clock: Any = network.clock
    customer.answers["/voice"] = '<Gather input="speech" action="/said" speechTimeout="auto"/>'
    customer.answers["/said"] = '<Dial><Client statusCallback="/leg">anna</Client></Dial>'
    anna, carla = network.plug_in("client:anna"), network.plug_in(CARLA)
    anna.auto = AutoAnswer(2, 30)
    network.faults.webhook("shuffle", where="/leg", seconds=5)
    await carla.dial(LINE)
    await clock.advance(1)
    carla.speak("I need help")
    await clock.advance(3600)
    return list(network.trace)


async def test_the_same_seed_gives_the_same_trace(
    clock: VirtualClock, remake: Callable[..., Network], customer: Any
) -> None:
    first = await scenario(remake(seed=7), customer)
    second = await scenario(remake(seed=7), customer)
    other = await scenario(remake(seed=8), customer)
    times = [entry.form.get("Timestamp") for entry in first if "Timestamp" in entry.form]
    assert times
    assert _without_dates(first) == _without_dates(second) != _without_dates(other)


def _without_dates(trace: list[Any]) -> list[Any]:
    """The clock has gone on between two scenarios; the seconds since each began have not."""
    return [
        (
            entry.seconds,
            entry.what,
            entry.about,
            entry.detail,
            {k: v for k, v in entry.form.items() if k != "Timestamp"},
        )
        for entry in trace
    ]


async def test_a_telephone_has_one_call_at_a_time(clock: VirtualClock, network: Network, customer: Any) -> None:
    customer.answers["/voice"] = '<Pause length="60"/>'
    carla = network.plug_in(CARLA)
    with pytest.raises(NotInCall):
        carla.press("1")
    with pytest.raises(NothingRings):
        carla.answer()
    await carla.dial(LINE)
    with pytest.raises(PhoneBusy):
        await carla.dial(LINE)


async def test_unplugging_a_telephone_ends_its_call(clock: VirtualClock, network: Network, customer: Any) -> None:
    customer.answers["/voice"] = '<Say>Hi.</Say><Pause length="60"/>'
    carla = network.plug_in(CARLA)
    await carla.dial(LINE)
    await clock.advance(2)
    network.unplug(carla)
    await clock.advance(1)
    assert customer.at("/status")[0]["CallStatus"] == "completed"
    assert network.directory.at(CARLA) == []


async def test_a_softphone_dials_through_its_application(
    clock: VirtualClock, remake: Callable[..., Network], customer: Any
) -> None:
    network = remake(applications={"AP" + "1" * 32: Application(f"{ORIGIN}/app")})
    anna = network.plug_in("client:anna")
    await anna.dial("+390698765432", extra={"case": "a&b"})
    await clock.advance(1)
    form = customer.at("/app")[0]
    assert (form["From"], form["To"], form["case"], form["ApplicationSid"]) == (
        "client:anna",
        "+390698765432",
        "a&b",
        "AP" + "1" * 32,
    )


async def test_an_empty_line_is_nobody(network: Network) -> None:
    carla = network.plug_in(CARLA)
    assert await carla.dial("+390611111111") == ""
    assert carla.events[-1] == {"type": "ended", "reason": "no-answer"}
