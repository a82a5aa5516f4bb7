"""Sound over WebRTC, in real time: aiortc plays the browser.  Twilio's SDK itself is in `tests/browser`."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator, Callable
from fractions import Fraction
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet

from simulator.app import build
from simulator.network import Application, Network
from simulator.phones import Phone
from simulator.sounds import FRAME, FRAME_SECONDS, RATE, Samples, compress, share, tone
from store.clock import VirtualClock
from tests.simulator.pages import APPLICATION, KEY, SECRET, Page, token

pytestmark = pytest.mark.anyio
ORIGIN, LINE, CARLA, ANNA = "https://app.test", "+390612345678", "+393331234567", "client:anna"
PAGE_HZ, CARLA_HZ = 700, 440


class _Microphone(MediaStreamTrack):
    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    async def recv(self) -> Packet[Any]:
        await asyncio.sleep(FRAME_SECONDS)
        packet = Packet(compress(tone(PAGE_HZ, self._at)))
        packet.pts, packet.time_base = self._at, Fraction(1, RATE)
        self._at += FRAME
        return packet


class Browser:
    """One connection, with a tone at its microphone."""

    def __init__(self) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._last: Samples = array("h")
        self._reading: asyncio.Task[None] | None = None
        self.peer.on("track", self._listen)

    async def answer(self, offer: str) -> str:
        await self.peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        self.peer.addTrack(_Microphone())
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        return str(self.peer.localDescription.sdp)

    async def offer(self) -> str:
        self.peer.addTrack(_Microphone())
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def hears(self, hz: float) -> bool:
        return len(self._last) == 10 * FRAME and share(self._last, hz) > 0.9

    def _listen(self, track: MediaStreamTrack) -> None:
        self._reading = asyncio.create_task(self._read(track))

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            heard = array("h", bytes(frame.planes[0])[: 2 * FRAME])  # type: ignore[union-attr]
            self._last = (self._last + heard)[-10 * FRAME :]


class Line:
    def __init__(self, clock: VirtualClock, network: Network, customer: Any) -> None:
        self.clock, self.network, self.customer = clock, network, customer
        self.app, self.browser = build(network), Browser()
        self.carla: Phone = network.plug_in(CARLA)
        self.carla.tone(CARLA_HZ)

    async def page(self) -> Page:
        return await Page(self.app).register(token(self.clock.now()))

    async def ring(self, page: Page) -> None:
        self.customer.answers["/voice"] = "<Dial><Client>anna</Client></Dial>"
        await self.carla.dial(LINE)
        await self.clock.advance(1)
        await until(lambda: page.rings)

    async def talk(self, page: Page) -> str:
        await self.ring(page)
        sdp = await self.browser.answer(page.last("invite")["sdp"])
        await page.send("answer", callsid=page.call_sid, sdp=sdp)
        await self.hear_each_other()
        return page.call_sid

    async def hear_each_other(self) -> None:
        await until(lambda: self.browser.hears(CARLA_HZ) and self.carla.hears_tone(PAGE_HZ))


@pytest.fixture
async def line(clock: VirtualClock, remake: Callable[..., Network], customer: Any) -> AsyncIterator[Line]:
    applications = {APPLICATION: Application(f"{ORIGIN}/outgoing")}
    line = Line(clock, remake(api_keys={KEY: SECRET}, applications=applications), customer)
    yield line
    await line.network.close()
    await line.browser.peer.close()


async def until(condition: Callable[[], bool]) -> None:
    """Within ten seconds of real time."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)


async def test_each_side_hears_the_others_tone_until_one_hangs_up(line: Line) -> None:
    page = await line.page()
    sid = await line.talk(page)
    assert not line.carla.hears_tone(CARLA_HZ)
    await page.send("hangup", callsid=sid)
    await line.clock.advance(1)
    await until(lambda: not line.carla.hears_tone(PAGE_HZ))
    await until(lambda: not line.network.voices._closing)
    assert len(line.network.voices._seats) == 1


async def test_a_page_that_calls_is_heard_as_soon_as_it_is_connected(line: Line) -> None:
    page = await line.page()
    line.customer.answers["/outgoing"] = f"<Dial><Number>{CARLA}</Number></Dial>"
    await page.send("invite", callsid="TJS1", sdp=await line.browser.offer(), twilio={"params": ""})
    await line.clock.run_until(lambda: line.carla.state == "ringing")
    await until(lambda: "answer" in page.kinds)
    await line.browser.accept(page.last("answer")["sdp"])
    line.carla.answer()
    await line.clock.advance(1)
    await line.hear_each_other()


async def test_a_new_connection_takes_the_place_of_the_old(line: Line) -> None:
    page = await line.page()
    sid = await line.talk(page)
    old, line.browser = line.browser, Browser()
    await page.send("reinvite", callsid=sid, sdp=await line.browser.offer())
    await line.browser.accept(page.last("answer")["sdp"])
    await line.hear_each_other()
    assert len(line.network.voices._seats) == 2
    await old.peer.close()


async def test_a_page_whose_connection_is_closed_ends_its_call_without_waiting(line: Line) -> None:
    page = await line.page()
    await line.talk(page)
    await page.lose()
    await line.browser.peer.close()
    await until(lambda: line.carla.leg is None or line.carla.leg.over or line.network.directory.at(ANNA) == [])
    await line.clock.advance(0.1)
    await until(lambda: [c.status for c in line.network.calls.values() if c.parent is not None] == ["completed"])


async def test_a_ring_that_nobody_takes_leaves_nothing_behind(line: Line) -> None:
    page = await line.page()
    await line.ring(page)
    line.carla.hang_up()
    await line.clock.advance(1)
    await until(lambda: "cancel" in page.kinds and not line.network.voices._closing)
    assert len(line.network.voices._seats) == 1


@pytest.mark.parametrize("sdp", ["nonsense", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"])
async def test_what_cannot_be_talked_by_is_refused(line: Line, sdp: str) -> None:
    page = await line.page()
    await line.ring(page)
    await page.send("answer", callsid=page.call_sid, sdp=sdp)
    await page.send("invite", callsid="TJS1", sdp=sdp, twilio={"params": ""})
    assert page.errors == [31400, 31400]
    assert line.carla.partners == []
