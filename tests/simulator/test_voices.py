"""Who hears whom, as sound.  Telephones of a program say tones; time is stepped on by hand, 20 ms at a time."""

from __future__ import annotations

import io
import wave
from typing import Any

import pytest
from starlette.responses import Response

from simulator.network import Network
from simulator.phones import Phone
from simulator.sounds import RATE, tone
from simulator.tones import FRAMES_JUDGED
from store.clock import VirtualClock

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA, ANNA, BRUNO = "https://app.test", "+390612345678", "+393331234567", "client:anna", "client:bruno"
CARLA_HZ, ANNA_HZ, BRUNO_HZ = 400, 700, 1100
HZ = {CARLA: CARLA_HZ, ANNA: ANNA_HZ, BRUNO: BRUNO_HZ}


class Air:
    """Three telephones, each with a tone of its own."""

    def __init__(self, clock: VirtualClock, network: Network, customer: Any) -> None:
        self.clock, self.network, self.customer = clock, network, customer
        self.carla, self.anna, self.bruno = (network.plug_in(address) for address in HZ)
        for phone in (self.carla, self.anna, self.bruno):
            phone.tone(HZ[phone.address])

    def heard(self, phone: Phone) -> set[int]:
        """The tones in the next 0.2 seconds."""
        for _ in range(FRAMES_JUDGED):
            self.network.voices.step()
        return {hz for hz in HZ.values() if phone.hears_tone(hz)}

    async def meet(self) -> None:
        """All three in one conference."""
        self.customer.answers["/voice"] = "<Dial><Conference>room</Conference></Dial>"
        self.customer.answers["/outbound"] = "<Dial><Conference>room</Conference></Dial>"
        await self.carla.dial(LINE)
        for phone in (self.anna, self.bruno):
            await self.ring(phone)
        await self.clock.advance(1)
        self.room = next(iter(self.network.rooms.all.values()))

    async def ring(self, phone: Phone) -> None:
        from simulator.calls import Source
        from simulator.placing import Order, place

        place(self.network, Order(phone.address, LINE, Source(f"{ORIGIN}/outbound")))
        await self.clock.run_until(lambda: phone.state == "ringing")
        phone.answer()
        await self.clock.advance(1)

    def participant(self, phone: Phone) -> Any:
        return next(one for one in self.room.participants if one.call is phone.leg)


@pytest.fixture
async def air(clock: VirtualClock, network: Network, customer: Any) -> Any:
    air = Air(clock, network, customer)
    yield air
    await network.close()


async def test_two_who_talk_hear_each_other_and_not_themselves(air: Air) -> None:
    air.customer.answers["/voice"] = "<Dial><Client>anna</Client></Dial>"
    await air.carla.dial(LINE)
    await air.clock.run_until(lambda: air.anna.state == "ringing")
    assert (air.heard(air.carla), air.heard(air.anna)) == (set(), set())
    air.anna.answer()
    await air.clock.advance(1)
    assert (air.heard(air.carla), air.heard(air.anna)) == ({ANNA_HZ}, {CARLA_HZ})
    air.anna.hang_up()
    await air.clock.advance(1)
    assert (air.heard(air.carla), air.heard(air.anna)) == (set(), set())


async def test_everybody_in_a_room_hears_all_others(air: Air) -> None:
    await air.meet()
    assert [air.heard(phone) for phone in (air.carla, air.anna, air.bruno)] == [
        {ANNA_HZ, BRUNO_HZ}, {CARLA_HZ, BRUNO_HZ}, {CARLA_HZ, ANNA_HZ}
    ]  # fmt: skip


async def test_who_is_held_neither_hears_nor_is_heard(air: Air) -> None:
    await air.meet()
    air.participant(air.carla).hold = True
    assert [air.heard(phone) for phone in (air.carla, air.anna)] == [set(), {BRUNO_HZ}]


async def test_who_is_muted_hears_and_is_not_heard(air: Air) -> None:
    await air.meet()
    air.participant(air.anna).muted = True
    assert [air.heard(phone) for phone in (air.carla, air.anna)] == [{BRUNO_HZ}, {CARLA_HZ, BRUNO_HZ}]


async def test_who_coaches_is_heard_by_one_only(air: Air) -> None:
    await air.meet()
    coach = air.participant(air.bruno)
    assert air.anna.leg is not None
    coach.coaching, coach.coach_sid = True, air.anna.leg.sid
    assert [air.heard(phone) for phone in (air.carla, air.anna)] == [{ANNA_HZ}, {CARLA_HZ, BRUNO_HZ}]


async def test_silence_is_silence(air: Air) -> None:
    await air.meet()
    air.bruno.tone(None)
    assert air.heard(air.carla) == {ANNA_HZ}


async def test_what_a_document_plays_is_heard_until_something_else_begins(air: Air) -> None:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(tone(BRUNO_HZ, samples=4 * RATE).tobytes())
    air.customer.answers["/tone.wav"] = Response(content.getvalue(), media_type="audio/wav")
    air.customer.answers["/voice"] = "<Gather numDigits='1' action='/then'><Play>/tone.wav</Play></Gather>"
    air.customer.answers["/then"] = "<Say>Grazie.</Say><Pause length='5'/>"
    await air.carla.dial(LINE)
    await air.clock.advance(1)
    assert air.heard(air.carla) == {BRUNO_HZ}
    air.carla.press("1")
    await air.clock.advance(0.1)
    assert air.heard(air.carla) == set()


async def test_what_rings_and_beeps_is_heard_without_a_file(air: Air) -> None:
    await air.carla.dial(LINE)
    assert air.carla.leg is not None
    air.carla.leg.answer()
    for url, hz in (("https://app.test/ringback.mp3", 425), ("beep", 880)):
        air.carla.leg.hears({"type": "playing", "url": url, "seconds": 1.0})
        air.heard(air.carla)
        assert air.carla.hears_tone(hz)
    air.carla.leg.hears({"type": "playing", "url": "https://app.test/music.mp3", "seconds": 0})
    assert air.heard(air.carla) == set()
    assert not air.carla.hears_tone(880)


async def test_a_voice_passes_through_a_line_that_rings_itself(air: Air) -> None:
    air.network.add_number("+390600000001", type(air.network.numbers[LINE])(voice_url=f"{ORIGIN}/own"))
    air.customer.answers["/voice"] = "<Dial callerId='+390612345678'><Number>+390600000001</Number></Dial>"
    air.customer.answers["/own"] = "<Dial><Client>anna</Client></Dial>"
    await air.carla.dial(LINE)
    await air.clock.run_until(lambda: air.anna.state == "ringing")
    air.anna.answer()
    await air.clock.advance(1)
    assert (air.heard(air.carla), air.heard(air.anna)) == ({ANNA_HZ}, {CARLA_HZ})


async def test_nothing_runs_without_a_voice_and_nothing_is_left_behind(network: Network) -> None:
    phone = network.plug_in("client:dora")
    assert network.voices._ticking is None
    phone.tone(440)
    assert network.voices._ticking is not None
    network.unplug(phone)
    await network.close()
    assert (network.voices._seats, network.voices._closing, network.voices._ticking) == ({}, set(), None)
