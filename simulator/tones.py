"""The voice of a telephone that a program holds: it says one tone, and tells which tones it hears."""

from __future__ import annotations

from array import array
from collections import deque

from simulator.sounds import FRAME, SILENCE, Samples, share, tone

FRAMES_JUDGED = 10  # 0.2 seconds
ENOUGH = 0.15  # of all that is heard: several may be heard at once


class ToneVoice:
    def __init__(self) -> None:
        self.hz: float | None = None
        self._said = 0  # samples
        self._heard: deque[Samples] = deque(maxlen=FRAMES_JUDGED)

    def speak(self) -> Samples | None:
        if self.hz is None:
            return None
        start, self._said = self._said, self._said + FRAME
        return tone(self.hz, start)

    def listen(self, heard: Samples | None) -> None:
        self._heard.append(heard if heard is not None else SILENCE)

    def hears(self, hz: float) -> bool:
        """Within the last 0.2 seconds of real time; False until so much was heard at all."""
        if len(self._heard) < FRAMES_JUDGED:
            return False
        return share(array("h", [sample for frame in self._heard for sample in frame]), hz) > ENOUGH

    async def close(self) -> None:
        self.hz = None
