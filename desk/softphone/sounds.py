"""The sounds of the browser's telephone, made by sums: `python -m desk.softphone.sounds` writes static/sounds/.

The Voice SDK wants one for each of fifteen names and would fetch from elsewhere what it is not given.  A ring is two
soft bells and a rest; keys sound as keys do; what else it may want to say is said by silence.
"""

from __future__ import annotations

import io
import math
import wave
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "static" / "sounds"
RING_RATE, RATE = 12_000, 8_000
KEY_SECONDS, RING_SECONDS = 0.12, 2.6
SILENCE_SECONDS = 0.1
BELLS = ((0.0, 659.25), (0.16, 880.0), (0.7, 659.25), (0.86, 880.0))  # when, and E5 or A5
OVERTONES = ((1.0, 0.6), (2.0, 0.22), (3.0, 0.09))
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)  # ITU-T Q.23, in Hz
KEYPAD = ("123", "456", "789", "*0#")
NAMES = {"*": "s", "#": "h"}


def sounds() -> Mapping[str, bytes]:
    """File's name -> a WAV, mono, 16 bits."""
    made = {"incoming.wav": _wav(_ring(), RING_RATE)}
    for row, low in zip(KEYPAD, ROWS, strict=True):
        for key, high in zip(row, COLUMNS, strict=True):
            made[f"dtmf{NAMES.get(key, key)}.wav"] = _wav(_key(low, high), RATE)
    silence = _wav([0.0] * round(SILENCE_SECONDS * RATE), RATE)
    return made | {"outgoing.wav": silence, "disconnect.wav": silence}


def _ring() -> list[float]:
    samples = [0.0] * round(RING_SECONDS * RING_RATE)
    for at, hertz in BELLS:
        begin = round(at * RING_RATE)
        for n in range(len(samples) - begin):
            passed = n / RING_RATE
            swell, fade = min(1.0, passed / 0.008), math.exp(-passed * 4.2)
            tone = sum(part * math.sin(2 * math.pi * hertz * times * passed) for times, part in OVERTONES)
            samples[begin + n] += 0.42 * swell * fade * tone
    return samples


def _key(low: int, high: int) -> list[float]:
    total = round(KEY_SECONDS * RATE)
    edge = round(0.006 * RATE)  # no click at either end
    return [
        0.2
        * min(1.0, n / edge, (total - n) / edge)
        * (math.sin(2 * math.pi * low * n / RATE) + math.sin(2 * math.pi * high * n / RATE))
        for n in range(total)
    ]


def _wav(samples: Iterable[float], rate: int) -> bytes:
    kept = array("h", (round(32_000 * max(-1.0, min(1.0, sample))) for sample in samples))
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate)
        written.writeframes(kept.tobytes())
    return file.getvalue()


if __name__ == "__main__":
    for name, content in sounds().items():
        (FOLDER / name).write_bytes(content)
