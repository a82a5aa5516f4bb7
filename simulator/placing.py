"""Calls that the REST API creates: queued, released at the account's pace, rung, then handed to what they are for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from simulator.calls import Call, Source, Subscription
from simulator.machines import MachineDetection, detect
from simulator.recordings import Recording
from simulator.ringing import ring
from simulator.run import Runner
from simulator.speech import send_digits
from simulator.verbs import NOBODY, RecordingCallback

if TYPE_CHECKING:
    from simulator.network import Network


@dataclass(frozen=True, slots=True)
class Order:
    """What a REST request asked for."""

    to: str
    from_: str
    source: Source
    fallback: Source | None = None
    subscription: Subscription | None = None
    ring_seconds: int = 60
    limit_seconds: int = 14400
    send_digits: str = ""
    detection: MachineDetection | None = None
    record: bool = False
    recording_callback: RecordingCallback = NOBODY
    recording_channels: int = 1
    recording_track: str = "both"


class Pace:
    """Releases calls one after the other, `per_second` of them each second."""

    def __init__(self, network: Network, per_second: float) -> None:
        self._network, self._gap = network, timedelta(seconds=1 / per_second)
        self._next_at: datetime | None = None

    def wait_seconds(self) -> float:
        """Takes the next place in line."""
        now = self._network.clock.now()
        at = now if self._next_at is None else max(now, self._next_at)
        self._next_at = at + self._gap
        return (at - now).total_seconds()


def place(network: Network, order: Order, program: Callable[[Call], Awaitable[None]] | None = None) -> Call:
    """The call, queued; `program` is what it does once answered, by default its TwiML."""
    call = network.new_call(
        direction="outbound-api",
        from_=order.from_,
        to=order.to,
        subscription=order.subscription,
        fallback=order.fallback,
    )
    wait_seconds = network.pace.wait_seconds()
    call.queue_milliseconds = round(wait_seconds * 1000)
    network.begin(call, _life(call, order, wait_seconds, program or _script(order.source)))
    return call


def _script(source: Source) -> Callable[[Call], Awaitable[None]]:
    async def run(call: Call) -> None:
        await Runner(call).run(source)

    return run


async def _life(call: Call, order: Order, wait_seconds: float, program: Callable[[Call], Awaitable[None]]) -> None:
    await call.pause(wait_seconds)
    await ring(call, order.ring_seconds)
    network = call.network
    call.limit_at = network.clock.now() + timedelta(seconds=order.limit_seconds)
    recording: Recording | None = None
    if order.record:
        recording = network.recordings.begin(
            call,
            "OutboundAPI",
            order.recording_callback,
            None,
            channels=order.recording_channels,
            track=order.recording_track,
        )
    try:
        if order.send_digits:
            await call.pause(send_digits(call, order.send_digits))
        elif order.detection is not None:
            await detect(call, order.detection)
        await program(call)
    finally:
        if recording is not None:
            network.recordings.end(call, recording)
