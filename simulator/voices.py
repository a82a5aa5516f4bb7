"""Who hears what, as sound: every 20 ms each voice gives what it says and is given what it hears.

The matrix is the one that rules the words: `listeners` of a bridge or a room, so mute, hold and coaching hold for sound
as they do for text.  Whoever is alone or held hears silence, or the sound that a document plays.

Sound lives in real time, whatever the clock says: a browser at the other end does not know of ours.  Nothing runs, and
nothing of it is loaded, until somebody has a voice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from simulator.calls import Call, Frame
from simulator.trunk import Trunk

if TYPE_CHECKING:
    from simulator.sounds import Samples

STOPS_A_SOUND = ("said", "quiet", "bridged", "unbridged", "listening", "recording")
BEEP = "beep"
TOO_LATE_SECONDS = 0.2
MOST_FILES = 100
MOST_TRUNKS = 3  # that a voice passes through, should an account ring itself in a circle


class Voice(Protocol):
    """A mouth and an ear."""

    def speak(self) -> Samples | None:
        """The next 20 ms; None: silent."""
        ...

    def listen(self, heard: Samples | None) -> None:
        """The next 20 ms; None: silence."""
        ...

    async def close(self) -> None: ...


@dataclass(eq=False, slots=True)
class _Seat:
    voice: Voice
    leg: Callable[[], Call | None]
    url: str = ""
    sound: Samples | None = None  # what is left of what a document plays
    at: int = 0
    heard: list[Samples] = field(default_factory=list)

    def next_of_sound(self, size: int) -> Samples | None:
        if self.sound is None:
            return None
        piece = self.sound[self.at : self.at + size]
        self.at += size
        if len(piece) == size:
            return piece
        self.sound = None
        return None


class Voices:
    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}  # the WAV files that documents have played, by URL
        self._seats: dict[Voice, _Seat] = {}
        self._ticking: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def add(self, voice: Voice, leg: Callable[[], Call | None]) -> None:
        """`leg`: the call that this voice is on at the moment, if any.  Added once more, it has another."""
        self._seats[voice] = _Seat(voice, leg)
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.get_running_loop().create_task(self._tick(), name="carrier-sound")

    def remove(self, voice: Voice) -> None:
        """It is closed in the background; `close` waits for that."""
        if self._seats.pop(voice, None) is None:
            return
        task = asyncio.get_running_loop().create_task(voice.close(), name="carrier-voice-closing")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def keep(self, url: str, content: bytes) -> None:
        """A sound that a document plays; the oldest of too many is forgotten, and silent from then on."""
        if content[:4] == b"RIFF":
            self._files[url] = content
            if len(self._files) > MOST_FILES:
                del self._files[next(iter(self._files))]

    def play(self, call: Call, frame: Frame) -> None:
        """A call hears this frame: if it has a voice and the frame is a sound, it hears the sound too."""
        seat = next((seat for seat in self._seats.values() if seat.leg() is call), None)
        if seat is None:
            return
        if frame["type"] == "playing":
            seat.url, seat.at, seat.sound = frame["url"], 0, self._sound(frame["url"], frame["seconds"])
        elif frame["type"] in STOPS_A_SOUND and seat.url != BEEP:
            seat.sound = None

    async def close(self) -> None:
        for voice in list(self._seats):
            self.remove(voice)
        ending = list(self._closing)
        if self._ticking is not None:
            self._ticking.cancel()
            ending.append(self._ticking)
            self._ticking = None
        await asyncio.gather(*ending, return_exceptions=True)

    async def _tick(self) -> None:
        from simulator.sounds import FRAME_SECONDS

        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._seats:
            self.step()
            due += FRAME_SECONDS
            late = loop.time() - due
            if late > TOO_LATE_SECONDS:
                due = loop.time()  # what a busy machine has missed is not made up for in a rush
            await asyncio.sleep(max(-late, 0.0))

    def step(self) -> None:
        """The next 20 ms."""
        from simulator.sounds import FRAME, mixed

        on = {call: seat for seat in self._seats.values() if (call := seat.leg()) is not None and call.live}
        for seat in self._seats.values():
            said = seat.voice.speak()  # also from who is on no call: what is said then is gone, not kept for later
            call = seat.leg()
            if said is not None and call in on:
                self._spread(call, said, on)
        for seat in self._seats.values():
            played = seat.next_of_sound(FRAME)
            if played is not None:
                seat.heard.append(played)
            seat.voice.listen(mixed(seat.heard) if seat.heard else None)
            seat.heard.clear()

    def _spread(self, speaker: Call, said: Samples, on: Mapping[Call, _Seat], trunks: int = 0) -> None:
        for listener in speaker.media.listeners(speaker) if speaker.media is not None else ():
            if listener in on:
                on[listener].heard.append(said)
            elif isinstance(listener.far_end, Trunk) and trunks < MOST_TRUNKS:
                across = listener.far_end.across(listener)
                if across is not None:
                    self._spread(across, said, on, trunks + 1)

    def _sound(self, url: str, seconds: float) -> Samples | None:
        from simulator.sounds import beep, ringing, wave_samples

        if url == BEEP:
            return beep(seconds)
        if url in self._files:
            return wave_samples(self._files[url])
        return ringing(seconds) if "ring" in url.rpartition("/")[2] else None
