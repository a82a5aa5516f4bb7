"""A browser's microphone and ear: one WebRTC peer connection, PCMU, on this machine alone.

Importing it loads aiortc, which takes most of a second: only who needs a voice does so.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame
from av.packet import Packet

from simulator.sounds import FRAME, RATE, SILENCE_ENCODED, Samples, compress

HERE = ["127.0.0.1"]
MOST_KEPT = 5  # frames of 20 ms on the way to the mixer: what comes later pushes out what is older
MOST_WAITING = 3
NO_SERVERS = RTCConfiguration(iceServers=[])
PCMU = [codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.mimeType.upper() == "AUDIO/PCMU"]


class NoTalk(ValueError):
    """A session description that there is nothing to talk by with."""


class _Ear(MediaStreamTrack):
    """What the browser hears: encoded already, so that aiortc only packs it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._more = asyncio.Event()
        self._sent = 0

    def put(self, encoded: bytes) -> None:
        self._frames.append(encoded)
        self._more.set()

    async def recv(self) -> Packet[Any]:
        while not self._frames:
            self._more.clear()
            await self._more.wait()
        packet = Packet(self._frames.popleft())
        packet.pts, packet.time_base = self._sent, Fraction(1, RATE)
        self._sent += FRAME
        return packet


class PeerVoice:
    """Either `offer` and then `accept`, or `answer`; `lost` is called when the other side has closed it or is gone."""

    def __init__(self) -> None:
        self.lost: Callable[[], None] | None = None
        self._peer = RTCPeerConnection(NO_SERVERS)
        self._ear = _Ear()
        self._said: deque[Samples] = deque(maxlen=MOST_KEPT)
        self._reading: asyncio.Task[None] | None = None
        self._peer.on("track", self._hear)
        self._peer.on("connectionstatechange", self._changed)
        self.gone = False

    async def offer(self) -> str:
        """Our session description, for one who is to ring."""
        self._add_ear()
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return str(self._peer.localDescription.sdp)

    async def accept(self, sdp: str) -> None:
        """Their answer to our offer.  Raises NoTalk."""
        await self._take(sdp, "answer")

    async def answer(self, sdp: str) -> str:
        """Our answer to their offer.  Raises NoTalk."""
        self._add_ear()  # before their offer: what it is encoded in is settled when that is read
        await self._take(sdp, "offer")
        try:
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except Exception as error:
            raise NoTalk("an offer that cannot be answered") from error
        return str(self._peer.localDescription.sdp)

    def speak(self) -> Samples | None:
        return self._said.popleft() if self._said else None

    def listen(self, heard: Samples | None) -> None:
        self._ear.put(compress(heard) if heard is not None else SILENCE_ENCODED)

    async def close(self) -> None:
        self.gone, self.lost = True, None
        if self._reading is not None:
            self._reading.cancel()
        await self._peer.close()

    def _add_ear(self) -> None:
        self._peer.addTrack(self._ear)
        for transceiver in self._peer.getTransceivers():
            transceiver.setCodecPreferences(PCMU)
            # aiortc leaves out the loopback address and offers all others: here it is the other way round.
            connection = transceiver.sender.transport.transport.iceGatherer._connection
            connection.get_component_candidates = _only_here(connection.get_component_candidates)  # type: ignore[method-assign]

    async def _take(self, sdp: str, kind: str) -> None:
        """The browser's candidates are left out: it finds us, and a name among them would be asked of the network."""
        lines = [line for line in sdp.splitlines() if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription("\r\n".join(lines) + "\r\n", kind))
        except Exception as error:  # aiortc raises whatever its parser stumbles over
            raise NoTalk(f"no {kind} that can be talked by") from error
        if "m=audio" not in sdp:
            raise NoTalk(f"no {kind} that can be talked by")

    def _hear(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._reading = asyncio.get_running_loop().create_task(self._read(track), name="carrier-microphone")

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, AudioFrame) and frame.samples == FRAME:
                self._said.append(array("h", bytes(frame.planes[0])[: 2 * FRAME]))

    def _changed(self) -> None:
        if self._peer.connectionState in ("closed", "failed") and not self.gone:
            self.gone = True
            if self.lost is not None:
                self.lost()


def _only_here(gather: Callable[..., Any]) -> Callable[..., Any]:
    async def gather_here(component: int, addresses: list[str], timeout: int = 5) -> Any:
        return await gather(component, HERE, timeout)

    return gather_here
